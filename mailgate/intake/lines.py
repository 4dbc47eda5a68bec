"""The lines of a client that answers AUTH, one at a time, as aiosmtpd's code asks for them.

It stands in for the reader of aiosmtpd: all octets stay in the connection's one buffer, so nothing that was
sent ahead is lost, and nothing that was said in clear is read inside of TLS (RFC 3207 4.2).
"""

import asyncio
from collections.abc import Callable


class Lines:
    """Hands lines over to whoever waits for one; `want` is called when somebody begins to wait."""

    def __init__(self, want: Callable[[], object]) -> None:
        self._want = want
        self._waiter: asyncio.Future[bytes] | None = None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a line."""
        return self._waiter is not None and not self._waiter.done()

    async def readline(self) -> bytes:
        """Return the client's next line; raises ConnectionAbortedError when there will be none."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        loop.call_soon(self._want)
        return await self._waiter

    def give(self, line: bytes) -> None:
        """Hand over the line that is waited for."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(line)

    def end(self) -> None:
        """Tell whoever waits that no line will come."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(ConnectionAbortedError())
