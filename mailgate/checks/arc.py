"""The Authenticated Received Chain of a mail (RFC 8617): who passed it on, and what the first of them found.

A chain only says that its sealers say so. Its first results count where each sealer is one that the settings
trust; for everybody else the chain is a fact to look at.
"""

import asyncio
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from mailgate.checks.dkim import AT_ONCE, MOST_OCTETS, crlf
from mailgate.checks.dns import NoAnswer, Resolver
from mailgate.checks.upstream import Results, parse
from mailgate.domain.facts import Verdict
from mailgate.domain.message.view import MessageView

SEAL: Final = "arc-seal"
MESSAGE: Final = "arc-message-signature"
RESULTS: Final = "arc-authentication-results"
# RFC 8617 5.2 allows 50; each costs two signatures, and mail through three lists has four.
MOST_SETS: Final = 10

_INSTANCE: Final = re.compile(r"\s*i\s*=\s*(\d{1,3})\s*;", re.IGNORECASE)
# The library tells each failed signature at the level of errors; here it is an everyday verdict.
_SILENT: Final = logging.getLogger("mailgate.checks.arc.library")
_SILENT.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain: its verdict with the newest sealer's domain, all sealers (newest first), the first results."""

    verdict: Verdict = Verdict()  # noqa: RUF009  it is frozen
    sealers: tuple[str, ...] = ()
    first: Results | None = None

    def found(self, method: str, trusted: Collection[str]) -> tuple[str, Mapping[str, str]]:
        """Return what the first sealer found by a method, and its properties; "" unless all are trusted."""
        if self.verdict.result != "pass" or self.first is None or not set(self.sealers) <= set(trusted):
            return "", {}
        found = next((one for one in self.first.results if one.method == method), None)
        return (found.result, found.properties) if found is not None else ("", {})


class ArcCheck:
    """Checks chains with one resolver; used from one event loop. `trusted` are sealers in lower case."""

    def __init__(
        self, resolver: Resolver, trusted: Iterable[str] = (), *, most_octets: int = MOST_OCTETS
    ) -> None:
        self._resolver = resolver
        self.trusted = frozenset(trusted)
        self._most_octets = most_octets
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def look(self, view: MessageView, deadline_s: float) -> Chain:
        """Return the chain after `deadline_s` at the latest, `temperror` where that is too short."""
        count = len(view.header(SEAL))
        if not count:
            return Chain()
        if count > MOST_SETS or view.size > self._most_octets:
            return Chain(Verdict("policy"))
        sealer = ""
        try:
            names, sealer = _names(view)
            async with asyncio.timeout(deadline_s):
                keys = await self._keys(names)
                async with self._turn:
                    return await asyncio.to_thread(_compute, view, keys, sealer)
        except (TimeoutError, NoAnswer):
            return Chain(Verdict("temperror", sealer))
        except (InvalidTagValueList, KeyError, UnicodeDecodeError):
            return Chain(Verdict("fail"))

    async def _keys(self, names: Collection[str]) -> dict[str, bytes]:
        """Return the key records by name; raises NoAnswer."""
        found = await asyncio.gather(*(self._resolver.txt(name) for name in names))
        return {name: key for name, key in zip(names, found, strict=True) if key is not None}


def _names(view: MessageView) -> tuple[list[str], str]:
    """Return where the keys of a chain stand, and the domain of the newest seal.

    Raises InvalidTagValueList, KeyError or UnicodeDecodeError for a field that can't be read.
    """
    names: dict[str, None] = {}
    newest, sealer = 0, ""
    for field in (SEAL, MESSAGE):
        for value in view.header(field)[:MOST_SETS]:
            tags: dict[bytes, bytes] = parse_tag_value(value)
            domain, selector = tags[b"d"].decode("ascii").lower(), tags[b"s"].decode("ascii").lower()
            names[f"{selector}._domainkey.{domain}"] = None
            instance = int(tags[b"i"]) if tags[b"i"].isdigit() else 0
            if field == SEAL and instance > newest:
                newest, sealer = instance, domain
    return list(names), sealer


def _compute(view: MessageView, keys: Mapping[str, bytes], sealer: str) -> Chain:
    """Verify the whole chain; runs in a thread."""
    octets = view.octets

    def txt(name: bytes, timeout: float = 0) -> bytes:  # noqa: ARG001  the library's signature
        return keys.get(name.decode("ascii", "replace").rstrip(".").lower(), b"")

    try:
        verifier = dkim.ARC(crlf(bytes(octets[: view.body_start])), logger=_SILENT)
        verifier.body = crlf(bytes(octets[view.body_start :]))
        said, sets, _reason = verifier.verify(dnsfunc=txt)
    except Exception:  # noqa: BLE001  a library on hostile octets: whatever it says, the mail goes on
        return Chain(Verdict("fail", sealer))
    # None: a sealer found the chain broken, and said so. b"none": there are seals, and no number can be read.
    result = "pass" if said == dkim.CV_Pass else "fail"
    sealers = tuple(_domain(one) for one in sets)
    first = _first_results(view) if result == "pass" else None
    return Chain(Verdict(result, sealers[0] if sealers else sealer), sealers, first)


def _domain(one: Mapping[str, Any]) -> str:
    return bytes(one.get("as-domain", b"")).decode("ascii", "replace").lower()


def _first_results(view: MessageView) -> Results | None:
    """Return what the first sealer found (RFC 8617 4.1.1); a whole chain has one such field."""
    for value in view.header(RESULTS):
        text = value.decode("utf-8", "replace")
        found = _INSTANCE.match(text)
        if found is not None and int(found[1]) == 1:
            return parse(text[found.end() :])
    return None
