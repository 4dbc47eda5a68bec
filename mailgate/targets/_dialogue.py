"""A connection to an SMTP server as a dialogue: commands go out, replies come back in their order.

Takes over a transport on which greeting, STARTTLS and login are done. Several commands may go out at once
(RFC 2920); their replies are matched by their order, and what comes in unasked ends the connection.
"""

import asyncio
import re
from collections import deque
from typing import Final

from mailgate.targets._hop import Lost, why

# RFC 5321 4.5.3.1.5 gives a reply line 512 octets; servers send more.
LINE_MAX: Final = 8192
# A reply with more than this is no reply.
REPLY_OCTETS: Final = 64 * 1024
# RFC 5321 4.2: three digits, and a hyphen where another line follows.
REPLY_LINE: Final = re.compile(rb"([2-5][0-9][0-9])([ -]?)([^\r\n]*)\r?\n")
# RFC 5321 3.8: the server is closing the connection.
CLOSING: Final = 421

Reply = tuple[int, str]


class Dialogue(asyncio.Protocol):
    """The replies of one connection, waited for by one task at a time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = b""
        self._lines: list[str] = []
        self._size = 0
        self._said: deque[Reply] = deque()
        # How many replies are still to come, and who waits for them.
        self._due = 0
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._paused = False
        self._why = ""
        transport.set_protocol(self)

    @property
    def usable(self) -> bool:
        """Whether another command may be said."""
        return not self._why and not self._transport.is_closing()

    # -- what the event loop calls

    def data_received(self, data: bytes) -> None:
        """Take in replies; nonsense, and what nobody has asked for, is the end of it."""
        buffer, at = self._buffer + data, 0
        while not self._why and (match := REPLY_LINE.match(buffer, at)) is not None:
            at = match.end()
            self._size += len(match[0])
            if len(match[0]) > LINE_MAX or self._size > REPLY_OCTETS:
                self._end("the reply is too long")
                return
            self._lines.append(match[3].decode("utf-8", "replace"))
            if match[2] != b"-":
                self._take(int(match[1]), "\n".join(self._lines))
                self._lines, self._size = [], 0
        self._buffer = buffer[at:]
        if b"\n" in self._buffer or len(self._buffer) > LINE_MAX:
            self._end("the reply makes no sense")

    def _take(self, code: int, text: str) -> None:
        if self._due <= 0:
            self._end(f"{code} {text}")
            return
        self._due -= 1
        self._said.append((code, text))
        if code == CLOSING:
            # Whatever it says after that says nothing about us.
            self._due = 0
            self._end("connection lost")
        elif not self._due:
            self._tell()

    def eof_received(self) -> bool:
        """Hear that the server will say nothing more; the transport closes."""
        self._end("connection lost")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that the connection has gone."""
        self._end(why(exc) if exc is not None else "connection lost")

    def pause_writing(self) -> None:
        """Hear that the server is slower than we are."""
        self._paused = True

    def resume_writing(self) -> None:
        """Hear that there is room again."""
        self._paused = False
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _end(self, reason: str) -> None:
        self._why = self._why or reason
        self._tell()
        self.resume_writing()
        self._transport.close()

    def _tell(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # -- what a hop calls

    def expect(self, count: int) -> None:
        """Announce that so many replies will come: before the words go out that lead to them."""
        self._due += count

    def write(self, octets: bytes) -> None:
        """Send octets; raises Lost."""
        if not self.usable:
            raise Lost(self._why or "connection lost")
        self._transport.write(octets)

    async def drain(self, timeout_s: float) -> None:
        """Wait until the transport wants more; raises Lost, TimeoutError."""
        if self._paused and self.usable:
            self._room = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(timeout_s):
                await self._room
        if not self.usable:
            raise Lost(self._why or "connection lost")

    async def replies(self, count: int, timeout_s: float) -> list[Reply]:
        """Return the next replies, fewer where the server hangs up before; raises Lost.

        At least one is returned, else it is Lost.
        """
        if self._due and not self._why:
            loop = asyncio.get_running_loop()
            self._waiter = waiter = loop.create_future()
            timer = loop.call_later(timeout_s, self._late, waiter)
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiter = None
        if not self._said:
            raise Lost(self._why or "connection lost")
        return [self._said.popleft() for _ in range(min(count, len(self._said)))]

    def _late(self, waiter: "asyncio.Future[None]") -> None:
        if not waiter.done():
            waiter.set_exception(Lost("timed out waiting for a reply", safe=False))

    def abort(self) -> None:
        """Close at once, without what is still to be written."""
        self._why = self._why or "connection lost"
        self._transport.abort()
