"""The worker: claims due rows, hands them to their targets, records what became of them.

    wake ──► claim (a lease) ──► lane of the target ──► load, compose ──► deliver ──► next_step ──► settle
      ▲                                                                                              │
      └──────────────── new rows, the next due time, or outcomes recorded ◄──────────────────────────┘

Two things are sure: a row is settled only after its target has spoken, and a row whose worker died is
claimed again when its lease ends. So nothing is lost; a mail can go out twice only if we are killed between
the other side's 250 and our record of it (RFC 1047), and then with the same Message-ID.
"""

import asyncio
import logging
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import random
from typing import Final, cast

from mailgate.domain.smtpreply import cause
from mailgate.domain.target import Job, JobKind, Outcome, Retry, Sent, Target
from mailgate.errors import HouseFault, MailError, ShuttingDown
from mailgate.outbox.lane import Lane
from mailgate.outbox.load import Loader
from mailgate.outbox.retry import USUAL, Schedule, next_step
from mailgate.outbox.settling import GivenUp, Settler, nothing_follows
from mailgate.outbox.sign import Signer
from mailgate.store.blobs import Hook, no_hook
from mailgate.store.db import Store
from mailgate.store.outbox_rows import Ended, Settled, claim, next_due, postpone, renew
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import Transaction, from_millis
from mailgate.store.writer import Writer

log: Final = logging.getLogger("mailgate.outbox")

