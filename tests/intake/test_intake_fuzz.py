"""A hundred thousand fuzzed command sequences: replies always equal recipients, nothing hangs, nothing raises.

Each sequence is commands in any order, good, bad and broken, with mails, cut into chunks anywhere, over a network that
pauses. The seed of a connection stands in the message of a failure; MAILGATE_FUZZ_SEEDS=12,13 runs those alone.
"""

import asyncio
import os
import random
from dataclasses import dataclass, field

import fuzzmodel
import intakekit
import pytest
import wire

from mailgate.domain.envelope import Received, Source
from mailgate.errors import DiskFull, HouseFault, Overloaded, RejectedByRule, Reply, UnknownRecipient
from mailgate.intake.lmtp import LmtpConnection

SEQUENCES = 100_000
PER_CONNECTION = 20
PARTS = 10
LINE_MAX = 200

LINES = (
    b"LHLO c.example", b"EHLO c.example", b"HELO c.example", b"LHLO", b"NOOP", b"RSET", b"VRFY x", b"HELP", b"QUIT",
    b"XFORWARD IDENT=q", b"XFORWARD", b"STARTTLS", b"AUTH PLAIN", b"BDAT 5", b"MAIL FROM:<>", b"MAIL FROM:<a@b.example>",
    b"MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME", b"MAIL FROM:<a@b.example> SIZE=999999", b"MAIL FROM:a", b"MAIL",
    b"MAIL FROM:<\xc3\xa9@b.example> SMTPUTF8", b"RCPT TO:<nobody@there.example>", b"RCPT TO:<bad", b"RCPT TO:<>",
    b"DATA", b"DATA x", b"", b".", b"..", b"\0", b"\xff\xfe", b"x" * 250, b"POST / HTTP/1.1", b"RCPT TO:<postmaster>",
)  # fmt: skip
ENDS = (b"\r\n",) * 24 + (b"\n", b"\r", b"\r\r\n", b"")
PIECES = (b"\r\n", b"\n", b"\r", b".", b"..", b"\r\n.", b"\r\n..", b".\r\n", b"\n.\r\n", b"\r\n.\r", b"\0", b"text",
          b"RCPT TO:<r9@here.example>\r\n", b"x" * 300, b"QUIT\r\n", b"\r\n.\n")  # fmt: skip


@dataclass
class FickleHouse(intakekit.House):
    """A house that answers at random, sometimes late, sometimes not at all well; its replies name the recipient."""

    dice: random.Random = field(default_factory=random.Random)

    def ready(self) -> Reply | None:
        """Mostly it is."""
        return self.dice.choice((DiskFull().reply, Overloaded().reply)) if self.dice.random() < 0.03 else None

    def recipient(self, address: str) -> Reply | None:
        """Know whom the model knows."""
        if self.dice.random() < 0.02:
            return HouseFault().reply
        return None if address.startswith(("r", "postmaster")) else UnknownRecipient().reply

    async def accept_each(self, received: Received) -> list[Reply]:
        """Take some rounds, fail sometimes, answer each for itself."""
        for _ in range(self.dice.choice((0, 0, 1, 3))):
            await asyncio.sleep(0)
        if self.dice.random() < 0.05:
            raise self.dice.choice((intakekit.StrangeError("secret"), DiskFull(), ValueError("x")))
        refusal = RejectedByRule().reply if self.dice.random() < 0.1 else None
        replies = [refusal or Reply(250, "2.0.0", f"for {r.address}") for r in received.envelope.recipients]
        return replies[1:] if self.dice.random() < 0.02 else replies

    async def accept_all(self, received: Received) -> Reply:
        """Answer once."""
        replies = await self.accept_each(received)
        return replies[0] if replies else HouseFault().reply


