"""What the commands on addresses, ticket queues, templates and scripts share: look, change, list."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mailgate.cli._as import as_option
from mailgate.cli._options import TRY_LATER, Call, CommandError, clean, print_json, print_table
from mailgate.cli._store import reading, tell, writing

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.store.business import Change, Item, Kind
    from mailgate.store.connection import Connection

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
# Each time, somebody else was faster and is done: a shell loop with twenty commands at once is still served.
TRIES: Final = 20
# What the outside world calls things; the database's word for a ticket queue is plain queue.
COMMANDS: Final = {
    "address": "address",
    "queue": "ticketqueue",
    "agent": "agent",
    "template": "template",
    "script": "rules",
    "team": "team",
    "status": "ticketstatus",
    "priority": "priority",
    "workflow": "workflow",
    "automation": "automation",
    "setting": "helpdesk",
}


@dataclass(frozen=True, slots=True)
class How:
    """How a change is made: only shown, or also over a file's head; `who` is the agent who makes it."""

    dry_run: bool = False
    take_over: bool = False
    who: str = ""


def change_options(function: F) -> F:
    """Add what every change has: `--dry-run` and `--take-over`; the command gets both."""
    take_over = click.option(
        "--take-over",
        is_flag=True,
        help="Change it although it came from a file by `mailgate apply`; from then on it is the database's.",
    )
    dry_run = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
    return take_over(dry_run(function))


