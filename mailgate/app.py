"""The composition root: settings in, a running gateway out. The only file that knows every part.

    listeners ──► pipeline ──► writer (database) ──► outbox worker ──► targets, relay
        ▲             ▲            │  signals             ▲
        └── catalogue, compiled scripts ◄── control socket, version counter, jobs

Everything is made in `Gateway.__init__`, started in `start`, stopped in reverse in `stop`.
"""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry

from mailgate import places, wiring
from mailgate.business import Business
from mailgate.checks.gather import CheckPolicy, begin_facts
from mailgate.config.settings import Settings
from mailgate.config.version import program_version
from mailgate.control import ControlServer, RefusedError
from mailgate.desk.watch import WatchServer
from mailgate.domain.envelope import Received
from mailgate.domain.routing import OWN_STORE, channel_state
from mailgate.errors import HouseFault, MailError, Overloaded, Reply
from mailgate.intake.door import answer_recipient
from mailgate.intake.house import FrontProcess, Fronts, HouseRules, InHouse, Intake
from mailgate.intake.listen import Listener, open_socket
from mailgate.intake.process import calm_collector, new_id
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.maillog import LibraryLog, MailLog, open_log
from mailgate.metrics import Metrics
from mailgate.outbox.digests import keep_sending_digests
from mailgate.outbox.worker import Worker
from mailgate.pipeline import Pipeline
from mailgate.registry import discover
from mailgate.reporting import Reporter
from mailgate.store.again import received_of
from mailgate.store.blobs import Hook, no_hook
from mailgate.store.db import open_store
from mailgate.store.own_target import OwnStore
from mailgate.store.writer import BatchReport, Writer
from mailgate.systemd import notify, watchdog_interval

# How long another process's change may stay unseen (DESIGN.md 4).
VERSION_EVERY_S = 1.0
# What time it is; whoever composes a gateway may hand in another clock and let days pass in seconds.
Clock = Callable[[], datetime]
# The loop is looked at so often; a lag above a second is worth a metric and holds back the watchdog.
LAG_EVERY_S = 0.5
# Asking the file system for free space costs a system call; a second's mail cannot fill the reserve.
DISK_EVERY_S = 1.0
# How late a job may notice that its time has come.
CLOCK_EVERY_S = 1.0
# How late listeners in processes of their own may learn that mail is not taken for now.
TELL_EVERY_S = 0.25

# What a connection tells that is no doing of the client: somebody should look at it.
HOUSE_EVENTS = frozenset(
    {
        *("spool_fault", "accept_failed", "intake_bug"),
        *("intake_process_lost", "intake_process_failed", "intake_process_hangs"),
    }
)
# Mails of which the pipeline never hears, and how they count.
NOT_TAKEN = {"spool_fault": "deferred", "mail_refused": "refused"}