def sequence(dice: random.Random) -> bytes:
    """Return one sequence of commands and mails."""
    parts = []
    if dice.random() < 0.7:  # one that has a chance to end well
        parts += [
            b"LHLO c.example\r\n" if dice.random() < 0.9 else b"EHLO c.example\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
        ]
        for _ in range(dice.choice((1, 1, 2, 3, 5))):
            parts.append(b"RCPT TO:<r%d@here.example>\r\n" % dice.randrange(1000))
        parts.append(b"DATA\r\n")
        parts.append(b"".join(dice.choices(PIECES, k=dice.randrange(6))) + b"\r\n.\r\n")
    for _ in range(dice.randrange(4)):
        parts.insert(dice.randrange(len(parts) + 1), dice.choice(LINES) + dice.choice(ENDS))
    return b"".join(parts)


def limits(dice: random.Random) -> dict[str, int]:
    """Return limits, some of them tight."""
    return {
        "message_size": dice.choice((100, 100_000)),
        "inline_max": 50 if dice.random() < 0.05 else 100_000,
        "recipients": dice.choice((2, 100)),
        "command_line": LINE_MAX,
        "buffer": dice.choice((10, 100_000)),
        "session_size": dice.choice((5_000, 10_000_000)),
        "session_mails": dice.choice((3, 1_000)),
        "session_noops": dice.choice((3, 100)),
        "session_errors": dice.choice((5, 1_000)),
    }


async def feed(line: wire.Line, data: bytes, dice: random.Random) -> None:
    """Deliver octets in chunks, with pauses of both directions between."""
    at = 0
    while at < len(data):
        size = dice.choice((1, 3, 20, 200, 1_000))
        blocked = dice.random() < 0.05 and not line.wire.reading_paused and not line.wire.closed
        if blocked:
            line.connection.pause_writing()
        await line.chunk(data[at : at + size])
        at += size
        if blocked:
            line.connection.resume_writing()
        if dice.random() < 0.3:
            await asyncio.sleep(0)


async def connection(seed: int, folder) -> int:
    """Run the sequences of one connection and judge them; returns how many mails were judged."""
    dice = random.Random(seed)
    lmtp = dice.random() < 0.8
    source, kind = (Source.LMTP, LmtpConnection) if lmtp else (Source.SMTP, wire.SMTP)
    house = FickleHouse(dice=dice)
    service = intakekit.make_service(folder, house, limits(dice), source=source)
    mails = fed = 0
    while fed < PER_CONNECTION:
        line, sent = wire.Line(house, service, kind), b""
        while fed < PER_CONNECTION and not line.wire.closed:
            data = sequence(dice)
            sent, fed = sent + data, fed + 1
            await feed(line, data, dice)
        await line.settle()
        if dice.random() < 0.5:
            line.connection.eof_received()
            await line.settle()
        line.end()
        judge = fuzzmodel.Judge(lmtp, LINE_MAX)
        judge.judge(sent, bytes(line.wire.written))
        mails += judge.mails
    bugs = [event for event in house.events if event[0] == "intake_bug"]
    assert not bugs, bugs
    assert not list(service.incoming.iterdir())
    return mails


async def run(seeds, folder) -> int:
    """Run the connections of these seeds; a failure names its seed."""
    faults: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: faults.append(str(context)))
    mails = 0
    for seed in seeds:
        try:
            async with asyncio.timeout(intakekit.HANG_GUARD_S):
                mails += await connection(seed, folder)
        except (Exception, asyncio.CancelledError) as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        assert not faults, f"seed {seed}: {faults}"
    return mails


@pytest.mark.parametrize("part", range(PARTS))
def test_replies_always_equal_recipients(part, tmp_path):
    """Whatever comes in, in whatever pieces: one reply to each line, one per recipient to each mail, in order."""
    count = SEQUENCES // PER_CONNECTION // PARTS
    seeds = [int(seed) for seed in os.environ.get("MAILGATE_FUZZ_SEEDS", "").split(",") if seed]
    mails = asyncio.run(run(seeds or range(part * count, (part + 1) * count), tmp_path))
    assert seeds or mails > count  # the sequences do reach the interesting part
