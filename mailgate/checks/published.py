"""What DNS says of our own keys (DKIM) and of what is to become of mail that fails (DMARC).

For `mailgate dkim check` and `mailgate doctor`; nothing here looks at a mail.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mailgate.checks.dns import NoAnswer, Resolver
from mailgate.domain.dkimkey import (
    GOOD_BITS,
    PrivateKey,
    hints,
    record_name,
    record_problems,
)

Level = Literal["ok", "warn", "fail", "unknown"]

REPLACE: Final = "publish what `mailgate dkim record` prints; a record that was just changed needs its TTL"


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of the settings: whose it is, and whether mail is signed with it."""

    domain: str
    selector: str
    active: bool
    key: PrivateKey

    @property
    def name(self) -> str:
        """Where its record stands."""
        return record_name(self.domain, self.selector)


@dataclass(frozen=True, slots=True)
class Look:
    """What was found at one name; `unknown` where no name server answered. `advice` says what to do."""

    name: str
    level: Level
    text: str
    advice: str = ""


async def look(keys: Sequence[OwnKey], resolver: Resolver) -> list[Look]:
    """Return what DNS says of each key, in their order, then of each domain's DMARC."""
    domains = list(dict.fromkeys(one.domain.lower() for one in keys))
    found = await asyncio.gather(
        *(_key(one, resolver) for one in keys), *(_policy(one, resolver) for one in domains)
    )
    return [one for some in found for one in some]


async def _key(one: OwnKey, resolver: Resolver) -> list[Look]:
    try:
        records = await resolver.texts(one.name)
    except NoAnswer:
        return [_unknown(one.name)]
    looks = [_record(one, records)]
    if one.key.kind == "rsa" and one.key.bits < GOOD_BITS:
        text = f"the key has {one.key.bits} bits, which some receivers count as none (RFC 8301)"
        looks.append(Look(one.name, "warn", text, "make a new one: `mailgate dkim genkey`"))
    if len(records) == 1:
        looks += [Look(one.name, "warn", text, "take it out when all works") for text in hints(records[0])]
    return looks


def _record(one: OwnKey, records: Sequence[bytes]) -> Look:
    """Compare a key with what is published under its name."""
    # What does not sign need not be there yet, or not any more.
    bad: Level = "fail" if one.active else "warn"
    if not records:
        return Look(one.name, bad, "DNS has no TXT record there", REPLACE)
    if len(records) > 1:
        # RFC 6376 3.6.2.2: what a verifier makes of several is undefined.
        text = f"DNS has {len(records)} TXT records there, and a verifier takes any one of them"
        return Look(one.name, bad, text, "leave one, the one that `mailgate dkim record` prints")
    problems = record_problems(records[0], one.key)
    if problems:
        return Look(one.name, bad, "; ".join(problems), REPLACE)
    use = "signs" if one.active else "is published and does not sign"
    return Look(one.name, "ok", f"the {one.key.kind} key of {one.key.bits} bits {use}")


async def _policy(domain: str, resolver: Resolver) -> list[Look]:
    name = f"_dmarc.{domain}"
    try:
        records = [one for one in await resolver.texts(name) if one.lower().startswith(b"v=dmarc1")]
    except NoAnswer:
        return [_unknown(name)]
    if len(records) > 1:
        text = "there are several DMARC records, so none counts (RFC 9989 4.10)"
        return [Look(name, "fail", text, "leave one")]
    if not records:
        text = f"{domain} has no DMARC record of its own, and anybody can write in its name"
        advice = (
            f'publish one, to begin with: {name}. IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'
        )
        return [Look(name, "warn", text, advice)]
    return [Look(name, "ok", records[0].decode("utf-8", "replace"))]


def _unknown(name: str) -> Look:
    return Look(name, "unknown", "no name server answered", "look at /etc/resolv.conf or checks.nameservers")