class Gateway:
    """One running gateway; lives in one event loop.

    `hooks` is told the named steps of the journey (docs/durability.md); crash tests end the process there.
    `clock` is what every row, window and due time is measured by; it never runs backwards.
    """

    def __init__(
        self,
        settings: Settings,
        log: MailLog,
        environment: dict[str, str],
        *,
        hooks: Hook = no_hook,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.settings, self.log, self.environment = settings, log, environment
        self.clock = clock
        self.hostname = settings.instance.effective_hostname()
        self.loop = asyncio.get_running_loop()
        self.keys = places.load_keys(settings.keys_path)
        self.store = open_store(places.store_options(settings), hooks=hooks)
        self.metrics = Metrics(CollectorRegistry(), program_version())
        self.business = Business(
            self.store, settings, self.keys, self._reloaded, lambda: self.worker.relay_rests_until
        )
        self.writer = Writer(
            self.store,
            limits=wiring.writer_limits(settings),
            hand_back=self.loop.call_soon_threadsafe,
            on_signals=self._signalled,
            observe=self._batch_written,
            hooks=hooks,
            clock=clock,
        )
        self.worker = Worker(
            self.writer,
            self.store,
            wiring.worker_options(settings),
            targets={**wiring.targets(settings), OWN_STORE: OwnStore(self.writer)},
            relay=wiring.relay(settings),
            signer=wiring.signer(settings),
            report=self._sent,
            given_up=wiring.follows_given_up(settings, self.keys, lambda: self.business.rules),
            hooks=hooks,
            clock=clock,
        )
        self.reporter = Reporter(self.log, self.metrics, clock)
        self.pipeline = Pipeline(
            self.writer,
            self.store.blobs,
            partial(begin_facts, policy=self._checks()),
            lambda: self.business.rules,
            self.reporter.mail,
            self.reporter.again,
        )
        self.intake = self._intake()
        self.control = ControlServer(settings.control_path, self._commands(), on_error=self._control_failed)
        self.watch: WatchServer | None = None
        if settings.http.address:
            self.watch = WatchServer(settings.http.address, self.metrics.render, self.why_not_ready)
        self.metrics.on_scrape = self._fill_gauges
        self.stopping = asyncio.Event()
        self.started_at = time.time()
        self._tasks: list[asyncio.Task[None]] = []
        self._disk_ok, self._disk_asked = True, 0.0

    def _checks(self) -> CheckPolicy:
        return wiring.check_policy(self.settings, self.keys, self.business.own, self.reporter.verified)

    def _intake(self) -> Intake:
        """Return the listeners, their sockets bound: in processes of their own, or in this one."""
        parts, settings = self.settings.listener, self.settings
        services = [
            wiring.service(part, settings, now=self.clock, log=self._intake_event, new_id=new_id)
            for part in parts
        ]
        sockets = [
            open_socket(part.address, mode=int(part.mode, 8), group=part.group, environment=self.environment)
            for part in parts
        ]
        if not settings.instance.intake_processes:
            pairs = zip(services, sockets, strict=True)
            return InHouse({service.name: Listener(self, service, one) for service, one in pairs})
        rules = HouseRules(
            door=self,
            catalogue=lambda: self.business.catalogue,
            closed=self.ready,
            stale=lambda: self.business.stale,
            now=self.clock,
            log=self._intake_event,
        )
        setup = wiring.front_setup(settings, services, [one.fileno() for one in sockets])
        count = settings.instance.intake_processes
        return Fronts([FrontProcess(rules, setup, sockets) for _ in range(count)])

    # -- the door (intake/door.py)

    def ready(self) -> Reply | None:
        """Say 4xx before the data where the database cannot keep up or the disk is below its reserve."""
        limits = self.settings.limits
        if self.writer.waiting >= limits.waiting_mails or self.connections > limits.connections:
            return Overloaded().reply
        if not self._disk_has_room():
            return Reply(452, "4.3.1", "not enough storage, try again later")
        if self.business.stale:
            return HouseFault().reply
        return None

    def _disk_has_room(self) -> bool:
        now = time.monotonic()
        if now - self._disk_asked >= DISK_EVERY_S:
            before, self._disk_ok, self._disk_asked = self._disk_ok, self.store.blobs.reserve_ok(), now
            if self._disk_ok != before:
                self._disk_changed()
        return self._disk_ok

    def _disk_changed(self) -> None:
        """Tell once that mail is deferred for want of space, and once that it is taken again."""
        where, reserve = str(self.settings.spool_path), self.settings.spool.reserve
        if self._disk_ok:
            self.log.events.info("disk_ok", folder=where)
            return
        self.metrics.alarms.inc("disk_low")
        todo = "make space on this disk; mail is deferred while less than spool.reserve is free"
        self.log.events.error("disk_low", folder=where, reserve=reserve, hint=todo)

    def recipient(self, address: str) -> Reply | None:
        """Answer RCPT from memory; unknown is said for good only while the table is known to be fresh."""
        return answer_recipient(self.business.catalogue, address, stale=self.business.stale)

    def accept_each(self, received: Received) -> "asyncio.Future[list[Reply]]":
        """Take a mail that is answered per recipient."""
        return self.pipeline.accept_each(received)

    def accept_all(self, received: Received) -> "asyncio.Future[Reply]":
        """Take a mail that has one answer."""
        return self.pipeline.accept_all(received)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return sum(self.intake.connections.values())

    # -- life

    async def run(self) -> None:
        """Start, wait until somebody says stop, and stop."""
        await self.start()
        try:
            await self.stopping.wait()
        finally:
            await self.stop()

    async def start(self) -> None:
        """Start every part, the listeners last: what they let in must find everything in place."""
        self.log.writer.attach(self.loop)
        self.writer.start()
        await asyncio.to_thread(self.business.reload)
        await asyncio.to_thread(self.business.tidy)
        await self.control.start()
        self._background(self.worker.run(), self._follow_versions(), self._feed_watchdog(), *self._jobs())
        self._background(keep_sending_digests(self.writer, self.hostname, self.business.may_digest))
        if self.watch is not None:
            self.watch.start()
        await self.intake.start()
        self._background(self._keep_telling())
        calm_collector()
        names = ", ".join(part.address for part in self.settings.listener)
        self.log.events.info("started", version=program_version(), listeners=names)
        notify(self.environment, "READY=1", f"STATUS=listening on {names}")

    async def stop(self) -> None:
        """Finish what is in flight, then close: listeners, worker, targets, writer."""
        notify(self.environment, "STOPPING=1")
        self.log.events.info("stopping")
        await self.intake.stop()
        self.worker.stop()
        await asyncio.wait([self._tasks[0]], timeout=self.settings.instance.stop_timeout)
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks[1:], return_exceptions=True)
        await self.control.stop()
        if self.watch is not None:
            await asyncio.to_thread(self.watch.stop)
        await asyncio.to_thread(self.writer.stop)
        self.log.events.info("stopped")
        self.log.writer.detach()

    def _background(self, *work: Coroutine[Any, Any, None]) -> None:
        self._tasks += [self.loop.create_task(one) for one in work]

    def _jobs(self) -> list[Coroutine[Any, Any, None]]:
        context = JobContext(
            self.store,
            self.writer,
            self.settings.spool.sweep_after,
            lambda: self.business.rules,
            wiring.plan_policy(self.settings, self.keys),
            self.metrics,
        )
        found = discover("mailgate.jobs", "JOB").values()
        return [self._keep_doing(job, context) for job in found if isinstance(job, JobSpec)]

    async def _keep_doing(self, job: JobSpec, context: JobContext) -> None:
        """Run a job again and again; a failure is logged and tried again at its next time."""
        while True:
            await self._wait_by_clock(job.every_s)
            try:
                facts = await asyncio.to_thread(job.run, context)
                if facts:
                    self.log.events.info("job", job=job.name, **facts)
            except Exception as error:  # noqa: BLE001  one failing job never stops the gateway
                self.log.events.error("job_failed", job=job.name, exc_info=error)

    async def _wait_by_clock(self, seconds: float) -> None:
        """Wait for so much time of the gateway's clock; while it stands still or runs back, none passes."""
        before = self.clock()
        while seconds > 0:
            await asyncio.sleep(min(seconds, CLOCK_EVERY_S))
            now = self.clock()
            seconds -= max(0.0, (now - before).total_seconds())
            before = now

    async def _follow_once(self) -> None:
        await asyncio.to_thread(self.business.follow)
        await self.intake.tell()

    async def _follow_versions(self) -> None:
        """Notice what other processes changed, and lift a stale mark when the database answers again."""
        while True:
            await asyncio.sleep(VERSION_EVERY_S)
            await asyncio.to_thread(self.business.follow)

    async def _keep_telling(self) -> None:
        """Let the listeners know whether mail is taken; a disk that fills up tells nobody by itself."""
        while True:
            await asyncio.sleep(TELL_EVERY_S)
            try:
                await self.intake.tell()
            except Exception as error:  # noqa: BLE001  who is not told once is told the next time
                self.log.events.error("intake_not_told", exc_info=error)

    async def _feed_watchdog(self) -> None:
        """Measure how late the loop is; a loop that hangs feeds no watchdog."""
        interval = watchdog_interval(self.environment)
        fed = time.monotonic()
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG_EVERY_S)
            now = time.monotonic()
            self.metrics.loop_lag.set(max(0.0, now - before - LAG_EVERY_S))
            if interval and now - fed >= interval and self.writer.alive and self.intake.alive:
                notify(self.environment, "WATCHDOG=1")
                fed = now

    def reload_soon(self) -> None:
        """Read the business data anew, in the background (SIGHUP)."""
        self._background(self._reload_quietly())

    async def _reload_quietly(self) -> None:
        await self._reload({})

    # -- what parts tell

    def _intake_event(self, event: str, **facts: object) -> None:
        """Log what a connection has to tell, and count it where it was a fault of ours."""
        self.log.events.warning(event, **facts)
        if event in HOUSE_EVENTS:
            self.metrics.alarms.inc(event)
        if event in NOT_TAKEN:
            self.metrics.messages.inc(str(facts["source"]), NOT_TAKEN[event])

    def _signalled(self, signals: frozenset[str]) -> None:
        if "outbox" in signals:
            self.worker.wake()
        if "catalogue" in signals:
            self._tasks = [t for i, t in enumerate(self._tasks) if i == 0 or not t.done()]
            self._background(self._follow_once())

    def _reloaded(self, error: str) -> None:
        """Count and log a reading of the business data; called from a thread."""
        self.metrics.reloads.inc("failed" if error else "done")
        if error:
            self.log.events.error("reload_failed", error=error)
            return
        catalogue = self.business.catalogue
        self.log.events.info("reloaded", version=catalogue.version, addresses=len(catalogue.routes))
        for name, text in self.business.scripts.errors().items():
            self.metrics.alarms.inc("script_error")
            self.log.events.error("script_error", script=name, error=text)

    def _batch_written(self, report: BatchReport) -> None:
        self.metrics.batch_size.observe(report.count)
        self.metrics.query.observe(report.seconds, "batch")
        if report.fault is not None:
            self.metrics.writer_faults.inc()
        for counter, label in report.happened:
            getattr(self.metrics, counter).inc(label)

    def _sent(self, report: Any) -> None:
        self.reporter.sent(report)

    def _control_failed(self, command: str, error: BaseException) -> None:
        self.log.events.error("control_failed", command=command, exc_info=error)

    def _fill_gauges(self, metrics: Metrics) -> None:
        self.reporter.fill_gauges(metrics, self.store, self.business.catalogue)
        metrics.writer_waiting.set(self.writer.waiting)
        metrics.disk_free.set(shutil.disk_usage(self.settings.spool_path).free)
        metrics.log_dropped.set(self.log.writer.dropped)
        metrics.connections.replace(self.intake.connections)

    # -- the control socket

    def why_not_ready(self) -> str:
        """Return "" or why mail cannot be taken now."""
        if self.stopping.is_set():
            return "stopping"
        reply = self.ready()
        if reply is None and not self.intake.serves:
            return "nobody listens: the intake process does not answer"
        return reply.text if reply is not None else ""

    def _commands(self) -> dict[str, Any]:
        return {
            "status": self._status,
            "reload": self._reload,
            "wake": self._wake,
            "undone": self._undone,
            "reprocess": self._reprocess,
            "stop": self._stop,
            "reopen_log": self._reopen_log,
        }

    async def _status(self, _arguments: object) -> dict[str, object]:
        catalogue = self.business.catalogue
        depths = await asyncio.to_thread(self.reporter.depths, self.store)
        return {
            "version": program_version(),
            "pid": os.getpid(),
            "uptime_s": round(time.time() - self.started_at, 1),
            "ready": self.why_not_ready() or "yes",
            "channel": channel_state(catalogue),
            "listeners": {p.name: p.address for p in self.settings.listener},
            "connections": self.connections,
            "addresses": len(catalogue.routes) + len(catalogue.patterns),
            "catalogue_version": catalogue.version,
            "script_errors": self.business.scripts.errors(),
            "unknown_targets": self.business.unknown_targets(),
            "writer_waiting": self.writer.waiting,
            "outbox": depths,
        }

    async def _reload(self, _arguments: object) -> dict[str, object]:
        notify(self.environment, "RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        error = await asyncio.to_thread(self.business.reload)
        await self.intake.tell()
        notify(self.environment, "READY=1")
        return {"error": error, "script_errors": self.business.scripts.errors()}

    async def _wake(self, _arguments: object) -> dict[str, object]:
        self.worker.wake()
        return {}

    async def _undone(self, _arguments: object) -> dict[str, object]:
        """Hear that a command has taken an answer back: the worker need not wait for it."""
        self.metrics.undone.inc()
        self.worker.wake()
        return {}

    async def _reprocess(self, arguments: Mapping[str, Any]) -> dict[str, object]:
        """Process a stored mail once more, with the rules of now; `error` says why it stays as it is."""
        try:
            delivery_id = int(arguments["delivery"])
            received = await asyncio.to_thread(self._stored, delivery_id)
            outcome = await self.pipeline.again(delivery_id, received)
        except (KeyError, ValueError):
            raise RefusedError("which delivery?") from None
        except MailError as error:
            raise RefusedError(str(error)) from error
        return {"status": outcome.status, "summary": outcome.summary, "error": outcome.error}

    def _stored(self, delivery_id: int) -> Received:
        with closing(self.store.reader()) as connection:
            return received_of(connection, self.store.blobs, delivery_id)

    async def _stop(self, _arguments: object) -> dict[str, object]:
        self.stopping.set()
        return {}

    async def _reopen_log(self, _arguments: object) -> dict[str, object]:
        self.log.writer.reopen()
        return {}


async def serve(settings: Settings, environment: dict[str, str]) -> None:
    """Run a gateway until SIGTERM or SIGINT (graceful), SIGHUP reloads. Raises SettingsError at the start."""
    import signal  # noqa: PLC0415  only the running gateway has handlers

    log = open_log(
        form=settings.log.format, level=settings.log.level, path=settings.log_path, environ=environment
    )
    logging.getLogger().addHandler(LibraryLog(log.events))
    try:
        gateway = Gateway(settings, log, environment)
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, gateway.stopping.set)
        loop.add_signal_handler(signal.SIGHUP, gateway.reload_soon)
        await gateway.run()
    finally:
        log.writer.close()
