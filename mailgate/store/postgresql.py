"""PostgreSQL (the `postgres` extra), for several gateways on one database: same statements, other driver.

READ COMMITTED lets two gateways both see "no ticket yet"; a lock per conversation and unique keys decide,
and the loser runs its unit again.
"""

from typing import Any, Final, cast

import peewee
import psycopg
from psycopg.pq import TransactionStatus

from mailgate.errors import DiskFull, HouseFault, TryLater
from mailgate.store.connection import Connection
from mailgate.store.hot import Hot
from mailgate.store.options import StoreOptions

# SQLSTATE classes that speak of one statement's values: 22 data exception, 23 integrity constraint.
VALUE_CLASSES: Final = frozenset({"22", "23"})
# 53100 disk_full.
FULL: Final = "53100"


class SequenceIds:
    """Ids from sequences: they do not make gateways wait for each other; gaps are possible."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def allocate(self, kind: str) -> int:
        """Return the next id of this kind."""
        return int(self._connection.execute("SELECT nextval(%s::regclass)", (f'"id_{kind}"',)).fetchone()[0])

    def flush(self) -> None:
        """Nothing to write: sequences stand outside of transactions."""


class PostgresqlBackend:
    """One PostgreSQL database, opened through Peewee."""

    name = "postgresql"
    gathers = False

    def __init__(self, options: StoreOptions) -> None:
        self._url = options.url
        self._secret: dict[str, Any] = {"password": options.password} if options.password else {}
        self.database = peewee.PostgresqlDatabase(
            options.url, prefer_psycopg3=True, autoconnect=False, **self._secret
        )

    def connect(self) -> Connection:
        """Open this thread's connection, or return it; a broken one is replaced."""
        if not self.database.is_closed():
            raw: Any = self.database.connection()  # type: ignore[no-untyped-call,unused-ignore]
            if raw.closed or raw.broken:
                self.close()
        if self.database.is_closed():
            try:
                self.database.connect()
            except (peewee.PeeweeException, psycopg.Error) as error:
                raise HouseFault("cannot open the database") from error
        connection: Any = self.database.connection()  # type: ignore[no-untyped-call,unused-ignore]
        return cast("Connection", connection)

    def close(self) -> None:
        """Close this thread's connection."""
        if not self.database.is_closed():
            self.database.close()

    def reader(self) -> Connection:
        """Open a connection for reading only."""
        try:
            connection: Any = psycopg.connect(self._url, autocommit=True, **self._secret)
        except psycopg.Error as error:
            raise HouseFault("cannot open the database") from error
        connection.read_only = True
        return cast("Connection", connection)

    def check(self) -> None:
        """Nothing to look at: the server knows its files."""

    def begin(self, connection: Connection) -> None:
        """Begin; rows are locked as they are touched."""
        connection.execute("BEGIN")

    def in_transaction(self, connection: Connection) -> bool:
        """Whether the transaction can still be committed."""
        raw = cast("psycopg.Connection[Any]", connection)
        return raw.info.transaction_status is TransactionStatus.INTRANS

    def fault(self, error: BaseException) -> TryLater | None:
        """Return what to answer if the server failed, None where the statement's values did."""
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate or ""
        if state == FULL:
            return DiskFull()
        return None if state[:2] in VALUE_CLASSES else HouseFault()

    def lost(self, error: BaseException) -> bool:
        """Whether the connection must be opened again."""
        return isinstance(error, psycopg.OperationalError)

    def conflict(self, error: BaseException) -> bool:
        """Another gateway wrote the same key first: run the unit again, and it will see that row."""
        return isinstance(error, psycopg.errors.UniqueViolation)

    def crossed(self, error: BaseException) -> bool:
        """Another gateway's batch holds what we want and wants what we hold; the server lets that go on."""
        return isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure)

    def ids(self, connection: Connection, hot: Hot) -> SequenceIds:  # noqa: ARG002  the protocol's signature
        """Return the giver of ids for one transaction."""
        return SequenceIds(connection)

    def lock(self, connection: Connection, key: str) -> None:
        """Take the conversation's advisory lock until the transaction ends."""
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))

    def log_size(self) -> int:
        """Return 0: the log is the server's."""
        return 0

    def checkpoint(self, connection: Connection, *, truncate: bool) -> tuple[int, int]:  # noqa: ARG002
        """Checkpoints are the server's."""
        return 0, 0
