"""DKIM signatures of our own mail (RFC 6376, RFC 8463), made just before it is sent, the same on every try.

The canonical forms are dkimpy's; only the arithmetic is OpenSSL's, twenty times as fast as Python's
(docs/decisions). The body is read in pieces, so a large mail costs no copy of itself.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from dkim.canonicalization import CanonicalizationPolicy, compress_whitespace, strip_trailing_whitespace

from mailgate.domain.address import split
from mailgate.domain.dkimkey import PrivateKey
from mailgate.outbox.compose import Composed
from mailgate.outbox.fields import ascii_domain

CRLF: Final = b"\r\n"
FORM: Final = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
# Signed once more often than they stand in the mail, so that none can be added (RFC 6376 8.15): what people
# and programs go by, and what decides how a body is shown or where an answer goes.
OVERSIGNED: Final = (
    *("from", "to", "cc", "subject", "date", "message-id", "reply-to", "in-reply-to", "references"),
    *("auto-submitted", "mime-version", "content-type"),
)
# Signed where they stand (RFC 8058 4 wants it for the last two).
SIGNED: Final = ("content-transfer-encoding", "precedence", "list-unsubscribe", "list-unsubscribe-post")
# Characters in a line of a signature; with the tab in front, which some count as eight, 78 columns at most.
LINE: Final = 68
# Canonical forms are copies, so they are made of so many octets at a time.
PIECE: Final = 256 * 1024

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key and the name under which DNS has its public half."""

    domain: str
    selector: str
    key: PrivateKey


class Signer:
    """Signs with every key of the From domain; has no state, so any thread may use it."""

    def __init__(self, keys: Iterable[SigningKey] = ()) -> None:
        by_domain: dict[str, tuple[SigningKey, ...]] = {}
        for one in keys:
            domain = one.domain.lower()
            by_domain[domain] = (*by_domain.get(domain, ()), one)
        self._keys: Mapping[str, tuple[SigningKey, ...]] = by_domain

    def keys_for(self, author: str) -> tuple[SigningKey, ...]:
        """Return the keys that sign for an address: those of its domain, else of the next domain above it.

        RFC 9989 4.4: a signature of the domain above is aligned, unless the domain asks for more.
        """
        if not self._keys:
            return ()
        domain = ascii_domain(split(author)[1]).lower()
        while domain:
            if domain in self._keys:
                return self._keys[domain]
            domain = domain.partition(".")[2]
        return ()

    def signed(self, mail: Composed, author: str, at: datetime) -> Composed:
        """Return a composed mail with its signatures in front."""
        if not self.keys_for(author):
            return mail
        return mail.with_field(self.fields(mail.head, mail.body_octets(), author, at))

    def fields(self, head: bytes, body: Iterable[bytes], author: str, at: datetime) -> bytes:
        """Return the DKIM-Signature fields to put in front of a mail, b"" where no key fits its author.

        `head` are its fields with their line ends, `body` its octets behind the empty line in any pieces;
        all line ends are CRLF. `at` becomes the signatures' time (`t=`).
        """
        keys = self.keys_for(author)
        if not keys:
            return b""
        headers: Headers = FORM.canonicalize_headers(dkim.rfc822_parse(head)[0])
        names = covered(headers)
        digest = body_hash(body)
        return b"".join(_field(one, headers, names, digest, int(at.timestamp())) for one in keys)


def covered(headers: Headers) -> list[bytes]:
    """Return the names of `h=` for these fields, in lower case; each covers one field from the bottom."""
    there = [name for name, _ in headers]
    names: list[bytes] = []
    for name in (one.encode("ascii") for one in OVERSIGNED):
        names += [name] * (there.count(name) + 1)
    for name in (one.encode("ascii") for one in SIGNED):
        names += [name] * there.count(name)
    return names


def body_hash(pieces: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of the body's relaxed form (RFC 6376 3.4.4), reading it once."""
    digest = hashlib.sha256()
    for piece in _relaxed(pieces):
        digest.update(piece)
    return digest.digest()


def _relaxed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the canonical body: whole lines go through dkimpy, empty lines wait for one that is not."""
    empty = 0  # lines, of which nobody knows yet whether they are the last ones
    for lines in _whole_lines(pieces):
        # Two regular expressions over the whole body cost half as much as RSA; most bodies need neither.
        if b"\t" in lines or b"  " in lines:
            form = compress_whitespace(strip_trailing_whitespace(lines))
        else:
            form = lines.replace(b" \r\n", CRLF)
        text = form.rstrip(CRLF)
        ends = (len(form) - len(text)) // 2
        if text:
            yield CRLF * empty + text + CRLF
            empty = ends - 1
        else:
            empty += ends


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets cut behind line ends; a last line without one gets it, as it does on the wire."""
    held = b""
    for piece in (large[at : at + PIECE] for large in pieces for at in range(0, len(large), PIECE)):
        held += piece
        end = held.rfind(CRLF) + 2
        if end > 1:
            yield held[:end]
            held = held[end:]
    if held:
        yield held + CRLF


def _field(one: SigningKey, headers: Headers, names: Sequence[bytes], digest: bytes, at: int) -> bytes:
    """Return one signature field with its line end."""
    tags = [
        "v=1",
        f"a={one.key.kind}-sha256",
        "c=relaxed/relaxed",
        f"d={ascii_domain(one.domain)}",
        f"s={one.selector}",
        f"t={at}",
    ]
    value = (
        _folded("DKIM-Signature: ", [f"{tag};" for tag in tags])
        + _folded("\th=", [*(f"{name.decode()}:" for name in names[:-1]), f"{names[-1].decode()};"], gap="")
        + f"\tbh={base64.b64encode(digest).decode()};\r\n\tb="
    )
    unsigned = (b"DKIM-Signature", value.partition(":")[2].encode("ascii") + CRLF)
    hasher = hashlib.sha256()
    dkim.hash_headers(hasher, FORM, headers, names, unsigned, None)
    signature = base64.b64encode(sign_digest(one.key, hasher.digest())).decode("ascii")
    lines = [signature[at : at + LINE] for at in range(0, len(signature), LINE)]
    return (value + "\r\n\t ".join(lines) + "\r\n").encode("ascii")


def _folded(begin: str, words: Sequence[str], gap: str = " ") -> str:
    """Return the words behind `begin` in lines of at most 78 columns, line end included."""
    lines, line = [], begin + words[0]
    for word in words[1:]:
        if len(line) + len(gap) + len(word) > LINE:
            lines.append(line)
            line = "\t" + word
        else:
            line += gap + word
    return "\r\n".join([*lines, line]) + "\r\n"


def sign_digest(key: PrivateKey, digest: bytes) -> bytes:
    """Sign a SHA-256 digest; ed25519 takes the digest for its message (RFC 8463 3)."""
    if isinstance(key.key, Ed25519PrivateKey):
        return key.key.sign(digest)
    return key.key.sign(digest, PKCS1v15(), Prehashed(SHA256()))
