"""Delivery to another LMTP server, such as Dovecot (RFC 2033).

A small client of our own: PIPELINING, one reply per recipient, kept connections, content streamed.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailgate.domain.address import split
from mailgate.domain.target import Failed, Job, Outcome, Sent, TargetKind
from mailgate.targets._hop import (
    Hops,
    Lost,
    NotTaken,
    command_verdict,
    parameters,
    path,
    pieces,
    said,
    verdict,
    why,
)

# RFC 5321 4.5.3.1.5 gives a reply line 512 octets; servers send more.
LINE_MAX: Final = 8192
# A reply with more lines than this is no reply.
LINES_MAX: Final = 100
# What may be the beginning of a reply line.
REPLY_LINE: Final = re.compile(rb"([2-5][0-9][0-9])([ -]?)([^\r\n]*)\r?\n")
# How long a good-bye may take: nothing depends on it.
QUIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class LmtpOptions:
    """Where the server listens (`unix:/path` or `tcp:HOST:PORT`) and how we speak to it; times in seconds."""

    address: str
    hostname: str = "localhost"
    connections: int = 4
    connect_s: float = 30.0
    timeout_s: float = 300.0
    # RFC 5321 4.5.3.2.6: a server may work for ten minutes on a mail before it answers.
    done_s: float = 600.0
    # A folder becomes the detail of the recipient's address (`ann+Lists@…`), for servers that file by it.
    folder_as_detail: bool = False
    delimiter: str = "+"
    # As many recipients as Postfix puts into one transaction.
    group: int = 50


class LmtpHop:
    """One connection after LHLO."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, options: LmtpOptions
    ) -> None:
        self.used = False
        self._reader = reader
        self._writer = writer
        self._options = options
        self._extensions: dict[str, str] = {}
        self._dirty = False
        self._closed = False

    async def greet(self) -> None:
        """Read the greeting and say LHLO; raises Lost."""
        code, text = await self._reply()
        if code == 220:  # noqa: PLR2004  RFC 5321 4.3.2
            self._write(f"LHLO {self._options.hostname}\r\n".encode())
            code, text = await self._reply()
        if code // 100 != 2:  # noqa: PLR2004
            raise Lost(said(code, text), unreachable=True)
        words = (line.partition(" ") for line in text.split("\n")[1:])
        self._extensions = {keyword.lower(): value for keyword, _, value in words}

    @property
    def usable(self) -> bool:
        """Whether another mail may follow."""
        return not (self._closed or self._writer.is_closing() or self._reader.at_eof())

    async def transact(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Send one mail to the recipients of these jobs; one outcome each, in their order; raises Lost."""
        outcomes: dict[int, Outcome] = {}
        recipients: list[tuple[int, bytes]] = []
        for index, job in enumerate(jobs):
            try:
                recipients.append((index, self._recipient(job)))
            except NotTaken as bad:
                outcomes[index] = Failed(str(bad))
        if recipients:
            sender = b""
            try:
                sender = path(jobs[0].envelope_from)
                words = parameters(self._extensions, jobs[0], [sender, *(r for _, r in recipients)])
            except NotTaken as bad:
                outcomes |= {index: Failed(str(bad)) for index, _ in recipients}
            else:
                outcomes |= await self._envelope(jobs[0], b" ".join([sender, *words]), recipients)
        return [outcomes[index] for index in range(len(jobs))]

    def _recipient(self, job: Job) -> bytes:
        options = self._options
        local, domain = split(job.to_address)
        if options.folder_as_detail and job.folder.upper() not in {"", "INBOX"} and local[-1:] != '"':
            local = local.partition(options.delimiter)[0] + options.delimiter + job.folder
        return path(f"{local}@{domain}" if domain else local)

    async def _envelope(
        self, job: Job, mail: bytes, recipients: list[tuple[int, bytes]]
    ) -> dict[int, Outcome]:
        """Say MAIL, RCPT and DATA, in one go where the server can take that (RFC 2920)."""
        lines = [b"MAIL FROM:" + mail, *(b"RCPT TO:" + to for _, to in recipients), b"DATA"]
        if self._dirty:
            lines.insert(0, b"RSET")
        self._dirty = True
        replies = (await self._say(lines))[-len(recipients) - 2 :]
        outcomes: dict[int, Outcome] = {}
        accepted: list[int] = []
        refused = command_verdict(*replies[0])
        for (index, _), reply in zip(recipients, replies[1:-1], strict=True):
            outcome = command_verdict(*reply) if isinstance(refused, Sent) else refused
            outcomes[index] = outcome
            if isinstance(outcome, Sent):
                accepted.append(index)
        return outcomes | await self._data(job, accepted, replies[-1])

    async def _data(self, job: Job, accepted: list[int], go: tuple[int, str]) -> dict[int, Outcome]:
        """Send the content and read one reply per accepted recipient (RFC 2033 4.2)."""
        if go[0] != 354:  # noqa: PLR2004  RFC 5321 4.3.2
            refused = command_verdict(*go)
            if accepted and isinstance(refused, Sent):
                raise Lost(f"unexpected reply to DATA: {said(*go)}")
            return dict.fromkeys(accepted, refused)
        if not accepted:
            # It wants a mail for nobody. No sane way leads out of that but a new connection.
            self.abort()
            return {}
        try:
            await pieces(job.content, self._writer.write, self._drain, self._options.timeout_s)
        except OSError as error:
            raise Lost(f"connection lost while sending: {why(error)}", safe=False) from error
        replies = [await self._reply(self._options.done_s, safe=False) for _ in accepted]
        self._dirty = False
        return {index: verdict(*reply) for index, reply in zip(accepted, replies, strict=True)}

    async def _drain(self, timeout_s: float) -> None:
        async with asyncio.timeout(timeout_s):
            await self._writer.drain()

    async def _say(self, lines: Sequence[bytes]) -> list[tuple[int, str]]:
        """Send commands and return their replies, all at once where the server can take that (RFC 2920)."""
        if "pipelining" in self._extensions:
            self._write(b"\r\n".join(lines) + b"\r\n")
            return [await self._reply() for _ in lines]
        replies = []
        for line in lines:
            self._write(line + b"\r\n")
            replies.append(await self._reply())
        return replies

    def _write(self, octets: bytes) -> None:
        if self._writer.is_closing():
            raise Lost("connection lost")
        self._writer.write(octets)

    async def _reply(self, timeout_s: float = 0.0, *, safe: bool = True) -> tuple[int, str]:
        """Read one reply: its code and its lines (RFC 5321 4.2); raises Lost."""
        lines: list[str] = []
        try:
            async with asyncio.timeout(timeout_s or self._options.timeout_s):
                while len(lines) < LINES_MAX:
                    match = REPLY_LINE.fullmatch(await self._reader.readuntil(b"\n"))
                    if match is None:
                        break
                    lines.append(match[3].decode("utf-8", "replace"))
                    if match[2] != b"-":
                        return self._code(int(match[1])), "\n".join(lines)
        except TimeoutError as error:
            raise Lost("timed out waiting for a reply", safe=False) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Lost("connection lost", safe=safe) from error
        except asyncio.LimitOverrunError as error:
            raise Lost("a reply line is too long", safe=safe) from error
        raise Lost("the reply makes no sense", safe=safe)

    def _code(self, code: int) -> int:
        if code == 421:  # noqa: PLR2004  RFC 5321 3.8: the server is closing the connection
            self._closed = True
        return code

    async def quit(self) -> None:
        """Say good-bye and close; raises nothing."""
        try:
            async with asyncio.timeout(QUIT_S):
                self._write(b"QUIT\r\n")
                await self._reply()
        except (Lost, TimeoutError):
            pass
        finally:
            self.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once."""
        self._closed = True
        self._writer.transport.abort()


class LmtpTarget:
    """The target: its options and its kept connections."""

    def __init__(self, options: LmtpOptions) -> None:
        self._options = options
        self._hops = Hops(self._connect, options.connections, options.group)
        self.parallel = options.connections
        self.batch = options.group

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Hand the mails over; a server that is down is a reason to try again, whatever it says."""
        return await self._hops.deliver(jobs)

    async def close(self) -> None:
        """Say good-bye on all connections."""
        await self._hops.close()

    async def _connect(self) -> LmtpHop:
        options = self._options
        try:
            async with asyncio.timeout(options.connect_s):
                reader, writer = await _open(options.address)
        except (OSError, ValueError) as error:
            raise Lost(f"cannot connect to {options.address}: {why(error)}", unreachable=True) from error
        hop = LmtpHop(reader, writer, options)
        try:
            await hop.greet()
        except BaseException as error:
            hop.abort()
            if isinstance(error, Lost):
                raise Lost(str(error), unreachable=True) from error
            raise
        return hop


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    kind, _, rest = address.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(rest, limit=LINE_MAX)
    host, _, port = rest.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port), limit=LINE_MAX)


TARGET = TargetKind("lmtp", LmtpOptions, LmtpTarget)
