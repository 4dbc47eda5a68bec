"""Sharing out work in the store (G15): what is written when it is given, and what waits.

How much work agents have stands in `workload.py`, the list of what waits in `waiting.py`.
"""

from collections.abc import Iterable

from peewee import SQL, fn

from mailgate.domain.effects import Assign, ChangeTicket, KeepWaiting, ShareOut
from mailgate.domain.events import EventKind, TicketEvent
from mailgate.domain.session import WORK
from mailgate.store.application import Application
from mailgate.store.apply_tickets import apply_change_ticket
from mailgate.store.connection import Connection
from mailgate.store.models.outgoing import Remembered
from mailgate.store.models.tickets import Assignment, Session, Ticket
from mailgate.store.statements import compile_query, slot
from mailgate.store.transaction import Transaction
from mailgate.store.waiting import WAITS_MS, key_of, scope_of


def apply_assign(effect: Assign, app: Application) -> None:
    """Give a ticket to an agent and write down that it was given; nothing where somebody has it meanwhile."""
    tx = app.tx
    query = Ticket.select(Ticket.agent).where(Ticket.id == effect.ticket_id)
    if Ticket._meta.database.for_update:  # noqa: SLF001  Peewee's own way in
        query = query.for_update()
    row = tx.query(query).fetchone()
    if row is None or row[0]:
        return
    change = ChangeTicket(effect.ticket_id, "agent", effect.agent, effect.by, note=effect.reason)
    apply_change_ticket(change, app)
    tx.query(
        Assignment.insert(
            agent=effect.agent,
            at=tx.now_ms,
            queue=effect.queue,
            ticket_id=effect.ticket_id,
            session_id=effect.session_id,
        )
    )
    tx.happened.append(("assignments", effect.queue))


def apply_keep_waiting(effect: KeepWaiting, app: Application) -> None:
    """Put a ticket on its queue's list; `jobs/assign.py` walks it."""
    tx, scope, key = app.tx, scope_of(effect.queue), key_of(effect.ticket_id)
    tx.add(tx.hot.out.remember, (scope, key, tx.now_ms + WAITS_MS), (scope, key))


def apply_share_out(effect: ShareOut, app: Application) -> None:
    """Tell the followers that somebody asks for it."""
    app.events.append(TicketEvent(EventKind.ASKED, effect.ticket_id, by=effect.by))


def waiting(tx: Transaction, queue: str, limit: int) -> list[int]:
    """Return the first tickets of a queue's list, those that were opened first."""
    query = (
        Remembered.select(Remembered.key)
        .where(Remembered.scope == scope_of(queue))
        .order_by(Remembered.key)
        .limit(limit)
    )
    return [int(row[0]) for row in tx.query(query).fetchall()]


def any_waiting(connection: Connection, queues: Iterable[str]) -> list[str]:
    """Return the queues on whose list something stands."""
    query = Remembered.select(SQL("1")).where(Remembered.scope == slot("scope")).limit(SQL("1"))
    sql = compile_query(query, "scope")
    return [name for name in queues if connection.execute(sql, (scope_of(name),)).fetchone() is not None]


def waiting_counts(connection: Connection, queues: Iterable[str]) -> dict[str, float]:
    """Return how many tickets stand on the list of each queue that has one; for the metrics."""
    query = Remembered.select(fn.COUNT(Remembered.key)).where(Remembered.scope == slot("scope"))
    sql = compile_query(query, "scope")
    counts = {name: connection.execute(sql, (scope_of(name),)).fetchone()[0] for name in queues}
    return {name: float(count) for name, count in counts.items() if count}


def load_of(connection: Connection, agent: str) -> tuple[int, int]:
    """Return how many active sessions an agent has, and when it was last given something (ms, 0 = never)."""
    states = Session.state.in_([state.value for state in WORK])
    active = Session.select(fn.COUNT(Session.id)).where((Session.agent == agent) & states)
    last = Assignment.select(fn.MAX(Assignment.at)).where(Assignment.agent == agent)
    found = [connection.execute(sql, tuple(v)).fetchone()[0] for sql, v in (active.sql(), last.sql())]
    return int(found[0]), int(found[1] or 0)
