"""The house's side of its fronts (`front.py`): starts them, hears their mail, tells them what they must know.

A front that ends unbidden is started again; its clients had no reply and send again. `InHouse` does the same
work in the gateway's own process, where `instance.intake_processes` is 0.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from mailgate.domain.envelope import Received
from mailgate.domain.routing import Catalogue
from mailgate.errors import HouseFault, Reply
from mailgate.intake.door import Door
from mailgate.intake.frames import (
    HOUSE_READS,
    SILENCE_S,
    Addresses,
    Answer,
    Condition,
    Connected,
    Heard,
    Mail,
    Setup,
    Stop,
    ToHouse,
    Told,
    Wire,
)
from mailgate.intake.listen import Listener

START_GUARD_S: Final = 30.0
# One that was killed while it started tells nothing of the next one.
START_TRIES: Final = 3
# How often a front hears that we live, though nothing is new.
ALIVE_EVERY_S: Final = 1.0
# How long after Stop its end is waited for, beyond the time that connections are given.
END_GUARD_S: Final = 5.0
# How long a reload waits for a front to know the new addresses.
HEARD_GUARD_S: Final = 5.0
AGAIN_AFTER_S: Final = 1.0


class Intake(Protocol):
    """All listeners, wherever they run."""

    async def start(self) -> None:
        """Take connections from here on."""

    async def stop(self) -> None:
        """Take no more, and finish what is under way."""

    async def tell(self) -> None:
        """Let the listeners know what has changed: addresses, and whether mail is taken."""

    @property
    def connections(self) -> dict[str, int]:
        """How many clients each listener has."""

    @property
    def alive(self) -> bool:
        """Whether all of it was heard of lately."""

    @property
    def serves(self) -> bool:
        """Whether there is somebody now who takes connections."""


class InHouse:
    """The listeners in this process; they ask the house directly."""

    alive = serves = True

    def __init__(self, listeners: dict[str, Listener]) -> None:
        self._listeners = listeners

    async def start(self) -> None:
        """Take connections from here on."""
        for listener in self._listeners.values():
            await listener.start()

    async def stop(self) -> None:
        """Take no more, and finish what is under way."""
        await asyncio.gather(*(listener.stop() for listener in self._listeners.values()))

    async def tell(self) -> None:
        """Nothing need be told: they ask."""

    @property
    def connections(self) -> dict[str, int]:
        """How many clients each listener has."""
        return {name: listener.connections for name, listener in self._listeners.items()}


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What the fronts must know of the house, and where it hears of them.

    `closed` is what to say instead of taking mail; `log` takes an event's name and its fields.
    """

    door: Door
    catalogue: Callable[[], Catalogue]
    closed: Callable[[], Reply | None]
    stale: Callable[[], bool]
    now: Callable[[], datetime]
    log: Callable[..., object]


class Fronts:
    """Several fronts on the same sockets."""

    def __init__(self, fronts: Sequence["FrontProcess"]) -> None:
        self._fronts = fronts

    async def start(self) -> None:
        """Start all of them; returns when they listen. Raises HouseFault if one does not."""
        await asyncio.gather(*(front.start() for front in self._fronts))

    async def stop(self) -> None:
        """Let all of them finish."""
        await asyncio.gather(*(front.stop() for front in self._fronts))

    async def tell(self) -> None:
        """Tell all of them; returns when they know."""
        await asyncio.gather(*(front.tell() for front in self._fronts))

    @property
    def connections(self) -> dict[str, int]:
        """How many clients each listener has, in all fronts."""
        found: dict[str, int] = {}
        for front in self._fronts:
            for name, count in front.connections.items():
                found[name] = found.get(name, 0) + count
        return found

    @property
    def alive(self) -> bool:
        """Whether every front was heard of lately."""
        return all(front.alive for front in self._fronts)

    @property
    def serves(self) -> bool:
        """Whether one front at least listens."""
        return any(front.serves for front in self._fronts)


