"""What may go wrong between the house and the processes that have its clients, and that neither waits for ever."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import peers
import pytest

from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.routing import Catalogue, Route
from mailgate.errors import Reply
from mailgate.intake import front as front_module
from mailgate.intake import house as house_module
from mailgate.intake.frames import (
    FRONT_READS,
    HOUSE_READS,
    Answer,
    Condition,
    ListenerSetup,
    Setup,
    Told,
    Wire,
)
from mailgate.intake.front import Front
from mailgate.intake.house import FrontProcess, Fronts, HouseRules
from mailgate.intake.limits import IntakeLimits

HALF = "half \udc80 a pair"
KEPT = Reply(250, "2.0.0", f"accepted folder={HALF}")


class House:
    """Takes every mail once it is let; keeps what is told, and makes fronts on one port."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events, self.mails = folder, [], 0
        self.open = asyncio.Event()
        self.open.set()
        self.routes = Catalogue(routes={"kept@desk.example": Route("kept@desk.example")})
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    async def accept_each(self, received: Received) -> list[Reply]:
        self.mails += 1
        await self.open.wait()
        return [KEPT for _ in received.envelope.recipients]

    def log(self, event: str, **facts: object) -> None:
        self.events.append((event, facts))

    def front(self, certificate: str = "") -> FrontProcess:
        rules = HouseRules(
            door=self,
            catalogue=lambda: self.routes,
            closed=lambda: None,
            stale=lambda: False,
            now=lambda: datetime(2026, 3, 2, tzinfo=UTC),
            log=self.log,
        )
        listener = ListenerSetup(
            descriptor=self.socket.fileno(),
            name="tcp",
            source=Source.LMTP,
            hostname="gate.example",
            incoming=self.folder,
            limits=IntakeLimits(),
            trusted_uids=frozenset(),
            trusted_networks=(),
            tls_certificate=certificate,
            tls_key=certificate,
            passwords={},
        )
        return FrontProcess(rules, Setup((listener,), 100, 100), [self.socket])

    async def send(self, *lines: str) -> list[str]:
        """Say this, each line when the one before is answered; returns the replies."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        replies = [await answer(reader)]
        for line in lines:
            writer.write(line.encode() + b"\r\n")
            replies.append(await answer(reader))
        writer.close()
        return replies


async def answer(reader: asyncio.StreamReader) -> str:
    """Return the last line of a reply."""
    while True:
        line = (await asyncio.wait_for(reader.readline(), peers.HANG_GUARD_S)).decode()
        if line[3:4] != "-":
            return line.strip()


MAIL = ("LHLO mx.example", "MAIL FROM:<ann@client.example>", "RCPT TO:<kept@desk.example>", "DATA", "x\r\n.")


@contextlib.asynccontextmanager
async def running(front: FrontProcess) -> AsyncIterator[FrontProcess]:
    """Keep a front running, and let it hear news, as the gateway does."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(0.05)
            await front.tell()

    await front.start()
    telling = asyncio.create_task(tell())
    try:
        yield front
    finally:
        telling.cancel()
        await front.stop()


def pid_of(front: FrontProcess) -> int:
    assert front._process is not None
    return front._process.pid


async def until(condition, what: str) -> None:
    for _ in range(int(peers.HANG_GUARD_S * 20)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what)


# -- what cannot be said


class Pipe:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def read(decoder, octets: bytes, step: int) -> list[object]:
    found: list[object] = []

    async def run() -> None:
        wire = Wire(decoder, found.append, lambda: None)
        for at in range(0, len(octets), step):
            wire.data_received(octets[at : at + step])

    asyncio.run(run())
    return found


def test_what_is_said_before_the_connection_is_made_is_not_lost():
    """A front that is started again would else take no mail until the addresses change."""

    async def run() -> bytes:
        wire, pipe = Wire(FRONT_READS, lambda _: None, lambda: None), Pipe()
        wire.send(Condition(None, stale=False))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        wire.connection_made(pipe)
        return pipe.octets

    assert read(FRONT_READS, asyncio.run(run()), 5) == [Condition(None, stale=False)]


@pytest.mark.parametrize(
    ("message", "decoder", "arrives"),
    [
        (Answer(1, (KEPT,)), FRONT_READS, Answer(1, (Reply(250, "2.0.0", "accepted folder=half ? a pair"),))),
        (
            Told("mail_refused", {"from": HALF, "size": 1 << 80}),
            HOUSE_READS,
            Told("mail_refused", {"from": "half ? a pair", "size": str(1 << 80)}),
        ),
    ],
)
def test_texts_that_no_message_can_hold_are_said_all_the_same(message, decoder, arrives):
    """The mail is stored by then: a reply that is not sent would keep its client waiting for ever."""

    async def run() -> bytes:
        wire, pipe = Wire(decoder, lambda _: None, lambda: None), Pipe()
        wire.connection_made(pipe)
        wire.send(message)
        await asyncio.sleep(0)
        return pipe.octets

    assert read(decoder, asyncio.run(run()), 7) == [arrives]


def test_a_mail_that_cannot_be_handed_over_counts_as_waiting_no_longer():
    """Else a front would say "busy" for ever after `waiting_mails` of them."""

    async def run() -> int:
        front = Front()
        envelope = Envelope(HALF, (Recipient("kept@desk.example"),))
        at = datetime(2026, 3, 2, tzinfo=UTC)
        with pytest.raises(ValueError, match="surrogates"):
            await front.accept_each(
                Received(Octets(1, b"d", data=b"x"), envelope, Origin(Source.LMTP), at, "ID")
            )
        return len(front._waiting)

    assert asyncio.run(run()) == 0


