"""SQLite as we open it: write-ahead log, every commit synced, checkpoints ours."""

import sqlite3
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

import peewee

from mailgate.errors import HouseFault, TryLater
from mailgate.store.connection import Connection
from mailgate.store.faults import LOST_CODES, code_of, sqlite_fault
from mailgate.store.hot import Hot
from mailgate.store.options import MIB, StoreOptions

# Above this the log file is cut back after a checkpoint; a usual day's bursts stay below it.
LOG_LIMIT: Final = 64 * MIB
# Pages of indexes that stay in memory; 32 MiB hold those of about a million tickets.
CACHE_KIB: Final = 32 * 1024
# Every hot statement stays prepared.
STATEMENTS: Final = 256

PRAGMAS: Final = (
    ("journal_mode", "wal"),
    # FULL syncs the log at each commit; NORMAL loses acknowledged commits when the power fails.
    ("synchronous", "full"),
    # Checkpoints are run by the writer from an idle moment, never in the middle of somebody's commit.
    ("wal_autocheckpoint", 0),
    ("journal_size_limit", LOG_LIMIT),
    ("temp_store", "memory"),
    ("cache_size", -CACHE_KIB),
    # No foreign keys are declared (see `models/base.py`).
    ("foreign_keys", 0),
)


class CounterIds:
    """Ids from the counter rows: read once per transaction, written back before COMMIT.

    The transaction holds the write lock, so nobody else can give ids meanwhile.
    """

    __slots__ = ("_connection", "_hot", "_start", "_values")

    def __init__(self, connection: Connection, hot: Hot) -> None:
        self._connection = connection
        self._hot = hot
        self._start: dict[str, int] = {}
        self._values: dict[str, int] = {}

    def allocate(self, kind: str) -> int:
        """Return the next id; a rolled back savepoint leaves a gap, never a second use."""
        values = self._values
        if not values:
            values.update(self._connection.execute(self._hot.tickets.counters).fetchall())
            self._start.update(values)
        value = values[kind] + 1
        values[kind] = value
        return value

    def flush(self) -> None:
        """Write back the counters that moved."""
        for kind, value in self._values.items():
            if value != self._start[kind]:
                self._connection.execute(self._hot.tickets.set_counter, (value, kind))
                self._start[kind] = value


class SqliteBackend:
    """One SQLite file, opened through Peewee; never created here unless `create` says so."""

    name = "sqlite"
    gathers = True

    def __init__(self, options: StoreOptions, *, create: bool = False) -> None:
        self.path = options.path.absolute()
        self._timeout = options.busy_timeout_s
        self._identity: tuple[int, int] | None = None
        self.database = peewee.SqliteDatabase(
            self._uri("rwc" if create else "rw"),
            pragmas=PRAGMAS,
            timeout=self._timeout,
            uri=True,
            cached_statements=STATEMENTS,
            autoconnect=False,
            lock_type="IMMEDIATE",
        )

    def _uri(self, mode: str) -> str:
        return f"file:{quote(str(self.path))}?mode={mode}"

    def connect(self) -> Connection:
        """Open this thread's connection, or return it; remembers which file it is."""
        if self.database.is_closed():
            try:
                self.database.connect()
                self._identity = self._look()
            except (peewee.PeeweeException, sqlite3.Error, OSError) as error:
                self.close()
                if not self.path.exists():
                    raise self._gone() from None  # the driver says less
                raise HouseFault(f"cannot open the database: {error}") from error
        connection: Any = self.database.connection()  # type: ignore[no-untyped-call,unused-ignore]
        return cast("Connection", connection)

    def close(self) -> None:
        """Close this thread's connection."""
        if not self.database.is_closed():
            self.database.close()

    def reader(self) -> Connection:
        """Open a connection for reading only; it waits as long as the writer's does."""
        connection: Any = sqlite3.connect(
            self._uri("ro"), uri=True, timeout=self._timeout, isolation_level=None, check_same_thread=False
        )
        return cast("Connection", connection)

    def _look(self) -> tuple[int, int]:
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def _gone(self) -> HouseFault:
        return HouseFault(f"the database file is gone: put {self.path} back")

    def check(self) -> None:
        """Raise HouseFault if the file is gone or is another one: a commit into it would be lost."""
        try:
            same = self._look() == self._identity
        except OSError as error:
            raise self._gone() from error
        if not same:
            raise HouseFault(f"the database file {self.path} was replaced, and is opened anew")

    def begin(self, connection: Connection) -> None:
        """Take the write lock now, so that no statement has to wait for it later."""
        connection.execute("BEGIN IMMEDIATE")

    def in_transaction(self, connection: Connection) -> bool:
        """Whether our transaction still stands: some errors end it, and what follows would autocommit."""
        return cast("sqlite3.Connection", connection).in_transaction

    def fault(self, error: BaseException) -> TryLater | None:
        """See `faults.sqlite_fault`."""
        return sqlite_fault(error)

    def lost(self, error: BaseException) -> bool:
        """Whether the connection must be opened again."""
        code = code_of(error)
        return code in LOST_CODES or (code is None and isinstance(error, sqlite3.Error))

    def conflict(self, error: BaseException) -> bool:  # noqa: ARG002  the protocol's signature
        """Never: the write lock is held from the start."""
        return False

    def crossed(self, error: BaseException) -> bool:  # noqa: ARG002  the protocol's signature
        """Never: there is one lock, for everything."""
        return False

    def ids(self, connection: Connection, hot: Hot) -> CounterIds:
        """Return the giver of ids for one transaction."""
        return CounterIds(connection, hot)

    def lock(self, connection: Connection, key: str) -> None:
        """Nothing to do: one writer at a time."""

    def log_size(self) -> int:
        """Return the size of the log file."""
        log = Path(f"{self.path}-wal")
        return log.stat().st_size if log.exists() else 0

    def checkpoint(self, connection: Connection, *, truncate: bool) -> tuple[int, int]:
        """PASSIVE waits for nobody; TRUNCATE gives the space back once all is moved."""
        mode = "TRUNCATE" if truncate else "PASSIVE"
        _busy, frames, moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return frames, moved
