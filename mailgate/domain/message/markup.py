"""HTML to plain text, for entries and rules; what people see as HTML is cleaned elsewhere.

A reader of our own instead of html.parser: that one needs 20 s for 48 KB of `<a `. This one goes forward
only: every `<` ends the attempt to read a tag, and a comment or script that never ends takes the rest with
it.
"""

import re
from collections.abc import Callable
from html import unescape
from typing import Final

from mailgate.domain.message.limits import HTML

# A tag with its attributes; quoted values may hold `>` but, here, no `<`.
_TAG: Final = re.compile(
    r"<(/?)([a-zA-Z][^\s/<>]*+)[^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+>|<[!?/a-zA-Z][^<>]*+>?+"
)
# A comment, or elements whose content is no text.
_HIDDEN: Final = re.compile(r"<!--|<(script|style|title|template|noframes|svg|math)\b", re.IGNORECASE)
_ENTITY: Final = re.compile(
    r"&(?:#[0-9]{1,7}+(?![0-9])|#[xX][0-9a-fA-F]{1,6}+(?![0-9a-fA-F])|[a-zA-Z][a-zA-Z0-9]{1,31});?"
)
_BLANKS: Final = re.compile(r"[ \t\r\n\f\xa0]+")
_GAPS: Final = re.compile(r"\n{3,}")

_PARAGRAPHS: Final = frozenset(
    (
        "p", "div", "blockquote", "table", "ul", "ol", "dl", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
        "section", "article", "header", "footer", "form", "fieldset", "body",
    )
)  # fmt: skip
_ROWS: Final = frozenset(("br", "tr", "li", "dt", "dd", "option"))
_CELLS: Final = frozenset(("td", "th"))


def strip_html(markup: str) -> str:
    """Return the text of HTML: blocks on lines of their own, entities decoded, nothing hidden.

    At most the first million characters are read.
    """
    return text_of_html(markup, None)


def text_of_html(markup: str, sign: Callable[[str, str, str], str] | None) -> str:
    """Return the same; `sign` gets each tag (name in lower case, "/" or "", all of it) and may add a text."""
    visible = _without_hidden(markup[:HTML])
    pieces: list[str] = []
    done = 0
    for match in _TAG.finditer(visible):
        pieces.append(_BLANKS.sub(" ", visible[done : match.start()]))
        pieces.append(_gap(match[2], closing=bool(match[1])))
        if sign is not None and match[2]:
            pieces.append(sign(match[2].lower(), match[1], match[0]))
        done = match.end()
    pieces.append(_BLANKS.sub(" ", visible[done:]))
    # Entities come last, so that `&lt;b&gt;` stays text.
    text = _ENTITY.sub(lambda match: unescape(match[0]), "".join(pieces)).replace("\xa0", " ")
    # Lines are trimmed one by one: a pattern for blanks around line ends is not linear in blanks without one.
    lines = "\n".join(line.strip(" \t") for line in text.replace("\0", "").split("\n"))
    return _GAPS.sub("\n\n", lines).strip()


def _gap(name: str | None, *, closing: bool) -> str:
    """Return the white space that a tag stands for."""
    tag = (name or "").lower()
    if tag in _PARAGRAPHS:
        return "\n" if closing or tag in {"div", "body"} else "\n\n"
    if tag in _ROWS:
        return "\n- " if tag == "li" and not closing else "" if closing else "\n"
    return " " if tag in _CELLS and not closing else ""


def _without_hidden(markup: str) -> str:
    """Return HTML without comments, scripts, styles and titles; one that never ends runs to the end."""
    kept: list[str] = []
    lower = markup.lower() if markup.isascii() else _ascii_lower(markup)
    position = 0
    while match := _HIDDEN.search(markup, position):
        kept.append(markup[position : match.start()])
        closing = f"</{match[1].lower()}" if match[1] else "-->"
        found = lower.find(closing, match.end())
        if found < 0:
            return "".join(kept)
        position = found + 3 if not match[1] else markup.find(">", found) + 1
        if position == 0:
            return "".join(kept)
    kept.append(markup[position:])
    return "".join(kept)


_LOWER: Final = str.maketrans({upper: upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})


def _ascii_lower(text: str) -> str:
    """Return text of the same length: str.lower makes two characters of some."""
    return text.translate(_LOWER)
