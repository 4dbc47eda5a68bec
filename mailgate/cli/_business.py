"""What the commands on addresses, ticket queues, templates and scripts share: set, remove, show one, list."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailgate.cli._options import Call, CommandError, print_json, print_table
from mailgate.cli._store import reading, tell, writing

if TYPE_CHECKING:
    from mailgate.domain.routing import Catalogue, Queue, Route, Template
    from mailgate.store.business import Change, Kind, Script

F = TypeVar("F", bound=Callable[..., Any])
WHO = "command line"


def change_options(function: F) -> F:
    """Add what every change has: `--dry-run` and `--take-over`."""
    take_over = click.option(
        "--take-over", is_flag=True, help="Also change what came from a file; from then on it is ours."
    )
    dry_run = click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
    return take_over(dry_run(function))


def catalogue(call: Call) -> "Catalogue":
    """Return what the database says now."""
    from mailgate.store.business import load_catalogue  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        return load_catalogue(connection)


def put(call: Call, item: "Route | Queue | Template | Script", *, dry_run: bool, take_over: bool) -> None:
    """Add or change one thing; saying the same again changes nothing."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import set_one  # noqa: PLC0415

    with writing(call) as (store, writer):
        with queries.reading(store) as connection:
            changes = set_one(connection, item, take_over=take_over)
        _carry_out(call, writer, changes, dry_run=dry_run)


def remove(
    call: Call, kind: "Kind", name: str, used_by: Iterable[str], *, dry_run: bool, take_over: bool
) -> None:
    """Remove one thing; refuse while something else names it."""
    from mailgate.store import queries  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import remove_one  # noqa: PLC0415

    users = sorted(used_by)
    if users:
        raise CommandError(f"{kind} {name} is used by {', '.join(users)}; change that first")
    with writing(call) as (store, writer):
        with queries.reading(store) as connection:
            changes = remove_one(connection, kind, name, take_over=take_over)
        if not changes:
            raise CommandError(f"there is no {kind} {name!r}")
        _carry_out(call, writer, changes, dry_run=dry_run)


def _carry_out(call: Call, writer: Any, changes: "Sequence[Change]", *, dry_run: bool) -> None:
    from mailgate.store.business import apply_changes  # noqa: PLC0415  --help must not pay for it

    for change in changes:
        click.echo(f"{change.action} {change.kind} {change.name} {' '.join(change.fields)}".rstrip())
    if not changes:
        click.echo("nothing to change")
    elif dry_run:
        click.echo("nothing was changed (--dry-run)")
    else:
        writer.submit(lambda tx: apply_changes(tx, changes, WHO)).result()
        tell(call, "reload")


def require(kind: str, name: str, known: Iterable[str]) -> None:
    """Raise CommandError with a suggestion where a name that is given is not known."""
    from difflib import get_close_matches  # noqa: PLC0415  only a mistake pays for it

    names = sorted(known)
    if name and name not in names:
        near = get_close_matches(name, names, n=1)
        raise CommandError(f"there is no {kind} {name!r}{f', did you mean {near[0]!r}?' if near else ''}")


def show_list(headers: Sequence[str], rows: Sequence[Sequence[object]], *, as_json: bool) -> None:
    """Print a listing as a table or as JSON."""
    if as_json:
        print_json([dict(zip(headers, row, strict=True)) for row in rows])
    else:
        print_table(headers, rows)


def show_one(values: dict[str, object], *, as_json: bool) -> None:
    """Print one thing, a line per value."""
    if as_json:
        print_json(values)
    else:
        for name, value in values.items():
            click.echo(f"{name}: {value}")
