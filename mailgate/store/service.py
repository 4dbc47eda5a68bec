"""Tickets with their clocks (T9): what service times and workflows ask, what is due, how many are late.

What is due is found by the index of `alarm_at`, what is late by that of `alarm`; neither ever looks at all
tickets.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from peewee import SQL, fn

from mailgate.domain.ports import StatusChange
from mailgate.domain.service import RANKED
from mailgate.store.connection import Connection
from mailgate.store.models.outgoing import Remembered
from mailgate.store.models.tickets import Entry, Ticket, TicketCount
from mailgate.store.queries import rows
from mailgate.store.transaction import Transaction, millis

Place = tuple[int, int]
# Before every place in the index of what is due.
BEGINNING: Final[Place] = (0, 0)
SCOPE: Final = "service times"


def case_clocks(tx: Transaction, ticket_id: int) -> tuple[Any, ...]:
    """Return created_at, touched_at and the clocks of a ticket that there is, as in `CaseView`."""
    query = Ticket.select(
        Ticket.created_at,
        Ticket.touched_at,
        Ticket.reaction_due,
        Ticket.warning_due,
        Ticket.execution_due,
        Ticket.alarm,
        Ticket.alarm_at,
        Ticket.reacted_at,
    )
    return tuple(tx.query(query.where(Ticket.id == ticket_id)).fetchone())


def status_changes(tx: Transaction, ticket_id: int) -> list[StatusChange]:
    """Return how a ticket's status has changed so far, oldest first."""
    query = Entry.select(Entry.at, Entry.old, Entry.new).where(
        (Entry.ticket_id == ticket_id) & (Entry.field == "status")
    )
    return [StatusChange(*row) for row in tx.query(query.order_by(Entry.id)).fetchall()]


def due_alarms(tx: Transaction, limit: int, after: Place = BEGINNING) -> list[Place]:
    """Return (alarm_at, ticket) of up to `limit` tickets whose alarm may change now, behind `after`.

    Rows that another gateway is at are passed over.
    """
    at, ticket_id = after
    query = Ticket.select(Ticket.alarm_at, Ticket.id).where(
        SQL("alarm_at > 0"),
        Ticket.alarm_at >= at,
        (Ticket.alarm_at > at) | (Ticket.id > ticket_id),
        Ticket.alarm_at <= tx.now_ms,
    )
    query = query.order_by(Ticket.alarm_at, Ticket.id).limit(limit)
    if Ticket._meta.database.for_update:  # noqa: SLF001  Peewee's own way in
        query = query.for_update(skip_locked=True)
    return [(int(row[0]), int(row[1])) for row in tx.query(query).fetchall()]


def alarm_counts(connection: Connection) -> dict[str, int]:
    """Return how many tickets have each alarm on; those without any are not counted."""
    query = (
        Ticket.select(Ticket.alarm, fn.COUNT(Ticket.id).alias("n"))
        .where(SQL("alarm <> ''"))
        .group_by(Ticket.alarm)
    )
    found = {row["alarm"]: int(row["n"]) for row in rows(connection, query)}
    return {one.value: found.get(one.value, 0) for one in RANKED}


def lists_of(connection: Connection, closed: Iterable[str]) -> list[tuple[str, str]]:
    """Return every (queue, status) that has tickets and is not one of the `closed` statuses."""
    over = set(closed)
    query = TicketCount.select(TicketCount.queue, TicketCount.status).where(TicketCount.n > 0)
    found = [(row["queue"], row["status"]) for row in rows(connection, query)]
    return sorted(one for one in found if one[1] not in over)


def page_of(connection: Connection, place: tuple[str, str], after_id: int, limit: int) -> list[int]:
    """Return the next tickets of a queue in a status by their ids: a walk down the index of lists."""
    queue, status = place
    query = Ticket.select(Ticket.id).where(
        (Ticket.queue == queue)
        & (Ticket.status == status)
        & (Ticket.id > after_id)
        & (Ticket.merged_into == 0)
    )
    return [int(row["id"]) for row in rows(connection, query.order_by(Ticket.id).limit(limit))]


def timed_page_of(
    connection: Connection, place: tuple[str, str], priorities: Sequence[str], after_id: int, limit: int
) -> list[int]:
    """Return the next tickets of a list that have service times, or whose priority gives them some."""
    queue, status = place
    query = Ticket.select(Ticket.id).where(
        Ticket.queue == queue,
        Ticket.status == status,
        Ticket.id > after_id,
        Ticket.priority.in_(list(priorities))
        | (Ticket.reaction_due > 0)
        | (Ticket.execution_due > 0)
        | (Ticket.alarm_at > 0)
        | (Ticket.alarm != ""),
    )
    return [int(row["id"]) for row in rows(connection, query.order_by(Ticket.id).limit(limit))]


# -- what the due times of open tickets were computed with (`jobs/retime.py`)


def computed_with(connection: Connection, digest: str) -> bool:
    """Whether the times of all open tickets were computed with what has this digest."""
    query = Remembered.select(Remembered.key).where((Remembered.scope == SCOPE) & (Remembered.key == digest))
    return bool(rows(connection, query))


def has_computed(connection: Connection) -> bool:
    """Whether times were ever computed."""
    return bool(rows(connection, Remembered.select(Remembered.key).where(Remembered.scope == SCOPE).limit(1)))


def forget_computed(tx: Transaction) -> None:
    """Forget it: from here on they are computed anew."""
    tx.query(Remembered.delete().where(Remembered.scope == SCOPE))


def keep_computed(tx: Transaction, digest: str, until: datetime) -> None:
    """Keep that all are computed."""
    tx.execute(tx.hot.out.remember, (SCOPE, digest, millis(until)))
