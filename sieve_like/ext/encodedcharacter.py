"""Encoded characters in strings: ${hex:40 41} and ${unicode:e9}.

RFC 5228 section 2.4.2.4. Done: all of it. What is not well formed stays as it is; a code point that does
not exist is an error; octets that are no UTF-8 together become the replacement character.
"""

import re
from typing import Final

from sieve_like.errors import Span
from sieve_like.spec import Binding, Extension

BLANK = r"[ \t\r\n]"
ENCODED: Final = re.compile(
    rf"\$\{{(?:(?P<hex>hex):{BLANK}*(?P<pairs>[0-9a-f]{{1,2}}(?:{BLANK}+[0-9a-f]{{1,2}})*)"
    rf"|(?P<unicode>unicode):{BLANK}*(?P<points>[0-9a-f]+(?:{BLANK}+[0-9a-f]+)*)){BLANK}*\}}",
    re.IGNORECASE | re.ASCII,
)
LAST_CODE_POINT: Final = 0x10FFFF
SURROGATES: Final = range(0xD800, 0xE000)
SIGNIFICANT_DIGITS: Final = 6  # more than those of 10FFFF, leading zeros dropped, is too large whatever it is


def literal(text: str, span: Span, binding: Binding) -> str:
    """Return a string constant with its encoded characters decoded."""
    if "${" not in text:
        return text
    # Octets of neighbouring ${hex:} may form one character together, so the whole is built as octets.
    pieces: list[bytes] = []
    at = 0
    for found in ENCODED.finditer(text):
        pieces.append(text[at : found.start()].encode("utf-8", "replace"))
        if found["hex"]:
            pieces.append(bytes(int(pair, 16) for pair in found["pairs"].split()))
        else:
            pieces.append(_characters(found["points"], span, binding).encode("utf-8"))
        at = found.end()
    pieces.append(text[at:].encode("utf-8", "replace"))
    return b"".join(pieces).decode("utf-8", "replace")


def _characters(points: str, span: Span, binding: Binding) -> str:
    characters: list[str] = []
    for point in points.split():
        digits = point.lstrip("0") or "0"
        number = int(digits, 16) if len(digits) <= SIGNIFICANT_DIGITS else LAST_CODE_POINT + 1
        if number > LAST_CODE_POINT or number in SURROGATES:
            binding.error(span, f"there is no character with the code point {point[:20]}")
        else:
            characters.append(chr(number))
    return "".join(characters)


EXTENSION = Extension("encoded-character", "5228", literal=literal, card=__doc__)
