"""The house's side of its fronts (`front.py`): starts them, hears their mail, tells them what they must know.

A front that ends unbidden is started again; its clients had no reply and send again. `InHouse` does the same
work in the gateway's own process, where `instance.intake_processes` is 0.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import msgspec

from mailgate.domain.routing import Catalogue
from mailgate.errors import HouseFault, Reply
from mailgate.intake.door import Door
from mailgate.intake.frames import (
    HOUSE_READS,
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
# A front that has not been heard for so long hangs.
SILENCE_S: Final = 15.0
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
        """Whether clients are served."""


class InHouse:
    """The listeners in this process; they ask the house directly."""

    alive = True

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
        self._addresses: Addresses | None = None
        self._condition: Condition | None = None
        self._known: dict[int, asyncio.Event] = {}
        self._up = asyncio.Event()
        self._listens = False
        self._heard_at = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: dict[str, int] = {}

    @property
    def alive(self) -> bool:
        """Whether it was heard of lately."""
        return asyncio.get_running_loop().time() - self._heard_at < SILENCE_S

    # -- life

    async def start(self) -> None:
        """Start the process; returns when it listens. Raises HouseFault if it does not."""
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "mailgate.intake.front", str(theirs.fileno())),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), *(one.fileno() for one in self._sockets)),
            )
        self._up.clear()
        self._addresses = self._condition = None
        wire = self._wire = Wire(HOUSE_READS, self._take, self._lost)
        await loop.create_unix_connection(lambda: wire, sock=ours)
        self._say_news()
        wire.send(self._setup)
        try:
            async with asyncio.timeout(START_GUARD_S):
                await self._up.wait()
        except TimeoutError:
            self._process.kill()
        if not self._listens:
            raise HouseFault("the intake process does not listen")

    async def stop(self) -> None:
        """Let it finish what is in flight, and wait for its end."""
        self._stopping = True
        for task in self._tasks:
            if task.get_name() == "again":
                task.cancel()
        process, wire = self._process, self._wire
        if process is None or wire is None:
            return
        wire.send(Stop())
        grace = max((one.limits.stop_grace for one in self._setup.listeners), default=0.0)
        try:
            async with asyncio.timeout(grace + END_GUARD_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        wire.close()

    def _lost(self) -> None:
        """Start another one, unless it was told to stop; a front that never listened is not tried again."""
        self._wire = None
        self.connections = {}
        if not self._listens:
            self._up.set()
            return
        self._listens = False
        if self._stopping:
            return
        self._rules.log("intake_process_lost", pid=self._process.pid if self._process else 0)
        self._later(self._again(), "again")

    async def _again(self) -> None:
        while not self._stopping:
            await asyncio.sleep(AGAIN_AFTER_S)
            try:
                await self.start()
            except (HouseFault, OSError) as error:
                self._rules.log("intake_process_failed", error=str(error))
            else:
                return

    def _later(self, work: "asyncio._CoroutineLike[None]", name: str = "") -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what the front must know

    async def tell(self) -> None:
        """Tell what has changed; returns when it knows (or is not there to know)."""
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
        addresses = self._read_addresses()
        if addresses != self._addresses:
            self._addresses, self._reading = addresses, self._reading + 1
            self._known[self._reading] = asyncio.Event()
            self._wire.send(msgspec.structs.replace(addresses, reading=self._reading))
        condition = Condition(self._rules.closed(), self._rules.stale())
        if condition != self._condition:
            self._condition = condition
            self._wire.send(condition)
        return self._reading

    def _read_addresses(self) -> Addresses:
        catalogue = self._rules.catalogue()
        return Addresses(
            0,
            {address: route.enabled for address, route in catalogue.routes.items()},
            tuple((route.address, route.enabled) for route in catalogue.patterns),
            catalogue.recipient_delimiter,
        )

    # -- what the front says

    def _take(self, message: ToHouse) -> None:
        match message:
            case Mail():
                self._later(self._accept(message))
            case Connected(counts):
                self._heard_at = asyncio.get_running_loop().time()
                names = (one.name for one in self._setup.listeners)
                self.connections = dict(zip(names, counts, strict=True))
                self._listens = True
                self._up.set()
            case Heard(reading):
                for number in [n for n in self._known if n <= reading]:
                    self._known.pop(number).set()
            case Told(event, facts):
                self._rules.log(event, **facts)

    async def _accept(self, mail: Mail) -> None:
        """Take the mail as our own listeners' is taken; the front tells the client what comes of it."""
        received, door, wire = replace(mail.received, at=self._rules.now()), self._rules.door, self._wire
        try:
            if mail.each:
                replies = tuple(await door.accept_each(received))
            else:
                replies = (await door.accept_all(received),)
        except Exception as error:  # noqa: BLE001  451 and a log line, as for our own connections
            peer, trace_id = received.origin.peer, received.trace_id
            self._rules.log("accept_failed", peer=peer, id=trace_id, error=repr(error))
            owed = len(received.envelope.recipients) if mail.each else 1
            replies = (HouseFault().reply,) * owed
        if wire is not None:
            wire.send(Answer(mail.number, replies))
