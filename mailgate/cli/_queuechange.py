"""What the commands that change outgoing rows share: which rows, in how many steps, and what is printed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import click

from mailgate.cli._options import Call, CommandError, pass_call, print_json
from mailgate.cli._store import reading, tell, writing
from mailgate.cli._tables import plural

if TYPE_CHECKING:
    from mailgate.store.connection import Connection
    from mailgate.store.outbox_hand import Wanted
    from mailgate.store.transaction import Transaction
    from mailgate.store.writer import Writer

F = TypeVar("F", bound=Callable[..., Any])

STATES: Final = ("held", "given_up", "leased", "waiting", "digest", "undone", "sent")
# So many rows change in one transaction: it must not keep the gateway waiting.
CHUNK: Final = 500
SAY_WHICH: Final = "say which rows: their ids, or --all STATE, --to, --ticket, --older-than"


class Act(Protocol):
    """A change of rows by hand (`store/outbox_rows.py`); returns how many it was done to."""

    def __call__(self, tx: "Transaction", ids: Sequence[int], who: str) -> int:
        """Change these rows; `who` goes into the audit."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows a command is about (ids, all in a state, all that a filter finds), and how to answer."""

    ids: Sequence[int]
    state: str | None
    which: Mapping[str, str] = field(default_factory=dict)
    as_json: bool = False

    @property
    def filtered(self) -> bool:
        """Whether a filter was given."""
        return any(self.which.values())


def filters(function: F) -> F:
    """Add the options that choose rows by what they are: `--to`, `--ticket`, `--older-than`."""
    for option in (
        click.option("--older-than", default="", metavar="TIME", help="Only rows of before: 30m, 2h, 3d."),
        click.option("--ticket", default="", metavar="NUMBER", help="Only mails of this ticket."),
        click.option("--to", default="", metavar="ADDRESS", help="Only to this address, or @domain."),
    ):
        function = option(function)
    return function


