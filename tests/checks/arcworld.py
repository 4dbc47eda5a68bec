"""A sealer of chains (RFC 8617 5.1), written after the standard alone, for mails that were passed on."""

import base64
import hashlib

import dkim
import dkimkit
from dkim.canonicalization import CanonicalizationPolicy

from mailgate.outbox.sign import body_hash, sign_digest

FORM = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
SIGNED = [b"from", b"to", b"subject", b"dkim-signature"]


def records(*domains: str) -> dict[str, bytes]:
    """Return the keys of sealers as DNS has them."""
    return {f"arc._domainkey.{one}": dkimkit.key("rsa").record.encode() for one in domains}


def _signed(headers, names, name: bytes, value: bytes) -> bytes:
    """Return the field with its signature over these fields and itself."""
    hasher = hashlib.sha256()
    dkim.hash_headers(hasher, FORM, FORM.canonicalize_headers(headers), names, (name, value + b"\r\n"), None)
    return name + b":" + value + base64.b64encode(sign_digest(dkimkit.key("rsa"), hasher.digest())) + b"\r\n"


def seal(raw: bytes, number: int, domain: str, results: str, cv: str = "") -> bytes:
    """Return a mail with one set more on top: what this sealer found, its signature, its seal."""
    headers, _ = dkim.rfc822_parse(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    headers = [tuple(one) for one in headers]
    digest = base64.b64encode(body_hash([raw.partition(b"\r\n\r\n")[2]])).decode()
    common = f"a=rsa-sha256; d={domain}; s=arc; t=1767225600;"
    found = f"ARC-Authentication-Results: i={number}; {results}\r\n".encode()
    signature = _signed(
        headers,
        [one for one in SIGNED if any(name.lower() == one for name, _ in headers)],
        b"ARC-Message-Signature",
        f" i={number}; {common} c=relaxed/relaxed; h=from:to:subject{':dkim-signature' if b'DKIM-Sig' in raw else ''};"
        f" bh={digest}; b=".encode(),
    )
    sets = [one for one in headers if one[0].lower().startswith(b"arc-")]
    # RFC 8617 5.1.1: sets from the first to this one, each in the order results, signature, seal.
    order = {b"arc-authentication-results": 0, b"arc-message-signature": 1, b"arc-seal": 2}
    new = [(one.partition(b":")[0], one.partition(b":")[2]) for one in (found, signature)]
    chain = sorted([*sets, *new], key=lambda one: (_instance(one[1]), order[one[0].lower()]))
    cv = cv or ("none" if number == 1 else "pass")
    unsigned = f" i={number}; {common} cv={cv}; b=".encode()
    hasher = hashlib.sha256()
    for name, value in FORM.canonicalize_headers(chain):
        hasher.update(name + b":" + value)
    [(name, value)] = FORM.canonicalize_headers([(b"ARC-Seal", unsigned)])
    hasher.update(name + b":" + value.rstrip())
    sealed = (
        b"ARC-Seal:" + unsigned + base64.b64encode(sign_digest(dkimkit.key("rsa"), hasher.digest())) + b"\r\n"
    )
    return sealed + signature + found + raw


def _instance(value: bytes) -> int:
    return int(value.partition(b"i=")[2].partition(b";")[0])
