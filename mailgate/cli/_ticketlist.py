"""What `mailgate ticket list` does: a query and its shorthands in, a page of tickets out."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from mailgate.cli._as import acting
from mailgate.cli._options import USAGE, Call, CommandError, print_json, print_table
from mailgate.cli._store import reading, when
from mailgate.cli._tables import cut, json_row

if TYPE_CHECKING:
    from mailgate.domain.query import Query, QueryError
    from mailgate.store.connection import Connection
    from mailgate.store.ticketlist import TicketPage

Row = dict[str, Any]

USUAL: Final = "number,queue,status,priority,agent,contact,touched,subject"
# What a column shows: the row's key, and how it is written.
COLUMNS: Final[dict[str, str]] = {
    "number": "number",
    "queue": "queue",
    "status": "status",
    "priority": "priority",
    "agent": "agent",
    "group": "owner_group",
    "contact": "contact",
    "created": "created_at",
    "touched": "touched_at",
    "closed": "closed_at",
    "due": "execution_due",
    "late": "alarm",
    "tags": "tags",
    "categories": "categories",
    "subject": "subject",
}


class QueryCommand(click.Command):
    """A command whose arguments may begin with a minus: `-status:closed` is a part of the query."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put such arguments behind `--`, unless that stands there already."""
        if "--" not in args:
            minus = [one for one in args if one[:1] == "-" and one[:2] != "--" and one not in {"-", "-h"}]
            rest = [one for one in args if one not in minus]
            args = [*rest, "--", *minus] if minus else rest
        return super().parse_args(ctx, args)


def wanted(parts: tuple[str, ...], shorthands: dict[str, str]) -> "Query":
    """Return the query that was typed, with the options as filters beside it; raises CommandError."""
    from mailgate.domain.query import QueryError, Term, parse  # noqa: PLC0415  --help must not pay for it

    text = " ".join(parts)
    try:
        query = parse(text)
    except QueryError as error:
        raise _complaint(error, text) from None
    terms = tuple(Term(key, (value,)) for key, value in shorthands.items() if value and key != "sort")
    return replace(query, terms=(*query.terms, *terms), sort=shorthands["sort"] or query.sort)


def _complaint(error: "QueryError", text: str) -> CommandError:
    """Return what is wrong, with a mark under its place where it stands in what was typed."""
    shown = f"\n  {text}\n  {' ' * error.position}^" if text and text.isprintable() else ""
    return CommandError(f"{error.text}{shown}", USAGE)


def columns_of(text: str) -> list[str]:
    """Return the columns that were asked for; raises CommandError."""
    from mailgate.domain.query import suggestion  # noqa: PLC0415  --help must not pay for it

    names = [one.strip() for one in text.split(",") if one.strip()] or USUAL.split(",")
    for name in names:
        if name not in COLUMNS:
            hint = suggestion(name, COLUMNS) or f"; there are {', '.join(COLUMNS)}"
            raise CommandError(f"there is no column {name!r}{hint}", USAGE)
    return names


def show_list(
    call: Call,
    parts: tuple[str, ...],
    shorthands: dict[str, str],
    *,
    limit: int,
    after: str,
    columns: str,
    viewer: str,
    as_json: bool,
    paged: bool,
) -> None:
    """Print a page of tickets, and on standard error how to get the next one; `viewer` is who looks (W2)."""
    query, names = wanted(parts, shorthands), columns_of(columns)
    with reading(call) as (_store, connection):
        page = _page(connection, query, " ".join(parts), limit, after, viewer)
    if as_json:
        rows = [json_row(row) for row in page.rows]
        print_json({"tickets": rows, "after": page.after or None} if paged else rows)
    elif not page.rows:
        click.echo("no ticket" if not page.after else "no ticket so far")
    else:
        print_table(names, [[_cell(row, name) for name in names] for row in page.rows])
    if page.after:
        why = f"more than {page.looked:,} were looked at, narrow it, or go on: " if page.cut else ""
        click.echo(f"{why}there are more tickets; `--after {page.after}` shows them", err=True)


def _page(
    connection: "Connection", query: "Query", text: str, limit: int, after: str, viewer: str
) -> "TicketPage":
    from mailgate.domain.access import reach  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.query import QueryError  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.store.ticketlist import find  # noqa: PLC0415

    catalogue, now = load_catalogue(connection), datetime.now(UTC)
    seen = reach(acting(catalogue, viewer))
    try:
        return find(connection, query, catalogue, now, limit=limit, after=after, reach=seen)
    except QueryError as error:
        raise _complaint(error, text) from None


def _cell(row: Row, name: str) -> str:
    value = row[COLUMNS[name]]
    if name in {"created", "touched", "closed", "due"}:
        return when(value)
    if name in {"tags", "categories"}:
        return cut(", ".join(json_row({name: value})[name]))
    return cut(str(value))


def show_counts(call: Call, viewer: str, *, as_json: bool) -> None:
    """Print how many tickets each queue has in each status: of the queues that `viewer` may see (W2)."""
    from mailgate.domain.access import QueueThing, What, may  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.store.queries import ticket_counts  # noqa: PLC0415

    with reading(call) as (_store, connection):
        actor = acting(load_catalogue(connection), viewer)
        counted = [row for row in ticket_counts(connection) if row["n"]]
    rows = [row for row in counted if may(actor, What.SEE_QUEUE, QueueThing(row["queue"]))]
    if as_json:
        print_json([{"queue": row["queue"], "status": row["status"], "tickets": row["n"]} for row in rows])
    else:
        print_table(("queue", "status", "tickets"), [(row["queue"], row["status"], row["n"]) for row in rows])