def how_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add `change_options` and `--as`; the command gets all of them as one `how`."""

    @wraps(function)
    def run(*args: Any, agent: str, dry_run: bool, take_over: bool, **own: Any) -> None:
        function(*args, how=How(dry_run, take_over, agent), **own)

    return as_option(change_options(run))


def present(call: Call) -> "Present":
    """Return what the database says now."""
    with reading(call) as (_store, connection):
        return _look(call, connection)


def _look(call: Call, connection: "Connection") -> "Present":
    from mailgate.cli._items import look  # noqa: PLC0415  --help must not pay for it
    from mailgate.vocabulary import listed_names, told  # noqa: PLC0415

    settings = call.settings()
    return look(
        connection,
        settings.rules.recipient_delimiter,
        settings.targets,
        listed_names(settings),
        told(settings),
    )


def named(found: "Present", kind: "Kind", name: str) -> "Item":
    """Return one thing by its name; raises CommandError with a suggestion where it is not there."""
    from mailgate.store.business import normal_address  # noqa: PLC0415  --help must not pay for it

    known = found.all(kind)
    item = known.get(normal_address(name) if kind == "address" else name)
    if item is None:
        raise CommandError(absent(kind, name, known))
    return item


def absent(kind: str, name: str, known: "dict[str, Item]") -> str:
    """Return the sentence that a name is not there, and which is meant perhaps."""
    from mailgate.cli._items import near  # noqa: PLC0415  only a mistake pays for it

    return f"there is no {kind} {name!r}{near(name, known)}"


def add(call: Call, item: "Item", how: How) -> "Sequence[Change]":
    """Add one thing; the same once more changes nothing, another one of that name is refused.

    Returns what was changed, or would be.
    """
    from mailgate.store.business import key_of, kind_of  # noqa: PLC0415  --help must not pay for it

    def make(found: "Present") -> "Item":
        kind, key = kind_of(item), key_of(item)
        there = found.all(kind).get(key)
        if there is not None and not _same(there, item):
            raise CommandError(
                f"the {kind} {key!r} is there already; `mailgate {COMMANDS[kind]} set` changes it"
            )
        return item

    return put(call, make, how)


def put(call: Call, make: "Callable[[Present], Item]", how: How) -> "Sequence[Change]":
    """Make the database say what `make` returns; saying it again changes nothing.

    Raises CommandError with everything that is wrong, and where it came from a file and is not taken over.
    """
    from mailgate.cli._items import complaints  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import (  # noqa: PLC0415
        key_of,
        kind_of,
        set_one,
    )

    def planned(connection: "Connection", found: "Present") -> "Sequence[Change]":
        item = make(found)
        kind, key = kind_of(item), key_of(item)
        wrong = list(complaints(item, found))
        if wrong:
            raise CommandError("\n".join(wrong))
        there = found.all(kind).get(key)
        if there is not None and _same(there, item) and not how.take_over:
            return ()
        require_ours(found, kind, key, how)
        return set_one(connection, item, take_over=how.take_over)

    return change(call, planned, how)


def _same(one: "Item", other: "Item") -> bool:
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.routing import Route  # noqa: PLC0415
    from mailgate.store.business import key_of  # noqa: PLC0415

    if isinstance(one, Route) and isinstance(other, Route):
        return one == replace(other, address=key_of(other))
    return one == other


def remove(call: Call, kind: "Kind", name: str, how: How) -> "Sequence[Change]":
    """Remove one thing; refused while something else names it, and nothing to do where it is not there."""
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import (  # noqa: PLC0415
        key_of,
        normal_address,
        remove_one,
    )

    key = normal_address(name) if kind == "address" else name

    def planned(connection: "Connection", found: "Present") -> "Sequence[Change]":
        item = found.all(kind).get(key)
        if item is None:
            click.echo(clean(absent(kind, name, found.all(kind))), err=True)
            return ()
        used = users(kind, key_of(item), found.catalogue, found.business.addresses)
        if used:
            raise CommandError(f"{kind} {key!r} is used by {', '.join(used)}; change that first")
        _require_no_tickets(connection, kind, key)
        require_ours(found, kind, key, how)
        return remove_one(connection, kind, key, take_over=how.take_over)

    return change(call, planned, how)


def _require_no_tickets(connection: "Connection", kind: "Kind", key: str) -> None:
    """Raise CommandError with their number where tickets lie in a queue, or are an agent's.

    Words (`_ticketwords.free`) have their own way.
    """
    from mailgate.cli._dropped import HELP, had_by  # noqa: PLC0415  --help must not pay for it

    if kind in {"queue", "agent"} and (had := had_by(connection, kind, key)):
        raise CommandError(f"{had} the {kind} {key!r}; {HELP[kind]}")


def require_ours(found: "Present", kind: "Kind", key: str, how: How) -> None:
    """Raise CommandError for what came from a file, unless it is to be taken over."""
    origin = found.origins.get((kind, key), "")
    if origin and not how.take_over:
        text = f"{kind} {key!r} comes from {origin}; change it there and `mailgate apply` it"
        raise CommandError(f"{text}, or say --take-over")


def change(
    call: Call, planned: "Callable[[Connection, Present], Sequence[Change]]", how: How
) -> "Sequence[Change]":
    """Plan on what is there, show the plan and carry it out; once more if somebody else was faster."""
    for _ in range(TRIES):
        with reading(call) as (_store, connection):
            found = _look(call, connection)
            changes = planned(connection, found)
        if not changes or how.dry_run or _carried_out(call, changes, found.catalogue.version, how.who):
            _report(changes, how)
            if changes and not how.dry_run:
                tell(call, "reload")
            return changes
    raise CommandError("somebody else changes the business data all the time, try again", TRY_LATER)


def _carried_out(call: Call, changes: "Sequence[Change]", version: int, agent: str) -> bool:
    """Write the changes, unless the data are no longer what the plan was made on."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import Moved, apply_changes  # noqa: PLC0415

    user = agent or who()
    with writing(call) as (_store, writer):
        try:
            writer.submit(lambda tx: apply_changes(tx, changes, user, planned_at=version)).result()
        except Moved:
            return False
    return True


def _report(changes: "Sequence[Change]", how: How) -> None:
    from mailgate.cli._differences import lines_of  # noqa: PLC0415  --help must not pay for it

    for one in changes:
        for line in lines_of(one):
            click.echo(line)
    if not changes:
        click.echo("nothing to change")
    elif how.dry_run:
        click.echo("nothing was changed (--dry-run)")


def show_list(headers: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print a listing as a table or as JSON."""
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        print_table(headers, [[_cell(value) for value in row] for row in rows])


def _cell(value: object) -> object:
    match value:
        case True:
            return "yes"
        case False:
            return "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return value


def show_one(values: dict[str, object], *, as_json: bool) -> None:
    """Print one thing, a line per value; a text of several lines is set in below its name."""
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        lines = str(_cell(value)).splitlines() or [""]
        if len(lines) == 1:
            click.echo(f"{name:<10} {clean(lines[0])}".rstrip())
        else:
            click.echo("\n".join([name, *(f"  {clean(line)}".rstrip() for line in lines)]))
