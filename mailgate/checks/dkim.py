"""DKIM signatures checked here (RFC 6376), for installations whose border does not do it.

The keys are asked for first, all at once and within the deadline; the arithmetic then runs in a thread.
What DNS does not tell in time is `temperror`, never a delay. A signature counts for its domain only if it
covers the whole body: with `l=` anybody can append to a signed mail, and with a second From field anybody
can show another author.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from mailgate.checks.dns import NoAnswer, Resolver
from mailgate.domain.facts import Verdict
from mailgate.domain.message.view import MessageView

FIELD: Final = "dkim-signature"
# RFC 6376 6.1 lets a verifier limit them; mail through a list carries three.
MOST_SIGNATURES: Final = 5
# Canonical forms are copies: beyond this the check would cost more memory than the mail is worth.
MOST_OCTETS: Final = 10 * 1024 * 1024
# So many at once, for the same reason.
AT_ONCE: Final = 2

_BARE_LF: Final = re.compile(rb"(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class _Signature:
    """One signature field: its place among them, and where its key stands."""

    place: int
    domain: str
    name: str
    whole_body: bool
    outdated: bool = False


class DkimCheck:
    """Checks signatures with one resolver; used from one event loop."""

    def __init__(self, resolver: Resolver, *, most_octets: int = MOST_OCTETS) -> None:
        self._resolver = resolver
        self._most_octets = most_octets
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def verify(self, view: MessageView, deadline_s: float) -> tuple[Verdict, ...]:
        """Return a verdict per signature (RFC 8601 2.7.1) after `deadline_s` at the latest; never raises."""
        fields = view.header(FIELD)[:MOST_SIGNATURES]
        if not fields:
            return ()
        read = [_read(place, value) for place, value in enumerate(fields)]
        signatures = [one for one in read if isinstance(one, _Signature)]
        verdicts = {place: one for place, one in enumerate(read) if isinstance(one, Verdict)}
        if view.size > self._most_octets or len(view.header("from")) > 1:
            verdicts |= {one.place: Verdict("policy", one.domain) for one in signatures}
        else:
            verdicts |= await self._within(view, signatures, deadline_s)
        return tuple(verdict for _, verdict in sorted(verdicts.items(), key=lambda item: item[0]))

    async def _within(
        self, view: MessageView, signatures: Sequence[_Signature], deadline_s: float
    ) -> dict[int, Verdict]:
        late = {one.place: Verdict("temperror", one.domain) for one in signatures}
        try:
            async with asyncio.timeout(deadline_s):
                keys = await asyncio.gather(*(self._key(one) for one in signatures))
                known = {
                    one.name: key for one, key in zip(signatures, keys, strict=True) if isinstance(key, bytes)
                }
                verdicts = {
                    one.place: Verdict("temperror" if isinstance(key, NoAnswer) else "permerror", one.domain)
                    for one, key in zip(signatures, keys, strict=True)
                }
                if known:
                    async with self._turn:
                        found = await asyncio.to_thread(_compute, view, signatures, known)
                    verdicts |= found
                return verdicts
        except TimeoutError:
            return late

    async def _key(self, signature: _Signature) -> bytes | NoAnswer | None:
        """Return the key's record, None where there is none, or NoAnswer."""
        try:
            return await self._resolver.txt(signature.name)
        except NoAnswer as failed:
            return failed


def _read(place: int, value: bytes) -> _Signature | Verdict:
    """Return what a field says; a verdict where it can't be read (RFC 6376 6.1.1)."""
    try:
        tags: dict[bytes, bytes] = parse_tag_value(value)
        domain, selector = tags[b"d"].decode("ascii").lower(), tags[b"s"].decode("ascii").lower()
    except (InvalidTagValueList, KeyError, UnicodeDecodeError):
        return Verdict("permerror")
    # RFC 8301 3.1: who verifies must not take SHA-1 for a proof.
    outdated = tags.get(b"a", b"").strip().lower() == b"rsa-sha1"
    return _Signature(place, domain, f"{selector}._domainkey.{domain}", b"l" not in tags, outdated)


def _compute(
    view: MessageView, signatures: Sequence[_Signature], keys: Mapping[str, bytes]
) -> dict[int, Verdict]:
    """Verify every signature whose key is known; runs in a thread."""
    octets = view.octets
    head = crlf(bytes(octets[: view.body_start]))
    body = crlf(bytes(octets[view.body_start :]))

    def txt(name: bytes, timeout: float = 0) -> bytes:  # noqa: ARG001  the library's signature
        return keys.get(name.decode("ascii", "replace").rstrip(".").lower(), b"")

    return {
        one.place: Verdict(_result(head, body, one, txt), one.domain)
        for one in signatures
        if one.name in keys
    }


def _result(head: bytes, body: bytes, signature: _Signature, txt: Any) -> str:
    try:
        # The body is handed over by itself: the library would cut it into lines, at many times its size.
        verifier = dkim.DKIM(head)
        verifier.body = body
        good = verifier.verify(idx=signature.place, dnsfunc=txt)
    except (dkim.NaClNotFoundError, dkim.UnknownKeyTypeError):
        return "neutral"  # RFC 8601 2.7.1: it could not be processed
    except dkim.DKIMException as error:
        # The library has one class for a changed body and for a field that can't be read.
        return "fail" if "body hash mismatch" in str(error) else "permerror"
    except Exception:  # noqa: BLE001  a library on hostile octets: whatever it says, the mail goes on
        return "permerror"
    if not good:
        return "fail"
    return "pass" if signature.whole_body and not signature.outdated else "policy"


def crlf(octets: bytes) -> bytes:
    """Return octets with CRLF for every bare LF, as they were signed."""
    return octets if octets.count(b"\n") == octets.count(b"\r\n") else _BARE_LF.sub(b"\r\n", octets)
