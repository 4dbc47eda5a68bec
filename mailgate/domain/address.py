"""Addresses of envelopes: a strict parser of RFC 5321 paths on octets, and how addresses are compared.

Nothing here decodes RFC 2047 or accepts comments: an address is what the client sent, or it is refused.
Header fields have a reader of their own (`domain/message/addresses.py`), which must be lenient; this one
must not.

Strict is the form, not the length: bounce addresses of senders outgrow the 64 octets of RFC 5321 4.5.3.1.1
every day, and refusing one would bounce a mail that is fine. The command line bounds them all.
"""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import idna

from mailgate.errors import BadPath

# RFC 5321 4.5.3.1.2: a longer name cannot be in the DNS.
DOMAIN_MAX: Final = 255
# The longest address that may be sent to: RFC 5321 4.5.3.1.3's path without its brackets.
ADDRESS_MAX: Final = 254

_ATEXT: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_UATEXT: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_QUOTED: Final = rb'"(?:[ !#-\[\]-~]|\\[ -~])*+"'
_UQUOTED: Final = rb'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*+"'
# Underscores stand in no host name, yet in the domains of senders that exist.
_LABEL: Final = rb"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_ULABEL: Final = rb"[A-Za-z0-9_\x80-\xff](?:[A-Za-z0-9_\x80-\xff-]*[A-Za-z0-9_\x80-\xff])?"
_LITERAL: Final = rb"\[[A-Za-z0-9.:]+\]"


def _mailbox(atext: bytes, quoted: bytes, label: bytes) -> bytes:
    """Return the pattern of RFC 5321 4.1.2's Mailbox: local part and domain are its two groups."""
    local = atext + rb"++(?:\." + atext + rb"++)*+|" + quoted
    domain = label + rb"(?:\." + label + rb")*+|" + _LITERAL
    return rb"(" + local + rb")@(" + domain + rb")"


def _path(mailbox: bytes, label: bytes) -> re.Pattern[bytes]:
    """Return the pattern of RFC 5321 4.1.2's Path; its source route has no group, since it is dropped."""
    hop = rb"@" + label + rb"(?:\." + label + rb")*+"
    return re.compile(rb"<(?:" + hop + rb"(?:," + hop + rb")*+:)?" + mailbox + rb">")


