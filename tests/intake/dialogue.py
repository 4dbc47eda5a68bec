r"""Dialogues as text: read a file of `dialogues/`, speak it to a real listener, and compare what comes back.

A line of a dialogue is a comment (`#`; the first one says what the dialogue shows), or one of

    C: text             the client sends this line with CRLF
    raw text            the client sends exactly these octets; \r \n \0 \xHH \\ are escapes
    S: text             the server's next line is this
    S~ pattern          the server's next line matches this regular expression as a whole
    S* pattern          any number of the server's next lines match, until one does not
    closed              the server has closed the connection, and has said nothing more
    half-close          the client says that it will send no more
    hang-up             the client goes away; a new connection begins with the next line
    pause SECONDS       let time go by, where a time-out must not strike
    starttls            the TLS handshake, as the client; everything after it is inside of TLS
    ready [CODE X text] the house is ready, or says this from now on
    entered             wait until the house has a mail in its hands (recipient slow…)
    release             the house goes on with such a mail
    stop                the listener begins its graceful stop
    mail text           one more mail was taken; `text` is its sender and recipients, as `a@b -> c@d e@f`, then
                        anything of body=, utf8=, queue=, client=, helo=, login=, peer=
    content text        that mail's octets are these, escapes as in `raw`
    nothing             no further mail was taken
    spool N             N files lie in the spool
    event name          the listener logged this event, once more

In what the client sends `{N*text}` stands for text repeated N times. Above the dialogue stand `mode lmtp` or `mode smtp`,
`over tcp` or `over unix`, `trust no`, `tls yes`, `user NAME PASSWORD` and `set NAME VALUE` for a limit.
"""

import asyncio
import contextlib
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intakekit import HANG_GUARD_S, Place

from mailgate.errors import Reply

HEAD = {"mode", "over", "trust", "tls", "user", "set"}
REPEAT = re.compile(r"\{(\d+)\*([^}]+)\}")
NUMBER = re.compile(r"\d+(\.\d+)?")


class DialogueError(AssertionError):
    """The server did not say what stands there; the text names the line and what was said."""


@dataclass
class Dialogue:
    """One file: its first comment, what stands in its head, and its steps with their line numbers."""

    name: str
    fact: str = ""
    head: dict[str, str] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    steps: list[tuple[int, str, str]] = field(default_factory=list)


def read(path: Path) -> Dialogue:
    """Read a dialogue's file."""
    dialogue = Dialogue(path.stem)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        if line.startswith("#"):
            dialogue.fact = dialogue.fact or line[1:].strip()
            continue
        word, _, rest = line.partition(" ")
        if word == "set":
            key, value = rest.split()
            dialogue.limits[key] = float(value) if "." in value else int(value)
        elif word in HEAD:
            dialogue.head[word] = rest
        else:
            dialogue.steps.append((number, word, rest))
    return dialogue


def octets(text: str) -> bytes:
    """Return the octets of a line with its escapes and repetitions."""
    text = REPEAT.sub(lambda found: int(found[1]) * found[2], text)
    return text.encode("utf-8").decode("latin-1").encode("latin-1").decode("unicode_escape").encode("latin-1")


