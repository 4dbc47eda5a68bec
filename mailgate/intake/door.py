"""What a listener asks of the house, and what it is told about itself."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol

from mailgate.domain.envelope import Received, Source
from mailgate.domain.routing import Catalogue
from mailgate.errors import HouseFault, NotTaking, Reply, UnknownRecipient
from mailgate.intake.limits import IntakeLimits


class Door(Protocol):
    """The house behind the listeners; `app.py` is it."""

    def ready(self) -> Reply | None:
        """Return None where mail may come in, else the 4xx to say (overload, disk below its reserve)."""

    def recipient(self, address: str) -> Reply | None:
        """Return None where the recipient is known, else why not. Answered from memory, creates nothing."""

    def accept_each(self, received: Received) -> Awaitable[Sequence[Reply]]:
        """Take the mail; one reply per recipient, in order (LMTP)."""

    def accept_all(self, received: Received) -> Awaitable[Reply]:
        """Take the mail; one reply for all recipients (SMTP)."""


def answer_recipient(catalogue: Catalogue, address: str, *, stale: bool) -> Reply | None:
    """Answer RCPT from memory; unknown is said for good only while the table is known to be fresh.

    A route that is not enabled stands for an address, a queue or a whole channel that is off (G1): 451. An
    address that only sends is no recipient (G17): 550, as for one that there is not.
    """
    route = catalogue.route(address)
    if route is not None and route.enabled:
        return None
    if stale:
        return HouseFault().reply
    if route is not None:
        return NotTaking().reply
    return UnknownRecipient().reply


@dataclass(frozen=True, slots=True)
class Service:
    """One listener, as its connections see it.

    `trusted_uids` and `trusted_networks` may say XFORWARD; an SMTP listener takes mail from them and from
    those who logged in only. `passwords` are the users of AUTH. `log` takes an event's name and its fields.
    """

    name: str
    source: Source
    hostname: str
    incoming: Path
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    log: Callable[..., object]
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    trusted_uids: frozenset[int] = frozenset()
    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    tls: ssl.SSLContext | None = None
    passwords: Mapping[str, str] = field(default_factory=dict)
