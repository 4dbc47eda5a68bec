"""Reminders that are due, by the index of open ones: a page costs the same however many there are (W6)."""

from peewee import SQL

from mailgate.domain.ports import FollowUpView
from mailgate.store.connection import Connection
from mailgate.store.models.tickets import FollowUp, Ticket
from mailgate.store.queries import PAGE, Row, rows
from mailgate.store.transaction import Transaction

# When the last one of a page was due, and its id.
Place = tuple[int, int]


def due_follow_ups(tx: Transaction, limit: int, after: Place) -> list[FollowUpView]:
    """Return up to `limit` reminders that are due and whose agent was not told yet, behind `after`."""
    at, follow_up_id = after
    query = FollowUp.select(
        FollowUp.id, FollowUp.ticket_id, FollowUp.agent, FollowUp.at, FollowUp.note
    ).where(
        SQL("done_at = 0"),  # SQLite takes a partial index only if the query repeats its condition
        FollowUp.at >= at,
        (FollowUp.at > at) | (FollowUp.id > follow_up_id),
        FollowUp.at <= tx.now_ms,
    )
    rows = tx.query(query.order_by(FollowUp.at, FollowUp.id).limit(limit)).fetchall()
    return [FollowUpView(row[0], row[1], row[2], row[3], row[4], True) for row in rows]


def list_follow_ups(
    connection: Connection, *, agent: str = "", until_ms: int = 0, limit: int = PAGE
) -> list[Row]:
    """Return open reminders with their tickets, the next one first; only those until a time if given."""
    query = (
        FollowUp.select(
            FollowUp.id, FollowUp.at, FollowUp.agent, FollowUp.note, Ticket.number, Ticket.subject
        )
        .join(Ticket, on=(Ticket.id == FollowUp.ticket_id))
        .where(SQL("done_at = 0"))
    )
    if agent:
        query = query.where(FollowUp.agent == agent)
    if until_ms:
        query = query.where(FollowUp.at <= until_ms)
    return rows(connection, query.order_by(FollowUp.at, FollowUp.id).limit(limit))
