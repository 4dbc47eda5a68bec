"""Lays out a text that may be broken at marked places, so that its lines fit into a width.

A piece (`Piece`) is text, a place for a line break, or pieces in a row, in a deeper margin, or in a group. A
group stands on one line if it fits there, else all its own places are broken. Verbatim text keeps its lines.
After Wadler, "A prettier printer" (2003), with the places of a `filled` row broken one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

INDENT: Final = 4  # blanks per level
ENDING: Final = 2  # characters that may close what was measured: `;`, ` {`


@dataclass(frozen=True, slots=True)
class Break:
    """A place for a line break: `flat` stands there instead where none is needed.

    A `hard` one is always broken, and breaks the groups around it. A `lone` one is broken by itself: where
    what follows up to the next place does not fit, or where `whole`, which comes behind it, fits on the next
    line and not on this one.
    """

    flat: str = " "
    hard: bool = False
    lone: bool = False
    whole: "Piece" = ""


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text that must stay as it is, line ends too; `closed`: nothing may follow on its last line."""

    text: str
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Nest:
    """A piece whose lines begin one level deeper."""

    inside: "Piece"


@dataclass(frozen=True, slots=True)
class Group:
    """A piece that is on one line, or broken at all its own places."""

    inside: "Piece"


Piece: TypeAlias = "str | Break | Verbatim | Nest | Group | Sequence[Piece]"

SPACE: Final = Break()
MAYBE: Final = Break("")
LONE: Final = Break(lone=True)
HARD: Final = Break(hard=True)

# Piece, level of its margin, and whether it is on one line.
_Task = tuple[Piece, int, bool]


def lay_out(piece: Piece, width: int) -> str:
    """Return the text; lines have no blanks at their ends. A line is longer than the width if it must be."""
    return _Page(width).laid(piece)


def is_broken(piece: Piece) -> bool:
    """Whether a piece has a line break in any case."""
    match piece:
        case str():
            return False
        case Break(hard=hard):
            return hard
        case Verbatim(text=text, closed=closed):
            return closed or "\n" in text
        case Nest(inside=inside) | Group(inside=inside):
            return is_broken(inside)
        case _:
            return any(map(is_broken, piece))


def flat_size(piece: Piece) -> int:
    """Return how many characters a piece has on one line."""
    match piece:
        case str():
            return len(piece)
        case Verbatim(text=text):
            return len(text)
        case Break(flat=flat):
            return len(flat)
        case Nest(inside=inside) | Group(inside=inside):
            return flat_size(inside)
        case _:
            return sum(map(flat_size, piece))


class _Page:
    def __init__(self, width: int) -> None:
        self._width, self._column = width, 0
        self._out: list[str] = []
        self._margin = ""  # blanks that stand before what comes next
        self._closed = False  # a line break must come before anything else

    def laid(self, piece: Piece) -> str:
        tasks: list[_Task] = [(piece, 0, False)]
        while tasks:
            inside, level, flat = tasks.pop()
            match inside:
                case str():
                    self._write(inside, level)
                case Verbatim():
                    self._write(inside.text, level)
                    self._closed = inside.closed
                case Break():
                    self._break(inside, level, flat=flat, tasks=tasks)
                case Nest(inside=nested):
                    tasks.append((nested, level + 1, flat))
                case Group(inside=grouped):
                    fits = flat or (not is_broken(grouped) and self._fits((grouped, level, True), tasks))
                    tasks.append((grouped, level, fits))
                case _:
                    tasks += [(one, level, flat) for one in reversed(inside)]
        return "".join(self._out)

    def _write(self, text: str, level: int) -> None:
        if not text or (self._closed and text == " "):
            return
        if self._closed:
            self._newline(level)
        self._out += [self._margin, text]
        self._margin = ""
        _, newline, last = text.rpartition("\n")
        self._column = len(last) if newline else self._column + len(text)

    def _break(self, place: Break, level: int, *, flat: bool, tasks: list[_Task]) -> None:
        if place.hard:
            self._newline(level)
        elif flat or (place.lone and self._stays(place, level, tasks)):
            self._write(place.flat, level)
        else:
            self._newline(level)

    def _stays(self, place: Break, level: int, tasks: Sequence[_Task]) -> bool:
        """Whether a lone place needs no line break."""
        if not is_broken(place.whole):
            size = flat_size(place.whole) + ENDING
            if self._column + size > self._width and INDENT * level + size <= self._width:
                return False
        return self._fits((place.flat, level, True), tasks)

    def _newline(self, level: int) -> None:
        self._out.append("\n")
        self._margin = " " * (INDENT * level)
        self._column, self._closed = len(self._margin), False

    def _fits(self, first: _Task, rest: Sequence[_Task]) -> bool:
        """Whether all up to the next line break fits; what follows counts with its own ways of breaking."""
        left, waiting, at = self._width - self._column, [first], len(rest)
        while left >= 0:
            if not waiting:
                if not at:
                    return True
                at -= 1
                waiting.append(rest[at])
            inside, level, flat = waiting.pop()
            match inside:
                case str():
                    left -= len(inside)
                case Verbatim(text=text):
                    line, newline, _ = text.partition("\n")
                    left -= len(line)
                    if newline or inside.closed:
                        return left >= 0
                case Break():
                    if inside.hard or not flat:
                        return True
                    left -= len(inside.flat)
                case Nest(inside=nested) | Group(inside=nested):
                    waiting.append((nested, level, flat))
                case _:
                    waiting += [(one, level, flat) for one in reversed(inside)]
        return False
