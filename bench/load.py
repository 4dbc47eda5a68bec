"""The load client of the benchmarks: N sessions that send mail over LMTP as fast as they are answered.

A program of its own, so that measuring costs the measured nothing but the machine's time. Every subject is
driven by this same client. Messages are made beforehand; each gets its own Message-ID, sender and subject.
Prints one line of JSON.

    python bench/load.py 127.0.0.1:8024 --sessions 10 --size 4096 --seconds 3
    python bench/load.py /run/mailgate/lmtp.sock --sessions 10 --size 65536 --count 1000
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import sys
import time
from dataclasses import dataclass, field

try:
    import uvloop
except ImportError:  # the client is the same for all subjects, only its ceiling is lower
    uvloop = None

BOXES = 10  # a company's shared addresses
DOMAIN = "desk.example.org"
TEMPLATES = 64  # different bodies; more would only measure the client's memory
CONNECT_TRIES = 100
LAST_WORD_S = 60  # how long the last replies may take once the clock has stopped

WORDS = tuple(
    """printer invoice server account delivery password contract update order number meeting version customer
    network install failed urgent please question since yesterday still waiting answer attached regards thanks
    error screen""".split()  # noqa: SIM905  read as a text
)

HEAD = (
    b"Return-Path: <%(sender)b>\r\n"
    b"Received: from mx.customer.example (mx.customer.example [192.0.2.7])\r\n"
    b"\tby mail.example.org (Postfix) with ESMTPS id 4%(n)010d\r\n"
    b"\tfor <%(box)b>; Mon, 23 Nov 2026 10:11:12 +0000 (UTC)\r\n"
    b'From: "Customer %(n)d" <%(sender)b>\r\n'
    b"To: Desk <%(box)b>\r\n"
    b"Subject: %(words)b [case %(n)d]\r\n"
    b"Date: Mon, 23 Nov 2026 10:11:09 +0000\r\n"
    b"Message-ID: <%(name)b@customer.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="%(boundary)b"\r\n'
    b"\r\n"
)


def paragraph(chance: random.Random, octets: int, before: str = "", after: str = "") -> str:
    """Return lines of words, about so many octets."""
    lines, size = [], 0
    while size < octets:
        line = before + " ".join(chance.choice(WORDS) for _ in range(9)) + after + "\r\n"
        lines.append(line)
        size += len(line)
    return "".join(lines)


@dataclass
class Mails:
    """An endless supply of different mails of about one size."""

    size: int
    tag: bytes
    bodies: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    scattered: bool = False  # Message-IDs and senders in no order, as the world's are

    def __post_init__(self) -> None:
        chance = random.Random(self.size)
        for number in range(TEMPLATES):
            boundary = b"=_%d_%016x" % (number, chance.getrandbits(64))
            half = max(100, (self.size - 700) // 2)
            plain, html = paragraph(chance, half), paragraph(chance, half, "<p>", "</p>")
            body = b"".join((
                b"--", boundary, b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", plain.encode(),
                b"\r\n--", boundary, b"\r\nContent-Type: text/html; charset=utf-8\r\n\r\n", html.encode(),
                b"\r\n--", boundary, b"--\r\n",
            ))  # fmt: skip
            words = f"{chance.choice(WORDS)} {chance.choice(WORDS)}".encode()
            self.bodies.append((boundary, words, body))

    def sender(self, n: int) -> bytes:
        """Return an envelope sender that no other mail has."""
        return b"%b@customer%d.example" % (self.name(n), n % 1000)

    def name(self, n: int) -> bytes:
        """Return a name that no other mail has."""
        name = b"%b.%d" % (self.tag, n)
        return hashlib.blake2b(name, digest_size=8).hexdigest().encode() if self.scattered else name

    def mail(self, n: int, box: bytes) -> bytes:
        """Return a whole mail, ready for the wire but for the final dot; no line starts with a dot."""
        boundary, words, body = self.bodies[n % TEMPLATES]
        head = HEAD % {
            b"n": n,
            b"sender": self.sender(n),
            b"box": box,
            b"words": words,
            b"name": self.name(n),
            b"boundary": boundary,
        }
        return head + body


@dataclass
class Run:
    """What all sessions share: the supply, the clock and the counts."""

    mails: Mails
    count: int  # 0 = until stopped
    pipelining: bool = False  # say MAIL, RCPT and DATA at once, where the server offers it
    started: int = 0
    acknowledged: int = 0
    measured: int = 0
    measuring: bool = False
    stopping: bool = False
    delays: list[float] = field(default_factory=list)
    bad: int = 0
    first_bad: str = ""

    def next(self) -> int | None:
        """Return the number of the next mail, None when no more are to be sent."""
        if self.stopping or (self.count and self.started >= self.count):
            return None
        self.started += 1
        return self.started

    def done(self, delay: float) -> None:
        """Count a mail that was answered 250."""
        self.acknowledged += 1
        if self.measuring:
            self.measured += 1
            self.delays.append(delay)


class Session(asyncio.Protocol):
    """One connection: greeting, LHLO, then mail after mail; each reply decides what is written next."""

    def __init__(self, run: Run, index: int, ended: asyncio.Future[None]) -> None:
        self.run, self.ended = run, ended
        self.box = b"box%d@%b" % (index % BOXES, DOMAIN.encode())
        self.rest, self.expect = b"", self.greeted
        self.together = False

    def connection_made(self, transport) -> None:
        self.transport = transport

    def connection_lost(self, _exc) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def data_received(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            if self.expect == self.ready and line[4:].upper() == b"PIPELINING":
                self.together = self.run.pipelining
            if line[3:4] != b"-":
                self.expect(line)

    def say(self, line: bytes, then) -> None:
        self.expect = then
        self.transport.write(line)

    def refused(self, line: bytes) -> None:
        self.run.bad += 1
        self.run.first_bad = self.run.first_bad or line.decode("ascii", "replace")
        self.transport.abort()

    def greeted(self, _line: bytes) -> None:
        self.say(b"LHLO client.example\r\n", self.ready)

    def ready(self, line: bytes) -> None:
        """Start the next mail; also the place where LHLO's reply arrives."""
        if not line.startswith(b"250"):
            self.refused(line)
            return
        n = self.run.next()
        if n is None:
            self.say(b"QUIT\r\n", self.quit)
            return
        self.octets = self.run.mails.mail(n, self.box) + b".\r\n"
        self.begun = time.perf_counter()
        mail = b"MAIL FROM:<%b>\r\n" % self.run.mails.sender(n)
        if self.together:  # RFC 2920 3.1, as Postfix's client does
            mail += b"RCPT TO:<%b>\r\nDATA\r\n" % self.box
        self.say(mail, self.mailed)

    def next_command(self, line: bytes, then) -> None:
        """Say the next command, unless it went together with the one before."""
        if self.together:
            self.expect = then
        else:
            self.say(line, then)

    def mailed(self, line: bytes) -> None:
        if line.startswith(b"250"):
            self.next_command(b"RCPT TO:<%b>\r\n" % self.box, self.addressed)
        else:
            self.refused(line)

    def addressed(self, line: bytes) -> None:
        if line.startswith(b"250"):
            self.next_command(b"DATA\r\n", self.invited)
        else:
            self.refused(line)

    def invited(self, line: bytes) -> None:
        if line.startswith(b"354"):
            self.say(self.octets, self.accepted)
        else:
            self.refused(line)

    def accepted(self, line: bytes) -> None:
        if line.startswith(b"250"):
            self.run.done(time.perf_counter() - self.begun)
        self.ready(line)

    def quit(self, _line: bytes) -> None:
        self.transport.close()


