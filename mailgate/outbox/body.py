"""Bodies of text, of several bodies, and of a MIME entity that a rule wrote; `parts.py` joins them."""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailgate.outbox.fields import COLUMNS, HARD_COLUMNS, SURROGATES, field_name, fold_words, plain_text
from mailgate.outbox.flowed import flowed
from mailgate.outbox.pieces import Piece, digest, joined

# What a body of 7-bit text may hold: printable ASCII, tabs, line ends (RFC 5322 2.3, RFC 2045 2.7).
PLAIN_BODY: Final = re.compile(r"[\t\n -~]*")
# The line that parts mails in a mailbox of the mbox kind.
FROM: Final = re.compile(rb"(?m)^From ")
LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
# The header of a MIME entity, and one field of it with its continuation lines.
ENTITY_FIELD: Final = re.compile(r"([!-9;-~]+)[ \t]*:((?:[^\n]*)(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
# Content that is a container: it must not be encoded as a whole (RFC 2045 6.4).
CONTAINER: Final = re.compile(r"(?i)\s*(?:multipart|message)/")
UNENCODED: Final = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(frozen=True, slots=True)
class Body:
    """The fields that describe a body, with their CRLF, and its octets in pieces."""

    fields: bytes
    pieces: tuple[Piece, ...]


def _lines(text: str) -> str:
    """Return the text with LF as its only line end and one at its end; half surrogates are replaced."""
    text = SURROGATES.sub("\ufffd", LINE_ENDS.sub("\n", text))
    return text if not text or text.endswith("\n") else text + "\n"


def _quoted_printable(lines: str) -> bytes:
    """Return the text in quoted-printable (RFC 2045 6.7), its line ends as CRLF.

    A line that mailboxes would change is written so that it is no such line (RFC 2049 3).
    """
    octets = b"".join(
        binascii.b2a_qp(line.encode("utf-8"), istext=False).replace(b"=\n", b"=\r\n") + b"\r\n"
        for line in lines.split("\n")[:-1]
    )
    while FROM.search(octets):
        octets = FROM.sub(b"=46rom =\r\n", octets)
    return octets


def text_body(text: str, subtype: str = "plain", *, flow: bool = False) -> Body:
    """Return text as a body: 7bit where it fits, quoted-printable in UTF-8 where it does not.

    With `flow`, paragraphs with lines that are too long go out as format=flowed if they can (RFC 3676).
    """
    lines = _lines(text)
    # Mailboxes of the mbox kind change a line that starts with "From ", and break a signature.
    if PLAIN_BODY.fullmatch(lines) is not None and "\nFrom " not in "\n" + lines:
        each = lines.split("\n")
        if max(map(len, each)) <= COLUMNS:
            return Body(_describe(f"text/{subtype}; charset=us-ascii", "7bit"), (_crlf(lines),))
        if flow and (broken := flowed(each)) is not None:
            kind = f"text/{subtype}; charset=us-ascii; format=flowed; delsp=no"
            return Body(_describe(kind, "7bit"), (_crlf("\n".join(broken)),))
    octets = _quoted_printable(lines)
    return Body(_describe(f"text/{subtype}; charset=utf-8", "quoted-printable"), (octets,))


def _describe(kind: str, encoding: str) -> bytes:
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n".encode("ascii")


def _crlf(lines: str) -> bytes:
    return lines.replace("\n", "\r\n").encode("utf-8")


def multipart(subtype: str, parts: Sequence[Body], extra: str = "") -> Body:
    """Return bodies as one multipart (RFC 2046 5.1); `extra` is a further parameter, with its semicolon."""
    whole = [(part.fields + b"\r\n", *part.pieces) for part in parts]
    # The boundary is a digest of the parts: the same mail has the same octets on every try, and no part can
    # contain a digest of itself.
    boundary = f"=_{digest(whole)}"
    line = f"--{boundary}\r\n".encode("ascii")
    pieces: list[Piece] = []
    for part in whole:
        pieces += [line, *part, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode("ascii"))
    words = [f"multipart/{subtype};", *([extra] if extra else []), f'boundary="{boundary}"']
    return Body(fold_words("Content-Type", words), joined(pieces))


def entity_body(mime: str) -> Body:
    """Return a complete MIME entity (RFC 5230 4.1) as a body.

    Only its Content-* fields are taken over: an entity has no others, and a rule's text must not add a
    recipient. Text that is no entity becomes the body of a plain mail.
    """
    text = _lines(mime)
    fields, at = _entity_fields(text)
    if not fields:
        return text_body(text.removeprefix("\n"))
    rest = text[at:]
    kind = fields.get("content-type", ("", "text/plain"))[1]
    encoding = fields.get("content-transfer-encoding", ("", ""))[1].lower()
    octets = _broken(_crlf(rest.replace("\0", "")))
    if encoding in UNENCODED:
        encoding, octets = _encode_entity(kind, rest)
        fields["content-transfer-encoding"] = ("Content-Transfer-Encoding", encoding)
    head = b"".join(fold_words(name, value.split()) for name, value in fields.values())
    return Body(head, (octets,))


def _entity_fields(text: str) -> tuple[dict[str, tuple[str, str]], int]:
    """Return the Content-* fields by their lower-case names, and where the body starts; ({}, 0) if none."""
    found: dict[str, tuple[str, str]] = {}
    at = 0
    while (match := ENTITY_FIELD.match(text, at)) is not None:
        name, value = field_name(match[1]), plain_text(match[2])
        value = value.encode("ascii", "replace").decode("ascii")
        if name.lower().startswith("content-") and len(value) < HARD_COLUMNS - COLUMNS:
            found.setdefault(name.lower(), (name, value))
        at = match.end()
    if text[at : at + 1] == "\n":
        return found, at + 1
    return (found, at) if at == len(text) else ({}, 0)


def _encode_entity(kind: str, rest: str) -> tuple[str, bytes]:
    """Return an encoding that fits what stands in the entity, and its octets in it."""
    plain = PLAIN_BODY.fullmatch(rest) is not None
    short = all(len(line) <= HARD_COLUMNS for line in rest.split("\n"))
    if plain and short:
        return "7bit", _crlf(rest)
    if CONTAINER.match(kind) is None:
        return "quoted-printable", _quoted_printable(rest)
    return "8bit", _broken(_crlf(rest.replace("\0", "")))


def _broken(octets: bytes) -> bytes:
    """Break lines of more than 998 octets, as Postfix does: nobody would take them (RFC 5321 4.5.3.1.6)."""
    return re.sub(rb"([^\r\n]{990})(?=[^\r\n])", rb"\1\r\n ", octets)
