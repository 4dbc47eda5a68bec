"""What workflows with a clock keep (N4): when each runs next; and a look at tickets that changes nothing."""

from datetime import datetime
from typing import Final

from mailgate.store.again import PreviewReader
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.models.outgoing import Remembered
from mailgate.store.queries import rows
from mailgate.store.transaction import Transaction

# Rows of `remembered`: until when a workflow's clock waits, by its name.
CLOCK: Final = "workflow clock"


def looking(store: Store, connection: Connection, now: datetime) -> PreviewReader:
    """Return a reader for plans that are only looked at; `connection` is one of `Store.reader`."""
    return PreviewReader(Transaction(store.backend, connection, store.hot, now))


def waits_until(connection: Connection, name: str) -> int:
    """Return until when a workflow's clock waits, in ms since 1970; 0 for one that nobody has seen before."""
    query = Remembered.select(Remembered.until).where((Remembered.scope == CLOCK) & (Remembered.key == name))
    found = rows(connection, query)
    return int(found[0]["until"]) if found else 0


def wait_until(tx: Transaction, name: str, until_ms: int) -> None:
    """Let a workflow's clock wait."""
    tx.execute(tx.hot.out.remember, (CLOCK, name, until_ms))
