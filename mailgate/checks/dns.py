"""DNS behind a deadline and a cache: TXT for DKIM keys, MX for domains that take no mail (RFC 7505).

A name server that is dead costs one mail its deadline; for a while after that the next ones are told at
once. Errors never reach the caller as anything but `NoAnswer`.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from dns.nameserver import Do53Nameserver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

# A mail has one signature or two and one sender; these names repeat with every mail of the same sender.
CACHED_NAMES: Final = 2000
# An answer is kept as long as it says, but an hour at most: keys are rotated, and a domain may begin to
# take mail.
LONGEST_S: Final = 3600.0
SHORTEST_S: Final = 30.0
# What is said to be absent may appear; RFC 2308 5 would allow hours.
ABSENT_S: Final = 300.0
# A dead server is asked again that often.
FAILED_S: Final = 10.0


class NoAnswer(Exception):  # noqa: N818  it is an answer: that there is none now
    """The name servers gave no answer in time, or an error: nothing is known."""


class Resolver(Protocol):
    """What the checks ask DNS; all raise NoAnswer."""

    async def txt(self, name: str) -> bytes | None:
        """Return the first TXT record's octets, None where there is none."""

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """Return the octets of every TXT record of a name."""

    async def null_mx(self, domain: str) -> bool:
        """Whether the domain says that it takes no mail (RFC 7505 3)."""


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    value: tuple[bytes, ...] | None  # None: no answer


class Dns:
    """The resolver of the running gateway; used from one event loop."""

    def __init__(
        self,
        *,
        nameservers: Sequence[str] = (),
        port: int = 53,
        lifetime_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = _configured(nameservers, port)
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    async def txt(self, name: str) -> bytes | None:
        """Return the first TXT record's octets, None where there is none; raises NoAnswer."""
        found = await self._ask(name, "TXT")
        return found[0] if found else None

    async def texts(self, name: str) -> tuple[bytes, ...]:
        """Return the octets of every TXT record of a name; raises NoAnswer."""
        return await self._ask(name, "TXT")

    async def null_mx(self, domain: str) -> bool:
        """Whether the domain says that it takes no mail; raises NoAnswer.

        RFC 7505 3: exactly one MX, with preference 0 and the root as its name.
        """
        return await self._ask(domain, "MX") == (b"0 .",)

    async def _ask(self, name: str, kind: str) -> tuple[bytes, ...]:
        key = (name.rstrip(".").lower(), kind)
        kept = self._kept.get(key)
        if kept is None or kept.until <= self._clock():
            kept = await self._fetch(key)
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > CACHED_NAMES:
                self._kept.popitem(last=False)
        if kept.value is None:
            raise NoAnswer(name)
        return kept.value

    async def _fetch(self, key: tuple[str, str]) -> _Kept:
        name, kind = key
        try:
            answer = await self._resolver.resolve(
                dns.name.from_text(name),
                kind,
                lifetime=self._lifetime_s,
                raise_on_no_answer=False,
                search=False,
            )
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return _Kept(self._clock() + ABSENT_S, ())
        except (dns.exception.DNSException, OSError, UnicodeError):
            return _Kept(self._clock() + FAILED_S, None)
        records = tuple(_octets(record) for record in answer.rrset or ())
        seconds = float(answer.rrset.ttl) if answer.rrset else ABSENT_S
        return _Kept(self._clock() + min(max(seconds, SHORTEST_S), LONGEST_S), records)


def _configured(nameservers: Sequence[str], port: int) -> dns.asyncresolver.Resolver:
    """Return a resolver; without /etc/resolv.conf it has no servers, and no question has an answer."""
    try:
        resolver = dns.asyncresolver.Resolver(configure=not nameservers)
    except (dns.resolver.NoResolverConfiguration, OSError):
        resolver = dns.asyncresolver.Resolver(configure=False)
    if nameservers:
        resolver.nameservers = [_nameserver(one, port) for one in nameservers]
    resolver.port = port
    return resolver


def _nameserver(text: str, port: int) -> Do53Nameserver:
    """Return a name server from `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
    where, colon, own_port = text.rpartition(":")
    if colon and (":" not in where or where.startswith("[")):
        return Do53Nameserver(where.strip("[]"), int(own_port))
    return Do53Nameserver(text, port)


def _octets(record: object) -> bytes:
    match record:
        case TXT():
            # RFC 7208 3.3 and RFC 6376 3.6.2.2: the strings of one record are joined without anything
            # between.
            return b"".join(record.strings)
        case MX():
            return f"{record.preference} {record.exchange}".encode("ascii", "replace")
        case _:
            return b""