class Client:
    """The client's side of a dialogue."""

    def __init__(self, place: Place, trust: ssl.SSLContext | None = None) -> None:
        self.place, self.trust = place, trust
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._peeked: bytes | None = None
        self._seen_mails = 0
        self._stopping: asyncio.Task[None] | None = None

    async def speak(self, dialogue: Dialogue) -> None:
        """Carry out every step; raises DialogueError at the first that is not so."""
        try:
            for number, word, rest in dialogue.steps:
                try:
                    await asyncio.wait_for(self._step(word, rest), HANG_GUARD_S)
                except DialogueError as error:
                    raise DialogueError(f"{dialogue.name}.txt:{number}: {error}") from None
                except TimeoutError:
                    raise DialogueError(
                        f"{dialogue.name}.txt:{number}: waited in vain: {word} {rest}"
                    ) from None
            await self._no_more()
        finally:
            await self._close()

    async def _step(self, word: str, rest: str) -> None:
        match word:
            case "C:":
                await self._send(octets(rest) + b"\r\n")
            case "raw":
                await self._send(octets(rest))
            case "S:" | "S~":
                line = await self._line()
                good = line == rest if word == "S:" else re.fullmatch(rest, line)
                _expect(bool(good), f"expected {rest!r}, the server said {line!r}")
            case "S*":
                while re.fullmatch(rest, line := await self._line()):
                    pass
                self._peeked = line.encode("latin-1")
            case "closed":
                line = await self._line()
                _expect(line == "", f"expected the end, the server said {line!r}")
            case "half-close":
                self._out.write_eof()
            case "hang-up":
                await self._close()
            case "pause":
                await asyncio.sleep(float(rest))
            case "starttls":
                await self._out.start_tls(self.trust, server_hostname="gate.example.org")
            case _:
                await self._ask_the_house(word, rest)

    async def _ask_the_house(self, word: str, rest: str) -> None:
        house = self.place.house
        match word:
            case "ready":
                code, _, more = rest.partition(" ")
                house.not_ready = Reply(int(code), *more.split(" ", 1)) if rest else None
            case "entered":
                await house.entered.wait()
            case "release":
                house.gate.set()
            case "stop":
                self._stopping = asyncio.create_task(self.place.listener.stop())
            case "mail":
                self._compare_mail(rest)
            case "content":
                content = house.contents[self._seen_mails - 1]
                _expect(content == octets(rest), f"expected {octets(rest)!r}, the house has {content!r}")
            case "nothing":
                await self._quiet()
                _expect(len(house.mails) == self._seen_mails, f"mails were taken: {house.mails}")
            case "spool":
                await self._quiet()
                _expect(len(self.place.spooled()) == int(rest), f"in the spool: {self.place.spooled()}")
            case "event":
                while rest not in (names := [name for name, _ in house.events]):  # noqa: ASYNC110  as above
                    await asyncio.sleep(0.002)
                del house.events[names.index(rest)]
            case _:
                raise DialogueError(f"unknown step {word}")

    async def _quiet(self) -> None:
        """Wait until the listener has done what it could: no client it has not heard the end of."""
        while self._writer is None and self.place.listener.connections:  # noqa: ASYNC110  it is told by nobody
            await asyncio.sleep(0.002)

    def _compare_mail(self, text: str) -> None:
        house = self.place.house
        _expect(len(house.mails) > self._seen_mails, "no further mail was taken")
        mail = house.mails[self._seen_mails]
        self._seen_mails += 1
        envelope, origin = mail.envelope, mail.origin
        who, _, rest = text.partition(" -> ")
        words = rest.split()
        said = {
            "body": envelope.body,
            "utf8": str(envelope.smtputf8).lower(),
            "queue": origin.queue_id,
            "client": f"{origin.client_name}[{origin.client_address}]",
            "helo": origin.helo,
            "login": origin.authenticated,
            "peer": origin.peer,
        }
        recipients = [word for word in words if word.partition("=")[0] not in said]
        got = [recipient.address for recipient in envelope.recipients]
        _expect((envelope.sender or "<>") == who, f"the sender is {envelope.sender!r}")
        _expect(got == recipients, f"the recipients are {got}")
        for word in words[len(recipients) :]:
            key, _, value = word.partition("=")
            _expect(re.fullmatch(value, said[key]) is not None, f"{key} is {said[key]!r}")

    # -- the connection

    @property
    def _out(self) -> asyncio.StreamWriter:
        assert self._writer is not None
        return self._writer

    async def _open(self) -> None:
        if self._writer is None:
            self._reader, self._writer = await self.place.connect()

    async def _send(self, data: bytes) -> None:
        await self._open()
        self._out.write(data)
        with contextlib.suppress(ConnectionError):
            await self._out.drain()

    async def _line(self) -> str:
        await self._open()
        assert self._reader is not None
        if self._peeked is not None:
            line, self._peeked = self._peeked, None
            return line.decode("latin-1")
        try:
            line = await self._reader.readline()
        except ConnectionError:
            return ""
        if line and not line.endswith(b"\r\n"):
            raise DialogueError(f"a line without its end: {line!r}")
        return line[:-2].decode("latin-1")

    async def _no_more(self) -> None:
        """At the end of a dialogue everything that the server said was expected."""
        if self._writer is None or self._reader is None:
            return
        extra = self._peeked or bytes(self._reader._buffer)
        _expect(not extra, f"the server said more: {extra!r}")

    async def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await self._writer.wait_closed()
        self._writer = self._reader = self._peeked = None
        if self._stopping is not None:
            self.place.house.gate.set()
            await asyncio.wait_for(self._stopping, HANG_GUARD_S)
            self._stopping = None


def _expect(good: bool, text: str) -> None:
    if not good:
        raise DialogueError(text)
