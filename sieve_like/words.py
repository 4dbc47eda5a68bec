"""Encoded words in header fields (RFC 2047).

Decoded where they are valid, left as they are where they are not.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from quopri import decodestring
from typing import Final

from sieve_like.params import UNFIT, codec_of

# RFC 2047 2; blanks inside are against it and common. A language (RFC 2231 5) may follow the character set.
WORD: Final = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")


def decode_words(text: str) -> str:
    """Return the text with its encoded words decoded.

    A character split over two words of one set is joined.
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    row: list[tuple[str, bytes, str]] = []  # neighbouring words of one character set: set, octets, as written
    at = 0
    for found in WORD.finditer(text):
        between = text[at : found.start()]
        octets = _octets(found[2], found[3])
        # RFC 2047 6.2: white space between two encoded words belongs to neither.
        joined = octets is not None and at > 0 and bool(row) and not between.strip(" \t")
        if not joined or row[-1][0] != found[1].lower():
            pieces.append(_decoded(row))
            row = []
        if not joined:
            pieces.append(between)
        if octets is None:
            pieces.append(found[0])
        else:
            row.append((found[1].lower(), octets, found[0]))
        at = found.end()
    return "".join((*pieces, _decoded(row), text[at:]))


def _octets(encoding: str, text: str) -> bytes | None:
    if not text.isascii():
        return None
    if encoding in "qQ":
        return decodestring(text.replace("_", " ").encode("ascii"), header=True)
    text = "".join(text.split())
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (Base64Error, ValueError):
        return None


def _decoded(row: list[tuple[str, bytes, str]]) -> str:
    """Return neighbouring words of one character set as text; as written where they are not valid."""
    if not row:
        return ""
    charset, written = row[0][0], " ".join(word for _, _, word in row)
    codec = codec_of(charset)
    if codec is None:
        return written
    try:
        # An encoded word can carry what would end a line or a string elsewhere.
        return b"".join(octets for _, octets, _ in row).decode(codec).translate(UNFIT)
    except UnicodeError:
        return written
