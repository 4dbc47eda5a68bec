"""The octets of an outgoing mail: composed ones from memory, received ones as they lie in the store.

Received octets are never rewritten: what we add stands in front, and a Return-Path that came in is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mailgate.domain.envelope import Octets
from mailgate.outbox.pieces import Piece, octets_of, size_of
from mailgate.outbox.wire import HEADER_MAX, return_paths, wire
from mailgate.store.blobs import open_buffer

# Small enough that 100 connections hold little, large enough that the work per piece does not count.
PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class ComposedContent:
    """A mail of ours in memory."""

    octets: bytes

    @property
    def size(self) -> int:
        """How many octets `plain` yields."""
        return len(self.octets)

    def plain(self) -> Iterator[bytes]:
        """Yield the mail as it was composed."""
        yield self.octets

    def wire(self) -> Iterator[bytes]:
        """Yield the mail as SMTP carries it."""
        return wire(self.plain())


@dataclass(frozen=True, slots=True)
class PiecedContent:
    """A mail of ours with files that lie in the store: they are read, and made base64, as it is sent.

    Raises HouseFault if one is gone.
    """

    pieces: tuple[Piece, ...]

    @property
    def size(self) -> int:
        """How many octets `plain` yields."""
        return size_of(self.pieces)

    def plain(self) -> Iterator[bytes]:
        """Yield the mail as it was composed."""
        return octets_of(self.pieces)

    def wire(self) -> Iterator[bytes]:
        """Yield the mail as SMTP carries it."""
        return wire(self.plain())


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A received mail with our fields in front; `without` are the spans of its header that are left out.

    Small mails lie in memory, large ones in a file that is mapped while it is read; raises HouseFault if the
    file is gone.
    """

    prefix: bytes
    octets: Octets
    without: tuple[tuple[int, int], ...] = ()

    @property
    def size(self) -> int:
        """How many octets `plain` yields."""
        return len(self.prefix) + self.octets.size - sum(end - start for start, end in self.without)

    def plain(self) -> Iterator[bytes]:
        """Yield our fields and the mail as it came in."""
        yield self.prefix
        buffer = open_buffer(self.octets)
        at = 0
        for start, end in (*self.without, (len(buffer), len(buffer))):
            for begin in range(at, start, PIECE):
                yield buffer[begin : min(begin + PIECE, start)]
            at = end

    def wire(self) -> Iterator[bytes]:
        """Yield the mail as SMTP and LMTP carry it."""
        return wire(self.plain())


def stored_content(prefix: bytes, octets: Octets) -> StoredContent:
    """Return a received mail as content; looks into its header, so call it where a file may be read."""
    head = open_buffer(octets)[:HEADER_MAX]
    return StoredContent(prefix, octets, tuple(return_paths(head)))


def edited_content(prefix: bytes, head: bytes, tail: int, original: StoredContent) -> StoredContent:
    """Return an edited mail as content: its own beginning, then the received mail from `tail` on.

    A Return-Path that came in is left out of both.
    """
    kept = bytearray(head)
    for start, end in reversed(return_paths(head[:HEADER_MAX])):
        del kept[start:end]
    later = tuple(span for span in original.without if span[0] >= tail)
    return StoredContent(prefix + bytes(kept), original.octets, ((0, tail), *later))
