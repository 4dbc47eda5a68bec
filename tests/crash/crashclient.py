"""The client of the crash tests: it behaves as Postfix does.

It keeps what was not acknowledged, recipient by recipient, and sends it again with the same octets.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from crashhouse import RECIPIENTS

HANG_GUARD_S = 60


@dataclass(eq=False)
class Mail:
    """One mail and what was said about each of its recipients."""

    sender: str
    octets: bytes
    recipients: tuple[str, ...] = RECIPIENTS
    replies: dict[str, str] = field(default_factory=dict)
    sendings: int = 0

    @property
    def owed(self) -> list[str]:
        """The recipients for whom no 250 came yet."""
        return [r for r in self.recipients if not self.replies.get(r, "").startswith("250")]

    @property
    def sha256(self) -> bytes:
        """The digest of its octets."""
        return hashlib.sha256(self.octets).digest()


def mail(number: int, size: int = 600) -> Mail:
    """Return a mail like no other: own sender, own Message-ID, own subject."""
    sender = f"customer{number}@client.example"
    head = (
        f"From: Customer <{sender}>\r\nTo: <desk@house.example>\r\nSubject: Matter number {number}\r\n"
        f"Message-ID: <{number}.crash@client.example>\r\nDate: Mon, 23 Nov 2026 10:11:09 +0000\r\n\r\n"
    )
    line = f"line of mail {number}".ljust(76, ".") + "\r\n"
    return Mail(sender, (head + line * max(1, (size - len(head)) // len(line))).encode())


def mails(large_every: int, large: int) -> Iterator[Mail]:
    """Return an endless supply; every so many-th is large."""
    number = 0
    while True:
        number += 1
        yield mail(number, large if number % large_every == 0 else 600)


class Gone(Exception):  # noqa: N818  no mistake, the test wants it
    """The gateway was killed."""


class Session:
    """One connection."""

    def __init__(self, client: "Client") -> None:
        self.client = client

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send mails until there are none or the gateway is gone."""
        await self._line(reader)
        writer.write(b"LHLO client.example\r\n")
        while (await self._line(reader))[3:4] == "-":
            pass
        while (one := self.client.take()) is not None:
            try:
                await self._send(reader, writer, one)
            finally:
                self.client.give_back(one)
        writer.write(b"QUIT\r\n")

    async def _send(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one: Mail) -> None:
        owed = one.owed
        one.sendings += 1
        lines = [f"MAIL FROM:<{one.sender}>", *(f"RCPT TO:<{r}>" for r in owed), "DATA"]
        writer.write(("\r\n".join(lines) + "\r\n").encode())
        said = [await self._line(reader) for _ in lines]
        if not said[-1].startswith("354"):
            raise AssertionError(said)
        writer.write(one.octets + b".\r\n")
        for recipient in owed:
            one.replies[recipient] = await self._line(reader)
            self.client.heard()

    async def _line(self, reader: asyncio.StreamReader) -> str:
        try:
            async with asyncio.timeout(HANG_GUARD_S):
                line = await reader.readline()
        except (ConnectionError, BrokenPipeError) as error:
            raise Gone from error
        if not line.endswith(b"\r\n"):
            raise Gone
        return line.decode().rstrip()


class Client:
    """Keeps a number of sessions busy, from a queue in which what was not acknowledged stands first."""

    def __init__(self, door: Path, supply: Iterator[Mail]) -> None:
        self.door = door
        self.supply = supply
        self.waiting: deque[Mail] = deque()
        self.all: list[Mail] = []
        self.new_ones = True
        # How often a mail is sent before it is put aside; a real one waits minutes between its tries.
        self.tries = 1_000_000
        self.put_aside: list[Mail] = []
        self.on_reply = lambda: None
        self.under_way = 0
        self._changed = asyncio.Event()

    def take(self) -> Mail | None:
        """Return the next mail to send."""
        if self.waiting:
            self.under_way += 1
            return self.waiting.popleft()
        if not self.new_ones or (one := next(self.supply, None)) is None:
            return None
        self.all.append(one)
        self.under_way += 1
        return one

    def give_back(self, one: Mail) -> None:
        """Keep a mail for later if somebody has not acknowledged it."""
        self.under_way -= 1
        self._changed.set()
        if one.owed:
            (self.waiting if one.sendings < self.tries else self.put_aside).append(one)

    async def all_read(self) -> None:
        """Wait until every session with a mail under way has read all that a dead gateway said."""
        while self.under_way:
            self._changed.clear()
            await self._changed.wait()

    def heard(self) -> None:
        """Tell whoever waits for the n-th reply."""
        self.on_reply()

    async def run(self, sessions: int) -> None:
        """Send over so many sessions until all have ended; a dead gateway ends them."""
        tasks = [asyncio.create_task(self._one()) for _ in range(sessions)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self) -> None:
        with suppress(Gone, ConnectionError):
            reader, writer = await asyncio.open_unix_connection(str(self.door))
            try:
                await Session(self).run(reader, writer)
            finally:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()
