"""The header block of a mail or part: one scan yields names and values, each looked at only when asked for.

A line ends at LF, with or without CR before it. A CR alone is an octet of the value: Postfix makes it a
blank, and who takes it for a line end can be shown other fields than we see; so it is flagged. A line that is
no field ends the section, and the body begins with it, as Postfix and Python's compat32 have it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mailgate.domain.message.buffer import Buffer
from mailgate.domain.message.defects import Defect, Notes
from mailgate.domain.message.lazy import lazy
from mailgate.domain.message.limits import HEADER, HEADER_SECTION, HEADERS
from mailgate.domain.message.words import decode

# RFC 5322 2.2 and 3.6.8: a name of printable ASCII; blanks before the colon are obsolete (4.5) and real.
# Lines that begin with a blank belong to the value. What is no field matches with an empty name. The
# quantifiers are possessive: no octet is ever tried twice.
_FIELD: Final = re.compile(rb"(?:([!-9;-~]++)[ \t]*+:)?+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n")
_BLANK_LINE: Final = re.compile(rb"\n\r?+\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_BLANKS: Final = b" \t\r\n"
_LINE_STARTS: Final = (b"\n", b"\r")
_EMPTY_LINES: Final = (b"\n", b"\r\n")
_MBOX_FROM: Final = (b"From ", b">From ")

# RFC 5322 3.6: these stand once at most.
_ONCE: Final = frozenset((
    b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"message-id", b"in-reply-to", b"references",
    b"subject", b"date", b"mime-version", b"auto-submitted", b"return-path",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One field: the name as written and in lower case, and the value, unfolded and trimmed."""

    name: str
    lower: str
    raw: bytes


def unfold(value: bytes) -> bytes:
    """Return a raw value on one line (RFC 5322 2.2.3), trimmed; a tab behind the line end becomes a blank."""
    value = value.strip(_BLANKS)
    return _FOLD.sub(b" ", value) if b"\n" in value else value


@lru_cache(maxsize=512)
def _key(name: str) -> bytes:
    """Return a name as it stands in the index; one that isn't ASCII is no field name and finds nothing."""
    return name.lower().encode("utf-8", "replace")


class HeaderBlock:
    """The fields of one header section; values are unfolded and decoded on demand and kept."""

    # Not slotted: lazy attributes need the dictionary.

    def __init__(
        self, fields: list[tuple[bytes, bytes]], lower: list[bytes], body_start: int, section: bytes
    ) -> None:
        self.pairs = fields
        self.body_start = body_start
        self._section = section
        self._lower = lower  # the names in lower case, in the order of the fields
        # The last field of each name: nearly always the only one.
        self._index = dict(zip(lower, fields, strict=True))
        self._values: dict[str, list[bytes]] = {}
        self._texts: dict[str, list[str]] = {}

    def without(self, name: str, values: Sequence[bytes]) -> "HeaderBlock":
        """Return the section without these fields, each the lowest of this name with this unfolded value."""
        key, left = _key(name), list(values)
        pairs: list[tuple[bytes, bytes]] = []
        for pair in reversed(self.pairs):
            value = unfold(pair[1])
            if left and pair[0].lower() == key and value in left:
                left.remove(value)
            else:
                pairs.append(pair)
        pairs.reverse()
        return HeaderBlock(pairs, [one.lower() for one, _ in pairs], self.body_start, self._section)

    @property
    def repeats(self) -> bool:
        """Whether any name stands more than once."""
        return len(self._index) < len(self._lower)

    @lazy
    def fields(self) -> tuple[HeaderField, ...]:
        """All fields in order."""
        names = [(name.decode("ascii"), value) for name, value in self.pairs]
        return tuple(HeaderField(name, name.lower(), unfold(value)) for name, value in names)

    @lazy
    def names(self) -> frozenset[str]:
        """Return the names of all fields in lower case."""
        return frozenset([name.decode("ascii") for name in self._index])

    def raw(self, name: str) -> list[bytes]:
        """Return the unfolded, trimmed values of all fields of this name, in order; not to be changed."""
        values = self._values.get(name)
        if values is None:
            values = self._values[name] = self._find(_key(name))
        return values

    def _find(self, lower: bytes) -> list[bytes]:
        field = self._index.get(lower)
        if field is None:
            return []
        if self._lower.count(lower) == 1:
            return [unfold(field[1])]
        return [unfold(value) for name, value in self.pairs if name.lower() == lower]

    def texts(self, name: str) -> list[str]:
        """Return the values with encoded words decoded (RFC 2047), in order; not to be changed."""
        texts = self._texts.get(name)
        if texts is None:
            texts = self._texts[name] = [decode(value) for value in self.raw(name)]
        return texts

    def first(self, name: str) -> bytes | None:
        """Return the first raw value, or None where no such field stands."""
        values = self.raw(name)
        return values[0] if values else None

    def count(self, lower: bytes) -> int:
        """Return how many fields have this name, given in lower case."""
        return self._lower.count(lower)

    def note_section(self, notes: Notes) -> None:
        """Note what is odd about the octets of the section and about repeated fields (of the mail itself)."""
        section = self._section
        if b"\0" in section:
            notes.add(Defect.NUL)
        if section.count(b"\r") != section.count(b"\r\n"):
            notes.add(Defect.BARE_CR)
        if (b" :" in section or b"\t:" in section) and _blank_before_colon(section):
            notes.add(Defect.SPACE_BEFORE_COLON)
        if not section.isascii() and not _is_utf8(section):
            notes.add(Defect.HEADER_NOT_UTF8)
        if self.repeats and any(self.count(name) > 1 for name in _ONCE):
            notes.add(Defect.DUPLICATE_FIELD)


