"""`mailgate queue`: what waits to be sent, as mail admins know it from Postfix."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import click

from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._store import reading, tell, when, writing
from mailgate.cli._tables import cut, json_row, limit_option, more, plural, show

if TYPE_CHECKING:
    from mailgate.store.transaction import Transaction
    from mailgate.store.writer import Writer

F = TypeVar("F", bound=Callable[..., Any])

STATES: Final = ("held", "given_up", "leased", "waiting", "digest", "sent")
# So many rows change in one transaction: it must not keep the gateway waiting.
CHUNK: Final = 500


class Act(Protocol):
    """A change of rows by hand (`store/outbox_rows.py`); returns how many it was done to."""

    def __call__(self, tx: "Transaction", ids: Sequence[int], who: str) -> int:
        """Change these rows; `who` goes into the audit."""


@click.group("queue")
def queue() -> None:
    """Look at outgoing mail; hold, release, retry or delete it.

    Queues of tickets have their own command, `mailgate ticketqueue`.
    """


@queue.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only rows in this state; without: all unsent ones.")
@limit_option("rows")
@json_option
@pass_call
def list_(call: Call, state: str | None, limit: int, *, as_json: bool) -> None:
    r"""Show what is not sent yet: state, tries, next try, and why: the other side's last words or the gate's.

    Held rows come first, then what was given up, what is under way, and what waits, by the time of its next
    try (UTC).

    \b
    mailgate queue list
    mailgate queue list --state held --json
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import UNSENT, outgoing  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = outgoing(connection, [state] if state else UNSENT, limit + 1)
        counts = outbox_rows.depths(connection)
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    else:
        _table(found[:limit])
        click.echo(", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n) or "empty")
    more(len(found), limit, "rows")


def _table(rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    print_table(
        ("id", "state", "kind", "to", "by", "tries", "next try", "why"),
        [
            (
                row["id"], row["state"], row["mail_kind"] or row["kind"], cut(row["to_address"]),
                row["target"] or "relay", row["attempts"],
                when(row["due"]) if row["state"] == "waiting" else "",
                cut(row["reason"] or row["last_reply"]),
            )
            for row in rows
        ],
    )  # fmt: skip


@queue.command("show")
@click.argument("row_id", type=click.IntRange(min=1), metavar="ID")
@json_option
@pass_call
def show_(call: Call, row_id: int, *, as_json: bool) -> None:
    """Show one row: where it stands, the other side's last words, the gate's reasons, and the mail."""
    from mailgate.cli._outgoing import row_lines  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.listings import gate_of, ticket_number  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = queries.outbox_row(connection, row_id)
        if found is None:
            raise CommandError(f"there is no outgoing row {row_id}; `mailgate queue list` shows them")
        found["gate"] = gate_of(connection, found)
        found["ticket"] = ticket_number(connection, found["ticket_id"])
        mail = queries.message(connection, found["message_id"])
    if as_json:
        print_json(json_row(found))
    else:
        show(row_lines(found, mail))


def rows_of(*states: str) -> Callable[[F], F]:
    """Add the choice of rows: ids, or all in one of these states."""

    def add(function: F) -> F:
        ids = click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")
        everything = click.option("--all", "state", type=click.Choice(states), help="All rows in this state.")
        return ids(everything(function))

    return add


@queue.command()
@rows_of("waiting")
@pass_call
def retry(call: Call, ids: Sequence[int], state: str | None) -> None:
    """Try waiting rows now, not at their time (`mailgate queue flush` does so with all)."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    if state:
        _flush(call)
    else:
        _change(call, ids, None, outbox_rows.flush, ("waiting",), "due now")


@queue.command()
@pass_call
def flush(call: Call) -> None:
    """Try everything that waits now, as `postqueue -f` does."""
    _flush(call)


def _flush(call: Call) -> None:
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import outbox_rows  # noqa: PLC0415

    with writing(call) as (_store, writer):
        count = writer.submit(lambda tx: outbox_rows.flush(tx, None, who())).result()
    _done(call, count, "due now")


@queue.command()
@rows_of("waiting")
@pass_call
def hold(call: Call, ids: Sequence[int], state: str | None) -> None:
    """Keep waiting rows from being sent until they are released."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    _change(call, ids, state, outbox_rows.hold, ("waiting",), "held")


@queue.command()
@rows_of("held", "given_up", "digest")
@pass_call
def release(call: Call, ids: Sequence[int], state: str | None) -> None:
    r"""Send rows now that were held, given up or set aside for a digest; their tries start again.

    \b
    mailgate queue release 17 18
    mailgate queue release --all held
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    _change(call, ids, state, outbox_rows.release, outbox_rows.STOPPED, "released")


@queue.command()
@rows_of("held", "given_up", "waiting", "digest")
@pass_call
def delete(call: Call, ids: Sequence[int], state: str | None) -> None:
    """Remove rows for good: they are never sent. The mail that they came from and its ticket stay."""
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    allowed = tuple(one for one in STATES if one != "leased")
    _change(call, ids, state, outbox_rows.delete, allowed, "deleted")


def _change(
    call: Call, ids: Sequence[int], state: str | None, act: Act, allowed: Sequence[str], done: str
) -> None:
    """Change the rows with these ids, or all in a state, and say which could not be; exit 1 for those."""
    if bool(ids) == bool(state):
        raise click.UsageError("say which rows: their ids, or --all STATE")
    with writing(call) as (_store, writer):
        if state:
            _done(call, _change_all(writer, act, state), done)
            return
        states = _change_some(writer, act, list(dict.fromkeys(ids)), allowed)
    _done(call, sum(state in allowed for state in states.values()), done)
    wrong = [
        f"{one} is {state.replace('_', ' ')}" if state else f"there is no row {one}"
        for one, state in states.items()
        if state not in allowed
    ]
    if wrong:
        raise CommandError(f"not {done}: {', '.join(wrong)}")


def _change_some(writer: "Writer", act: Act, ids: Sequence[int], allowed: Sequence[str]) -> dict[int, str]:
    """Change the rows whose state allows it; returns the state that each had, "" for none such."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import states_of  # noqa: PLC0415

    def some(tx: "Transaction", ids: Sequence[int]) -> dict[int, str]:
        states = states_of(tx, ids)
        act(tx, [one for one in ids if states.get(one) in allowed], who())
        return {one: states.get(one, "") for one in ids}

    found: dict[int, str] = {}
    for start in range(0, len(ids), CHUNK):
        found |= writer.submit(partial(some, ids=ids[start : start + CHUNK])).result()
    return found


def _change_all(writer: "Writer", act: Act, state: str) -> int:
    """Change what is in this state now, chunk by chunk; returns how many rows changed."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import ids_in_state  # noqa: PLC0415

    def some(tx: "Transaction") -> int:
        ids = ids_in_state(tx, state, CHUNK)
        return act(tx, ids, who()) if ids else 0

    total = 0
    while count := writer.submit(some).result():
        total += count
    return total


def _done(call: Call, count: int, done: str) -> None:
    click.echo(f"{plural(count, 'row')} {done}")
    if count:
        tell(call, "wake")


COMMAND = queue
