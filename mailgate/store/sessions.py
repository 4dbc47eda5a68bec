"""Sessions as rows: what is due by the clock (G12), the moves that people make, and the listings.

What is due is found by the index of states and times, a bounded page at a time, whatever the number of
sessions. Listings go by key, never by offset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from peewee import SQL, fn

from mailgate.domain.access import Actor, Reach, TicketThing, What, require
from mailgate.domain.effects import Effect
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.session import TIMERS, Event, Interaction, State, Timer, plan_move
from mailgate.store.connection import Connection
from mailgate.store.deskunit import perform
from mailgate.store.models.tickets import Entry, Session, Ticket
from mailgate.store.models.tickets import Interaction as Recorded
from mailgate.store.queries import PAGE, Row, first, rows
from mailgate.store.statements import literal
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.visible import ALL, within

# The states of which sessions are in the index by time; all others go by id.
TIMED: Final = (State.ACTIVE, State.REOPENED, State.PAUSED, State.RESOLVED)


# -- what is due


def _due(timer: Timer, before_ms: int) -> Any:
    """Return a condition on sessions that a timer moves; SQLite wants the index' own condition repeated."""
    return (
        (Session.state == literal(timer.state.value))
        & Session.state.in_([literal(state.value) for state in TIMED])
        & (Session.last_at <= before_ms)
    )


def due(
    tx: Transaction, timer: Timer, before_ms: int, limit: int, after: tuple[int, int] = (-1, 0)
) -> list[tuple[int, int]]:
    """Return (last_at, id) of up to `limit` due sessions behind `after`, the longest idle first.

    Rows that another gateway is at are passed over.
    """
    last_at, session_id = after
    query = Session.select(Session.last_at, Session.id).where(
        _due(timer, before_ms),
        (Session.last_at > last_at) | ((Session.last_at == last_at) & (Session.id > session_id)),
        Session.last_at >= last_at,
    )
    query = query.order_by(Session.last_at, Session.id).limit(limit)
    if Session._meta.database.for_update:  # noqa: SLF001  Peewee's own way in
        query = query.for_update(skip_locked=True)
    return [(int(row[0]), int(row[1])) for row in tx.query(query).fetchall()]


def plan_timer(tx: Transaction, timer: Timer, session_id: int, desk: DeskPolicy) -> Iterable[Effect]:
    """Return the move of one due session; nothing where it is no longer due."""
    condition = (Session.id == session_id) & _due(timer, timer.before_ms(desk, tx.now_ms))
    if tx.query(Session.select(Session.id).where(condition)).fetchone() is None:
        return []
    return plan_move(session_id, timer.state, timer.event, timer.author, timer.reason(desk))


def count_due(connection: Connection, desk: DeskPolicy, now_ms: int) -> list[tuple[Timer, int]]:
    """Return how many sessions each timer would move now; 0 for one that is off."""
    return [(timer, _count(connection, timer, desk, now_ms)) for timer in TIMERS]


def _count(connection: Connection, timer: Timer, desk: DeskPolicy, now_ms: int) -> int:
    if not timer.on(desk):
        return 0
    query = Session.select(fn.COUNT(Session.id).alias("n")).where(_due(timer, timer.before_ms(desk, now_ms)))
    return int(rows(connection, query)[0]["n"])


def list_due(connection: Connection, timer: Timer, desk: DeskPolicy, now_ms: int, limit: int) -> list[Row]:
    """Return up to `limit` sessions that a timer would move now, the longest idle first."""
    query = _listed().where(_due(timer, timer.before_ms(desk, now_ms)))
    return rows(connection, query.order_by(Session.last_at, Session.id).limit(limit))


# -- listings


def _listed() -> Any:
    return Session.select(
        Session.id,
        Session.ticket_id,
        Ticket.number,
        Session.state,
        Session.reason,
        Session.opened_at,
        Session.last_at,
        Session.closed_at,
        Ticket.queue,
        Ticket.agent,
        Ticket.owner_group,
        Ticket.subject,
        (Session.id == Ticket.session_id).alias("current"),
    ).join(Ticket, on=(Ticket.id == Session.ticket_id))


