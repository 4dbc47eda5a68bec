"""One transaction of the writer, as the work inside it sees it: statements, ids, savepoints, signals."""

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from mailgate.errors import HouseFault
from mailgate.store.connection import Backend, Connection, Cursor
from mailgate.store.counts import Tally
from mailgate.store.faults import Abandoned, Unwritten
from mailgate.store.gathering import Gathered
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
    transaction by itself after some errors, and statements after that would commit one by one. The database
    hears of it with the first statement that changes something; rows that are only gathered need none.
    """

    __slots__ = ("_counted", "_happened", "_tx", "name", "open", "place")

    def __init__(self, tx: "Transaction") -> None:
        self._tx = tx
        self.open = False

    def __enter__(self) -> None:
        tx = self._tx
        self._counted = tx.tally.mark
        self.place = tx.gathered.place
        self._happened = len(tx.happened)
        tx.levels.append(self)
        self.name = f"s{len(tx.levels)}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        tx = self._tx
        tx.levels.pop()
        if error is None:
            if self.open:
                tx.run(f"RELEASE SAVEPOINT {self.name}", ())
            return
        tx.tally.back_to(self._counted)
        tx.gathered.back_to(self.place)
        del tx.happened[self._happened :]
        tx.undo(self, error)


class Transaction:
    """What a unit of work is given; lives from BEGIN to COMMIT in the writer's thread.

    `now` is the time of the batch. `signals` are words that the app hears after the commit: "outbox" (rows
    were added), "catalogue" (the business changed something). `happened` is what the metrics count after the
    commit: a counter's name and its label. With `gather` rows wait for others of their
    table (`gathering.py`); a backend where another process may be faster writes each at once.
    """

    __slots__ = (
        "_backend",
        "_connection",
        "_gather",
        "counted",
        "gathered",
        "happened",
        "hot",
        "ids",
        "levels",
        "now",
        "now_ms",
        "run",
        "signals",
        "tally",
    )

    def __init__(
        self, backend: Backend, connection: Connection, hot: Hot, now: datetime, *, gather: bool = False
    ) -> None:
        self._backend = backend
        self._connection = connection
        self._gather = gather
        # Bound once: the attribute is looked up some ten times per mail.
        self.run = connection.execute
        self.gathered = Gathered(connection.execute)
        self.levels: list[Savepoint] = []
        self.hot = hot
        self.ids = backend.ids(connection, hot)
        self.now = now
        self.now_ms = millis(now)
        self.signals: set[str] = set()
        self.happened: list[tuple[str, str]] = []
        self.tally = Tally()
        # What the database had counted when it was first asked, by (scope, key, seconds): nobody else writes
        # there while this transaction lasts, but another gateway on PostgreSQL, whom it misses anyhow.
        self.counted: dict[tuple[str, str, int], int] = {}

    def allocate(self, kind: str) -> int:
        """Return a fresh id of this kind."""
        return self.ids.allocate(kind)

    def savepoint(self) -> Savepoint:
        """Return a savepoint for a `with` block; they nest."""
        return Savepoint(self)

    def add(self, insert: str, row: Sequence[Any], *marks: Hashable) -> None:
        """Insert a row that this transaction reads by its marks only, if at all."""
        if self._gather:
            self.gathered.add(insert, row, marks)
        else:
            self.execute(insert, row)

    def look(self, sql: str, parameters: Sequence[Any], *marks: Hashable) -> Cursor:
        """Read what `add` may have gathered under these marks, and nothing else that was gathered.

        Where nothing is gathered the savepoints are begun first: to PostgreSQL a SELECT that fails is a
        change, and what it cannot take back to a savepoint would cost the whole batch.
        """
        if not self._gather or self.gathered.holds(marks):
            self._settle()
        return self.run(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Run any statement, with all that came before it written."""
        self._settle()
        return self.run(sql, parameters)

    def _settle(self) -> None:
        """Write the gathered rows, each savepoint begun at its place among them."""
        try:
            for level in self.levels:
                if not level.open:
                    self.gathered.write(level.place)
                    self.run(f"SAVEPOINT {level.name}", ())
                    level.open = True
            self.gathered.write()
        except Exception as error:
            if self._backend.fault(error) is None:
                raise Unwritten from error
            raise

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

    def is_broken_by(self, error: BaseException) -> bool:
        """Whether an error of the database's leaves nothing to go on with: only the unit as a whole can."""
        return self._backend.fault(error) is not None or self.conflict(error) or not self.open

    def finish(self) -> None:
        """Write what was gathered for the whole batch; called just before COMMIT."""
        self._settle()
        self.tally.write(self.run, self.hot.out.count, self.now_ms)
        self.ids.flush()

    @property
    def many_writers(self) -> bool:
        """Whether other processes may write while this transaction lasts (PostgreSQL)."""
        return not self._backend.gathers

    @property
    def open(self) -> bool:
        """Whether there is still a transaction to commit."""
        return self._backend.in_transaction(self._connection)

    def undo(self, level: Savepoint, error: BaseException) -> None:
        """Roll back to a savepoint, or raise Abandoned where there is nothing left to roll back to."""
        if isinstance(error, Abandoned):
            return
        fault = self._backend.fault(error)
        if fault is not None:
            raise Abandoned(fault) from error
        if level.open:
            try:
                self.run(f"ROLLBACK TO SAVEPOINT {level.name}", ())
                self.run(f"RELEASE SAVEPOINT {level.name}", ())
            except Exception as second:  # noqa: BLE001  the transaction is lost, whatever it was
                raise Abandoned(self._backend.fault(second) or HouseFault()) from error
        if not self.open:
            raise Abandoned(HouseFault()) from error
