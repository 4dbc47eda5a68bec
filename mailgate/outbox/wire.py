"""The form of a mail on the wire: line ends, dots, and the trace fields in front of what we pass on.

Every mail that leaves by SMTP or LMTP passes `wire`; no other code writes content to such a connection. So
nothing that came in, whatever line ends it has, can end the data early and smuggle a second mail.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from mailgate.outbox.fields import fold_words, plain_text

END: Final = b".\r\n"
CRLF: Final = b"\r\n"
# A header section may have 256 KiB; what stands behind that is body for everybody.
HEADER_MAX: Final = 256 * 1024
# The end of the header section, with any kind of line ends.
HEADER_END: Final = re.compile(rb"\r?\n\r?\n|\r\r")
# One Return-Path field with its continuation lines.
RETURN_PATH: Final = re.compile(rb"(?im)^return-path[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*")
# What marks a mail that we have redirected for an address; `checks/loop.py` reads it.
DELIVERED: Final = "X-Mailgate-Delivered"


def crlf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets with every line end as CRLF: a bare CR and a bare LF become one.

    RFC 5321 2.3.8: CR and LF only ever travel as a pair. No piece that is yielded ends in the middle of one.
    """
    held = b""
    for piece in chunks:
        chunk = held + piece if held else bytes(piece)
        held = b""
        if chunk.endswith(b"\r"):
            # Whether it is half of a pair is known with the next piece only.
            chunk, held = chunk[:-1], b"\r"
        if chunk:
            yield _pairs(chunk)
    if held:
        yield CRLF


def _pairs(chunk: bytes) -> bytes:
    pairs = chunk.count(CRLF)
    if pairs == chunk.count(b"\n") and pairs == chunk.count(b"\r"):
        return chunk
    # Three passes in C: an object per line would cost a gigabyte on 25 MB of empty lines.
    return chunk.replace(CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", CRLF)


def wire(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets as they are sent after 354, end included.

    RFC 5321 4.5.2: a dot at the start of a line is doubled. RFC 5321 4.1.1.4: CRLF . CRLF ends the data.
    """
    fresh = True  # at the start of a line
    for chunk in crlf(chunks):
        stuffed = chunk.replace(b"\r\n.", b"\r\n..")
        yield b"." + stuffed if fresh and chunk.startswith(b".") else stuffed
        fresh = chunk.endswith(CRLF)
    yield END if fresh else CRLF + END


def return_paths(head: bytes) -> list[tuple[int, int]]:
    """Return where the Return-Path fields of a header stand, as offsets.

    RFC 5321 4.4: only the last hop writes that field, so one that came in does not go out.
    """
    end = HEADER_END.search(head)
    limit = end.start() + 2 if end is not None else len(head)
    return [found.span() for found in RETURN_PATH.finditer(head, 0, limit)]


def received_field(hostname: str, trace_id: str, protocol: str, at: datetime) -> bytes:
    """Return the trace field that every relay adds in front (RFC 5321 4.4); `at` is when the mail came in."""
    words = ["by", plain_text(hostname), "(mailgate)"]
    if protocol:
        words += ["with", plain_text(protocol)]
    if trace_id:
        words += ["id", plain_text(trace_id)]
    return fold_words("Received", [*words[:-1], f"{words[-1]};", format_datetime(at)])


def delivered_field(address: str) -> bytes:
    """Return the field that tells us, should the mail come back, for which address we had it already."""
    return fold_words(DELIVERED, [plain_text(address)])
