"""A DNS in memory, and mails for the checks."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from mailgate.checks.dns import NoAnswer
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source

KEYS = (b"k" * 32,)


@dataclass
class FakeDns:
    """Answers from two dictionaries; what is `dead` never answers, what is `failing` says so at once."""

    keys: dict[str, bytes | tuple[bytes, ...]] = field(default_factory=dict)
    null: set[str] = field(default_factory=set)
    dead: bool = False
    failing: bool = False
    asked: list[str] = field(default_factory=list)

    async def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.dead:
            await asyncio.Event().wait()
        if self.failing:
            raise NoAnswer(name)

    async def txt(self, name: str) -> bytes | None:
        await self._ask(name)
        return self.keys.get(name)

    async def texts(self, name: str) -> tuple[bytes, ...]:
        await self._ask(name)
        found = self.keys.get(name, ())
        return found if isinstance(found, tuple) else (found,)

    async def null_mx(self, domain: str) -> bool:
        await self._ask(domain)
        return domain in self.null


def received(raw: bytes, sender: str = "anna@customer.example", source: Source = Source.LMTP) -> Received:
    """Return these octets as they come in for support@example.org."""
    envelope = Envelope(sender, (Recipient("support@example.org"),))
    octets = Octets(len(raw), sha256(raw).digest(), raw)
    return Received(octets, envelope, Origin(source), datetime(2025, 7, 1, 12, tzinfo=UTC))
