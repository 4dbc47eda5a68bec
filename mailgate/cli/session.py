"""`mailgate session`: the e-mail conversations inside tickets, their states and timers (G7, G12)."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli._as import acting, as_option, check
from mailgate.cli._options import (
    TRY_LATER,
    Call,
    CommandError,
    json_option,
    pass_call,
    print_json,
    print_table,
)
from mailgate.cli._store import reading, when
from mailgate.cli._tables import cut, fields, json_row, limit_option, more, plural, show

if TYPE_CHECKING:
    from mailgate.domain.helpdesk import DeskPolicy
    from mailgate.store.connection import Connection

COLUMNS = ("id", "number", "state", "queue", "agent", "last_at", "reason", "subject")
STATES = ("unopened", "active", "paused", "resolved", "closed", "reopened")


@click.group("session")
def session() -> None:
    """Look at e-mail sessions, move them, and run their timers."""


@session.command("list")
@click.option("--state", type=click.Choice(STATES), default=None, help="Only sessions in this state.")
@click.option("--ticket", default="", metavar="NUMBER", help="Only the sessions of this ticket.")
@click.option("--agent", default="", help="Only sessions of this agent's tickets.")
@click.option("--before", default=0, metavar="ID", help="Go on behind this session, the last one of a page.")
@click.option("--as", "viewer", default="", metavar="AGENT", help="Only what this agent may see.")
@limit_option("sessions")
@json_option
@pass_call
def list_(
    call: Call,
    state: str | None,
    ticket: str,
    agent: str,
    before: int,
    viewer: str,
    limit: int,
    *,
    as_json: bool,
) -> None:
    r"""Show sessions, the newest first; in a state with a timer, the last one active first. Times are UTC.

    \b
    mailgate session list --state paused
    mailgate session list --state closed --limit 100 --before 4711
    mailgate session list --as anna
    """
    from mailgate.domain.access import SYSTEM, reach  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.store.listings import proper_number  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.sessions import list_sessions  # noqa: PLC0415

    number = proper_number(ticket)
    with reading(call) as (_store, connection):
        found = list_sessions(
            connection,
            state=state or "",
            ticket=number,
            agent=agent,
            before_id=before,
            limit=limit + 1,
            reach=reach(acting(load_catalogue(connection), viewer) if viewer else SYSTEM),
        )
    _print(found[:limit], as_json=as_json)
    if len(found) > limit:
        click.echo(f"there are more sessions; `--before {found[limit - 1]['id']}` goes on", err=True)


def _print(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json([json_row(row) for row in found])
    elif not found:
        click.echo("no session")
    else:
        print_table(COLUMNS, [[_cell(key, row[key]) for key in COLUMNS] for row in found])


def _cell(key: str, value: Any) -> str:
    return when(value) if key.endswith("_at") else cut(str(value))


@session.command("show")
@click.argument("name", metavar="SESSION")
@as_option
@json_option
@pass_call
def show_(call: Call, name: str, agent: str, *, as_json: bool) -> None:
    r"""Show one session and what it has recorded. SESSION is its id, or a ticket's number: its current one.

    \b
    mailgate session show T-7
    """
    from mailgate.domain.access import TicketThing, What  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.business import load_catalogue  # noqa: PLC0415
    from mailgate.store.sessions import session as one  # noqa: PLC0415

    with reading(call) as (_store, connection):
        found = one(connection, _id(connection, name))
        if found is None:
            raise CommandError(_absent(name))
        if agent:
            thing = TicketThing(found["queue"], found["agent"], found["owner_group"])
            check(load_catalogue(connection), agent, What.SEE_TICKET, thing)
    if as_json:
        print_json(json_row(found))
        return
    show((f"session {found['id']} of {found['number']}: {found['state']}", *_lines(found)))


def _lines(found: dict[str, Any]) -> list[str]:
    pairs = (
        ("subject", found["subject"]),
        ("queue", found["queue"]),
        ("agent", found["agent"]),
        ("reason", found["reason"]),
        ("opened", f"{when(found['opened_at'])} UTC"),
        ("last", f"{when(found['last_at'])} UTC"),
        ("closed", f"{when(found['closed_at'])} UTC" if found["closed_at"] else ""),
        ("current", "" if found["current"] else "no, the ticket has a later session"),
    )
    return [*fields(pairs), "  interactions", *(_interaction(one) for one in found["interactions"])]


def _interaction(one: dict[str, Any]) -> str:
    by = f" by {one['agent']}" if one["agent"] else ""
    where = f" (queue {one['queue']})" if one["queue"] else ""
    detail = f": {one['detail']}" if one["detail"] else ""
    return f"    {when(one['at'])}  {one['kind']}{by}{where}{detail}"


def _id(connection: "Connection", name: str) -> int:
    """Return the id that a person means: a plain number is one, anything else is a ticket's number."""
    from mailgate.store.listings import proper_number  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.sessions import current_session  # noqa: PLC0415

    return (
        int(name) if name.isascii() and name.isdigit() else current_session(connection, proper_number(name))
    )


def _absent(name: str) -> str:
    return f"there is no session {name!r}; `mailgate session list` shows the newest"


# -- moves


