"""What the processes of one gateway say to each other: messages in frames, over a pair of sockets.

The house (the gateway's own process) has rules and database; a front has the clients. A frame is four octets
of length and a MessagePack map. Nobody but these two ever holds an end, and neither outlives the other.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from mailgate.domain.envelope import Received, Source
from mailgate.errors import Reply
from mailgate.intake.limits import IntakeLimits
from mailgate.store.pack import clean

LENGTH: Final = 4
# Each side tells that it lives every second; one that has said nothing for so long hangs.
SILENCE_S: Final = 15.0


class ListenerSetup(msgspec.Struct, frozen=True):
    """One listener: its socket's descriptor in the front, and what `door.Service` is made of."""

    descriptor: int
    name: str
    source: Source
    hostname: str
    incoming: Path
    limits: IntakeLimits
    trusted_uids: frozenset[int]
    trusted_networks: tuple[str, ...]
    tls_certificate: str
    tls_key: str
    passwords: dict[str, str]


class Setup(msgspec.Struct, frozen=True, tag="setup"):
    """To the front, first: what to listen on, and how much at once."""

    listeners: tuple[ListenerSetup, ...]
    waiting_mails: int
    connections: int


class Addresses(msgspec.Struct, frozen=True, tag="addresses"):
    """To the front: who is known here, as of one reading; whether each address or pattern is enabled.

    `send_only` are addresses of ours that take no mail (G17).
    """

    reading: int
    routes: dict[str, bool]
    patterns: tuple[tuple[str, bool], ...]
    delimiter: str
    send_only: tuple[str, ...] = ()


class Condition(msgspec.Struct, frozen=True, tag="condition"):
    """To the front: what to say instead of taking mail (None: take it), and whether addresses are stale.

    It is said again every second: a house that is silent is a house that cannot know.
    """

    closed: Reply | None
    stale: bool


class Answer(msgspec.Struct, frozen=True, tag="answer", gc=False):
    """To the front: the replies to a mail."""

    number: int
    replies: tuple[Reply, ...]


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """To the front: finish what is in flight, then end."""


class Mail(msgspec.Struct, frozen=True, tag="mail", gc=False):
    """To the house: a mail; `each` wants one reply per recipient."""

    number: int
    each: bool
    received: Received


class Told(msgspec.Struct, frozen=True, tag="told"):
    """To the house: what a connection has to tell, for the log."""

    event: str
    facts: dict[str, Any]


class Heard(msgspec.Struct, frozen=True, tag="heard"):
    """To the house: that this reading of the addresses holds from now on."""

    reading: int


class Connected(msgspec.Struct, frozen=True, tag="connected"):
    """To the house, every second or two: that the front lives, and how many clients each listener has."""

    counts: tuple[int, ...]


ToFront = Setup | Addresses | Condition | Answer | Stop
ToHouse = Mail | Told | Heard | Connected


def _encode_other(value: object) -> str:
    """Paths are texts on the wire; whatever else a log line holds is its text too."""
    return str(value)


def _decode_other(kind: type, value: Any) -> Any:
    return Path(value) if kind is Path else value


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_other)
FRONT_READS: Final = msgspec.msgpack.Decoder(ToFront, dec_hook=_decode_other)
HOUSE_READS: Final = msgspec.msgpack.Decoder(ToHouse, dec_hook=_decode_other)


def encode(message: ToFront | ToHouse) -> bytes:
    """Return a message as octets; ValueError for a mail that cannot be one.

    What is only said to people (log lines, the texts of replies) never fails: a mail may be stored already.
    """
    try:
        return _ENCODER.encode(message)
    except (ValueError, OverflowError):  # halves of surrogate pairs, numbers of more than 64 bits
        match message:
            case Told(event, facts):
                plain: Told | Answer = Told(event, {name: clean(str(fact)) for name, fact in facts.items()})
            case Answer(number, replies):
                plain = Answer(number, tuple(replace(one, text=clean(one.text)) for one in replies))
            case _:
                raise
        return _ENCODER.encode(plain)


class Wire(asyncio.Protocol):
    """One end: `take` gets each message, `lost` is called when the other end has gone.

    What is sent in one turn of the loop leaves with one write.
    """

    def __init__(
        self, decoder: "msgspec.msgpack.Decoder[Any]", take: Callable[[Any], None], lost: Callable[[], None]
    ) -> None:
        self._decode, self._take, self._lost = decoder.decode, take, lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._ended = False
        self._input = bytearray()
        self._wanted = LENGTH
        self._output: list[bytes] = []

    def connection_made(self, transport: Any) -> None:  # uvloop's transports are none of asyncio's classes
        """Keep the transport, and write what was said before there was one."""
        self._transport = transport
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002  the protocol's signature
        """Tell that the other end has gone."""
        self._transport, self._ended = None, True
        self._lost()

    def send(self, message: ToFront | ToHouse) -> None:
        """Queue a message; where the other end has gone it goes nowhere. Raises like `encode`."""
        octets = encode(message)
        if not self._output:
            self._loop.call_soon(self.flush)
        self._output += (len(octets).to_bytes(LENGTH), octets)

    def flush(self) -> None:
        """Write what is queued."""
        if self._transport is None and not self._ended:
            return  # it is not connected yet
        output, self._output = self._output, []
        if output and self._transport is not None:
            self._transport.write(b"".join(output))

    def close(self) -> None:
        """Write what is queued, and close."""
        self.flush()
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Hand over the messages that are complete; what is not waits."""
        if self._input or len(data) < self._wanted:
            self._input += data
            if len(self._input) < self._wanted:
                return  # a large message is put together once, not with each piece of it
            data = bytes(self._input)
        self._input, self._wanted = bytearray(), LENGTH
        self._hand_over(data)

    def _hand_over(self, whole: bytes) -> None:
        view, start = memoryview(whole), 0
        while len(whole) - start >= LENGTH:
            end = start + LENGTH + int.from_bytes(view[start : start + LENGTH])
            if end > len(whole):
                self._wanted = end - start
                break
            self._take(self._decode(view[start + LENGTH : end]))
            start = end
        self._input = bytearray(view[start:])
