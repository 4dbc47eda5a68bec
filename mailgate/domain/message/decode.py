"""Transfer encodings of bodies (RFC 2045 6): lenient, linear, and honest about what was wrong."""

import binascii
import re
from typing import Final

from mailgate.domain.message.defects import Defect

IDENTITY: Final = frozenset({"", "7bit", "8bit", "binary"})
# RFC 2045 6.8: lines of the alphabet, padding at the very end only.
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]*+(?:=\s*+){0,2}+")
_NO_BASE64: Final = bytes(
    set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)


def decode_body(body: memoryview, encoding: str) -> tuple[bytes, Defect | None]:
    """Return the octets that a body stands for and what was wrong; an unknown encoding leaves it as it is."""
    match encoding:
        case "base64":
            return decode_base64(body)
        case "quoted-printable":
            return binascii.a2b_qp(body), None
        case _:
            return bytes(body), None if encoding in IDENTITY else Defect.UNKNOWN_ENCODING


def decode_base64(body: memoryview) -> tuple[bytes, Defect | None]:
    """Return decoded octets and whether readers may differ about them.

    They do about foreign octets and about what follows padding. We skip the former and stop at the latter,
    as the standard library does (RFC 2045 6.8 allows both).
    """
    defect = None if _BASE64.fullmatch(body) else Defect.BAD_BASE64
    try:
        return binascii.a2b_base64(body), defect
    except binascii.Error:
        # The number of characters fits no octets: take what is whole.
        bare = bytes(body).translate(None, _NO_BASE64).partition(b"=")[0]
        whole = bare[: len(bare) - 1] if len(bare) % 4 == 1 else bare
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4)), Defect.BAD_BASE64
