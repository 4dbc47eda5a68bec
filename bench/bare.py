"""The yardstick of `make bench-outgoing`: a bare aiosmtplib loop that sends ready bytes, and nothing else.

N connections, each sends its share of the mails one after the other. Prints one line of JSON.

    python bench/bare.py 127.0.0.1:2525 MAILS.json --connections 4
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from pathlib import Path

from aiosmtplib import SMTP

try:
    import uvloop
except ImportError:  # then the gateway has none either
    uvloop = None

Mail = tuple[str, str, bytes]


async def send(host: str, port: int, waiting: "deque[Mail]") -> None:
    """Send what waits over one connection."""
    client = SMTP(hostname=host, port=port, start_tls=False, use_tls=False)
    await client.connect()
    while waiting:
        sender, recipient, octets = waiting.popleft()
        await client.sendmail(sender, [recipient], octets)
    await client.quit()


async def run(host: str, port: int, mails: list[Mail], connections: int) -> float:
    """Return how many seconds it takes."""
    waiting = deque(mails)
    begun = time.monotonic()
    await asyncio.gather(*(send(host, port, waiting) for _ in range(connections)))
    return time.monotonic() - begun


def main() -> None:
    """Read the command line, send, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("where", help="HOST:PORT")
    parser.add_argument("mails", type=Path, help="a JSON file: a list of [sender, recipient, text]")
    parser.add_argument("--connections", type=int, default=4)
    given = parser.parse_args()
    mails = [(sender, to, text.encode()) for sender, to, text in json.loads(given.mails.read_text())]
    if uvloop is not None:
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    host, _, port = given.where.rpartition(":")
    seconds = asyncio.run(run(host, int(port), mails, given.connections))
    json.dump({"seconds": seconds, "rate": len(mails) / seconds}, sys.stdout)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
