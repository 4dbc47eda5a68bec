"""A front: a process of its own that has the clients, so that the protocol's work runs on another core.

Started by `house.py` as `python -m mailgate.intake.front DESCRIPTOR`. It knows who is known here and whether
mail is taken, hands each mail over, and says 250 when the house has said so. When the house is gone it ends
at once: its clients have no reply and will send again.
"""

import asyncio
import os
import signal
import socket
import sys
from datetime import UTC, datetime
from ipaddress import ip_network

from mailgate.domain.envelope import Received
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import HouseFault, Overloaded, Reply
from mailgate.intake.door import Service, answer_recipient
from mailgate.intake.frames import (
    FRONT_READS,
    SILENCE_S,
    Addresses,
    Answer,
    Condition,
    Connected,
    Heard,
    ListenerSetup,
    Mail,
    Setup,
    Stop,
    ToFront,
    Told,
    Wire,
)
from mailgate.intake.listen import Listener
from mailgate.intake.process import calm_collector, loop_factory, new_id, tls_context

# How often the house hears that we live.
ALIVE_EVERY_S = 1.0


class Front:
    """The door of the listeners here (`door.Door`): the house at the other end of the wire."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire = Wire(FRONT_READS, self._take, self._gone)
        self._setup: Setup | None = None
        self._listeners: list[Listener] = []
        self._catalogue = Catalogue()
        self._condition = Condition(HouseFault().reply, stale=True)
        self._heard_at = 0.0
        self._numbers = 0
        self._waiting: dict[int, asyncio.Future[tuple[Reply, ...]]] = {}
        self._ended = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, end: socket.socket) -> None:
        """Serve until the house says stop."""
        loop = self._loop
        await loop.create_unix_connection(lambda: self._wire, sock=end)
        beating = loop.create_task(self._keep_telling())
        await self._ended.wait()
        beating.cancel()
        self._wire.close()
        await asyncio.sleep(0)

    # -- the door

    def ready(self) -> Reply | None:
        """Say what the house has told us to say, or that too much is under way."""
        setup = self._setup
        if setup is None or self._silent:
            return HouseFault().reply
        if self._condition.closed is not None:
            return self._condition.closed
        connections = sum(one.connections for one in self._listeners)
        if len(self._waiting) >= setup.waiting_mails or connections > setup.connections:
            return Overloaded().reply
        return None

    def recipient(self, address: str) -> Reply | None:
        """Answer RCPT from memory; a house that hangs has told us nothing of new addresses."""
        return answer_recipient(self._catalogue, address, stale=self._condition.stale or self._silent)

    @property
    def _silent(self) -> bool:
        return self._loop.time() - self._heard_at >= SILENCE_S

    def accept_each(self, received: Received) -> "asyncio.Future[tuple[Reply, ...]]":
        """Hand over a mail that is answered per recipient."""
        return self._hand_over(received, each=True)

    async def accept_all(self, received: Received) -> Reply:
        """Hand over a mail that has one answer."""
        return (await self._hand_over(received, each=False))[0]

    def _hand_over(self, received: Received, *, each: bool) -> "asyncio.Future[tuple[Reply, ...]]":
        """Send the mail; a future and no task, since nothing is to be done here before the answer comes."""
        self._numbers += 1
        answer: asyncio.Future[tuple[Reply, ...]] = self._loop.create_future()
        try:
            self._wire.send(Mail(self._numbers, each, received))
        except ValueError as error:  # what no message can hold
            answer.set_exception(error)
        else:
            self._waiting[self._numbers] = answer
        return answer

    # -- what the house says

    def _take(self, message: ToFront) -> None:
        match message:
            case Answer(number, replies):
                waiting = self._waiting.pop(number)
                if not waiting.done():
                    waiting.set_result(replies)
            case Condition():
                self._condition, self._heard_at = message, self._loop.time()
            case Addresses():
                self._learn(message)
            case Setup():
                self._later(self._begin(message))
            case Stop():
                self._later(self._end())

    def _later(self, work: "asyncio._CoroutineLike[None]") -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _learn(self, found: Addresses) -> None:
        routes = {address: Route(address, enabled=enabled) for address, enabled in found.routes.items()}
        routes |= {address: Route(address, send_only=True) for address in found.send_only}
        patterns = tuple(Route(address, enabled=enabled) for address, enabled in found.patterns)
        self._catalogue = Catalogue(routes=routes, patterns=patterns, recipient_delimiter=found.delimiter)
        self._wire.send(Heard(found.reading))

    async def _begin(self, setup: Setup) -> None:
        try:
            self._listeners = [self._listener(one) for one in setup.listeners]
            for listener in self._listeners:
                await listener.start()
        except Exception as error:  # noqa: BLE001  the house has the log, and tries again
            self._wire.send(Told("intake_process_failed", {"error": str(error)}))
            self._ended.set()
            return
        self._setup = setup
        calm_collector()
        self._tell_alive()

    def _listener(self, setup: ListenerSetup) -> Listener:
        service = Service(
            name=setup.name,
            source=setup.source,
            hostname=setup.hostname,
            incoming=setup.incoming,
            now=lambda: datetime.now(UTC),
            new_id=new_id,
            log=lambda event, **facts: self._wire.send(Told(event, facts)),
            limits=setup.limits,
            trusted_uids=setup.trusted_uids,
            trusted_networks=tuple(map(ip_network, setup.trusted_networks)),
            tls=tls_context(setup.tls_certificate, setup.tls_key) if setup.tls_certificate else None,
            passwords=setup.passwords,
        )
        return Listener(self, service, socket.socket(fileno=setup.descriptor))

    async def _end(self) -> None:
        try:
            await asyncio.gather(*(listener.stop() for listener in self._listeners))
        finally:
            self._ended.set()

    def _gone(self) -> None:
        """End at once, without a word to anybody: what was not answered is not ours to answer."""
        if not self._ended.is_set():
            os._exit(1)

    def _tell_alive(self) -> None:
        self._wire.send(Connected(tuple(one.connections for one in self._listeners)))

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            if self._setup is not None:
                self._tell_alive()


async def _serve(end: socket.socket) -> None:
    await Front().run(end)


def main(descriptor: str) -> None:
    """Run a front over this descriptor; signals are the house's matter, which says when to stop."""
    for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_serve(socket.socket(fileno=int(descriptor))))


if __name__ == "__main__":
    main(sys.argv[1])
