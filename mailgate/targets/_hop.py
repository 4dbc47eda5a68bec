"""What SMTP and LMTP targets share: addresses and replies on the wire, groups of jobs, kept connections."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from mailgate.domain.address import fold, split
from mailgate.domain.smtpreply import Stage, meaning
from mailgate.domain.target import Content, DeliveryTerms, Failed, Job, Outcome, Retry, Sent
from mailgate.errors import MailError

CONTROL: Final = re.compile(r"[\0-\x1f\x7f\ud800-\udfff]")
# RFC 5321 4.1.2 with RFC 6531 3.3: a local part that needs no quotes.
DOT_STRING: Final = re.compile(r"[^\0-\x20\x7f\"(),:;<>@\[\\\].]+(?:\.[^\0-\x20\x7f\"(),:;<>@\[\\\].]+)*")
DOMAIN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[A-Za-z0-9.:-]+\]")
# More of a reply than this helps nobody who reads a log.
REPLY_MAX: Final = 400
# From here on the octets lie in a file: it is read in a thread, so that a slow disk does not stop the loop.
LARGE: Final = 1024 * 1024
BY_MAX: Final = 999_999_999


class Lost(Exception):  # noqa: N818  it is the connection's state, not a mistake
    """The connection is gone or makes no sense.

    `safe`: nothing of a mail's content was sent yet. `unreachable`: there was no connection at all.
    """

    def __init__(self, text: str, *, safe: bool = True, unreachable: bool = False) -> None:
        super().__init__(text)
        self.safe = safe
        self.unreachable = unreachable


class NotTaken(ValueError):  # noqa: N818  it says what becomes of a mail
    """A mail that the other side is not even asked to take; the text says why."""


def path(address: str) -> bytes:
    """Return an address in angle brackets as MAIL and RCPT take it; "" is the null reverse-path.

    Raises NotTaken for what would end the command or name no mailbox. The domain goes out as A-labels.
    """
    if not address:
        return b"<>"
    if CONTROL.search(address):
        raise NotTaken("the address contains control characters")
    local, _ = split(address)
    _, domain = split(fold(address))
    if not local or (domain and DOMAIN.fullmatch(domain) is None):
        raise NotTaken("the address is no mailbox")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = re.sub(r"\\(.)", r"\1", local[1:-1])
    if DOT_STRING.fullmatch(local) is None:
        local = '"' + re.sub(r'(["\\])', r"\\\1", local) + '"'
    return f"<{local}@{domain}>".encode() if domain else f"<{local}>".encode()


def said(code: int, text: str) -> str:
    """Return a reply as one line for log and table."""
    line = " ".join(CONTROL.sub(" ", text).split())
    return f"{code} {line}"[:REPLY_MAX]


def why(error: BaseException) -> str:
    """Return what an error says, or its name where it says nothing."""
    return str(error) or type(error).__name__


def verdict(code: int, text: str) -> Outcome:
    """Return what a reply means for a mail (RFC 5321 4.2.1)."""
    match code // 100:
        case 2:
            return Sent(said(code, text))
        case 5:
            return Failed(said(code, text))
        case _:
            return Retry(said(code, text))


def command_verdict(code: int, text: str, stage: Stage = Stage.DATA) -> Outcome:
    """Return what a reply to MAIL, RCPT or DATA means (`domain/smtpreply.py`)."""
    return meaning(stage, code, said(code, text))


def final_verdict(code: int, text: str) -> Outcome:
    """Return what the reply to the end of the data means."""
    return meaning(Stage.DONE, code, said(code, text))


def parameters(extensions: Mapping[str, str], job: Job, addresses: Sequence[bytes]) -> list[bytes]:
    """Return the parameters of MAIL that the other side knows (RFC 1870 3, RFC 6152 2, RFC 6531 3.4).

    `extensions` are those of its greeting, in lower case, with their own parameters. Raises NotTaken for a
    mail that is too big for it, or has an address beyond ASCII that it does not take.
    """
    words = []
    if "size" in extensions:
        limit = extensions["size"].strip()
        if limit.isdecimal() and 0 < int(limit) < job.content.size:
            raise NotTaken(f"the mail has {job.content.size} octets, the next server takes {limit}")
        words.append(f"SIZE={job.content.size}".encode())
    if "8bitmime" in extensions:
        words.append(b"BODY=8BITMIME")
    foreign = not all(address.isascii() for address in addresses)
    if "smtputf8" in extensions and (foreign or job.smtputf8):
        words.append(b"SMTPUTF8")
    elif foreign or (job.smtputf8 and job.kind == "send"):
        # RFC 6531 3.2: nor a header with such an address; what we only pass on stays as it came.
        raise NotTaken("the next server takes no addresses beyond ASCII")
    return words


def terms_of_mail(extensions: Mapping[str, str], terms: DeliveryTerms, now: datetime) -> list[bytes]:
    """Return RET (RFC 3461 4.3) and BY (RFC 2852 4) for MAIL where the other side offers them.

    Raises NotTaken for a mail whose time is over and that was to be returned then.
    """
    words = []
    if terms.ret and "dsn" in extensions:
        words.append(f"RET={terms.ret.upper()}".encode())
    if terms.by_until is not None and "deliverby" in extensions:
        seconds = int((terms.by_until - now).total_seconds())
        mode = "N" if terms.by_mode[:1].upper() == "N" else "R"
        if seconds <= 0 and mode == "R":
            raise NotTaken("the time by which it was to be delivered is over")
        # RFC 2852 4: nine digits.
        seconds = max(-BY_MAX, min(seconds, BY_MAX))
        words.append(f"BY={seconds};{mode}{'T' if terms.by_trace else ''}".encode())
    return words


def terms_of_recipient(extensions: Mapping[str, str], terms: DeliveryTerms) -> list[bytes]:
    """Return NOTIFY (RFC 3461 4.1) for RCPT where the other side offers that."""
    return [f"NOTIFY={terms.notify.upper()}".encode()] if terms.notify and "dsn" in extensions else []


def groups(jobs: Sequence[Job], most: int) -> Iterator[list[Job]]:
    """Yield runs of jobs that may share one transaction: the same octets and envelope sender."""
    run: list[Job] = []
    for job in jobs:
        if run and (len(run) >= most or not _same_mail(run[0], job)):
            yield run
            run = []
        run.append(job)
    if run:
        yield run


def _same_mail(one: Job, other: Job) -> bool:
    return (
        one.envelope_from == other.envelope_from
        and one.smtputf8 == other.smtputf8
        and one.content == other.content
    )


async def pieces(
    content: Content,
    write: Callable[[bytes], None],
    drain: Callable[[float], Awaitable[None]],
    timeout_s: float,
) -> None:
    """Write the content with its end, never more ahead than the transport wants.

    `timeout_s` bounds each piece, not the whole (RFC 5321 4.5.3.2.5).
    """
    wire = content.wire()
    if content.size <= LARGE:
        write(b"".join(wire))
        await drain(timeout_s)
        return
    while (piece := await asyncio.to_thread(next, wire, None)) is not None:
        write(piece)
        await drain(timeout_s)


class Hop(Protocol):
    """One open connection to the next server."""

    used: bool

    async def transact(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Send one mail to the recipients of these jobs; raises Lost."""

    @property
    def usable(self) -> bool:
        """Whether another mail may follow."""

    async def quit(self) -> None:
        """Say good-bye and close; raises nothing."""

    def abort(self) -> None:
        """Close at once."""