_ASCII_PATH: Final = _path(_mailbox(_ATEXT, _QUOTED, _LABEL), _LABEL)
_UTF8_PATH: Final = _path(_mailbox(_UATEXT, _UQUOTED, _ULABEL), _ULABEL)
_WHOLE: Final = re.compile(_mailbox(_UATEXT, _UQUOTED, _ULABEL))
_POSTMASTER: Final = re.compile(rb"(?i)<(postmaster)>")
# A word that needs no quotes, as text.
_DOT_STRING: Final = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~\x80-\U0010ffff-]++(?:\.[\w!#$%&'*+/=?^`{|}~\x80-\U0010ffff-]++)*+"
)
# RFC 6531 3.3 admits everything above ASCII; what breaks lines or is no character is refused all the same.
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_path(octets: bytes, *, utf8: bool, null_ok: bool, bare_postmaster: bool) -> tuple[str, bytes]:
    """Return the address of the path at the start of `octets`, and what stands behind it.

    `utf8` admits RFC 6531 addresses (the client said SMTPUTF8), `null_ok` the null reverse-path `<>`, which
    is "", `bare_postmaster` the recipient `<Postmaster>` without a domain (RFC 5321 4.1.1.3). A source route
    is dropped, quotes that are not needed too. Raises BadPath: 5.1.7 for a reverse-path, else 5.1.3.
    """
    if null_ok and octets.startswith(b"<>"):
        return "", octets[2:]
    found = _ASCII_PATH.match(octets)
    if found is None:
        postmaster = _POSTMASTER.match(octets) if bare_postmaster else None
        if postmaster is not None:
            return postmaster[1].decode(), octets[postmaster.end() :]
        found = _UTF8_PATH.match(octets)
        if found is None:
            raise _bad(_why(octets), null_ok=null_ok)
        if not utf8:
            # RFC 6531 3.5: 553 with X.6.7.
            raise BadPath("address needs SMTPUTF8", code=553, enhanced="5.6.7")
    return _checked(found, null_ok=null_ok), octets[found.end() :]


def _checked(found: re.Match[bytes], *, null_ok: bool) -> str:
    """Return the address of a match, once what no pattern can say about it is true."""
    local, domain = found[1], found[2]
    if len(domain) > DOMAIN_MAX:
        raise _bad("domain too long", null_ok=null_ok)
    if domain[0] == ord("[") and not _is_literal(domain[1:-1].decode()):
        raise _bad("malformed address literal", null_ok=null_ok)
    try:
        address = f"{_plain(local.decode())}@{domain.decode()}"
    except UnicodeDecodeError:
        raise _bad("address is not valid UTF-8", null_ok=null_ok) from None
    if not address.isprintable() and _UNSEEN.search(address):
        raise _bad("address contains control characters", null_ok=null_ok)
    return address


def _bad(text: str, *, null_ok: bool) -> BadPath:
    """Return the refusal; RFC 3463 3.2 knows senders and recipients apart."""
    return BadPath(text, enhanced="5.1.7" if null_ok else "5.1.3")


def _is_literal(text: str) -> bool:
    """Whether an address literal is one (RFC 5321 4.1.3); the only tag ever registered is IPv6."""
    try:
        if text[:5].lower() == "ipv6:":
            IPv6Address(text[5:])
        else:
            IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _plain(local: str) -> str:
    """Return the local part in its one form: quotes only where they are needed (RFC 5321 4.1.2)."""
    if not local.startswith('"'):
        return local
    inner = _ESCAPE.sub(r"\1", local[1:-1])
    if _DOT_STRING.fullmatch(inner):
        return inner
    return '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _why(octets: bytes) -> str:
    """Return the sentence that helps whoever reads the log of the client."""
    return "malformed address" if octets.startswith(b"<") else "address must stand in angle brackets"


def split(address: str) -> tuple[str, str]:
    """Return local part and domain; the domain is "" where there is none."""
    local, at, domain = address.rpartition("@")
    if not at or domain.endswith('"'):  # an @ inside of quotes parts nothing
        return address, ""
    return local, domain


def fold(address: str) -> str:
    """Return the form in which addresses are compared: lower case, the domain as A-labels. Never raises.

    RFC 5321 2.4 lets only the owner of a mailbox say that its case does not count; in practice it never does.
    """
    if address.isascii() and not address.startswith('"'):
        return address.lower()
    local, domain = split(address)
    if len(local) > 1 and local.endswith('"'):
        local = _plain(local)
    local = _lower(local)
    return f"{local}@{_a_labels(domain)}" if domain else local


def _lower(text: str) -> str:
    """Return the text in lower case and in one of the ways to write it (RFC 6532 3.1: NFC)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _a_labels(domain: str) -> str:
    """Return the domain's A-labels (RFC 5891 4), or its lower case where it has none."""
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except UnicodeError:  # idna's errors are of that kind
        return _lower(domain)


def strip_detail(address: str, delimiter: str = "+") -> str:
    """Return the address without its detail: `user+detail@domain` is `user@domain` (RFC 5233 4)."""
    local, domain = split(address)
    base, found, _detail = local.partition(delimiter) if delimiter else (local, "", "")
    if not found or base in {"", '"'}:
        return address
    if base.startswith('"'):
        base = _plain(base + '"')
    return f"{base}@{domain}" if domain else base


def sendable(address: str) -> bool:
    """Whether it is a mailbox that we may send to: one address, no control characters, 254 octets at most."""
    try:
        octets = address.encode("utf-8")
    except UnicodeEncodeError:
        return False
    found = _WHOLE.fullmatch(octets) if len(octets) <= ADDRESS_MAX else None
    if found is None or _UNSEEN.search(address):
        return False
    return found[2][0] != ord("[") or _is_literal(found[2][1:-1].decode())
