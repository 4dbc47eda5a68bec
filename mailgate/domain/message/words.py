"""Header values as people read them: encoded words (RFC 2047) decoded, everything else as it stands.

An invalid word stays raw. Cost is linear: a word is bounded by its own question marks, so no octet is read
twice.
"""

import binascii
import re
from typing import Final

from mailgate.domain.message.charsets import codec_for, decode_as, decode_header_octets
from mailgate.domain.message.limits import HEADER

# RFC 2047 2. Blanks inside and more than 75 characters are against it and common. A language (RFC 2231 5) may
# follow the charset.
_WORD: Final = re.compile(r"=\?([^?\s*]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,3}")
# What no reader of a header expects in a value, and what would end a line or a string elsewhere.
_UNFIT: Final = str.maketrans({"\r": " ", "\n": " ", "\0": " "})


def fit(text: str) -> str:
    """Return text with CR, LF and NUL as blanks: an encoded word can carry all three."""
    return text.translate(_UNFIT) if "\n" in text or "\r" in text or "\0" in text else text


def decode(octets: bytes) -> str:
    """Return an unfolded header value as text; a value over 64 KiB is not searched for words."""
    text = decode_header_octets(octets)
    if "=?" in text and len(octets) <= HEADER:
        text = _decode_words(text)
    return fit(text)


def _decode_words(text: str) -> str:
    """Replace runs of valid words; blanks between two of them vanish (RFC 2047 6.2)."""
    pieces: list[str] = []
    run = bytearray()
    codec, done = "", 0
    for match in _WORD.finditer(text):
        word = _octets_of(match)
        if word is None:
            continue
        between = text[done : match.start()]
        if codec and not between.strip(" \t\r\n"):
            between = ""
        if codec and (between or word[1] != codec):
            # Octets of one charset are joined first: senders cut words in the middle of a character.
            pieces.append(decode_as(bytes(run), codec)[0])
            run.clear()
        pieces.append(between)
        run += word[0]
        codec, done = word[1], match.end()
    if codec:
        pieces.append(decode_as(bytes(run), codec)[0])
    pieces.append(text[done:])
    return "".join(pieces)


def _octets_of(match: re.Match[str]) -> tuple[bytes, str] | None:
    """Return the octets of a word and the codec, or None where one of them is invalid."""
    label, encoding, text = match.groups()
    codec = codec_for(label)
    if codec is None or not text.isascii():
        return None
    if encoding in "qQ":
        # RFC 2047 4.2: an underscore is a blank.
        return binascii.a2b_qp(text.encode("ascii"), header=True), codec
    bare = "".join(text.split())
    if not _BASE64.fullmatch(bare):
        return None
    bare = bare.rstrip("=")
    try:
        return binascii.a2b_base64(bare.encode("ascii") + b"=" * (-len(bare) % 4)), codec
    except binascii.Error:
        return None
