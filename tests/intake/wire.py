"""A connection without a network: the transport keeps what is written, and the test says what comes in and when.

The protocol object is the real one. Whoever drives it plays the network: chunks of any size, reading paused, writes that
pile up, the end of the stream, a client that is gone.
"""

import asyncio
from typing import Any

from mailgate.intake.connection import Connection, State
from mailgate.intake.door import Door, Service
from mailgate.intake.lmtp import LmtpConnection
from mailgate.intake.smtp import SmtpConnection

# A mail of the tests' houses is done after a few rounds of the loop; this many are a hang.
ROUNDS = 10_000


class Wire(asyncio.Transport):
    """The transport of one connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.writes = 0
        self.closed = self.reading_paused = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep what is said."""
        assert not self.closed, f"said after the end: {bytes(data)!r}"
        self.written += data
        self.writes += 1

    def close(self) -> None:
        """Note that the protocol has closed."""
        self.closed = True

    def abort(self) -> None:
        """Do the same, since nothing waits to be written here."""
        self.closed = True

    def pause_reading(self) -> None:
        """Note that no more is wanted."""
        self.reading_paused = True

    def resume_reading(self) -> None:
        """Note that more is wanted."""
        self.reading_paused = False

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell a client on loopback."""
        return ("127.0.0.1", 1) if name == "peername" else default


class Line:
    """One connection and its wire; `chunk` plays the network."""

    def __init__(self, door: Door, service: Service, kind: type[Connection] = LmtpConnection) -> None:
        self.registry: set[Connection] = set()
        self.connection = kind(door, service, self.registry)
        self.wire = Wire()
        self.connection.connection_made(self.wire)

    async def chunk(self, data: bytes) -> None:
        """Deliver octets as soon as the protocol reads."""
        await self.until(lambda: self.wire.closed or not self.wire.reading_paused)
        if not self.wire.closed:
            self.connection.data_received(data)

    async def settle(self) -> None:
        """Wait until no mail is being stored."""
        await self.until(lambda: self.connection.state is not State.BUSY)

    async def until(self, condition: Any) -> None:
        """Wait some rounds of the loop; more of them than anything takes are a hang."""
        for _ in range(ROUNDS):
            if condition():
                return
            await asyncio.sleep(0)
        raise AssertionError(f"it hangs in {self.connection.state}")

    def end(self) -> None:
        """Let the client be gone."""
        self.wire.closed = True
        if self.connection in self.registry:
            self.connection.connection_lost(None)


SMTP = SmtpConnection