def choices(*states: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the choice of rows: ids, or all in one of these states, or filters. The command gets a `Choice`."""

    def add(function: Callable[..., None]) -> Callable[..., None]:
        @pass_call
        @wraps(function)
        def run(call: Call, /, *, ids: Sequence[int], state: str | None, as_json: bool, **which: str) -> None:
            function(call, Choice(ids, state, which, as_json))

        named = click.argument("ids", nargs=-1, type=click.IntRange(min=1), metavar="[ID]...")
        every = click.option("--all", "state", type=click.Choice(states), help="All rows in this state.")
        json = click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
        return named(every(filters(json(run))))

    return add


def wanted(connection: "Connection", which: Mapping[str, str]) -> "Wanted":
    """Return the filters of a command; raises CommandError for a ticket or a time that there is not."""
    from mailgate.domain.helpdesk import read_span  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.listings import number_as_kept  # noqa: PLC0415
    from mailgate.store.outbox_hand import Wanted  # noqa: PLC0415

    ticket_id, before_ms = 0, 0
    if number := which.get("ticket", ""):
        found = queries.ticket(connection, number_as_kept(connection, number))
        if found is None:
            raise CommandError(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
        ticket_id = int(found["id"])
    if age := which.get("older_than", ""):
        try:
            before_ms = int(datetime.now(UTC).timestamp() - read_span(age)) * 1000
        except ValueError as bad:
            raise CommandError(f"--older-than: {bad}") from None
    return Wanted(which.get("to", ""), ticket_id, before_ms)


def change(call: Call, choice: Choice, act: Act, allowed: Sequence[str], word: str) -> None:
    """Change the chosen rows, and say which could not be; exit 1 for those."""
    if bool(choice.ids) == bool(choice.state or choice.filtered):
        raise click.UsageError(SAY_WHICH)
    with writing(call) as (_store, writer):
        ids = list(dict.fromkeys(choice.ids)) or _found(call, choice, allowed)
        states = _change_some(writer, act, ids, allowed)
    changed = [one for one, state in states.items() if state in allowed]
    wrong = {one: state for one, state in states.items() if state not in allowed}
    if choice.as_json:
        print_json({"done": word, "rows": changed, "not": {str(one): state for one, state in wrong.items()}})
        if changed:
            tell(call, "wake")
    else:
        done(call, len(changed), word)
    if wrong and choice.ids:
        named = (
            f"{one} is {state.replace('_', ' ')}" if state else f"there is no row {one}"
            for one, state in wrong.items()
        )
        raise CommandError(f"not {word}: {', '.join(named)}")


def _found(call: Call, choice: Choice, allowed: Sequence[str]) -> list[int]:
    from mailgate.store.outbox_hand import chosen  # noqa: PLC0415  --help must not pay for it

    # What was sent is only ever named by its id.
    states = (choice.state,) if choice.state else tuple(one for one in allowed if one != "sent")
    with reading(call) as (_store, connection):
        return chosen(connection, states, wanted(connection, choice.which))


def _change_some(writer: "Writer", act: Act, ids: Sequence[int], allowed: Sequence[str]) -> dict[int, str]:
    """Change the rows whose state allows it; returns the state that each had, "" for none such."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.listings import states_of  # noqa: PLC0415

    def some(tx: "Transaction", ids: Sequence[int]) -> dict[int, str]:
        states = states_of(tx, ids)
        fit = [one for one in ids if states.get(one) in allowed]
        if fit:
            act(tx, fit, who())
        return {one: states.get(one, "") for one in ids}

    found: dict[int, str] = {}
    for start in range(0, len(ids), CHUNK):
        found |= writer.submit(partial(some, ids=ids[start : start + CHUNK])).result()
    return found


def flush_all(call: Call) -> int:
    """Make all that waits due now; returns how many rows that are."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store import outbox_rows  # noqa: PLC0415

    with writing(call) as (_store, writer):
        return writer.submit(lambda tx: outbox_rows.flush(tx, None, who())).result()


def done(call: Call, count: int, word: str) -> None:
    """Say how many rows were changed, and wake the gateway."""
    click.echo(f"{plural(count, 'row')} {word}")
    if count:
        tell(call, "wake")


def redirected(call: Call, row_id: int, address: str) -> str:
    """Send a row to another address; returns whom it was for. Raises CommandError."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.address import sendable  # noqa: PLC0415
    from mailgate.domain.classify import is_own  # noqa: PLC0415
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.store.outbox_hand import redirect  # noqa: PLC0415

    delimiter = call.settings().rules.recipient_delimiter
    if not sendable(address):
        raise CommandError(f"{address!r} is no address that mail can be sent to")
    with reading(call) as (_store, connection):
        own = load_catalogue(connection, recipient_delimiter=delimiter).own
    if is_own(address, own, delimiter):
        raise CommandError(f"{address} is an address of our own: the mail would come back in")
    with writing(call) as (_store, writer):
        try:
            return writer.submit(lambda tx: redirect(tx, row_id, address, who())).result()
        except DeskError as wrong:
            raise CommandError(str(wrong)) from None


def taken_back(call: Call, row_id: int, agent: str) -> str:
    """Take back the answer that a row belongs to; returns its ticket's number, "" where it has none."""
    from mailgate.cli._desk import changing  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._ticketdesk import perform  # noqa: PLC0415
    from mailgate.cli._who import who  # noqa: PLC0415
    from mailgate.domain.desk.undo import undo  # noqa: PLC0415
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415
    from mailgate.domain.draft import MailKind  # noqa: PLC0415
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.listings import ticket_number  # noqa: PLC0415
    from mailgate.store.outbox_hand import undo_row  # noqa: PLC0415

    with reading(call) as (_store, connection):
        row = queries.outbox_row(connection, row_id)
        if row is None:
            raise CommandError(f"there is no outgoing row {row_id}; `mailgate queue list` shows them")
        if row["mail_kind"] != MailKind.AGENT:
            raise CommandError(f"row {row_id} is no answer of an agent's; `mailgate queue delete` removes it")
        number, entry_id = ticket_number(connection, row["ticket_id"]), int(row["entry_id"])
    with changing(call) as desk:
        try:
            if number and entry_id:
                perform(desk, agent, lambda ground: undo(ground, number, entry_id))
            else:
                desk.writer.submit(lambda tx: undo_row(tx, row_id, who())).result()
        except DeskError as wrong:
            raise CommandError(str(wrong)) from None
    tell(call, "undone")
    return number
