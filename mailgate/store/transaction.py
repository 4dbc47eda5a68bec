"""One transaction of the writer, as the work inside it sees it: statements, ids, savepoints, signals."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from mailgate.errors import HouseFault
from mailgate.store.connection import Backend, Connection, Cursor
from mailgate.store.counts import Tally
from mailgate.store.faults import Abandoned
from mailgate.store.hot import Hot

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def millis(at: datetime) -> int:
    """Return an aware time as epoch milliseconds."""
    delta = at - EPOCH
    return (delta.days * 86400 + delta.seconds) * 1000 + delta.microseconds // 1000


def from_millis(at: int) -> datetime:
    """Return epoch milliseconds as an aware UTC time."""
    return datetime.fromtimestamp(at / 1000, UTC)


class Savepoint:
    """`with tx.savepoint():` keeps all of the block or, if it raises, nothing of it.

    Raises Abandoned instead of the block's error where the whole transaction is lost: SQLite ends a
    transaction by itself after some errors, and statements after that would commit one by one.
    """

    __slots__ = ("_mark", "_name", "_tx")

    def __init__(self, tx: "Transaction") -> None:
        self._tx = tx
        self._name = ""
        self._mark = 0

    def __enter__(self) -> None:
        self._tx.depth += 1
        self._name = f"s{self._tx.depth}"
        self._mark = self._tx.tally.mark
        self._tx.execute(f"SAVEPOINT {self._name}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._tx.depth -= 1
        if error is None:
            self._tx.execute(f"RELEASE SAVEPOINT {self._name}")
        else:
            self._tx.tally.back_to(self._mark)
            self._tx.undo(self._name, error)


class Transaction:
    """What a unit of work is given; lives from BEGIN to COMMIT in the writer's thread.

    `now` is the time of the batch. `signals` are words that the app hears after the commit: "outbox" (rows
    were added), "catalogue" (the business changed something).
    """

    __slots__ = (
        "_backend",
        "_connection",
        "counted",
        "depth",
        "execute",
        "hot",
        "ids",
        "now",
        "now_ms",
        "signals",
        "tally",
    )

    def __init__(self, backend: Backend, connection: Connection, hot: Hot, now: datetime) -> None:
        self._backend = backend
        self._connection = connection
        # Bound once: the attribute is looked up some ten times per mail.
        self.execute = connection.execute
        self.hot = hot
        self.ids = backend.ids(connection, hot)
        self.now = now
        self.now_ms = millis(now)
        self.signals: set[str] = set()
        self.tally = Tally()
        # What the database had counted when it was first asked, by (scope, key, seconds): nobody else writes
        # there while this transaction lasts, but another gateway on PostgreSQL, whom it misses anyhow.
        self.counted: dict[tuple[str, str, int], int] = {}
        self.depth = 0

    def allocate(self, kind: str) -> int:
        """Return a fresh id of this kind."""
        return self.ids.allocate(kind)

    def savepoint(self) -> Savepoint:
        """Return a savepoint for a `with` block; they nest."""
        return Savepoint(self)

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """Return the first row, or None."""
        return self.execute(sql, parameters).fetchone()

    def query(self, query: Any) -> Cursor:
        """Run a Peewee query in this transaction (for work that is not hot)."""
        sql, parameters = query.sql()
        return self.execute(sql, tuple(parameters))

    def lock(self, key: str) -> None:
        """Keep other processes away from this conversation until the commit."""
        self._backend.lock(self._connection, key)

    def conflict(self, error: BaseException) -> bool:
        """Whether another process was faster and the unit should run again."""
        return self._backend.conflict(error)

    def finish(self) -> None:
        """Write what was gathered for the whole batch; called just before COMMIT."""
        self.tally.write(self.execute, self.hot.out.count, self.now_ms)
        self.ids.flush()

    @property
    def open(self) -> bool:
        """Whether there is still a transaction to commit."""
        return self._backend.in_transaction(self._connection)

    def undo(self, name: str, error: BaseException) -> None:
        """Roll back to a savepoint, or raise Abandoned where there is nothing left to roll back to."""
        if isinstance(error, Abandoned):
            return
        fault = self._backend.fault(error)
        if fault is not None:
            raise Abandoned(fault) from error
        try:
            self.execute(f"ROLLBACK TO SAVEPOINT {name}")
            self.execute(f"RELEASE SAVEPOINT {name}")
        except Exception as second:  # noqa: BLE001  the transaction is lost, whatever it was
            raise Abandoned(self._backend.fault(second) or HouseFault()) from error
        if not self.open:
            raise Abandoned(HouseFault()) from error
