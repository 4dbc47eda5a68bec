"""`mailgate queue`: what waits to be sent, as mail admins know it from Postfix."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json, print_table
from mailgate.cli._queuechange import STATES, Choice, change, choices, done, filters, flush_all, wanted
from mailgate.cli._store import reading, tell, when
from mailgate.cli._tables import cut, json_row, limit_option, more, show


@click.group("queue")
def queue() -> None:
    """Look at outgoing mail; hold, release, retry, redirect, take back or delete it.

    Queues of tickets have their own command, `mailgate ticketqueue`.
    """


@queue.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only rows in this state; without: all unsent ones.")
@filters
@limit_option("rows")
@json_option
@pass_call
def list_(call: Call, /, state: str | None, limit: int, *, as_json: bool, **which: str) -> None:
    r"""Show what is not sent yet: state, tries, next try, and why: the other side's last words or the gate's.

    Held rows come first, then what was given up, what is under way, and what waits, by the time of its next
    try (UTC).

    \b
    mailgate queue list
    mailgate queue list --state held --json
    mailgate queue list --to @customer.example --older-than 2h
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import UNSENT, outgoing  # noqa: PLC0415

    with reading(call) as (_store, connection):
        narrowed = wanted(connection, which)
        found = outgoing(connection, [state] if state else UNSENT, limit + 1, narrowed)
        counts = outbox_rows.depths(connection)
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    else:
        _table(found[:limit])
        click.echo(_sum(counts, listed=bool(found)))
    more(len(found), limit, "rows")


def _sum(counts: Mapping[str, int], *, listed: bool) -> str:
    """Say how many rows of the whole queue are not sent, whichever were asked for."""
    unsent = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items() if n)
    if not listed:
        return f"none of these; in all {unsent}" if unsent else "empty"
    return unsent or "nothing is unsent"


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


@queue.command()
@choices("waiting")
def retry(call: Call, choice: Choice) -> None:
    r"""Try waiting rows now, not at their time (`mailgate queue flush` does so with all).

    \b
    mailgate queue retry 17 18
    mailgate queue retry --to @customer.example
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    change(call, choice, outbox_rows.flush, ("waiting",), "due now")


@queue.command()
@pass_call
def flush(call: Call) -> None:
    """Try everything that waits now, as `postqueue -f` does."""
    done(call, flush_all(call), "due now")


@queue.command()
@choices("waiting")
def hold(call: Call, choice: Choice) -> None:
    r"""Keep waiting rows from being sent until they are released.

    \b
    mailgate queue hold 17
    mailgate queue hold --ticket T-7
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    change(call, choice, outbox_rows.hold, ("waiting",), "held")


@queue.command()
@choices("held", "given_up", "digest")
def release(call: Call, choice: Choice) -> None:
    r"""Send rows now that were held, given up or set aside for a digest; their tries start again.

    \b
    mailgate queue release 17 18
    mailgate queue release --all held --to @customer.example
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    change(call, choice, outbox_rows.release, outbox_rows.STOPPED, "released")


@queue.command()
@choices("held", "given_up", "waiting", "digest")
def delete(call: Call, choice: Choice) -> None:
    r"""Remove rows for good: they are never sent. The mail that they came from and its ticket stay.

    \b
    mailgate queue delete 17
    mailgate queue delete --all given_up --older-than 30d
    """
    from mailgate.store import outbox_rows  # noqa: PLC0415  --help must not pay for it

    allowed = tuple(one for one in STATES if one != "leased")
    change(call, choice, outbox_rows.delete, allowed, "deleted")


@queue.command()
@click.argument("row_id", type=click.IntRange(min=1), metavar="ID")
@click.argument("address", metavar="ADDRESS")
@json_option
@pass_call
def redirect(call: Call, row_id: int, address: str, *, as_json: bool) -> None:
    r"""Send a mail that has not left to another address: one of ours, or what a rule redirects.

    A row that was held or given up is sent now. Audit and ticket name both addresses.

    \b
    mailgate queue redirect 17 anna@customer.example
    """
    from mailgate.cli._queuechange import redirected  # noqa: PLC0415  --help must not pay for it

    before = redirected(call, row_id, address)
    if as_json:
        print_json({"id": row_id, "was": before, "to_address": address})
    else:
        click.echo(f"row {row_id} goes to {address}, not to {before}")
    tell(call, "wake")


@queue.command()
@click.argument("row_id", type=click.IntRange(min=1), metavar="ID")
@as_option
@json_option
@pass_call
def undo(call: Call, row_id: int, agent: str, *, as_json: bool) -> None:
    r"""Take back an agent's mail that still waits (setting outbox.undo), with its copies.

    The answer stays in the ticket's history, marked as undone. Exit 1 where it has left.

    \b
    mailgate queue undo 17 --as anna
    """
    from mailgate.cli._queuechange import taken_back  # noqa: PLC0415  --help must not pay for it

    number = taken_back(call, row_id, agent)
    if as_json:
        print_json({"id": row_id, "state": "undone", "ticket": number})
    else:
        click.echo(f"row {row_id} is taken back" + (f" ({number})" if number else ""))


COMMAND = queue
