"""Marks: what stands for a value while the markup around it is read, and how the value takes its place.

A mark is a number between two code points that no text may hold (Unicode calls them noncharacters, for use
within a program); whatever comes in has them taken out, so no value can look like one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final
from urllib.parse import quote

OPEN, CLOSE = "\ufdd0", "\ufdd1"
# The same within an attribute, at the beginning of a URL, further on in it, and as the address of a mailto.
ATTRIBUTE, URL, IN_URL, MAILTO = "\ufdd2", "\ufdd3", "\ufdd4", "\ufdd5"
MARK: Final = re.compile(f"{OPEN}([0-9]+){CLOSE}")
ANY_MARK: Final = re.compile(f"([{OPEN}{ATTRIBUTE}{URL}{IN_URL}{MAILTO}])([0-9]+){CLOSE}")
# A mark as Markdown writes it into a URL.
QUOTED: Final = re.compile("%EF%B7%90([0-9]+)%EF%B7%91")
NONCHARACTERS: Final = re.compile(f"[{OPEN}-{MAILTO}]")
# A value may be a whole link where a template puts one; what else it could be does nothing.
WHOLE_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)


@dataclass(slots=True)
class Marks:
    """The values of one text, by their numbers."""

    values: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def keep(self, value: str) -> str:
        """Return the mark that stands for a value; equal ones share it: a link is seen to be its own text."""
        number = self._numbers.setdefault(value, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return f"{OPEN}{number}{CLOSE}"


def bare(text: str) -> str:
    """Return a text with all of its marks of one kind, to compare what is said in different places."""
    return ANY_MARK.sub(rf"{OPEN}\2{CLOSE}", text)


def unmarked(text: str) -> str:
    """Return a text without anything that could be a mark."""
    return text if text.isascii() else NONCHARACTERS.sub("", text)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text with gaps: `texts[0]`, the value `gaps[0]`, `texts[1]` …; a gap is (how, value's number)."""

    texts: tuple[str, ...]
    gaps: tuple[tuple[str, int], ...]

    def filled(self, values: Sequence[str]) -> str:
        """Return the text with its values in the gaps."""
        said = [self.texts[0]]
        for (how, number), text in zip(self.gaps, self.texts[1:], strict=True):
            said += (FORMS[how](values[number]), text)
        return "".join(said)


def pieces(text: str, *, plain: bool = False) -> Pieces:
    """Return a text cut at its marks; `plain`: it is no HTML, values come in as they are."""
    cut = ANY_MARK.split(text)
    kinds = [IN_TEXT.get(kind, PLAIN) if plain else kind for kind in cut[1::3]]
    return Pieces(tuple(cut[0::3]), tuple(zip(kinds, map(int, cut[2::3]), strict=True)))


def _in_text(value: str) -> str:
    """Return a value for the text of HTML; its lines stay lines."""
    escaped = escape(value, quote=False)
    return escaped.replace("\n", "<br>\n") if "\n" in escaped else escaped


def _whole_url(value: str) -> str:
    return escape(_link(value))


def _link(value: str) -> str:
    """Return a value that may be a whole URL; as a part of one that leads nowhere where it is none."""
    if not WHOLE_LINK.fullmatch(value):
        return _part(value)
    return quote(value, safe=":/?#[]@!$&'()*+,;=%-._~", errors="replace")


def _part(value: str) -> str:
    """Return a value as a part of a URL: nothing in it means anything there."""
    return quote(value, safe="", errors="replace")


def _address(value: str) -> str:
    """Return a value as the address of a mailto (RFC 6068 2); whatever else it says means nothing."""
    return quote(value, safe="@", errors="replace")


def _as_it_is(value: str) -> str:
    return value


# How values come into text without markup: as they are, but in the URLs that it writes out.
PLAIN, PLAIN_URL, PLAIN_IN_URL, PLAIN_MAILTO = "", "url", "in url", "mailto"
IN_TEXT: Final = {URL: PLAIN_URL, IN_URL: PLAIN_IN_URL, MAILTO: PLAIN_MAILTO}
FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    PLAIN: _as_it_is,
    PLAIN_URL: _link,
    PLAIN_IN_URL: _part,
    PLAIN_MAILTO: _address,
    OPEN: _in_text,
    ATTRIBUTE: escape,
    URL: _whole_url,
    IN_URL: _part,
    MAILTO: _address,
}
