"""Content-Type and Content-Disposition: the value and its parameters (RFC 2045 5.1, RFC 2183 2, RFC 2231).

The reader goes forward only, whatever stands there; where a parameter is given twice the first counts, and
the charset-carrying form `name*` wins over the plain one, as mail readers have it. Both cases are noted.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from mailgate.domain.message.charsets import decode_header_octets, decode_labelled
from mailgate.domain.message.defects import Defect
from mailgate.domain.message.limits import HEADER, PARAMETERS
from mailgate.domain.message.words import fit

_TOKEN: Final = rb"[!#-'*+.0-9A-Z^-~\-]++"
# A name without the star of RFC 2231.
_NAME: Final = rb"[!#$&'+.0-9A-Z^-~\-]++"
_TYPE: Final = re.compile(rb"[ \t]*+(" + _TOKEN + rb")[ \t]*+/[ \t]*+(" + _TOKEN + rb")")
_WORD: Final = re.compile(rb"[ \t]*+(" + _TOKEN + rb")")
_SEPARATORS: Final = re.compile(rb"[\s;]*+")
# An unquoted value may hold blanks: senders forget the quotes around file names.
_PARAMETER: Final = re.compile(rb"([^\s=;\"]++)\s*+(?:=\s*+(\"(?:[^\"\\]++|\\.)*+\"?|[^;]*+))?+", re.DOTALL)
# What nearly every mail has: one parameter, plainly written. The long way comes to the same.
_ONE: Final = re.compile(rb";\s*+(" + _NAME + rb")=(?:\"([ !#-\[\]-~]++)\"|(" + _TOKEN + rb"))\s*+;?+\s*+\Z")
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)
# RFC 2231 3 and 4: name*, name*0, name*0*; pieces are numbered from 0, and 100 of them are the cap anyway.
_PIECE: Final = re.compile(rb"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters by lower-case name: as text, and as octets where they were given plainly."""

    text: dict[str, str] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()


def media_type(value: bytes) -> str:
    """Return `type/subtype` in lower case, or "" where the value has no such form."""
    match = _TYPE.match(value)
    return b"/".join(match.groups()).lower().decode("ascii") if match else ""


def first_word(value: bytes) -> str:
    """Return the leading token in lower case (a disposition or a transfer encoding), or ""."""
    match = _WORD.match(value)
    return match[1].lower().decode("ascii") if match else ""


def parse_parameters(value: bytes) -> Parameters:
    """Return the parameters behind the first semicolon of a raw field value; at most 100 of them."""
    value = value[:HEADER]
    start = value.find(b";")
    if start < 0:
        return Parameters()
    plain = _ONE.match(value, start)
    if plain is not None:
        return _one(plain[1], plain[2] or plain[3])
    pairs, capped = _pairs(value, start)
    defects = [Defect.TOO_MANY_PARAMETERS] if capped else []
    raw: dict[str, bytes] = {}
    pieces: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for name, given in pairs:
        match = _PIECE.fullmatch(name)
        key = fit((match[1] if match else name).lower().decode("ascii", "replace"))
        if match is None or (match[2] is None and match[3] is None):
            repeated = key in raw
            raw.setdefault(key, given)
        else:
            found = pieces.setdefault(key, {})
            number = int(match[2] or 0)
            repeated = number in found
            found.setdefault(number, (given, match[3] is not None))
        if repeated:
            defects.append(Defect.DUPLICATE_PARAMETER)
    if raw.keys() & pieces.keys():
        defects.append(Defect.DUPLICATE_PARAMETER)
    text = {key: fit(decode_header_octets(given)) for key, given in raw.items()}
    text.update({key: _join(found) for key, found in pieces.items()})
    return Parameters(text, {k: v for k, v in raw.items() if k not in pieces}, tuple(defects))


def _one(name: bytes, given: bytes) -> Parameters:
    key = fit(name.lower().decode("ascii"))
    return Parameters({key: fit(given.decode("ascii"))}, {key: given})


def _pairs(value: bytes, position: int) -> tuple[list[tuple[bytes, bytes]], bool]:
    """Return names and unquoted values, and whether there were more than the cap allows."""
    pairs: list[tuple[bytes, bytes]] = []
    while position >= 0:
        separators = _SEPARATORS.match(value, position)
        assert separators is not None  # it matches the empty string
        position = separators.end()
        if position == len(value):
            break
        if len(pairs) == PARAMETERS:
            return pairs, True
        match = _PARAMETER.match(value, position)
        if match is not None:
            pairs.append((match[1], _unquoted(match[2] or b"")))
            position = match.end()
        # Whatever else stands before the next semicolon belongs to nothing.
        position = value.find(b";", position)
    return pairs, False


def _unquoted(value: bytes) -> bytes:
    if not value.startswith(b'"'):
        return value.strip()
    inner = value[1:-1] if len(value) > 1 and value.endswith(b'"') else value[1:]
    return _ESCAPE.sub(rb"\1", inner) if b"\\" in inner else inner


def _join(pieces: dict[int, tuple[bytes, bool]]) -> str:
    """Return the pieces put together in the order of their numbers, up to the first gap (RFC 2231 3)."""
    charset, octets = "", b""
    for number in range(len(pieces)):
        if number not in pieces:
            break
        given, encoded = pieces[number]
        if encoded and number == 0 and given.count(b"'") >= 2:  # noqa: PLR2004  charset'language'text, RFC 2231 4
            label, _, given = given.split(b"'", 2)
            charset = label.decode("ascii", "replace")
        octets += unquote_to_bytes(given) if encoded else given
    return fit(decode_labelled(octets, charset)[0])
