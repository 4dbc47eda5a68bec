"""Patterns of :matches (RFC 5228 2.7.1): `*`, `?` and escapes, compiled once, matched without backtracking.

Each wildcard takes the shortest text that lets the rest match (as regular expressions do with `.*?`).
Literal pieces are looked for with `str.find`; only pieces with `?` inside may need several tries, which the
caller charges.
"""

from collections.abc import Callable
from dataclasses import dataclass

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands between two stars: literal texts and `?` with their offsets, and the whole length."""

    literals: tuple[tuple[int, str], ...]
    singles: tuple[int, ...]
    length: int

    def fits(self, value: str, at: int) -> bool:
        """Whether the piece stands at this place of the value."""
        if at < 0 or at + self.length > len(value):
            return False
        return all(value.startswith(text, at + offset) for offset, text in self.literals)

    def find(self, value: str, start: int, charge: Callable[[int], None]) -> int:
        """Return the first place from `start` on where the piece stands, -1 if there is none."""
        if not self.literals:
            return start if start + self.length <= len(value) else -1
        offset, text = self.literals[0]
        at = start
        while True:
            found = value.find(text, at + offset)
            if found < 0:
                return -1
            at = found - offset
            if self.fits(value, at):
                return at
            at += 1
            charge(1)


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled pattern: its pieces in order; stars stand between them."""

    pieces: tuple[Piece, ...]

    def match(self, value: str, charge: Callable[[int], None]) -> Spans | None:
        """Return the spans of the wildcards if the whole value matches, else None."""
        first, *middle = self.pieces
        if not first.fits(value, 0):
            return None
        spans = [(n, n + 1) for n in first.singles]
        at = first.length
        if not middle:
            return tuple(spans) if at == len(value) else None
        last = middle.pop()
        for piece in middle:
            found = piece.find(value, at, charge)
            if found < 0:
                return None
            spans.append((at, found))
            spans += [(found + n, found + n + 1) for n in piece.singles]
            at = found + piece.length
        end = len(value) - last.length
        if end < at or not last.fits(value, end):
            return None
        spans.append((at, end))
        spans += [(end + n, end + n + 1) for n in last.singles]
        return tuple(spans)

    def literal(self) -> str:
        """Return the longest text that every matching value holds, "" if there is none."""
        return max((text for piece in self.pieces for _, text in piece.literals), key=len, default="")


def compile_glob(pattern: str) -> Glob:
    r"""Compile a pattern. `\*`, `\?`, `\\` stand for the character; before others a backslash is dropped."""
    pieces: list[Piece] = []
    builder = _Builder()
    characters = iter(pattern)
    for character in characters:
        match character:
            case "*":
                pieces.append(builder.piece())
                builder = _Builder()
            case "?":
                builder.single()
            case "\\":
                builder.text.append(next(characters, "\\"))
            case _:
                builder.text.append(character)
    pieces.append(builder.piece())
    return Glob(tuple(pieces))


class _Builder:
    """Collects one piece."""

    __slots__ = ("length", "literals", "singles", "text")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.literals: list[tuple[int, str]] = []
        self.singles: list[int] = []
        self.length = 0

    def _flush(self) -> None:
        if self.text:
            literal = "".join(self.text)
            self.literals.append((self.length, literal))
            self.length += len(literal)
            self.text = []

    def single(self) -> None:
        """Add a `?`."""
        self._flush()
        self.singles.append(self.length)
        self.length += 1

    def piece(self) -> Piece:
        """Return the finished piece."""
        self._flush()
        return Piece(tuple(self.literals), tuple(self.singles), self.length)