def read_header(buffer: Buffer, start: int, end: int, notes: Notes) -> HeaderBlock:
    """Read the header section that begins at `start`; `end` is where its part ends. Never raises.

    The fields hold at most the first 256 KiB and 1,000 fields; what is beyond stays in the octets and is
    noted.
    """
    octets = buffer.octets
    if octets[start : start + 1] in _LINE_STARTS and buffer.cut(start, min(start + 2, end)).startswith(
        _EMPTY_LINES
    ):
        return HeaderBlock([], [], start + (1 if octets[start] == _LF else 2), b"")
    capped = min(end, start + HEADER_SECTION)
    blank = _BLANK_LINE.search(octets, start, capped)
    if blank is None and capped < end:
        blank = _BLANK_LINE.search(octets, max(start, capped - 2), end)
    body_start = blank.end() if blank else end
    section_end = blank.start() + 1 if blank else end
    if section_end - start > HEADER_SECTION:
        notes.add(Defect.HEADER_SECTION_TOO_BIG)
        section_end = start + HEADER_SECTION
    section = buffer.cut(start, section_end)
    return _block(section, start, body_start, notes)


_LF: Final = ord("\n")


def _block(section: bytes, start: int, body_start: int, notes: Notes) -> HeaderBlock:
    if section and not section.endswith(b"\n"):
        section += b"\n"
    skipped = 0
    if section.startswith(_MBOX_FROM) and start == 0:
        notes.add(Defect.MBOX_FROM)
        skipped = section.index(b"\n") + 1
    fields = _FIELD.findall(section, skipped)
    lower = [name.lower() for name, _ in fields]
    if b"" in lower:
        notes.add(Defect.MISSING_SEPARATOR)
        number = lower.index(b"")
        body_start = start + _offset(section, skipped, number)
        fields, lower = fields[:number], lower[:number]
    if len(fields) > HEADERS:
        notes.add(Defect.TOO_MANY_HEADERS)
        fields, lower = fields[:HEADERS], lower[:HEADERS]
    if len(section) > HEADER and any(len(value) > HEADER for _, value in fields):
        notes.add(Defect.HEADER_TOO_LONG)
    return HeaderBlock(fields, lower, body_start, section)


def _offset(section: bytes, skipped: int, number: int) -> int:
    """Return where in the section the line stands that is no field, behind `number` fields."""
    position = skipped
    for _ in range(number):
        match = _FIELD.match(section, position)
        assert match is not None  # findall has just found it
        position = match.end()
    return position


def _blank_before_colon(section: bytes) -> bool:
    return _BLANK_BEFORE_COLON.search(section) is not None


_BLANK_BEFORE_COLON: Final = re.compile(rb"^[!-9;-~]++[ \t]++:", re.MULTILINE)


def _is_utf8(octets: bytes) -> bool:
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
