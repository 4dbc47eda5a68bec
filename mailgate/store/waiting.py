"""The list of tickets that wait for somebody who can take them (G15): what is remembered, by queue."""

from typing import Final

from mailgate.store.models.outgoing import Remembered
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


def stop_waiting(tx: Transaction, queue: str, ticket_id: int) -> None:
    """Take a ticket off its queue's list, if it stands there."""
    tx.query(
        Remembered.delete().where(
            (Remembered.scope == scope_of(queue)) & (Remembered.key == key_of(ticket_id))
        )
    )
