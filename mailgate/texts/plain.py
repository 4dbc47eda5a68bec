"""The text part of a mail from its HTML: what a reader without HTML sees of a text of ours.

It reads only what `markup.cleaned` has written, so every element is closed and nothing in it is to be feared;
received HTML has a reader of its own (`domain/message/markup.py`).
"""

import re
from html.parser import HTMLParser
from typing import Final

from mailgate.texts.marks import bare

PARAGRAPHS: Final = frozenset(
    ("p", "div", "blockquote", "table", "ul", "ol", "dl", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
)
LINES: Final = frozenset(("br", "tr", "li", "dt", "dd"))
BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
GAPS: Final = re.compile(r"\n{3,}")
RULE: Final = "-" * 30


class _Writer(HTMLParser):
    """Collects the text; lists are numbered and indented, links are written out, quotes are marked."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = [""]
        self.lists: list[int] = []  # the next number of each open list, -1 for one without numbers
        self.quotes: list[int] = []  # where each open quote begins in `said`
        self.links: list[tuple[str, int]] = []
        self.pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        found = {name: value or "" for name, value in attrs}
        if tag in PARAGRAPHS:
            nested = tag in {"ul", "ol"} and self.lists
            self._break(1 if nested or tag == "div" else 2)
        match tag:
            case "br":
                self.said.append("\n")
            case "hr":
                self.said.append(f"{RULE}\n\n")
            case "ul" | "ol":
                start = found.get("start", "1")
                self.lists.append(-1 if tag == "ul" else int(start) if start.isdigit() else 1)
            case "li":
                self._item()
            case "td" | "th" if not self._at_line():
                self.said.append("  ")
            case "img" if found.get("alt"):
                self.said.append(found["alt"])
            case "a":
                self.links.append((found.get("href", ""), len(self.said)))
            case "blockquote":
                self.quotes.append(len(self.said))
            case "pre":
                self.pre += 1
            case "tr" | "dt" | "dd":
                self._break(1)

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        match tag:
            case "ul" | "ol" if self.lists:
                self.lists.pop()
            case "a" if self.links:
                self._link(*self.links.pop())
            case "pre":
                self.pre -= 1
            case "blockquote" if self.quotes:
                self._quote(self.quotes.pop())
        if tag in PARAGRAPHS:
            self._break(1 if tag == "div" or (tag in {"ul", "ol"} and self.lists) else 2)
        elif tag in LINES:
            self._break(1)

    def handle_data(self, data: str) -> None:
        """Take text; outside `pre` its white space is one blank, and none at the beginning of a line."""
        text = data if self.pre else BLANKS.sub(" ", data)
        if text and not self.pre and self._at_line():
            text = text.lstrip(" ")
        if text:
            self.said.append(text.replace("\xa0", " "))

    def _at_line(self) -> bool:
        return next((one for one in reversed(self.said) if one), "\n")[-1] in "\n "

    def _break(self, lines: int) -> None:
        """End the line, and leave one free where it takes two."""
        text = "".join(self.said[-4:])
        ends = len(text) - len(text.rstrip("\n"))
        item = text.lstrip("\n ") in {"- ", ""} or re.search(r"(?:^|\n) *(?:-|[0-9]+\.) $", text)
        if text.strip("\n") and ends < lines and not item:
            self.said.append("\n" * (lines - ends))

    def _item(self) -> None:
        self._break(1)
        depth = "  " * (len(self.lists) - 1)
        number = self.lists[-1] if self.lists else -1
        if number >= 0:
            self.lists[-1] += 1
        self.said.append(f"{depth}{number}. " if number >= 0 else f"{depth}- ")

    def _link(self, url: str, start: int) -> None:
        """Write out where a link leads, unless its text says so."""
        shown = "".join(self.said[start:]).strip()
        target = url.removeprefix("mailto:")
        if url and not url.startswith("cid:") and bare(shown) != bare(target):
            self.said.append(f" ({target})" if shown else target)

    def _quote(self, start: int) -> None:
        text = GAPS.sub("\n\n", "".join(self.said[start:])).strip("\n")
        self.said[start:] = ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))]


def as_text(cleaned: str) -> str:
    """Return the text of cleaned HTML, ending with a line's end; "" where it has none."""
    writer = _Writer()
    writer.feed(cleaned)
    writer.close()
    lines = "\n".join(line.rstrip(" ") for line in "".join(writer.said).split("\n"))
    text = GAPS.sub("\n\n", lines).strip("\n")
    return f"{text}\n" if text else ""
