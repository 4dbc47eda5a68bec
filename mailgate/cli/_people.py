"""What the commands on contacts and companies share: who is meant, who does it, how a contact looks."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mailgate.cli._options import TRY_LATER, Call, CommandError, clean, print_table
from mailgate.cli._store import when, writing
from mailgate.cli._tables import cut, fields, json_row

if TYPE_CHECKING:
    from mailgate.domain.access import Reach
    from mailgate.store.connection import Connection
    from mailgate.store.contacts import Asked, Known
    from mailgate.store.db import Store
    from mailgate.store.transaction import Transaction
    from mailgate.store.writer import Writer

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Row = dict[str, Any]

# Another process may be faster on one PostgreSQL; the second time it has been.
TRIES: Final = 3
# The newest lines that `show` prints of tickets and history.
NEWEST: Final = 10


def contact_id(asked: "Asked", named: str) -> int:
    """Return the id of the contact that a person means: its id or any of its addresses, else CommandError."""
    from mailgate.store.contacts import find_contact  # noqa: PLC0415  --help must not pay for it

    if named.isascii() and named.isdigit():
        return int(named)
    found = find_contact(asked, named)
    if not found:
        shorter = named.partition("@")[0] or named
        raise CommandError(f"nobody has the address {named!r}; `mailgate contact list {shorter}` searches")
    return found


def known(asked: "Asked", named: str) -> "Known":
    """Return the contact that a person means, following merges."""
    from mailgate.store.contacts import contact  # noqa: PLC0415  --help must not pay for it

    found = contact(asked, contact_id(asked, named))
    if found is None:
        raise CommandError(f"there is no contact {named}; `mailgate contact list` shows them")
    return found


def written(
    call: Call, work: "Callable[[Transaction, str], T]", agent: str = "", what: str = "CHANGE_CONTACT"
) -> T:
    """Do something in one transaction of our own and return its result; `work` is told who does it.

    `what` names the right that it takes (`domain/access.What`). Raises CommandError with the sentence of what
    is refused, with exit code 75 where it is stale.
    """
    with writing(call) as (store, writer):
        who = allowed(store, agent, what)
        return submitted(store, writer, lambda tx: work(tx, who))


def submitted(store: "Store", writer: "Writer", work: "Callable[[Transaction], T]") -> T:
    """Do something in one transaction, again where another process was faster; raises as `written`."""
    for _ in range(TRIES):
        try:
            return writer.submit(work).result()
        except Exception as error:  # noqa: BLE001  each kind is told apart
            _refuse(store, error)
    raise CommandError("somebody else changes the same contacts all the time, try again", TRY_LATER)


def allowed(store: "Store", agent: str, what: str) -> str:
    """Return who the history names, if that one may do it; raises CommandError (W2)."""
    from mailgate.cli._as import author, check  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.access import What  # noqa: PLC0415
    from mailgate.store import queries  # noqa: PLC0415
    from mailgate.store.business import load_catalogue  # noqa: PLC0415

    with queries.reading(store) as connection:
        catalogue = load_catalogue(connection)
    return author(check(catalogue, agent, What[what]))


def _refuse(store: "Store", error: Exception) -> None:
    """Raise what a command ends with, unless it is worth another try."""
    from mailgate.domain.deskerror import DeskError, Stale  # noqa: PLC0415  --help must not pay for it

    if isinstance(error, Stale):
        raise CommandError(f"{error}\nlook at it again, and say the version you saw", TRY_LATER) from None
    if isinstance(error, DeskError):
        raise CommandError(str(error)) from None
    if not store.backend.conflict(error):
        raise error


def seen_by(connection: "Connection", agent: str) -> "Reach":
    """Return which tickets whoever looks may see; CommandError where contacts are not for that one (W2)."""
    from mailgate.cli._as import check  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.access import SYSTEM, What, reach  # noqa: PLC0415
    from mailgate.store.business import load_catalogue  # noqa: PLC0415

    return reach(check(load_catalogue(connection), agent, What.SEE_CONTACT) if agent else SYSTEM)


def filter_options(function: F) -> F:
    """Add the filters of lists: VIP, company, category, type."""
    for option in (
        click.option("--type", "kind_", default="", metavar="WORD", help="Only contacts of this type."),
        click.option("--category", default="", metavar="WORD", help="Only contacts in this category."),
        click.option("--company", default="", metavar="NAME", help="Only contacts of this company."),
        click.option("--vip", is_flag=True, help="Only VIP contacts."),
    ):
        function = option(function)
    return function


def as_json(one: "Known") -> Row:
    """Return a contact fit for JSON."""
    return {
        "id": one.contact_id,
        "version": one.version,
        **asdict(one.card),
        "company_id": one.company_id,
        "sources": one.sources,
        **json_row({"created_at": one.created_at, "touched_at": one.touched_at}),
    }


def print_contacts(found: "Sequence[Known]") -> None:
    """Print a table of contacts."""
    print_table(
        ("id", "name", "company", "type", "vip", "address", "categories"),
        [
            (
                one.contact_id, cut(one.card.name, 40), cut(one.card.company, 40), one.card.type,
                "VIP" if one.card.vip else "", cut(next(iter(one.card.addresses), "")),
                cut(", ".join(one.card.categories), 40),
            )
            for one in found
        ],
    )  # fmt: skip


def contact_lines(one: "Known", merged: Sequence[int], tickets: Sequence[Row]) -> Iterator[str]:
    """Yield all that is known of a contact; behind each value stands where it came from."""
    from mailgate.domain.people.card import FIELDS  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.people.stale import told  # noqa: PLC0415

    yield f"contact {one.contact_id}: {one.card.name}, version {one.version}"
    values = [(name, told(getattr(one.card, name)).replace("\n", " / ")) for name in FIELDS]
    yield from fields(
        (name, f"{value}  ({one.sources.get(name, 'mail')})")
        for name, value in values
        if value not in {"", "no"} and name != "name"
    )
    for place, address in enumerate(one.card.addresses):
        yield f"  {'addresses' if not place else '':<11} {address}"
    yield from fields(
        (
            ("known since", f"{when(one.created_at)} UTC"),
            ("changed", f"{when(one.touched_at)} UTC" if one.touched_at else ""),
            ("merged in", ", ".join(map(str, merged))),
        )
    )
    for row in tickets:
        line = f"{row['number']}  {row['status']:<8} {when(row['touched_at'])}  {cut(row['subject'])}"
        yield f"  ticket      {line}"


def history_lines(history: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a history, newest first: when, who, what, before and after."""
    from mailgate.domain.people.stale import changes  # noqa: PLC0415  --help must not pay for it

    if history:
        yield "  history"
    for line in history:
        source = json.loads(line["detail"]).get("source", "")
        yield f"    {when(line['at'])}  {line['action']} by {line['who']}{source and f', {source}'}"
        for name, was, now in changes(line["detail"]):
            yield f"      {name}: {cut(was) or 'nothing'} -> {cut(now) or 'nothing'}"


def history_json(history: Sequence[Row]) -> list[Row]:
    """Return a history fit for JSON."""
    return [{**json_row(row), "detail": json.loads(row["detail"])} for row in history]


def say(lines: Iterator[str]) -> None:
    """Print lines, what strangers chose made printable."""
    for line in lines:
        click.echo(clean(line))