def _move_command(word: str, text: str) -> None:
    """Add a command that lets one event happen to a session."""

    @session.command(word, help=text)
    @click.argument("name", metavar="SESSION")
    @click.option("--reason", default="", help="What the history says; without it, what was done.")
    @click.option(
        "--if-state",
        type=click.Choice(STATES),
        default=None,
        help="Move it only while it is in this state; else exit 75.",
    )
    @as_option
    @pass_call
    def command(call: Call, name: str, reason: str, if_state: str | None, agent: str) -> None:
        _move(call, name, word, reason, if_state or "", agent)


def _move(call: Call, name: str, word: str, reason: str, if_state: str, agent: str) -> None:
    from mailgate.cli._as import acting, author  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._desk import changing  # noqa: PLC0415
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415
    from mailgate.domain.session import Event  # noqa: PLC0415
    from mailgate.store.sessions import Wish, happen  # noqa: PLC0415

    with reading(call) as (_store, connection):
        session_id = _id(connection, name)
    with changing(call) as desk:
        actor = acting(desk.catalogue, agent)
        wish = Wish(session_id, Event(word), actor, author(actor), reason, if_state)
        try:
            before, after = desk.writer.submit(lambda tx: happen(tx, desk.rules, wish)).result()
        except DeskError as wrong:
            raise CommandError(f"session {name}: {wrong}") from None
    if not before:
        raise CommandError(_absent(name))
    if if_state and before != if_state:
        raise CommandError(f"session {name} is {before}, not {if_state}: nothing was changed", TRY_LATER)
    click.echo("nothing to change" if before == after else f"session {session_id}: {before} -> {after}")


_move_command("open", "Take a session up: it is active.\n\n\\b\nmailgate session open T-7 --as anna\n")
_move_command(
    "pause", "Set a session aside.\n\n\\b\nmailgate session pause T-7 --reason 'waits for a part'\n"
)
_move_command("resolve", "Say that a session is done.\n\n\\b\nmailgate session resolve T-7 --as anna\n")
_move_command("close", "Close a session at once.\n\n\\b\nmailgate session close 4711\n")


# -- timers


@session.command()
@click.option("--due", "only_due", is_flag=True, help="Show the sessions that would be moved now; move none.")
@limit_option("sessions")
@json_option
@pass_call
def timers(call: Call, limit: int, *, only_due: bool, as_json: bool) -> None:
    r"""Show the timers: switch, days, and how many sessions are due. The gateway runs them every minute.

    \b
    mailgate session timers --due
    mailgate helpdesk set paused_to_closed_days 90
    """
    from mailgate.cli._business import present  # noqa: PLC0415  --help must not pay for it

    desk = present(call).catalogue.desk
    if only_due:
        _show_due(call, desk, limit, as_json=as_json)
        return
    rows = _timers(call, desk)
    if as_json:
        print_json(rows)
    else:
        headers = ("state", "leads to", "switch", "on", "days", "due")
        print_table(headers, [[_word(value) for value in row.values()] for row in rows])


def _timers(call: Call, desk: "DeskPolicy") -> list[dict[str, Any]]:
    from mailgate.store.sessions import count_due  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        counts = count_due(connection, desk, _now_ms())
    return [
        {
            "state": timer.state.value,
            "after": timer.after.value,
            "switch": timer.name,
            "on": timer.on(desk),
            "days": timer.days(desk),
            "due": count,
        }
        for timer, count in counts
    ]


def _word(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _show_due(call: Call, desk: "DeskPolicy", limit: int, *, as_json: bool) -> None:
    from mailgate.domain.session import TIMERS  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.sessions import list_due  # noqa: PLC0415

    found: list[dict[str, Any]] = []
    with reading(call) as (_store, connection):
        for timer in TIMERS:
            if timer.on(desk):
                some = list_due(connection, timer, desk, _now_ms(), limit + 1)
                found += [{**row, "timer": timer.name, "after": timer.after.value} for row in some]
    if as_json:
        print_json([json_row(row) for row in found[:limit]])
    elif not found:
        click.echo("no session is due")
    else:
        columns = ("id", "number", "state", "after", "timer", "last_at", "queue", "subject")
        print_table(columns, [[_cell(key, row[key]) for key in columns] for row in found[:limit]])
    more(len(found), limit, "sessions")


def _now_ms() -> int:
    from datetime import UTC, datetime  # noqa: PLC0415  --help must not pay for it

    from mailgate.store.transaction import millis  # noqa: PLC0415

    return millis(datetime.now(UTC))


@session.command("run-timers")
@pass_call
def run_timers_(call: Call) -> None:
    r"""Run the timers once, now; doing it again moves nothing more.

    \b
    mailgate session timers --due
    mailgate session run-timers
    """
    from mailgate.cli._desk import changing  # noqa: PLC0415  --help must not pay for it
    from mailgate.jobs.sessions import run_timers  # noqa: PLC0415

    with changing(call) as desk:
        moved = run_timers(desk.writer, lambda: desk.rules)
    for name, count in moved.items():
        click.echo(f"{name}: {plural(count, 'session')}")
    if not moved:
        click.echo("no session was due")


COMMAND = session