class Hops:
    """The kept connections of one target, at most `connections` of them.

    `connect` opens one or raises Lost; `group` is how many recipients share a transaction.
    """

    # Long enough for the next mail of a burst, far shorter than the 300 s after which servers hang up.
    IDLE_S: Final = 20.0

    def __init__(self, connect: Callable[[], Awaitable[Hop]], connections: int, group: int) -> None:
        self._connect = connect
        self._free = asyncio.Semaphore(connections)
        self._group = group
        self._idle: list[Hop] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Carry out the jobs one after the other; when nobody is there, the rest is not even tried."""
        outcomes: list[Outcome] = []
        absent = ""
        for group in groups(jobs, self._group):
            if not absent:
                try:
                    outcomes += await self._carry(group)
                except MailError as fault:
                    outcomes += [Retry(f"local problem: {fault}")] * len(group)
                except Lost as lost:
                    outcomes += [Retry(str(lost), away=lost.unreachable)] * len(group)
                    absent = str(lost) if lost.unreachable else ""
            else:
                outcomes += [Retry(absent, away=True)] * len(group)
        return outcomes

    async def _carry(self, group: Sequence[Job]) -> list[Outcome]:
        async with self._free:
            hop = self._take() or await self._connect()
            try:
                return await self._try(hop, group)
            except Lost as lost:
                if not (lost.safe and hop.used):
                    raise
            # The other side had closed a connection that we kept: that says nothing about the mail.
            return await self._try(await self._connect(), group)

    async def _try(self, hop: Hop, group: Sequence[Job]) -> list[Outcome]:
        try:
            outcomes = await hop.transact(group)
        except BaseException:
            hop.abort()
            raise
        hop.used = True
        if hop.usable:
            self._idle.append(hop)
            self._watch()
        else:
            hop.abort()
        return outcomes

    def _take(self) -> Hop | None:
        while self._idle:
            hop = self._idle.pop()
            if hop.usable:
                return hop
            hop.abort()
        return None

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self.IDLE_S, self._leave)

    def _leave(self) -> None:
        """Say good-bye on all idle connections (RFC 5321 4.1.1.10: not without QUIT)."""
        for hop in self._idle:
            task = asyncio.ensure_future(hop.quit())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        self._idle.clear()

    async def close(self) -> None:
        """Say good-bye on all connections."""
        if self._timer is not None:
            self._timer.cancel()
        self._leave()
        if self._leaving:
            await asyncio.wait(self._leaving)