class FrontProcess:
    """One front, started again whenever it ends unbidden."""

    def __init__(self, rules: HouseRules, setup: Setup, sockets: Sequence[socket.socket]) -> None:
        self._rules, self._setup = rules, setup
        # Ours as well: another front takes them over, and nobody else the address meanwhile.
        self._sockets = tuple(sockets)
        self._process: asyncio.subprocess.Process | None = None
        self._wire: Wire | None = None
        self._stopping = False
        self._reading = 0
        self._catalogue: Catalogue | None = None
        self._condition: Condition | None = None
        self._told_at = 0.0
        self._known: dict[int, asyncio.Event] = {}
        self._up = asyncio.Event()
        self._listens = self._silent = False
        self._heard_at = 0.0
        # Kept here, since the event loop itself would let them go.
        self._answers: set[asyncio.Future[Any]] = set()
        self._starting: asyncio.Task[None] | None = None
        self.connections: dict[str, int] = {}

    @property
    def alive(self) -> bool:
        """Whether it was heard of lately."""
        return time.monotonic() - self._heard_at < SILENCE_S

    @property
    def serves(self) -> bool:
        """Whether it listens, as far as we know."""
        return self._listens and self.alive

    # -- life

    async def start(self) -> None:
        """Start the process, if need be again; returns when it listens. Raises HouseFault if none does."""
        for left in reversed(range(START_TRIES)):
            try:
                await self._start()
            except (HouseFault, OSError) as error:
                self._rules.log("intake_process_failed", error=str(error))
                if not left:
                    raise
            else:
                return
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "mailgate.intake.front", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": _our_path()},
                pass_fds=(theirs.fileno(), *(one.fileno() for one in self._sockets)),
            )
        self._up.clear()
        self._catalogue = self._condition = None
        wire = self._wire = Wire(HOUSE_READS, self._take, lambda: self._lost(wire))
        await loop.create_unix_connection(lambda: wire, sock=ours)
        self._say_news()
        wire.send(self._setup)
        try:
            async with asyncio.timeout(START_GUARD_S):
                await self._up.wait()
        except TimeoutError:
            pass
        if not self._listens:
            self._kill()
            await self._process.wait()
            raise HouseFault("the intake process does not listen")

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """Let it finish what is in flight, and wait for its end; one that hangs is not waited for."""
        self._stopping = True
        for one in self._sockets:  # as long as we hold them too, clients wait for a greeting that never comes
            one.close()
        if self._starting is not None:
            self._starting.cancel()
        process, wire = self._process, self._wire
        if process is None or wire is None:
            return
        wire.send(Stop())
        self._end_silent()
        grace = max((one.limits.stop_grace for one in self._setup.listeners), default=0.0)
        try:
            async with asyncio.timeout(grace + END_GUARD_S):
                await process.wait()
        except TimeoutError:
            self._kill()
            await process.wait()
        wire.close()

    def _end_silent(self) -> None:
        """Kill a front that listens and hangs: its clients got no reply, and send again to the next one.

        Looked at twice: where it was we who stood still, what it said meanwhile is heard in between.
        """
        silent, before = self._listens and not self.alive, self._silent
        self._silent = silent
        if silent and before and self._process is not None:
            self._rules.log("intake_process_hangs", pid=self._process.pid)
            self._kill()
            # Killed once; whether the next one lives shows anew.
            self._heard_at = time.monotonic()

    def _lost(self, wire: Wire) -> None:
        """Start another one, unless it was told to stop; who started one that never listened sees to it."""
        if wire is not self._wire:
            return  # one before, that was late to go
        self._wire = None
        self.connections = {}
        self._know(self._reading)
        if not self._listens:
            self._up.set()
            return
        self._listens = False
        if self._stopping:
            return
        self._rules.log("intake_process_lost", pid=self._process.pid if self._process else 0)
        if self._starting is None or self._starting.done():
            self._starting = asyncio.get_running_loop().create_task(self._again())

    async def _again(self) -> None:
        while not self._stopping:
            await asyncio.sleep(AGAIN_AFTER_S)
            try:
                await self._start()
            except (HouseFault, OSError) as error:
                self._rules.log("intake_process_failed", error=str(error))
            else:
                return

    # -- what the front must know

    async def tell(self) -> None:
        """Tell what has changed; returns when it knows (or is not there to know)."""
        self._end_silent()
        reading = self._say_news()
        known = self._known.get(reading)
        if known is None or self._wire is None:
            return
        try:
            async with asyncio.timeout(HEARD_GUARD_S):
                await known.wait()
        except TimeoutError:
            self._rules.log("intake_process_slow", reading=reading)

    def _say_news(self) -> int:
        """Send what is new, and return the number of the addresses' last reading."""
        if self._wire is None:
            return 0
        # A catalogue is never changed, only replaced: its addresses, maybe many, are looked at once.
        catalogue = self._rules.catalogue()
        if catalogue is not self._catalogue:
            self._catalogue, self._reading = catalogue, self._reading + 1
            self._known[self._reading] = asyncio.Event()
            self._wire.send(_addresses(catalogue, self._reading))
        condition = Condition(self._rules.closed(), self._rules.stale())
        now = time.monotonic()
        if condition != self._condition or now - self._told_at >= ALIVE_EVERY_S:
            self._condition, self._told_at = condition, now
            self._wire.send(condition)
        return self._reading

    def _know(self, reading: int) -> None:
        for number in [n for n in self._known if n <= reading]:
            self._known.pop(number).set()

    # -- what the front says

    def _take(self, message: ToHouse) -> None:
        self._heard_at = time.monotonic()
        match message:
            case Mail():
                self._accept(message)
            case Connected(counts):
                names = (one.name for one in self._setup.listeners)
                self.connections = dict(zip(names, counts, strict=True))
                self._listens = True
                self._up.set()
            case Heard(reading):
                self._know(reading)
            case Told(event, facts):
                self._rules.log(event, **facts)

    def _accept(self, mail: Mail) -> None:
        """Take the mail as our own listeners' is taken; the front tells the client what comes of it."""
        came, door = mail.received, self._rules.door
        received = Received(came.octets, came.envelope, came.origin, self._rules.now(), came.trace_id)
        accept = door.accept_each if mail.each else door.accept_all
        answer: asyncio.Future[Any] = asyncio.ensure_future(accept(received))
        self._answers.add(answer)
        answer.add_done_callback(partial(self._answer, mail, self._wire))

    def _answer(self, mail: Mail, wire: Wire | None, answer: "asyncio.Future[Any]") -> None:
        self._answers.discard(answer)
        try:
            replies = tuple(answer.result()) if mail.each else (answer.result(),)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  451 and a log line, as for our own connections
            peer, trace_id = mail.received.origin.peer, mail.received.trace_id
            self._rules.log("accept_failed", peer=peer, id=trace_id, error=repr(error))
            owed = len(mail.received.envelope.recipients) if mail.each else 1
            replies = (HouseFault().reply,) * owed
        if wire is not None:
            wire.send(Answer(mail.number, replies))


def _addresses(catalogue: Catalogue, reading: int) -> Addresses:
    return Addresses(
        reading,
        {address: route.enabled for address, route in catalogue.routes.items() if not route.send_only},
        tuple((route.address, route.enabled) for route in catalogue.patterns),
        catalogue.recipient_delimiter,
        tuple(address for address, route in catalogue.routes.items() if route.send_only),
    )


def _our_path() -> str:
    """Return where we find modules: a front finds the same, and none where we happened to be started."""
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
