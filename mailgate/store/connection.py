"""What the store needs of a database: few methods, so that SQLite and PostgreSQL differ in one file each."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from mailgate.errors import TryLater
from mailgate.store.hot import Hot


class Cursor(Protocol):
    """The answer to one statement."""

    @property
    def rowcount(self) -> int:
        """How many rows the statement changed."""

    def fetchone(self) -> Any:
        """Return the next row as a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection of the driver itself, opened by Peewee, in autocommit: we begin and commit."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""

    def close(self) -> None:
        """Close it."""


class Ids(Protocol):
    """Gives ids within one transaction."""

    def allocate(self, kind: str) -> int:
        """Return an id that was never given before for this kind."""

    def flush(self) -> None:
        """Write what must be known to the next transaction; called before COMMIT."""


class Backend(Protocol):
    """One database. A connection belongs to the thread that opened it."""

    database: Any
    name: str
    # Whether rows may wait for others of their table: nobody else writes while our transaction lasts.
    gathers: bool

    def connect(self) -> Connection:
        """Open (or return) this thread's connection; raises HouseFault."""

    def close(self) -> None:
        """Close this thread's connection."""

    def reader(self) -> Connection:
        """Open a new connection that cannot write; the caller closes it."""

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that may write."""

    def in_transaction(self, connection: Connection) -> bool:
        """Whether a transaction is open and can still be committed."""

    def check(self) -> None:
        """Raise HouseFault if the database is not the one that was opened."""

    def fault(self, error: BaseException) -> TryLater | None:
        """Return what to answer if the house failed, None where the work did."""

    def lost(self, error: BaseException) -> bool:
        """Whether the connection must be opened again after this error."""

    def conflict(self, error: BaseException) -> bool:
        """Whether another process was faster, so that the unit should run again."""

    def crossed(self, error: BaseException) -> bool:
        """Whether we and another process waited for each other's rows: the whole batch should run again."""

    def ids(self, connection: Connection, hot: Hot) -> Ids:
        """Return the giver of ids for one transaction."""

    def lock(self, connection: Connection, key: str) -> None:
        """Keep other processes away from this conversation until the transaction ends."""

    def log_size(self) -> int:
        """Return the size of the write-ahead log in octets; 0 where it is not ours to care for."""

    def checkpoint(self, connection: Connection, *, truncate: bool) -> tuple[int, int]:
        """Move the log into the database; returns (frames in the log, frames moved)."""
