"""A house for the listeners to open on: small, real, and told by the recipients' names what to do.

Addresses at `here.example` are known. The local part says what becomes of the mail: `reject…` and `defer…` are answered
so, `crash…` raises an exception, `few…` and `many…` answer with the wrong number of replies, `slow…` waits until the test
says `release`, `adopt…` takes the spool file away as the store does. Anything else is accepted.
"""

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from peers import short_folder

from mailgate.domain.envelope import Received, Source
from mailgate.errors import HouseFault, RejectedByRule, Reply, UnknownRecipient
from mailgate.intake.door import Service
from mailgate.intake.limits import IntakeLimits
from mailgate.intake.listen import Listener, open_socket

__all__ = ["short_folder"]

HANG_GUARD_S = 30.0
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOST = "gate.example.org"
ACCEPTED = Reply(250, "2.0.0", "accepted")
LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))


class StrangeError(Exception):
    """Stands for a bug of the house; its text must never reach a client."""


@dataclass
class House:
    """A real door: it keeps what it is given, and the events that the listener logs."""

    mails: list[Received] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    not_ready: Reply | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def log(self, event: str, **fields: Any) -> None:
        """Keep one event."""
        self.events.append((event, fields))

    def ready(self) -> Reply | None:
        """Say what the test said last."""
        return self.not_ready

    def recipient(self, address: str) -> Reply | None:
        """Know everybody at here.example, and the postmaster."""
        local, _, domain = address.partition("@")
        if local.startswith("stale"):
            return HouseFault().reply
        if domain.lower() == "here.example" or address.lower() == "postmaster":
            return None
        return UnknownRecipient().reply

    async def accept_each(self, received: Received) -> list[Reply]:
        """Do what the recipients' names say."""
        names = [recipient.address for recipient in received.envelope.recipients]
        self.entered.set()
        if any(name.startswith("slow") for name in names):
            await self.gate.wait()
        if any(name.startswith("crash") for name in names):
            raise StrangeError("secret of the house")
        self.mails.append(received)
        self.contents.append(_content(received))
        replies = [_fate(name) for name in names]
        if any(name.startswith("few") for name in names):
            return replies[:-1]
        return replies + replies if any(name.startswith("many") for name in names) else replies

    async def accept_all(self, received: Received) -> Reply:
        """Give one answer: the first that is not 250."""
        replies = await self.accept_each(received)
        return next((reply for reply in replies if not reply.positive), ACCEPTED)


def _content(received: Received) -> bytes:
    octets = received.octets
    if octets.data is not None:
        return octets.data
    assert octets.path is not None
    content = octets.path.read_bytes()
    if any(recipient.address.startswith("adopt") for recipient in received.envelope.recipients):
        octets.path.rename(octets.path.with_name("blob"))
    return content


def _fate(name: str) -> Reply:
    if name.startswith("reject"):
        return RejectedByRule().reply
    return HouseFault().reply if name.startswith("defer") else ACCEPTED


@dataclass
class Place:
    """A listener that runs: where it listens, its house, and the folder that spool files lie in."""

    listener: Listener
    house: House
    address: tuple[str, int] | str
    incoming: Path

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a client's connection."""
        if isinstance(self.address, str):
            return await asyncio.open_unix_connection(self.address)
        return await asyncio.open_connection(*self.address)

    def spooled(self) -> list[str]:
        """Return the names of the spool files."""
        return sorted(path.name for path in self.incoming.iterdir())


def make_service(folder: Path, house: House, limits: Mapping[str, Any], **options: Any) -> Service:
    """Return the service of a listener whose spool lies below `folder`."""
    numbers = itertools.count(1)
    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    fields: dict[str, Any] = {
        "name": "test",
        "source": Source.LMTP,
        "hostname": HOST,
        "incoming": incoming,
        "now": lambda: NOON,
        "new_id": lambda: f"m{next(numbers)}",
        "log": house.log,
        "limits": IntakeLimits(**limits),
        "trusted_networks": LOOPBACK,
        "trusted_uids": frozenset({os.getuid()}),
    }
    return Service(**{**fields, **options})


@contextlib.asynccontextmanager
async def listening(
    folder: Path, *, over: str = "tcp", limits: Mapping[str, Any] | None = None, **options: Any
) -> AsyncIterator[Place]:
    """Run a real listener on loopback or on a unix socket; whatever it still does at the end is stopped."""
    house = House()
    service = make_service(folder, house, limits or {}, **options)
    where = "tcp:127.0.0.1:0" if over == "tcp" else f"unix:{folder}/s"
    door = open_socket(where, mode=0o600, group="", environment={})
    address = door.getsockname()[:2] if door.family == socket.AF_INET else door.getsockname()
    listener = Listener(house, service, door)
    await listener.start()
    try:
        yield Place(listener, house, address, service.incoming)
    finally:
        house.gate.set()
        await asyncio.wait_for(listener.stop(), HANG_GUARD_S)
        # The transports of the last connections close in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate; return the contexts of server and client."""
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, key)
    return server, ssl.create_default_context(cafile=str(chain))
