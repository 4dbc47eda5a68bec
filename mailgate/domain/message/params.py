"""Content-Type and Content-Disposition: the value and its parameters (RFC 2045 5.1, RFC 2183 2, RFC 2231).

The reader goes forward only, whatever stands there; where a parameter is given twice the first counts, and
the charset-carrying form `name*` wins over the plain one, as mail readers have it. Both cases are noted.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from mailgate.domain.message.charsets import decode_header_octets, decode_labelled
from mailgate.domain.message.defects import Defect
from mailgate.domain.message.limits import HEADER, PARAMETERS
from mailgate.domain.message.words import fit
from sieve_like.params import PARAMETER, PIECE, SEPARATORS, TOKEN, Pieces, joined, unquoted

# A name without the star of RFC 2231.
_NAME: Final = rb"[!#$&'+.0-9A-Z^-~\-]++"
# What nearly every mail has: one parameter, plainly written. The long way comes to the same.
_ONE: Final = re.compile(rb";\s*+(" + _NAME + rb")=(?:\"([ !#-\[\]-~]++)\"|(" + TOKEN + rb"))\s*+;?+\s*+\Z")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters by lower-case name: as text, and as octets where they were given plainly."""

    text: dict[str, str] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()


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
    pieces: dict[str, Pieces] = {}
    for name, given in pairs:
        match = PIECE.fullmatch(name)
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
        separators = SEPARATORS.match(value, position)
        assert separators is not None  # it matches the empty string
        position = separators.end()
        if position == len(value):
            break
        if len(pairs) == PARAMETERS:
            return pairs, True
        match = PARAMETER.match(value, position)
        if match is not None:
            pairs.append((match[1], unquoted(match[2] or b"")))
            position = match.end()
        # Whatever else stands before the next semicolon belongs to nothing.
        position = value.find(b";", position)
    return pairs, False


def _join(pieces: Pieces) -> str:
    octets, charset = joined(pieces)
    return fit(decode_labelled(octets, charset)[0])
