"""Plain data into few octets and back: JSON, compressed where that pays."""

import zlib
from typing import Any, Final

import msgspec

# Below this a trace costs one page of the database at most, and zlib would be a tenth of all the work for a
# mail (60 of some 600 microseconds for 2 KB).
COMPRESS_ABOVE: Final = 4096
# Level 1 takes a third of the time of the default and gives nearly as much on JSON.
LEVEL: Final = 1
# JSON never starts with this octet, a zlib stream always does (RFC 1950 2.2).
ZLIB_FIRST: Final = 0x78


def pack(data: object) -> bytes:
    """Return the data as octets; values that JSON does not know become their text."""
    raw = msgspec.json.encode(data, enc_hook=str)
    return zlib.compress(raw, LEVEL) if len(raw) > COMPRESS_ABOVE else raw


def unpack(octets: bytes) -> Any:
    """Return the data again."""
    raw = bytes(octets)
    if raw and raw[0] == ZLIB_FIRST:
        raw = zlib.decompress(raw)
    return msgspec.json.decode(raw) if raw else None


class _Said(msgspec.Struct):
    """What is read of a draft; the rest is skipped."""

    text: str = ""


_SAID: Final = msgspec.json.Decoder(_Said)


def text_of(draft: bytes) -> str:
    """Return the text of a mail of ours from the JSON of its draft."""
    return _SAID.decode(bytes(draft)).text if draft else ""


def words(values: tuple[str, ...]) -> str:
    """Return a list of words as JSON text, "" for none."""
    return msgspec.json.encode(values).decode() if values else ""


def unwords(text: str) -> tuple[str, ...]:
    """Return the words again."""
    return tuple(msgspec.json.decode(text)) if text else ()


def clean(text: str) -> str:
    """Return text that every database takes: no lone surrogates, no NUL."""
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
