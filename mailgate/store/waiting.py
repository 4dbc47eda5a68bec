"""Sessions follow their ticket's agent, and tickets wait on a list for somebody who can take them (G15).

The list is kept among what is remembered, a scope for each queue, so that nothing has to be searched for.
"""

from typing import Final

from mailgate.domain.session import WORK
from mailgate.store.models.outgoing import Remembered
from mailgate.store.models.tickets import Session, Ticket
from mailgate.store.transaction import Transaction

# A year: what nobody has taken until then is no work that waits, and goes off the list by itself.
WAITS_MS: Final = 366 * 86400 * 1000
# As wide as any id, so that the order of the keys is the order of the tickets.
WIDTH: Final = 19
PREFIX: Final = "assign "


def scope_of(queue: str) -> str:
    """Return the scope that a queue's list is kept under."""
    return f"{PREFIX}{queue}"


def key_of(ticket_id: int) -> str:
    """Return the key of a ticket on the list."""
    return f"{ticket_id:0{WIDTH}}"


def sessions_follow(tx: Transaction, ticket_id: int, session_id: int, agent: str) -> None:
    """Let a ticket's current session, and those that are work, be of the ticket's agent.

    Sessions that are over keep who had them: their answers are that agent's.
    """
    work = Session.state.in_([state.value for state in WORK])
    tx.query(
        Session.update(agent=agent).where(
            (Session.ticket_id == ticket_id) & ((Session.id == session_id) | work)
        )
    )


def agent_of(tx: Transaction, ticket_id: int) -> str:
    """Return who has a ticket: a new session is work of the same agent."""
    row = tx.query(Ticket.select(Ticket.agent).where(Ticket.id == ticket_id)).fetchone()
    return row[0] if row is not None else ""


def queue_of(tx: Transaction, ticket_id: int) -> str:
    """Return the queue that a ticket lies in, "" where there is no such ticket."""
    row = tx.look(tx.hot.tickets.owner_of, (ticket_id,), ("ticket", ticket_id)).fetchone()
    return str(row[1]) if row is not None else ""


def stop_waiting(tx: Transaction, queue: str, ticket_id: int) -> None:
    """Take a ticket off its queue's list, if it stands there."""
    tx.query(
        Remembered.delete().where(
            (Remembered.scope == scope_of(queue)) & (Remembered.key == key_of(ticket_id))
        )
    )
