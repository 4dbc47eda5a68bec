"""Parameters of MAIL, RCPT and XFORWARD: what is advertised is parsed, everything else is refused."""

import re
from collections.abc import Mapping
from typing import Final

from mailgate.errors import ProtocolError

# RFC 5321 4.1.2: esmtp-keyword ["=" esmtp-value]; the value's octets keep their case.
_PARAMETER: Final = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\xff]+))?")
_HEX_PAIR: Final = re.compile(r"\+([0-9A-F]{2})")
_PRINTABLE: Final = re.compile(r"[ -~]{1,255}")

# What Postfix sends (XFORWARD_README); an unknown name is refused, as that document says.
XFORWARD_NAMES: Final = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE")
BODIES: Final = ("7BIT", "8BITMIME")


def read_parameters(rest: bytes) -> dict[str, bytes | None]:
    """Return the parameters behind a path by upper-case name; raises ProtocolError (501 5.5.4)."""
    found: dict[str, bytes | None] = {}
    for word in rest.split():
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise ProtocolError("malformed parameter", code=501, enhanced="5.5.4")
        name = match[1].decode().upper()
        if name in found:
            raise ProtocolError(f"parameter {name} twice", code=501, enhanced="5.5.4")
        found[name] = match[2]
    return found


def mail_parameters(rest: bytes, *, auth: bool = False) -> tuple[int, str, bool]:
    """Return declared size (0 = none), body and SMTPUTF8 of MAIL; raises ProtocolError.

    `auth`: AUTH is offered, so its parameter is read.
    """
    size, body, utf8 = 0, "7BIT", False
    for name, value in read_parameters(rest).items():
        match name:
            case "SIZE":  # RFC 1870 6
                size = _size(value)
            case "BODY":  # RFC 6152 3
                body = (value or b"").decode("latin-1").upper()
                if body not in BODIES:
                    raise ProtocolError("BODY is 7BIT or 8BITMIME", code=501, enhanced="5.5.4")
            case "SMTPUTF8" if value is None:  # RFC 6531 3.4
                utf8 = True
            case "AUTH" if auth and value is not None:  # RFC 4954 5; we believe nobody who it was
                continue
            case _:
                raise unknown(name)
    return size, body, utf8


def _size(value: bytes | None) -> int:
    if value is None or not value.isdigit() or len(value) > 20:  # noqa: PLR2004  RFC 1870 3: 20 digits
        raise ProtocolError("SIZE takes a number", code=501, enhanced="5.5.4")
    return int(value)


def unknown(name: str) -> ProtocolError:
    """Return the refusal of a parameter that is not offered (RFC 5321 4.1.1.11)."""
    return ProtocolError(f"parameter {name} is not offered", code=555, enhanced="5.5.4")


def read_xforward(argument: bytes, known: Mapping[str, str]) -> dict[str, str]:
    """Return the known attributes with those of one more XFORWARD command; raises ProtocolError."""
    attributes = dict(known)
    if not argument:
        raise ProtocolError("XFORWARD takes attributes", code=501, enhanced="5.5.4")
    for word in argument.split():
        name, equals, value = word.decode("latin-1").partition("=")
        if not equals or name.upper() not in XFORWARD_NAMES:
            raise ProtocolError("bad XFORWARD attribute", code=501, enhanced="5.5.4")
        plain = xtext(value)
        attributes[name.upper()] = "" if plain in {"[UNAVAILABLE]", "[TEMPUNAVAIL]"} else plain
    return attributes


def xtext(value: str) -> str:
    """Return the text behind RFC 3461 4's xtext; raises ProtocolError for what is not printable."""
    plain = _HEX_PAIR.sub(lambda m: chr(int(m[1], 16)), value)
    if not _PRINTABLE.fullmatch(plain):
        raise ProtocolError("bad XFORWARD value", code=501, enhanced="5.5.4")
    return plain
