"""Addresses of envelopes: a strict parser of RFC 5321 paths on octets, and how addresses are compared.

Nothing here decodes RFC 2047 or accepts comments: an address is what the client sent, or it is refused. Header
fields have a reader of their own (`domain/message/addresses.py`), which must be lenient; this one must not.
"""

import re
from typing import Final

from mailgate.errors import BadPath

# RFC 5321 4.5.3.1: local part, domain and path; longer ones exist nowhere.
LOCAL_MAX: Final = 64
DOMAIN_MAX: Final = 255
PATH_MAX: Final = 256
# The longest address that may be sent to: a path without its brackets (RFC 3696, erratum 1690).
ADDRESS_MAX: Final = 254

_ATEXT: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_UATEXT: Final = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]"
_QUOTED: Final = rb'"(?:[ !#-\[\]-~]|\\[ -~])*+"'
_UQUOTED: Final = rb'"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*+"'
_LABEL: Final = rb"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
_ULABEL: Final = rb"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9_\x80-\xff-]*[A-Za-z0-9\x80-\xff])?"
_LITERAL: Final = rb"\[(?:IPv6:[0-9A-Fa-f:.]{2,45}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})\]"


def _path(atext: bytes, quoted: bytes, label: bytes) -> re.Pattern[bytes]:
    """Return RFC 5321 4.1.2's Path without the empty one: route (dropped), local part, domain."""
    domain = rb"(?:" + label + rb"(?:\." + label + rb")*+|" + _LITERAL + rb")"
    local = atext + rb"+(?:\." + atext + rb"+)*+|" + quoted
    route = rb"(?:@" + label + rb"(?:\." + label + rb")*(?:,@" + label + rb"(?:\." + label + rb")*)*:)?"
    return re.compile(rb"<" + route + rb"(" + local + rb")@(" + domain + rb")>")


_ASCII_PATH: Final = _path(_ATEXT, _QUOTED, _LABEL)
_UTF8_PATH: Final = _path(_UATEXT, _UQUOTED, _ULABEL)
_POSTMASTER: Final = re.compile(rb"(?i)<(postmaster)>")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNSENDABLE: Final = re.compile(r"[\x00-\x20\x7f-\x9f<>,;:()\[\]\\]")


def parse_path(octets: bytes, *, utf8: bool, null_ok: bool, bare_postmaster: bool) -> tuple[str, bytes]:
    """Return the address of the path at the start of `octets`, and what stands behind it.

    `utf8` admits RFC 6531 addresses (the client said SMTPUTF8), `null_ok` the null reverse-path `<>`,
    `bare_postmaster` the recipient `<Postmaster>` without a domain. Raises BadPath.
    """
    if null_ok and octets.startswith(b"<>"):
        return "", octets[2:]
    found = _ASCII_PATH.match(octets) or (_UTF8_PATH.match(octets) if utf8 else None)
    if found is None:
        postmaster = _POSTMASTER.match(octets) if bare_postmaster else None
        if postmaster is None:
            raise BadPath(_why(octets, utf8=utf8))
        return postmaster[1].decode(), octets[postmaster.end() :]
    local, domain = found[1], found[2]
    if len(local) > LOCAL_MAX or len(domain) > DOMAIN_MAX or len(local) + len(domain) + 3 > PATH_MAX:
        raise BadPath("address too long")
    try:
        return f"{_plain_local(local).decode()}@{domain.decode()}", octets[found.end() :]
    except UnicodeDecodeError:
        raise BadPath("address is not valid UTF-8", code=553) from None


def _plain_local(local: bytes) -> bytes:
    """Return the local part in its one form: quotes only where they are needed (RFC 5321 4.1.2)."""
    if not local.startswith(b'"'):
        return local
    inner = re.sub(rb"\\(.)", rb"\1", local[1:-1])
    if re.fullmatch(_UATEXT + rb"+(?:\." + _UATEXT + rb"+)*", inner):
        return inner
    return b'"' + re.sub(rb'([\\"])', rb"\\\1", inner) + b'"'


def _why(octets: bytes, *, utf8: bool) -> str:
    """Return the sentence that helps whoever reads the log of the client."""
    if not octets.startswith(b"<"):
        return "address must stand in angle brackets"
    if not utf8 and not octets.isascii():
        return "address has 8-bit octets without SMTPUTF8"
    return "malformed address"


def split(address: str) -> tuple[str, str]:
    """Return local part and domain; the domain is "" where there is none."""
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (address, "")


def fold(address: str) -> str:
    """Return the form in which addresses are compared: lower case, the domain as A-labels. Never raises."""
    if address.isascii():
        return address.lower()
    local, domain = split(address)
    return f"{local.casefold()}@{_a_labels(domain)}" if domain else local.casefold()


def _a_labels(domain: str) -> str:
    """Return the domain's A-labels (RFC 5891), or its lower case where it has none."""
    try:
        return domain.casefold().encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.casefold()


def strip_detail(address: str, delimiter: str = "+") -> str:
    """Return the address without its detail: `user+detail@domain` is `user@domain` (RFC 5233)."""
    local, domain = split(address)
    base, found, _detail = local.partition(delimiter) if delimiter else (local, "", "")
    if not found or not base:
        return address
    return f"{base}@{domain}" if domain else base


def sendable(address: str) -> bool:
    """Whether it is a mailbox that we may send to: one address, no control characters, 254 octets at most."""
    local, domain = split(address)
    if not local or not domain or len(address.encode("utf-8", "replace")) > ADDRESS_MAX:
        return False
    quoted = local.startswith('"') and local.endswith('"') and len(local) > 2  # noqa: PLR2004  two quotes
    return not (_CONTROL if quoted else _UNSENDABLE).search(local) and not _UNSENDABLE.search(domain)
