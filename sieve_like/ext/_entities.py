"""Putting entities into a mail: what `replace`, `enclose` and `convert` share (RFC 5703, RFC 6558).

What stays keeps its octets; what is new gets the line ends of the mail.
"""

from collections.abc import Iterable

from sieve_like.edit import NAME, Header, fields_of, line_end
from sieve_like.errors import ScriptFailure, Span
from sieve_like.ext._parts import STEP_OCTETS
from sieve_like.interpreter import Run
from sieve_like.limits import MIB
from sieve_like.message import Message, PartLike
from sieve_like.outgoing.fields import crlf

# Octets that a script may add to a mail: far more than its own texts, and little enough for every store.
GROWTH = 8 * MIB
# The fields that say what a body is (RFC 2045): they go where the body goes.
MIME_PREFIX = "content-"
MIME_VERSION = "mime-version"


def is_mime_field(name: str) -> bool:
    """Whether a field (by lower-case name) describes the body."""
    return name.startswith(MIME_PREFIX)


def in_lines_of(message: Message, octets: bytes) -> bytes:
    """Return octets with the line ends that a mail uses."""
    end = line_end(message.octets)
    return crlf(octets) if end == b"\r\n" else octets.replace(b"\r\n", end)


def spliced(message: Message, part: PartLike, entity: bytes) -> bytes:
    """Return the mail with another entity (header and body) in the place of a part."""
    return spliced_all(message, [(part, in_lines_of(message, entity))])


def spliced_all(message: Message, parts: Iterable[tuple[PartLike, bytes]]) -> bytes:
    """Return the mail with other entities, in its own line ends, in the places of parts, none within another.

    The parts come in the order of the mail.
    """
    octets = message.octets
    pieces: list[bytes] = []
    at = 0
    for part, entity in parts:
        before = bytes(octets[at : part.start])
        pieces.append(before)
        # The mail in a message/rfc822 whose header just ends: what is put there must not join that header.
        if part.start and part.start == part.end and not before.endswith((b"\n\n", b"\n\r\n")):
            pieces.append(line_end(octets))
        pieces.append(entity)
        at = part.end
    return b"".join((*pieces, bytes(octets[at : len(octets)])))


def put(run: Run, octets: bytes, span: Span) -> None:
    """Go on with an edited mail; one that is made much larger than it came ends the run."""
    if len(octets) > run.original.size + GROWTH:
        raise ScriptFailure(f"the mail grows by more than {GROWTH // MIB} MiB", span)
    run.charge(len(octets) // STEP_OCTETS, span)
    run.edited(run.message.edited(octets))


def split_entity(entity: bytes) -> tuple[bytes, bytes]:
    """Return the header fields and the body of an entity with CRLF line ends, without the line between.

    What does not begin with a field is a body alone.
    """
    if entity.startswith(b"\r\n"):
        return b"", entity[2:]
    if NAME.match(entity) is None:
        return b"", entity
    head, _, body = entity.partition(b"\r\n\r\n")
    return head.removesuffix(b"\r\n") + b"\r\n", body


def with_body(message: Message, entity: bytes) -> Header:
    """Return the header of a mail whose body is to be another entity.

    All its fields stay but those about the old body; `body` is set, and the empty line before it.
    """
    header = Header.of(message)
    fields, body = split_entity(entity)
    header.keep(lambda name: not is_mime_field(name))
    header.fields += fields_of(in_lines_of(message, fields))
    if not header.numbers(MIME_VERSION):
        header.add("MIME-Version", b"MIME-Version: 1.0\r\n", last=True)
    header.blank = header.end
    header.body = in_lines_of(message, body)
    return header