# The lane of everything that leaves by the relay; no target has this name.
RELAY: Final = ""
# Composing and signing hold the interpreter. At Python's own 5 ms every step of every connection would wait
# that long for its turn (docs/performance.md). Only while there is work: elsewhere more turns cost more.
TURN_S: Final = 0.0005
# How long to wait where nothing says when there will be work: rows that wait for another row of their ticket.
IDLE_FIRST_S: Final = 1.0
IDLE_LONGEST_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """Who we are and how much we take at once; times in seconds."""

    owner: str
    hostname: str
    batch: int = 100
    # Rows in our hands at once: what a crash leaves to wait for the end of their leases.
    in_hand: int = 1000
    # A target whose rows would wait longer than `slow_s` keeps at most so many in memory: one that does not
    # keep up must not fill all hands. Its other rows go back for as long as it is behind, at most so long.
    lane_room: int = 300
    slow_s: float = 1.0
    put_off_s: float = 30.0
    lease_s: float = 300.0
    schedule: Schedule = USUAL
    # How many mails a minute a target gets at most, by its name; what is not named gets as many as it takes.
    per_minute: Mapping[str, int] = field(default_factory=dict)
    # Waited between being woken and claiming: the rows of one moment share one transaction.
    gather_s: float = 0.005
    # How long a stop waits for what is under way.
    stop_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a row at one try, for log line and metrics.

    `state` is sent, waiting, held or given_up; `alarm` says that somebody must look at it. `delay_s` counts
    from when the row was written. `cause` is the class of what went wrong, "" where it was sent.
    """

    row: OutboxRow
    state: str
    reply: str
    alarm: bool
    delay_s: float
    cause: str = ""


def _silent(_report: Report) -> None:
    return


def _away(outcome: Outcome) -> bool:
    return isinstance(outcome, Retry) and outcome.away


class Worker:
    """The outbox worker of one process; made, run and stopped in one event loop.

    `targets` are the targets by name, `relay` is where mail of ours and redirects go, `signer`
    what signs the former. `given_up` is told, in the transaction that records it, of a row that ends so.
    """

    def __init__(
        self,
        writer: Writer,
        store: Store,
        options: WorkerOptions,
        *,
        targets: Mapping[str, Target],
        relay: Target,
        signer: Signer = Signer(),  # noqa: B008  it has no state
        report: Callable[[Report], None] = _silent,
        given_up: GivenUp = nothing_follows,
        hooks: Hook = no_hook,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        jitter: Callable[[], float] = random,
    ) -> None:
        self._writer = writer
        self._store = store
        self._options = options
        self._report = report
        self._hooks = hooks
        self._clock = clock
        self._jitter = jitter
        lease = timedelta(seconds=options.lease_s)
        self._loader = Loader(store, options.hostname, clock(), lease, signer)
        # One thread, since a connection belongs to one.
        self._reader = ThreadPoolExecutor(1, "mailgate-outbox")
        self._lanes = {
            name: Lane(
                target,
                options.lane_room,
                options.slow_s,
                self._carry,
                partial(self._rest, name),
                options.per_minute.get(name, 0),
            )
            for name, target in {**targets, RELAY: relay}.items()
        }
        self._settler = Settler(writer, self._recorded, given_up)
        self._held: set[int] = set()
        self._usual_turn_s = sys.getswitchinterval()
        self._wake = asyncio.Event()
        self._idle_s = IDLE_FIRST_S
        self._stopping = False
        # Before this, nothing that goes out by the relay need be due: it was away a moment ago.
        self.relay_rests_until = clock()

    def wake(self) -> None:
        """Look for work now; call it in the event loop's thread when rows were added or made due."""
        self._idle_s = IDLE_FIRST_S
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more and let `run` end when what is under way is done."""
        self._stopping = True
        self._wake.set()

    @property
    def in_hand(self) -> int:
        """How many rows are leased to us."""
        return len(self._held)

    async def run(self) -> None:
        """Work until `stop`; when it returns, everything is settled but what took longer than `stop_s`.

        The writer must outlive it, and so must the targets, which the caller closes.
        """
        tasks = [asyncio.create_task(self._settler.run()), asyncio.create_task(self._keep_leases())]
        try:
            while not self._stopping:
                self._wake.clear()
                pause = await self._turn()
                await self._sleep(pause)
            await self._finish()
        finally:
            sys.setswitchinterval(self._usual_turn_s)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._reader.submit(self._loader.close).result)
            self._reader.shutdown()

    async def _sleep(self, seconds: float) -> None:
        """Wait until woken or for that long; then a moment more for others."""
        if seconds > 0 and not self._wake.is_set():
            try:
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
            except TimeoutError:
                return
        if not self._stopping:
            await asyncio.sleep(self._options.gather_s)

    async def _turn(self) -> float:
        """Claim what is due and hand it out; returns how long nothing is to be expected, in seconds."""
        options = self._options
        room = min(options.batch, options.in_hand - len(self._held))
        if room <= 0:
            # Outcomes that are recorded make room and wake us; or a slow target has filled our hands.
            self._unload()
            return options.slow_s
        try:
            rows = await self._claim(room)
            self._hand_out(rows)
            return 0.0 if len(rows) == room else await self._until_due(found=bool(rows))
        except ShuttingDown:
            self._stopping = True
            return 0.0
        except HouseFault as fault:
            # The writer has said what to do about it.
            log.error("the outbox cannot be read: %s", fault)  # noqa: TRY400  where it came from is known
            return self._idle()
        except Exception:
            log.exception("the outbox cannot be read")
            return self._idle()

    async def _claim(self, limit: int) -> list[OutboxRow]:
        owner, lease_s = self._options.owner, self._options.lease_s

        def work(tx: Transaction) -> list[OutboxRow]:
            return claim(tx, owner, tx.now, limit, lease_s)

        return await asyncio.wrap_future(self._writer.submit(work))

    async def _until_due(self, *, found: bool) -> float:
        """Return how long it is until a row becomes due or a lease ends."""
        due = await asyncio.get_running_loop().run_in_executor(self._reader, self._next_due)
        if found:
            self._idle_s = IDLE_FIRST_S
        if due is None:
            return self._options.lease_s
        seconds = (due - self._clock()).total_seconds()
        # What is due and was not claimed waits for another row of its ticket, maybe in another process.
        return max(seconds, 0.0) or self._idle()

    def _next_due(self) -> datetime | None:
        return next_due(self._loader.connection(), self._store.hot)

    def _idle(self) -> float:
        wait, self._idle_s = self._idle_s, min(2 * self._idle_s, IDLE_LONGEST_S)
        return wait

    def _hand_out(self, rows: Sequence[OutboxRow]) -> None:
        """Give each row to its target's lane; what has no room there goes back for a while."""
        self._held.update(row.id for row in rows)
        if rows:
            sys.setswitchinterval(TURN_S)
            self._hooks("outbox-claimed")
        by_lane: defaultdict[str, list[OutboxRow]] = defaultdict(list)
        for row in rows:
            lane = self._lanes.get(row.target)
            if lane is None:
                self._outcome(row, Retry(f"there is no target {row.target!r} in the settings"))
            elif lane.full:
                self._put_off(row, lane)
            else:
                by_lane[row.target].append(row)
        for name, some in by_lane.items():
            self._lanes[name].add(some)

    def _unload(self) -> None:
        for lane in self._lanes.values():
            for row in lane.unload():
                self._put_off(row, lane)

    def _put_off(self, row: OutboxRow, lane: Lane) -> None:
        """Give a row back until its target may have caught up."""
        wait_s = min(max(lane.behind_s, self._options.slow_s), self._options.put_off_s)
        self._put_back(row, self._clock() + timedelta(seconds=wait_s))

    def _put_back(self, row: OutboxRow, due: datetime) -> None:
        """Give a row back that was not tried."""
        self._settler.put(
            Settled(row.id, self._options.owner, "waiting", due, row.reason, row.last_reply, tried=False)
        )

    async def _carry(self, target: Target, rows: Sequence[OutboxRow]) -> bool:
        """Take a batch to its target, note what became of it, return whether it was away; raises nothing."""
        loop = asyncio.get_running_loop()
        try:
            made = await loop.run_in_executor(self._reader, self._loader.jobs, rows, self._clock())
            jobs = [one for one in made if isinstance(one, Job)]
            said = iter(await target.deliver(jobs) if jobs else [])
            self._hooks("outbox-sent")
            outcomes = [next(said) if isinstance(one, Job) else one for one in made]
        except Exception as error:
            log.exception("a target failed")
            outcomes = [Retry(f"local problem: {type(error).__name__}")] * len(rows)
        for row, outcome in zip(rows, outcomes, strict=True):
            self._outcome(row, outcome)
        return all(map(_away, outcomes))

    def _rest(self, name: str, seconds: float) -> None:
        """Leave a target alone that was away: what waits for it, here and in the database, waits longer."""
        until = self._clock() + timedelta(seconds=seconds)
        if name == RELAY:
            self.relay_rests_until = until
        self._unload()
        try:
            self._writer.submit(lambda tx: postpone(tx, name, until))
        except MailError as error:
            log.info("what waits for an absent target is not postponed: %s", error)
        asyncio.get_running_loop().call_later(seconds, self._wake.set)

    def _outcome(self, row: OutboxRow, outcome: Outcome) -> None:
        """Note what became of a row."""
        now = self._clock()
        kind = cast("JobKind", row.kind)  # the store writes these only
        step = next_step(kind, row.attempts, outcome, now, self._jitter(), self._options.schedule)
        ended = Ended(row, outcome) if step.state == "given_up" else None
        self._settler.put(
            Settled(
                row.id, self._options.owner, step.state, step.due, step.reason, outcome.reply, ended=ended
            )
        )
        delay_s = (now - from_millis(row.created_at)).total_seconds()
        trouble = "" if isinstance(outcome, Sent) else cause(outcome.reply, away=_away(outcome)).value
        try:
            self._report(Report(row, step.state, outcome.reply, step.alarm, delay_s, trouble))
        except Exception:
            log.exception("an outcome could not be reported")

    def _recorded(self, results: Sequence[Settled]) -> None:
        """Outcomes are in the database: there may be room again, and rows that waited for these."""
        self._held.difference_update(result.outbox_id for result in results)
        if not self._held:
            sys.setswitchinterval(self._usual_turn_s)
        self._wake.set()

    async def _keep_leases(self) -> None:
        """Prolong the leases of all that is in our hands, three times in their length."""
        while True:
            await asyncio.sleep(self._options.lease_s / 3)
            if self._held:
                try:
                    await asyncio.wrap_future(self._writer.submit(self._renew(tuple(self._held))))
                except Exception as error:  # noqa: BLE001  the next round comes in time
                    log.warning("leases were not prolonged: %s", error)

    def _renew(self, ids: Sequence[int]) -> Callable[[Transaction], int]:
        owner, lease_s = self._options.owner, self._options.lease_s
        return lambda tx: renew(tx, owner, ids, tx.now, lease_s)

    async def _finish(self) -> None:
        """Give back what was not begun, wait for what was, and for its outcomes to be recorded."""
        running: set[asyncio.Task[None]] = set()
        for lane in self._lanes.values():
            for row in lane.shut():
                self._put_back(row, from_millis(row.due))
            running |= lane.running
        if running:
            _, late = await asyncio.wait(running, timeout=self._options.stop_s)
            for task in late:
                task.cancel()
            if late:
                # Their leases end by themselves; another try may then be a second copy (RFC 1047).
                log.warning("%d batches were cut off", len(late))
                await asyncio.wait(late)
        try:
            async with asyncio.timeout(self._options.stop_s):
                await self._settler.empty()
        except TimeoutError:
            log.warning("outcomes could not be recorded before the stop")
