"""Keys of the tests, made once in a run, their records, and dkimpy as the first opinion on a signature."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache

import dkim

from mailgate.domain.dkimkey import KeyType, PrivateKey, new_key, record_name
from mailgate.outbox.sign import FORM, SigningKey, body_hash, sign_digest

DOMAIN = "example.org"


@cache
def key(kind: KeyType) -> PrivateKey:
    """Return the key of a kind; RSA has 2,048 bits."""
    return new_key(kind)


def signing(*kinds: KeyType, domain: str = DOMAIN) -> list[SigningKey]:
    """Return keys that sign for a domain; each one's selector is called like its kind."""
    return [SigningKey(domain, kind, key(kind)) for kind in kinds]


def records(*kinds: KeyType, domain: str = DOMAIN) -> dict[str, bytes]:
    """Return what DNS says of them."""
    return {record_name(domain, kind): key(kind).record.encode() for kind in kinds}


def passes(raw: bytes, known: Mapping[str, bytes], place: int = 0) -> bool:
    """Whether dkimpy takes one signature of a mail, by default the topmost."""

    def txt(name: bytes, timeout: float = 0) -> bytes:
        return known.get(name.decode().rstrip("."), b"")

    try:
        return bool(dkim.DKIM(raw).verify(idx=place, dnsfunc=txt))
    except dkim.DKIMException:
        return False


def sign(
    raw: bytes, kind: KeyType = "rsa", domain: str = "customer.example", *, tags: str = "t=1767225600;"
) -> bytes:
    """Return a mail of somebody else with a signature of his, which has these tags besides the usual ones."""
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = FORM.canonicalize_headers(dkim.rfc822_parse(head + b"\r\n\r\n")[0])
    digest = base64.b64encode(body_hash([body])).decode()
    value = (
        f" v=1; a={kind}-sha256; c=relaxed/relaxed; d={domain}; s={kind}; {tags} h=from:to:subject; bh={digest}; b="
    ).encode()
    hasher = hashlib.sha256()
    field = (b"DKIM-Signature", value + b"\r\n")
    dkim.hash_headers(hasher, FORM, headers, [b"from", b"to", b"subject"], field, None)
    return (
        b"DKIM-Signature:" + value + base64.b64encode(sign_digest(key(kind), hasher.digest())) + b"\r\n" + raw
    )
