"""Many huge mails at once, with lines of any length; made while they are sent, so the client stays small."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Shapes:
    """How many mails, how large, and the lines they are made of."""

    sessions: int
    size: int
    lines: Mapping[str, bytes] = field(
        default_factory=lambda: {
            "lines of 76": b"The quick brown fox jumps over the lazy dog and runs away from it all day..\r\n",
            "lines of 1": b"x\r\n",
            "one line": b"x" * 76,
        }
    )


FULL = Shapes(40, 25_000_000)
QUICK = Shapes(10, 5_000_000)


async def chunks(number: int, size: int, line: bytes) -> AsyncIterator[bytes]:
    """Yield a mail of about this size, ready for the wire up to and including its final dot."""
    head = b"From: a%d@customer.example\r\nSubject: huge [case %d]\r\n\r\n" % (number, number)
    yield head
    block = line * (CHUNK // len(line))
    sent = len(head)
    while sent < size - len(block):
        yield block
        sent += len(block)
    yield b"\r\n.\r\n"


async def reply(reader: asyncio.StreamReader) -> bytes:
    """Return the last line of a reply."""
    while True:
        line = await reader.readline()
        if not line or line[3:4] != b"-":
            return line


async def one(where: str, number: int, size: int, line: bytes) -> bool:
    """Send one mail; return whether it was accepted."""
    host, port = where.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    await reply(reader)
    for command in (
        b"LHLO client.example",
        b"MAIL FROM:<a%d@customer.example>" % number,
        b"RCPT TO:<box%d@desk.example.org>" % (number % 10),
        b"DATA",
    ):
        writer.write(command + b"\r\n")
        await reply(reader)
    async for chunk in chunks(number, size, line):
        writer.write(chunk)
        await writer.drain()
    answer = await reply(reader)
    writer.close()
    await writer.wait_closed()
    return answer.startswith(b"250")


def send(where: str, sessions: int, size: int, line: bytes) -> int:
    """Send that many mails at the same time; return how many were accepted."""

    async def all_at_once() -> int:
        return sum(await asyncio.gather(*(one(where, number, size, line) for number in range(sessions))))

    return asyncio.run(all_at_once())
