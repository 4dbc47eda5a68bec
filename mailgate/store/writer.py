"""The one thread that writes: group commit.

It takes whatever waits, begins one transaction, gives each piece of work its own savepoint, commits once,
and only then answers all. Nobody is told 250 whose rows are not on disk: if anything goes wrong with the
transaction as a whole, everybody in the batch is told 451 (or 452 when the disk is full).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from mailgate.errors import HouseFault, MailError, Overloaded, ShuttingDown, TryLater
from mailgate.store.blobs import Hook, no_hook
from mailgate.store.checkpoint import Checkpoints
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.faults import Abandoned, Unwritten, advice, system_fault
from mailgate.store.options import MIB
from mailgate.store.transaction import Transaction

T = TypeVar("T")

log: Final = logging.getLogger("mailgate.store")

# A single mail every now and then is no load; under load the pauses are far shorter.
BUSY_FOR_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """Bounds of one batch and of the queue; times are seconds, sizes octets."""

    # 256 units take some 50 ms: nobody's answer waits longer than that for the others in the batch.
    batch_count: int = 256
    batch_bytes: int = 32 * MIB
    # Waited only when the batch before had several: then others are about to arrive, and share this commit's
    # fsync. At least a millisecond, else a quarter of the time that the batch before took: while the event
    # loop brings the others in, nothing is gained by writing, since both threads then wait for each other.
    linger_s: float = 0.001
    linger_share: float = 0.25
    # What the queue may hold: ten batches. More would only be time-outs later; Postfix keeps the rest.
    queue_count: int = 2560
    queue_bytes: int = 256 * MIB
    # How long nothing must arrive before the log is moved into the database.
    idle_s: float = 0.05


@dataclass(slots=True)
class Job:
    """A piece of work in the queue and where its result goes."""

    work: Callable[[Transaction], Any]
    size: int
    done: Callable[[Any], None]
    future: "Future[Any] | None" = None
    result: Any = None
    # Whether the work guards each of its parts by itself: then one around all of it would only cost.
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch was, for the metrics: pieces of work, octets, seconds, and the fault that ended it.

    `happened` are counters that grow by one each, with their label (`Transaction.happened`).
    """

    count: int
    size: int
    seconds: float
    fault: TryLater | None = None
    happened: Sequence[tuple[str, str]] = ()


def _nothing(_value: object) -> None:
    return


def _at_once(call: Callable[[], None]) -> None:
    call()


