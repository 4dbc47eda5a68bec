"""Files of contacts come in any encoding; which it was is said, since a wrong guess shows in the names."""

import codecs
from typing import Final

BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)


def decode(octets: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    A byte order mark decides; else UTF-16 where every other octet is zero, UTF-8 where it is valid, and
    Latin-1 (as Windows has it) for the rest, which every octet is valid in. Line ends become line feeds.
    """
    text, name = _decode(octets)
    return text.replace("\r\n", "\n").replace("\r", "\n"), name


def _decode(octets: bytes) -> tuple[str, str]:
    for bom, codec, name in BOMS:
        if octets.startswith(bom):
            return octets[len(bom) :].decode(codec, "replace"), name
    start = octets[:200]
    if len(start) > 1 and not any(start[1::2]) and any(start[::2]):
        return octets.decode("utf-16-le", "replace"), "UTF-16"
    if len(start) > 1 and not any(start[::2]) and any(start[1::2]):
        return octets.decode("utf-16-be", "replace"), "UTF-16"
    try:
        return octets.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return octets.decode("cp1252"), "Latin-1"
    except UnicodeDecodeError:
        return octets.decode("latin-1"), "Latin-1"
