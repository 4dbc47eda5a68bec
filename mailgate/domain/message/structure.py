"""The parts of a mail, found by offsets: boundaries are looked for in the octets, and no body is copied.

A multipart's own boundary lines are found within its span, and the children's within theirs, so an outer
boundary always ends an inner part (RFC 2046 5.1.2). Every octet is searched once per level at most, 50 levels
deep at most: the cost is linear in the size, whatever the nesting. The tree is built when the first part is
asked for, whole, in memory of its own, and only then shown: several threads may ask at once.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mailgate.domain.message.buffer import Buffer
from mailgate.domain.message.decode import IDENTITY
from mailgate.domain.message.defects import Defect, Notes
from mailgate.domain.message.headers import HeaderBlock, read_header
from mailgate.domain.message.limits import NEAR_BOUNDARIES, NESTING, PARTS
from mailgate.domain.message.part import Part

# RFC 2046 5.1.1: `--boundary`, perhaps `--` for the last, blanks, line end.
_TAIL: Final = re.compile(rb"(--)?+[ \t]*+(?:\r?+\n|\r?+\Z)")
_CR: Final = ord("\r")


@dataclass(slots=True)
class _Growth:
    """What is counted while one tree grows."""

    buffer: Buffer
    notes: Notes
    parts: int = 1
    lines: int = 0
    # First come, first served: where a cap cuts, the outer and earlier parts stay.
    waiting: deque[tuple[Part, tuple[bytes, ...]]] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class _Delimiter:
    """A boundary line: where the part before it ends, where the line ends, and whether it is the last."""

    before: int
    after: int
    closing: bool


def root_part(buffer: Buffer, block: HeaderBlock, notes: Notes) -> Part:
    """Return the mail itself as a part; its children are found when they are first asked for."""
    root = Part(buffer, block, (0, buffer.size), notes)
    if root.is_container:
        root.grows_by(lambda part: _grow(part, buffer, notes))
    else:
        root.note_header()
        root.set_children(())
    return root


def _grow(root: Part, buffer: Buffer, notes: Notes) -> None:
    """Find all parts below `root`, and show them at the very end."""
    growth = _Growth(buffer, notes)
    top = _children(root, (), growth)
    while growth.waiting:
        part, enclosing = growth.waiting.popleft()
        part.set_children(_children(part, enclosing, growth))
    root.set_children(top)


def _children(part: Part, enclosing: tuple[bytes, ...], growth: _Growth) -> tuple[Part, ...]:
    """Return the parts directly within a part, and queue those that hold more."""
    part.note_header()
    if not part.is_container:
        return ()
    if part.depth >= NESTING:
        growth.notes.add(Defect.NESTING_TOO_DEEP)
        return ()
    if not part.is_multipart:
        # What is encoded against the rules has no offsets; it stays a leaf (noted by the part).
        spans = [(part.body_start, part.end)] if part.encoding in IDENTITY else []
        return _planted(part, spans, enclosing, growth)
    boundary = part.boundary
    if not boundary:
        growth.notes.add(Defect.BOUNDARY_MISSING)
        return ()
    if any(boundary.startswith(outer) for outer in enclosing):
        growth.notes.add(Defect.BOUNDARY_CONFLICT)
    spans = _spans(part, boundary, growth)
    return _planted(part, spans, (*enclosing, boundary), growth)


def _planted(
    parent: Part, spans: list[tuple[int, int]], enclosing: tuple[bytes, ...], growth: _Growth
) -> tuple[Part, ...]:
    """Return a part per span, as far as the cap allows, and queue each."""
    default = (
        "message/rfc822" if parent.content_type == "multipart/digest" else "text/plain"
    )  # RFC 2046 5.1.5
    children = []
    for start, end in spans:
        if growth.parts == PARTS:
            growth.notes.add(Defect.TOO_MANY_PARTS)
            break
        growth.parts += 1
        block = read_header(growth.buffer, start, end, growth.notes)
        child = Part(growth.buffer, block, (start, end), growth.notes, default)
        child.depth = parent.depth + 1
        growth.waiting.append((child, enclosing))
        children.append(child)
    return tuple(children)


def _spans(part: Part, boundary: bytes, growth: _Growth) -> list[tuple[int, int]]:
    """Return the spans of a multipart's parts; notes preamble and epilogue on the way."""
    spans: list[tuple[int, int]] = []
    start = -1
    for delimiter in _delimiters(part, boundary, growth):
        if start < 0:
            part.preamble_end = delimiter.before
        elif start <= delimiter.before:
            # Boundary lines that follow each other directly enclose nothing, not even an empty part.
            spans.append((start, delimiter.before))
        start = delimiter.after
        if delimiter.closing:
            part.epilogue_start = delimiter.after
            return spans
        if growth.parts + len(spans) > PARTS:
            # Enough for the cap to be noted; what follows is kept raw.
            return spans
    if start < 0:
        growth.notes.add(Defect.BOUNDARY_NOT_FOUND)
        return spans
    growth.notes.add(Defect.BOUNDARY_UNTERMINATED)
    if start < part.end:
        spans.append((start, part.end))
    return spans


def _delimiters(part: Part, boundary: bytes, growth: _Growth) -> Iterator[_Delimiter]:
    """Yield the boundary lines of a part in order; its body begins behind the line end of its header."""
    buffer, end = growth.buffer, part.end
    needle = b"\n--" + boundary
    position = max(part.body_start - 1, 0)
    while (found := buffer.find(needle, position, end)) >= 0:
        tail = _TAIL.match(buffer.octets, found + len(needle), end)
        if tail is None:
            growth.lines += 1
            if growth.lines > NEAR_BOUNDARIES:
                growth.notes.add(Defect.TOO_MANY_BOUNDARY_LINES)
                return
            position = found + 1
            continue
        before = found - 1 if found > part.body_start and buffer.octets[found - 1] == _CR else found
        yield _Delimiter(before, tail.end(), closing=tail[1] is not None)
        # The line end of one boundary line may be the one before the next.
        position = tail.end() - 1