class Writer:
    """The queue and its thread.

    `hand_back` gets one callable per batch to run wherever the answers are wanted: for an event loop it is
    `loop.call_soon_threadsafe`. `on_signals` hears the words that transactions left behind
    (`Transaction.signals`), after the commit, by the same way. `observe` is told of each batch, in the
    writer's thread.
    """

    def __init__(
        self,
        store: Store,
        *,
        limits: WriterLimits | None = None,
        hand_back: Callable[[Callable[[], None]], object] = _at_once,
        on_signals: Callable[[frozenset[str]], None] = _nothing,
        observe: Callable[[BatchReport], None] = _nothing,
        hooks: Hook = no_hook,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._limits = limits or WriterLimits()
        self._hand_back = hand_back
        self._on_signals = on_signals
        self._happened: Sequence[tuple[str, str]] = ()
        self._observe = observe
        self._hooks = hooks
        self._clock = clock
        self._queue: deque[Job] = deque()
        self._bytes = 0
        self._ready = threading.Condition(threading.Lock())
        self._sleeping = False
        self._stopping = False
        self._last = 0
        self._took = 0.0
        self._mail_at = 0.0
        self._checkpoints = Checkpoints(store.backend)
        self._thread = threading.Thread(target=self._run, name="mailgate-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Take nothing more, write what waits, end the thread; returns whether it ended in time."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether the thread runs; if not, nothing is accepted any more (the health endpoint asks)."""
        return self._thread.is_alive()

    @property
    def busy(self) -> bool:
        """Whether mail was written a moment ago: what can wait leaves the machine to it."""
        return time.monotonic() - self._mail_at < BUSY_FOR_S

    @property
    def waiting(self) -> int:
        """How many pieces of work wait in the queue."""
        return len(self._queue)

    def submit(self, work: Callable[[Transaction], T], *, size: int = 0) -> "Future[T]":
        """Queue work; the future gets its result after the commit, or its exception after the rollback.

        Raises Overloaded when the queue is full, ShuttingDown after `stop`. The future may also hold
        HouseFault or DiskFull: then nothing of the work is stored.
        """
        future: Future[T] = Future()
        self._put(Job(work, size, _nothing, future))
        return future

    def submit_intake(
        self, job: Callable[[Transaction], T], done: Callable[[T | BaseException], None], *, size: int = 0
    ) -> None:
        """Queue work of the event loop; `done` gets its result or its exception through `hand_back`.

        All answers of a batch are handed back with one call. The work makes its own savepoints, so what it
        raises beside them undoes nothing. Raises like `submit`.
        """
        self._put(Job(job, size, done, guarded=True))

    def _put(self, job: Job) -> None:
        limits = self._limits
        with self._ready:
            if self._stopping:
                raise ShuttingDown
            if len(self._queue) >= limits.queue_count or self._bytes + job.size > limits.queue_bytes:
                raise Overloaded
            self._queue.append(job)
            self._bytes += job.size
            if self._sleeping:
                self._ready.notify()

    def _run(self) -> None:
        try:
            while (batch := self._take()) is not None:
                if batch:
                    self._process(batch)
                else:
                    self._idle()
        finally:
            self._store.close()

    def _wait(self, seconds: float | None) -> None:
        self._sleeping = True
        self._ready.wait(seconds)
        self._sleeping = False

    def _take(self) -> list[Job] | None:
        """Return the next batch; [] when nothing came for a while, None at the end."""
        with self._ready:
            if not self._queue and not self._stopping:
                self._wait(self._limits.idle_s if self._checkpoints.pending else None)
            if not self._queue:
                return None if self._stopping else []
            self._linger()
            return self._cut()

    def _linger(self) -> None:
        """Wait a moment for as many as came last time: they were just answered and will soon write again."""
        wanted = min(self._last, self._limits.batch_count)
        if wanted <= len(self._queue) or self._stopping:
            return
        end = time.monotonic() + max(self._limits.linger_s, self._limits.linger_share * self._took)
        while len(self._queue) < wanted and not self._stopping:
            left = end - time.monotonic()
            if left <= 0:
                return
            self._wait(left)

    def _cut(self) -> list[Job]:
        """Take from the queue what one batch may hold; one piece of any size at least."""
        batch: list[Job] = []
        size = 0
        queue, limits = self._queue, self._limits
        while (
            queue
            and len(batch) < limits.batch_count
            and (not batch or size + queue[0].size <= limits.batch_bytes)
        ):
            job = queue.popleft()
            size += job.size
            batch.append(job)
        self._bytes -= size
        self._last = len(batch)
        return batch

    def _process(self, batch: list[Job]) -> None:
        """Write a batch and answer it; whatever happens, each piece of work is answered once."""
        started = time.perf_counter()
        fault: TryLater | None = None
        signals: frozenset[str] = frozenset()
        try:
            signals = self._write(batch)
        except Abandoned as abandoned:
            fault = abandoned.reply_with
            # Whoever hears of it, in a log or at a command, is to know why.
            fault.__cause__ = fault.__cause__ or abandoned.__cause__
            self._complain(f"{len(batch)} pieces of work deferred, nothing of them is stored", abandoned)
            for job in batch:
                job.result = fault
        size = sum(job.size for job in batch)
        self._took = time.perf_counter() - started
        happened = self._happened if fault is None else ()
        self._report(BatchReport(len(batch), size, self._took, fault, happened))
        self._hooks("before-reply")
        self._answer(batch, signals)
        if fault is None:
            self._checkpoints.wrote(len(batch), size)
            self._tidy(idle=False)

    def _complain(self, what: str, error: Exception) -> None:
        """Say in one line what was wrong and what to do; where that is not known, show where it came from."""
        cause = error.__cause__ or error if isinstance(error, Abandoned) else error
        todo = advice(cause)
        known = bool(todo) or isinstance(cause, HouseFault)
        log.error("%s: %s%s", what, cause, f": {todo}" if todo else "", exc_info=None if known else error)

    def _report(self, report: BatchReport) -> None:
        """Tell the metrics; whatever they do with it must not keep an answer back."""
        try:
            self._observe(report)
        except Exception:
            log.exception("a batch could not be observed")

    def _write(self, batch: list[Job]) -> frozenset[str]:
        """Run the batch in one transaction and fill in the results; Abandoned if nothing is stored."""
        try:
            return self._attempt(batch, gather=self._store.backend.gathers)
        except Unwritten as unwritten:
            # One mail's row is wrong: written one by one, it is the only one that fails.
            log.warning("a batch of %d is done again, row by row: %s", len(batch), unwritten.__cause__)
            return self._attempt(batch, gather=False)
        except Abandoned as abandoned:
            if abandoned.__cause__ is None or not self._store.backend.crossed(abandoned.__cause__):
                raise
            # Mails of the same tickets in another order, in another gateway's batch: that one goes first.
            log.info("a batch of %d is done again: it and another gateway's had crossed", len(batch))
            return self._attempt(batch, gather=self._store.backend.gathers)

    def _attempt(self, batch: list[Job], *, gather: bool) -> frozenset[str]:
        backend = self._store.backend
        connection: Connection | None = None
        try:
            connection = backend.connect()
            backend.check()
            self._hooks("begin")
            backend.begin(connection)
            tx = Transaction(backend, connection, self._store.hot, self._clock(), gather=gather)
            for job in batch:
                job.result = self._unit(tx, job)
                self._hooks("unit-done")
            tx.finish()
            self._hooks("before-commit")
            tx.run("COMMIT", ())
            self._hooks("after-commit")
            # A commit into a file that somebody took away is no commit.
            backend.check()
        except Exception as error:  # noqa: BLE001  whatever it is, the batch must be answered
            self._abandon(connection, error)
        self._happened = tx.happened
        return frozenset(tx.signals)

    def _unit(self, tx: Transaction, job: Job) -> object:
        """Run one piece of work in its savepoint; its error is its result, the transaction's is raised."""
        try:
            if job.guarded:
                return job.work(tx)
            with tx.savepoint():
                return job.work(tx)
        except Abandoned:
            raise
        except Exception as error:
            fault = self._store.backend.fault(error)
            if fault is not None or not tx.open:
                raise Abandoned(fault or HouseFault()) from error
            return error  # one bad mail never stops the next

    def _abandon(self, connection: Connection | None, error: Exception) -> None:
        """Roll back, drop a connection that can't be trusted, and raise Abandoned with what to answer."""
        backend = self._store.backend
        cause = error.__cause__ if isinstance(error, Abandoned) and error.__cause__ is not None else error
        if connection is not None:
            try:
                if backend.in_transaction(connection):
                    connection.execute("ROLLBACK")
            except Exception:  # noqa: BLE001  the connection is dropped
                backend.close()
        if isinstance(cause, MailError) or backend.lost(cause):
            backend.close()
        if isinstance(error, Abandoned):
            raise error
        reply = (
            error
            if isinstance(error, TryLater)
            else backend.fault(error) or system_fault(error) or HouseFault()
        )
        raise Abandoned(reply) from error

    def _answer(self, batch: list[Job], signals: frozenset[str]) -> None:
        intake = [job for job in batch if job.future is None]
        if intake:
            self._mail_at = time.monotonic()
        for job in batch:
            if job.future is not None and job.future.set_running_or_notify_cancel():
                _settle(job.future, job.result)
        if intake or signals:
            try:
                self._hand_back(lambda: self._tell(intake, signals))
            except RuntimeError:
                # The event loop has gone; its clients will ask again and get the stored replies.
                log.warning("nobody to hand %d answers to", len(intake))

    def _tell(self, intake: Iterable[Job], signals: frozenset[str]) -> None:
        for job in intake:
            try:
                job.done(job.result)
            except Exception:
                log.exception("an answer could not be handed over")
        if signals:
            self._on_signals(signals)

    def _idle(self) -> None:
        self._last = 0
        self._tidy(idle=True)

    def _tidy(self, *, idle: bool) -> None:
        """Move the log into the database when it is time; a failure is logged, and tried again later."""
        if self._store.backend.database.is_closed():
            return
        try:
            self._checkpoints.run(self._store.connection(), idle=idle)
        except Exception as error:  # noqa: BLE001  mail goes on without it
            self._checkpoints.rest()
            self._complain("the database's log could not be moved into it", error)


def _settle(future: "Future[Any]", result: object) -> None:
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
