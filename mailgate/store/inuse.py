"""Which tickets have a status, priority, queue or agent: what stands in the way of removing one."""

from typing import Any, Literal

from peewee import fn

from mailgate.store.connection import Connection
from mailgate.store.models.tickets import Ticket, TicketCount
from mailgate.store.queries import rows

Word = Literal["status", "priority"]


def in_use(connection: Connection, word: Word, name: str) -> int:
    """Return how many tickets have a status (from the table that keeps count) or a priority (counted)."""
    query: Any
    if word == "status":
        query = TicketCount.select(fn.COALESCE(fn.SUM(TicketCount.n), 0).alias("n"))
        query = query.where(TicketCount.status == name)
    else:
        query = Ticket.select(fn.COUNT(Ticket.id).alias("n")).where(Ticket.priority == name)
    return int(rows(connection, query)[0]["n"])


def tickets_with(connection: Connection, kind: str, name: str) -> int:
    """Return how many tickets have a status, priority, queue or agent; closed and merged ones count too."""
    match kind:
        case "status":
            return in_use(connection, "status", name)
        case "priority":
            return in_use(connection, "priority", name)
    query: Any
    if kind == "queue":
        query = TicketCount.select(fn.COALESCE(fn.SUM(TicketCount.n), 0).alias("n"))
        query = query.where(TicketCount.queue == name)
    else:
        query = Ticket.select(fn.COUNT(Ticket.id).alias("n")).where(Ticket.agent == name)
    return int(rows(connection, query)[0]["n"])


def some_with(connection: Connection, word: Word, name: str, limit: int) -> list[int]:
    """Return some of these tickets; changed, they are found no longer."""
    column = Ticket.status if word == "status" else Ticket.priority
    query = Ticket.select(Ticket.id).where(column == name).limit(limit)
    return [int(row["id"]) for row in rows(connection, query)]