async def connect(run: Run, index: int, where: str) -> asyncio.Future[None]:
    """Open one session; a server that is still forking is given some time."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()
    host, _, port = where.rpartition(":")
    for tries_left in reversed(range(CONNECT_TRIES)):
        try:
            if where.startswith("/"):
                await loop.create_unix_connection(lambda: Session(run, index, ended), where)
            else:
                await loop.create_connection(lambda: Session(run, index, ended), host, int(port))
        except OSError:
            if not tries_left:
                raise
            await asyncio.sleep(0.05)
        else:
            break
    return ended


async def drive(where: str, run: Run, sessions: int, warm_s: float, seconds: float) -> dict:
    """Run all sessions for a time after a warm-up, or until all mails are sent; return the figures."""
    if run.count:
        run.measuring = True
    begun = time.monotonic()
    ended = [await connect(run, index, where) for index in range(sessions)]
    if not run.count:
        await asyncio.sleep(warm_s)
        run.measuring, begun = True, time.monotonic()
        await asyncio.sleep(seconds)
        run.measuring, run.stopping = False, True
    stopped = time.monotonic()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*ended), None if run.count else LAST_WORD_S)
    if run.count:
        stopped = time.monotonic()
    delays = sorted(run.delays) or [0.0]
    return {
        "begun": begun,  # CLOCK_MONOTONIC, the same for all processes of the machine
        "seconds": stopped - begun,
        "rate": run.measured / (stopped - begun),
        "acknowledged": run.acknowledged,
        "bad": run.bad,
        "first_bad": run.first_bad,
        "p50_ms": delays[len(delays) // 2] * 1e3,
        "p99_ms": delays[int(len(delays) * 0.99)] * 1e3,
    }


def main() -> None:
    """Read the command line, drive, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("where", help="HOST:PORT or the path of a unix socket")
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--size", type=int, default=4096, help="octets of a mail, about")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--warm", type=float, default=0.5, help="seconds before the clock starts")
    parser.add_argument(
        "--pipelining", action="store_true", help="say MAIL, RCPT and DATA at once where that is offered"
    )
    parser.add_argument("--count", type=int, default=0, help="send so many mails, then stop")
    parser.add_argument("--scattered", action="store_true", help="Message-IDs and senders in no order")
    given = parser.parse_args()
    if uvloop is not None:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    tag = b"%x" % time.time_ns()
    mails = Mails(given.size, tag, scattered=given.scattered)
    run = Run(mails, given.count, pipelining=given.pipelining)
    json.dump(asyncio.run(drive(given.where, run, given.sessions, given.warm, given.seconds)), sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
