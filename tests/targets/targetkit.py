"""Jobs, and a mail server that does as it is told: real sockets on loopback."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from mailgate.domain.target import Job
from mailgate.outbox.content import ComposedContent

# A mail is read as one piece.
LIMIT = 64 * 1024 * 1024
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = b"Subject: test\r\n\r\n.dot\r\nbody\r\n"


def new_job(number: int = 1, to_address: str = "ann@example.net", octets: bytes = TEXT, **changes) -> Job:
    """Return a job; equal octets make equal contents."""
    values = {
        "outbox_id": number,
        "kind": "deliver",
        "content": ComposedContent(octets),
        "envelope_from": "sender@example.org",
        "to_address": to_address,
        "name": f"1772442000.M01TRACE{number}Q{number}",
        "at": AT,
    }
    return Job(**{**values, **changes})


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the hang guard of the test run bounds it."""
    while not condition():  # noqa: ASYNC110  the other side is a thread or a database
        await asyncio.sleep(0.005)


@dataclass
class Behaviour:
    """What a server says: replies by the start of a command, `done` after the data (one per recipient in LMTP).

    `drop` names the moment at which it hangs up: greeting, MAIL, RCPT, DATA, content, done. `stall` names
    one at which it says nothing more. `early` is said once, after the first octet of the data, instead of `done`.
    """

    lmtp: bool = False
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8")
    replies: dict[str, list[str]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    drop: str = ""
    stall: str = ""
    drops: int = 1000
    early: str = ""


class Server:
    """A mail server of a few lines that keeps what it gets and every command it saw."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.most = 0
        self.port = 0
        self._released = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def release(self) -> None:
        """Let a stalled server go on."""
        self._released.set()

    async def _serve(self, reader, writer) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._talk(reader, writer)
        finally:
            self.open -= 1
            writer.transport.abort()
            self._tasks.discard(asyncio.current_task())

    async def _at(self, moment: str) -> None:
        if self.behaviour.stall == moment:
            await self._released.wait()
        if self.behaviour.drop == moment and self.behaviour.drops > 0:
            self.behaviour.drops -= 1
            raise ConnectionResetError

    def _reply(self, verb: str, usual: str) -> str:
        given = self.behaviour.replies.get(verb)
        return given.pop(0) if given else usual

    async def _talk(self, reader, writer) -> None:
        def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")

        await self._at("greeting")
        say(self._reply("greeting", "220 test"))
        accepted, begun = 0, False
        while True:
            line = (await reader.readuntil(b"\n")).decode().rstrip("\r\n")
            self.commands.append(line)
            verb = line.split(":")[0].split(" ")[0].upper()
            await self._at(verb)
            match verb:
                case "EHLO" | "LHLO":
                    words = ["test", *self.behaviour.extensions]
                    given = self.behaviour.replies.get(verb)
                    lines = [f"250{'-' if n + 1 < len(words) else ' '}{w}" for n, w in enumerate(words)]
                    say(given.pop(0) if given else "\r\n".join(lines))
                case "MAIL" | "RSET":
                    accepted = 0
                    reply = self._reply(verb, "250 2.0.0 fine")
                    begun = verb == "MAIL" and reply.startswith("250")
                    say(reply)
                case "RCPT":
                    reply = self._reply(verb, "250 2.1.5 fine") if begun else "503 5.5.1 MAIL first"
                    accepted += reply.startswith("250")
                    say(reply)
                case "DATA":
                    reply = self._reply(verb, "354 go" if accepted else "503 no recipients")
                    say(reply)
                    if reply.startswith("354"):
                        await self._at("content")
                        first = await reader.readexactly(1)
                        early, self.behaviour.early = self.behaviour.early, ""
                        if early:
                            say(early)
                            accepted = 0
                        self.mails.append(first + await reader.readuntil(b"\r\n.\r\n"))
                        await self._at("done")
                        for _ in range(accepted if self.behaviour.lmtp else min(accepted, 1)):
                            say(self.behaviour.done.pop(0) if self.behaviour.done else "250 2.0.0 stored")
                case "QUIT":
                    say("221 bye")
                    await writer.drain()
                    return
                case _:
                    say(self._reply(verb, "500 what"))
            await writer.drain()
