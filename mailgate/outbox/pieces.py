"""What a composed mail is made of: octets in memory, and files whose base64 is made while they are read.

So 25 MB of attachments cost a buffer of one piece, however often and to how many targets they go.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault

# RFC 2045 6.8: a line of base64 has at most 76 characters, which are 57 octets.
LINE: Final = 76
LINE_OCTETS: Final = 57
# About 64 KiB; whole lines, so that pieces can simply be put one behind the other.
PIECE_LINES: Final = 1024


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A file that becomes base64 (RFC 2045 6.8) while it is read; two of the same digest are equal."""

    octets: Octets

    @property
    def size(self) -> int:
        """How many octets `plain` yields: every line with its CRLF."""
        letters = -(-self.octets.size // 3) * 4
        return letters + 2 * -(-letters // LINE)

    def plain(self) -> Iterator[bytes]:
        """Yield the lines of base64, many at a time; raises HouseFault if the file is gone."""
        step = LINE_OCTETS * PIECE_LINES
        if self.octets.path is None:
            buffer = self.octets.data or b""
            yield from (_lines(buffer[at : at + step]) for at in range(0, len(buffer), step))
            return
        # Read and not mapped: pages of a map would count as our memory, once for each mail under way.
        try:
            with self.octets.path.open("rb") as file:
                while octets := file.read(step):
                    yield _lines(octets)
        except OSError as error:
            raise HouseFault from error


def _lines(octets: bytes) -> bytes:
    letters = b64encode(octets)
    lines = [letters[at : at + LINE] for at in range(0, len(letters), LINE)]
    return b"\r\n".join(lines) + b"\r\n"


Piece = bytes | FilePiece
# How a file of the store is found by its digest (hexadecimal) and its size; raises HouseFault.
Files = Callable[[str, int], Octets]


def size_of(pieces: Iterable[Piece]) -> int:
    """Return how many octets the pieces are."""
    return sum(len(one) if isinstance(one, bytes) else one.size for one in pieces)


def octets_of(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the octets of the pieces, files a part at a time."""
    for one in pieces:
        if isinstance(one, bytes):
            yield one
        else:
            yield from one.plain()


def joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the same octets in as few pieces as there can be."""
    found: list[Piece] = []
    memory: list[bytes] = []
    for one in pieces:
        if isinstance(one, bytes):
            memory.append(one)
            continue
        if memory:
            found.append(b"".join(memory))
            memory = []
        found.append(one)
    if memory:
        found.append(b"".join(memory))
    return tuple(found)


def digest(parts: Iterable[Iterable[Piece]]) -> str:
    """Return what no part can contain and is the same on every try: a digest of all parts, 32 letters."""
    made = hashlib.sha256()
    for part in parts:
        for one in part:
            made.update(one if isinstance(one, bytes) else one.octets.sha256)
        made.update(b"\0")
    return made.hexdigest()[:32]
