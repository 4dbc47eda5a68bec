"""The header of a mail as octets that can be edited: what nobody touches stays as it came, octet by octet."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from sieve_like.message import Buffer, Message
from sieve_like.mime import FIELDS, unfold

# One field with its folded lines and line end, or a line that is no field.
LINE: Final = re.compile(rb"[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)")
NAME: Final = re.compile(rb"([!-9;-~]++)[ \t]*+:")
EMPTY: Final = (b"\r\n", b"\n")

Field = tuple[str, bytes]  # the name in lower case ("" for a line that is no field), and all its octets


def line_end(octets: Buffer) -> bytes:
    """Return the line end that a mail uses: that of its first line, CRLF where there is none."""
    first = octets[: octets.find(b"\n") + 1] if isinstance(octets, bytes) else bytes(octets[:1000])
    return b"\n" if b"\n" in first and b"\r\n" not in first else b"\r\n"


def fields_of(head: bytes) -> list[Field]:
    """Return the fields of a header without the empty line behind it."""
    found: list[Field] = []
    for match in LINE.finditer(head):
        if len(found) == FIELDS:
            # What lies behind so many fields no test sees either: it stays as it is, in one piece.
            found.append(("", head[match.start() :]))
            break
        if match[0]:
            name = NAME.match(match[0])
            found.append((name[1].decode("ascii").lower() if name else "", match[0]))
    return found


def value_of(field: Field) -> bytes:
    """Return the value of a field as tests see it: unfolded and trimmed."""
    return unfold(field[1].partition(b":")[2])


class Header:
    """The fields of a header in order, and the octets behind them; `end` is the line end of the mail."""

    def __init__(self, octets: Buffer, start: int, body_start: int) -> None:
        self.end = line_end(octets)
        self.body = b""  # where an editor keeps what stands behind the header
        head = bytes(octets[start:body_start])
        self.blank = next((e for e in EMPTY if head.endswith((b"\n" + e, b"\r\n" + e)) or head == e), b"")
        self.fields = fields_of(head[: len(head) - len(self.blank)])

    @classmethod
    def of(cls, message: Message) -> "Header":
        """Return the header of a whole mail."""
        return cls(message.octets, 0, message.root.body_start)

    def add(self, name: str, octets: bytes, *, last: bool) -> None:
        """Add a field, given with a CRLF at its end, before all others or behind them."""
        field = (name.lower(), octets.replace(b"\r\n", self.end))
        if self.fields and not self.fields[-1][1].endswith(b"\n"):
            self.fields[-1] = (self.fields[-1][0], self.fields[-1][1] + self.end)
        if last:
            self.fields.append(field)
        else:
            self.fields.insert(0, field)

    def numbers(self, name: str) -> list[int]:
        """Return where the fields of a name stand."""
        lower = name.lower()
        return [number for number, field in enumerate(self.fields) if field[0] == lower]

    def values_at(self, numbers: Iterable[int]) -> list[bytes]:
        """Return the values of fields by their places."""
        return [value_of(self.fields[number]) for number in numbers]

    def remove(self, numbers: Iterable[int]) -> None:
        """Remove fields by their places."""
        gone = frozenset(numbers)
        self.fields = [field for number, field in enumerate(self.fields) if number not in gone]

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Remove all fields but those whose lower-case name is wanted."""
        self.fields = [field for field in self.fields if wanted(field[0])]

    def set_aside(self, name: str, new: str) -> None:
        """Give the fields of a name another one; their values stay as they are."""
        for number in self.numbers(name):
            octets = self.fields[number][1].partition(b":")[2]
            self.fields[number] = (new.lower(), new.encode("ascii") + b":" + octets)

    def octets(self) -> bytes:
        """Return the header, with the empty line behind it where there was one."""
        return b"".join((*(octets for _, octets in self.fields), self.blank))
