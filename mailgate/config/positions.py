"""Where each key of a TOML file stands: the parser of the standard library does not tell.

The text was read by tomllib before, so it is known to be right; what is not understood here is only skipped
and costs a line number, never an error.
"""

import re
from collections.abc import Mapping
from typing import Final

Place = tuple[str | int, ...]  # ("listener", 0, "address"): keys, and indexes of lists

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_SPACES: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BASIC: Final = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL: Final = re.compile(r"'([^'\n]*)'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]|\\.|"(?!"")|""(?!"))*"{3,5}', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']|'(?!'')|''(?!'))*'{3,5}", re.DOTALL)
_PLAIN: Final = re.compile(r"[^,\]}#\n]*")
_ESCAPE: Final = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|["\\bfnrt])')
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def positions(text: str) -> dict[Place, int]:
    """Return the line (from 1) of every key, table and list item of a valid TOML text."""
    scanner = _Scanner(text)
    scanner.document()
    return scanner.found


def line_of(found: Mapping[Place, int], place: Place) -> int:
    """Return the line of a place, or of the nearest table around it that has one; 0 if none has."""
    while place and place not in found:
        place = place[:-1]
    return found.get(place, 0)


def _unescape(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match.group(1)
        return chr(int(code[1:], 16)) if code[0] in "uU" else _SHORT.get(code, code)

    return _ESCAPE.sub(one, text)


class _Scanner:
    """Walks once over the text; `at` is the offset, `table` the table in whose body we are."""

    def __init__(self, text: str) -> None:
        # tomllib reads CRLF as LF as well, and line numbers are the same.
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.line = 1
        self.counted = 0
        self.found: dict[Place, int] = {}
        self.lists: dict[Place, int] = {}

    def document(self) -> None:
        """Read headers and key/value lines to the end."""
        table: Place = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            start = self.at
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip(_BLANK)
            if self.at == start:
                return

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Move over what the pattern matches here and return it."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match.group()

    def here(self) -> int:
        """Return the line number of the current offset, counting only what was not counted before."""
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line

    def note(self, place: Place) -> None:
        """Remember the line of a place; a table that is named again keeps its first line."""
        self.found.setdefault(place, self.here())

    def header(self) -> Place:
        """Read `[a.b]` or `[[a.b]]` and return the table it opens."""
        double = self.text.startswith("[[", self.at)
        line_start = self.at
        self.at += 2 if double else 1
        keys = self.keys()
        after = self.at
        self.at = line_start
        place = self.resolve(keys)
        if double:
            place = (*place, self.next_item(place))
        self.note(place)
        self.at = after
        self.skip(_SPACES)
        self.at += 2 if double else 1
        return place

    def resolve(self, keys: list[str]) -> Place:
        """Return the place of a header's keys; a list of tables on the way means its last one."""
        place: Place = ()
        for index, key in enumerate(keys):
            place = (*place, key)
            last = index == len(keys) - 1
            if not last:
                self.note(place)
                if place in self.lists:
                    place = (*place, self.lists[place])
        return place

    def next_item(self, place: Place) -> int:
        """Count one more table of a list of tables and return its index."""
        self.note(place)
        self.lists[place] = self.lists.get(place, -1) + 1
        return self.lists[place]

    def keys(self) -> list[str]:
        """Read a dotted key."""
        keys: list[str] = []
        while True:
            self.skip(_SPACES)
            keys.append(self.key())
            self.skip(_SPACES)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def key(self) -> str:
        """Read one bare or quoted key."""
        if self.text.startswith('"', self.at):
            return _unescape(self.skip(_BASIC)[1:-1])
        if self.text.startswith("'", self.at):
            return self.skip(_LITERAL)[1:-1]
        return self.skip(_BARE)

    def pair(self, table: Place) -> None:
        """Read `key = value` below a table."""
        start = self.at
        keys = self.keys()
        place = table
        after = self.at
        self.at = start
        for key in keys:
            place = (*place, key)
            self.note(place)
        self.at = after
        if self.text.startswith("=", self.at):
            self.at += 1
            self.skip(_SPACES)
            self.value(place)

    def value(self, place: Place) -> None:
        """Move over a value; the parts of lists and inline tables are noted."""
        match self.text[self.at : self.at + 1]:
            case '"':
                _ = self.skip(_LONG_BASIC) or self.skip(_BASIC)
            case "'":
                _ = self.skip(_LONG_LITERAL) or self.skip(_LITERAL)
            case "[":
                self.array(place)
            case "{":
                self.inline(place)
            case _:
                self.skip(_PLAIN)

    def array(self, place: Place) -> None:
        """Move over a list."""
        self.at += 1
        index = 0
        self.skip(_BLANK)
        while self.at < len(self.text) and self.text[self.at] != "]":
            start = self.at
            self.note((*place, index))
            self.value((*place, index))
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                index += 1
            self.skip(_BLANK)
            if self.at == start:
                break
        self.at += 1

    def inline(self, place: Place) -> None:
        """Move over an inline table."""
        self.at += 1
        self.skip(_BLANK)
        while self.at < len(self.text) and self.text[self.at] != "}":
            start = self.at
            self.pair(place)
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
            self.skip(_BLANK)
            if self.at == start:
                break
        self.at += 1