def list_sessions(
    connection: Connection,
    *,
    state: str = "",
    ticket: str = "",
    agent: str = "",
    before_id: int = 0,
    limit: int = PAGE,
    reach: Reach = ALL,
) -> list[Row]:
    """Return a page of sessions that fit all filters, those after `before_id` in the listing's order.

    `reach` is whose tickets somebody may see (W2).
    States with a timer are in the order of the last activity, the latest first; all others newest first.
    """
    query = _listed()
    if ticket:
        query = query.where(Ticket.number == ticket)
    if agent:
        query = query.where((Ticket.agent == agent) & (Ticket.agent != SQL("''")))
    if not reach.everything:
        query = query.where(within(reach))
    timed = state in {one.value for one in TIMED} and not ticket and not agent
    if state:
        query = query.where(Session.state == literal(state))
    if timed:
        query = query.where(Session.state.in_([literal(one.value) for one in TIMED]))
    query = _behind(connection, query, before_id, timed=timed)
    order = (Session.last_at.desc(), Session.id.desc()) if timed else (Session.id.desc(),)
    return rows(connection, query.order_by(*order).limit(limit))


def _behind(connection: Connection, query: Any, before_id: int, *, timed: bool) -> Any:
    if not before_id:
        return query
    if not timed:
        return query.where(Session.id < before_id)
    found = first(connection, Session.select(Session.last_at).where(Session.id == before_id))
    last_at = found["last_at"] if found is not None else 0
    return query.where(
        (Session.last_at < last_at) | ((Session.last_at == last_at) & (Session.id < before_id)),
        Session.last_at <= last_at,
    )


def session(connection: Connection, session_id: int) -> Row | None:
    """Return a session with its ticket's number, queue and agent, and all that it has recorded, oldest first.

    That it was queued is no row: it is when the session was opened.
    """
    found = first(connection, _listed().where(Session.id == session_id))
    if found is None:
        return None
    query = Recorded.select().where(Recorded.session_id == session_id).order_by(Recorded.id)
    recorded = rows(connection, query)
    queued = {
        "id": 0,
        "session_id": session_id,
        "ticket_id": found["ticket_id"],
        "at": found["opened_at"],
        "kind": Interaction.QUEUED.value,
        "agent": "",
        "queue": _first_queue(connection, found),
        "detail": "",
    }
    found["interactions"] = [queued, *recorded]
    return found


def _first_queue(connection: Connection, found: Row) -> str:
    """Return the queue that the ticket lay in when the session began, as its history tells."""
    query = Entry.select(Entry.old).where(
        (Entry.ticket_id == found["ticket_id"]) & (Entry.field == "queue") & (Entry.at >= found["opened_at"])
    )
    moved = first(connection, query.order_by(Entry.id))
    return str(moved["old"] if moved is not None else found["queue"])


def current_session(connection: Connection, number: str) -> int:
    """Return the id of a ticket's current session, 0 where there is no such ticket."""
    found = first(connection, Ticket.select(Ticket.session_id).where(Ticket.number == number))
    return int(found["session_id"]) if found is not None else 0


# -- moves by people


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to happen to a session; `by` is what the history names, `actor` whose rights count.

    Where the session is not in the state `only_in` ("" is any) it is to stay as it is.
    """

    session_id: int
    event: Event
    actor: Actor
    by: str
    reason: str = ""
    only_in: str = ""


def happen(tx: Transaction, rules: UnitRules, wish: Wish) -> tuple[str, str]:
    """Let it happen; returns the session's states before and after, both "" where there is none.

    Raises NoSuchMove, and NotAllowed for a ticket that is out of the actor's reach (W2).
    """
    tx.lock(f"session:{wish.session_id}")
    query = Session.select(Session.state, Ticket.queue, Ticket.agent, Ticket.owner_group)
    query = query.join(Ticket, on=(Ticket.id == Session.ticket_id)).where(Session.id == wish.session_id)
    found = tx.query(query).fetchone()
    if found is None:
        return "", ""
    state = State(found[0])
    require(wish.actor, What.CHANGE_TICKET, TicketThing(*found[1:]))
    if wish.only_in and state.value != wish.only_in:
        return state.value, state.value
    effects = plan_move(wish.session_id, state, wish.event, wish.by, wish.reason)
    perform(tx, lambda _reader, _now: effects, rules)
    return state.value, effects[0].state if effects else state.value
