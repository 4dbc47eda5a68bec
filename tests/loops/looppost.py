"""The mail world around the gateways: a relay that keeps what it is given, and a client that hands mails in by LMTP.

Both live in one event loop in a thread of its own; the test talks to them from outside. The relay speaks as much SMTP as
aiosmtplib asks of it.
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import conformance

T = TypeVar("T")
HANG_GUARD_S = 120


@dataclass(frozen=True, slots=True)
class Post:
    """A mail on its way in: when, from and to whom by its envelope, its octets, and to which gateway's door."""

    at: float
    sender: str
    to: str
    raw: bytes
    gate: str = "a"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that a gateway sent: which one, and what its relay was told and given."""

    gate: str
    sender: str
    to: str
    raw: bytes


@dataclass
class Relay:
    """What one gateway's relay was given, in order; a recipient in `refused` does not exist there."""

    gate: str
    port: int = 0
    mails: list[Arrived] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)


class _Session(asyncio.Protocol):
    """One SMTP client at a relay."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self._buffer, self._in_data = relay, bytearray(), False
        self._sender = self._to = ""
        self._smtputf8 = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._say("220 relay.example ESMTP")

    def _say(self, line: str) -> None:
        self._transport.write(line.encode() + b"\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            head, found, rest = bytes(self._buffer).partition(end)
            if not found:
                return
            self._buffer = bytearray(rest)
            self._mail(head + b"\r\n") if self._in_data else self._command(head.decode())

    def _mail(self, octets: bytes) -> None:
        octets = octets.replace(b"\r\n.", b"\r\n")  # RFC 5321 4.5.2
        conformance.WATCH.seen(octets, smtputf8=self._smtputf8)
        self._relay.mails.append(Arrived(self._relay.gate, self._sender, self._to, octets))
        self._in_data = False
        self._say("250 2.0.0 kept")

    def _command(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        path = rest.partition("<")[2].partition(">")[0]
        match verb.upper():
            case "EHLO":
                self._say("250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8")
            case "MAIL":
                self._sender, self._smtputf8 = path, "SMTPUTF8" in rest
                self._say("250 2.1.0 ok")
            case "RCPT" if path in self._relay.refused:
                self._say("550 5.1.1 no such user")
            case "RCPT":
                self._to = path
                self._say("250 2.1.5 ok")
            case "DATA":
                self._in_data = True
                self._say("354 go on")
            case "QUIT":
                self._say("221 2.0.0 bye")
                self._transport.close()
            case _:
                self._say("250 2.0.0 ok")


async def _hand_in(port: int, posts: Sequence[Post], hello: bytes = b"LHLO") -> list[str]:
    """Hand mails in one after the other on one connection; returns the reply to each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    replies = []
    try:
        await reader.readline()
        writer.write(hello + b" client.example\r\n")
        while (await reader.readline())[3:4] == b"-":
            pass
        for post in posts:
            writer.write(f"MAIL FROM:<{post.sender}>\r\nRCPT TO:<{post.to}>\r\nDATA\r\n".encode())
            said = [(await reader.readline()).decode() for _ in range(3)]
            if not said[2].startswith("354"):
                raise AssertionError(f"{post.sender} to {post.to}: {said}")
            writer.write(post.raw + b".\r\n")
            replies.append((await reader.readline()).decode().strip())
        writer.write(b"QUIT\r\n")
        await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()
    return replies


async def _spread(port: int, posts: Sequence[Post], connections: int) -> list[str]:
    """Hand mails in on several connections at once; a few go on one, so that their order is theirs."""
    count = min(connections, max(1, len(posts) // 8))
    shares = [posts[i::count] for i in range(count)]
    replies: list[str] = [""] * len(posts)
    for i, some in enumerate(await asyncio.gather(*(_hand_in(port, share) for share in shares))):
        replies[i::count] = some
    return replies


class Mails:
    """The event loop in its thread, with the relays and the client."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="loop-mails")
        self._servers: list[asyncio.Server] = []
        self._thread.start()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(HANG_GUARD_S)

    def relay(self, gate: str) -> Relay:
        """Start a relay for this gateway."""
        relay = Relay(gate)

        async def start() -> None:
            server = await self._loop.create_server(lambda: _Session(relay), "127.0.0.1", 0)
            relay.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

        self._do(start())
        return relay

    def hand_in(self, port: int, posts: Sequence[Post], connections: int = 32) -> list[str]:
        """Hand mails in by LMTP and return the replies in their order."""
        return self._do(_spread(port, posts, connections))

    def submit(self, port: int, post: Post) -> str:
        """Hand one mail in by SMTP and return the reply to it."""
        return self._do(_hand_in(port, [post], hello=b"EHLO"))[0]

    def close(self) -> None:
        """Stop the relays and the thread."""

        async def stop() -> None:
            for server in self._servers:
                server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

        self._do(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