# -- who is gone, and who hangs


def test_a_stored_mail_is_answered_whatever_its_reply_says(tmp_path):
    """End to end, through a front of its own."""

    async def run() -> str:
        house = House(tmp_path)
        async with running(house.front()):
            return (await house.send(*MAIL))[-1]

    assert asyncio.run(run()) == "250 2.0.0 accepted folder=half ? a pair"


def test_a_front_that_hangs_is_replaced(tmp_path, monkeypatch):
    """Its clients would wait for ever, and new ones with them."""
    monkeypatch.setattr(house_module, "SILENCE_S", 2.5)

    async def run() -> None:
        house = House(tmp_path)
        async with running(house.front()) as front:
            first = pid_of(front)
            os.kill(first, signal.SIGSTOP)
            await until(lambda: not front.serves, "that it hangs is noticed")
            await until(lambda: pid_of(front) != first and front.serves, "another one listens")
            assert (await house.send(*MAIL))[-1].startswith("250")
            assert "intake_process_hangs" in [event for event, _ in house.events]

    asyncio.run(run())


def test_whether_somebody_listens_may_be_asked_from_any_thread(tmp_path):
    """The health endpoint has a thread of its own."""

    async def run() -> tuple[bool, bool]:
        house = House(tmp_path)
        async with running(house.front()) as front:
            all_of_them = Fronts([front])
            return await asyncio.to_thread(lambda: (all_of_them.serves, all_of_them.alive))

    assert asyncio.run(run()) == (True, True)


def test_a_stop_takes_no_more_connections_while_it_waits_for_a_mail(tmp_path):
    """The house holds the sockets as well; a client must not wait for a greeting that never comes."""

    async def run() -> str:
        house = House(tmp_path)
        front = house.front()
        await front.start()
        house.open.clear()
        sending = asyncio.create_task(house.send(*MAIL))
        await until(lambda: house.mails, "the mail is with the house")
        stopping = asyncio.create_task(Fronts([front]).stop())

        def refused() -> bool:
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", house.port)) != 0

        await until(refused, "new connections are refused")
        assert not stopping.done()
        house.open.set()
        await stopping
        return (await sending)[-1]

    assert asyncio.run(run()).startswith("250")


def test_a_front_that_cannot_listen_says_why_at_once(tmp_path):
    """A certificate that was taken away meanwhile: the log has its name, and nobody waits half a minute."""

    async def run() -> list[tuple[str, dict]]:
        house = House(tmp_path)
        with pytest.raises(Exception, match="does not listen"):
            await asyncio.wait_for(house.front(str(tmp_path / "gone.pem")).start(), 20)
        house.socket.close()
        return house.events

    event, facts = asyncio.run(run())[0]
    assert event == "intake_process_failed"
    assert "gone.pem" in facts["error"]


def test_a_front_that_is_killed_while_it_starts_is_started_again(tmp_path):
    """As by a signal to the whole process group; the gateway's start does not fail for it."""

    async def run() -> str:
        house = House(tmp_path)
        front = house.front()
        starting = asyncio.create_task(front.start())
        await until(lambda: front._process is not None, "the first one is there")
        os.kill(pid_of(front), signal.SIGKILL)
        await starting
        try:
            return (await house.send(*MAIL))[-1]
        finally:
            await front.stop()

    assert asyncio.run(run()).startswith("250")


def test_modules_are_not_looked_for_where_the_gateway_was_started(tmp_path, monkeypatch):
    """A file in some folder must not become part of the gateway because a person stood there."""
    (tmp_path / "msgspec.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)

    async def run() -> str:
        house = House(tmp_path)
        async with running(house.front()):
            return (await house.send(*MAIL))[-1]

    assert asyncio.run(run()).startswith("250")


def test_nobody_is_unknown_for_good_while_the_house_is_silent(monkeypatch):
    """A house that hangs cannot tell of new addresses: 451 then, never 550; and no mail is asked for."""
    monkeypatch.setattr(front_module, "SILENCE_S", 0.2)

    async def run() -> None:
        front = Front()
        front._setup = Setup((), 100, 100)
        front._take(Condition(None, stale=False))
        assert front.ready() is None
        assert front.recipient("who@desk.example").code == 550
        await asyncio.sleep(0.3)
        assert front.ready().code == 451
        assert front.recipient("who@desk.example").code == 451
        front._take(Condition(None, stale=False))
        assert front.ready() is None

    asyncio.run(run())


def test_a_front_hears_from_its_house_though_nothing_is_new(tmp_path, monkeypatch):
    """Every second; so silence says that it hangs."""
    monkeypatch.setattr(house_module, "ALIVE_EVERY_S", 0.01)

    async def run() -> list[object]:
        said: list[object] = []
        house = House(tmp_path)
        front = house.front()
        house.socket.close()
        front._wire = Wire(HOUSE_READS, lambda _: None, lambda: None)
        monkeypatch.setattr(front._wire, "send", said.append)
        for _ in range(3):
            front._say_news()
            await asyncio.sleep(0.02)
        return said

    assert [type(one).__name__ for one in asyncio.run(run())] == ["Addresses", *["Condition"] * 3]
