"""HTML to text, for tests on words: `body :text`, `extracttext`, `convert`.

Tags become a blank, scripts, styles and comments vanish, entities are decoded; line ends stay as they are.
Forward only: whatever never ends takes the rest with it, and no character is looked at twice.
"""

import re
from html import unescape
from typing import Final

# Characters that are read: more than any person writes, tables of a newsletter included.
MARKUP: Final = 4 * 1024 * 1024
# A tag with its attributes, or a declaration. Quoted values may hold `>` but, here, no `<`: a quote that is
# never closed takes no more than its tag.
TAG: Final = re.compile(r"<(/?[A-Za-z][^\s/<>]*+|[!?])(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+'|[\"'])*+>?")
HIDDEN: Final = re.compile(r"<!--|<!\[CDATA\[|<(script|style)\b", re.IGNORECASE)
ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
# Where a person would see another line.
BREAKS: Final = frozenset({"br", "p", "/p", "div", "/div", "tr", "/tr", "li", "/li", "hr", "blockquote"})


def html_words(markup: str) -> str:
    """Return the words of HTML: a blank for each tag, unless one stands there already."""
    return _unescaped(_replaced(_visible(markup[:MARKUP]), frozenset()))


def html_text(markup: str) -> str:
    """Return HTML as plain text to be read: blocks on lines of their own, CRLF line ends."""
    text = _unescaped(_replaced(" ".join(_visible(markup[:MARKUP]).split()), BREAKS))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return "".join(f"{line}\r\n" for line in lines if line)


def _unescaped(text: str) -> str:
    """Return the text with entities decoded, last of all, so that `&lt;b&gt;` stays text."""
    return ENTITY.sub(lambda found: unescape(found[0]), text) if "&" in text else text


def _replaced(markup: str, breaks: frozenset[str]) -> str:
    """Return markup with its tags replaced by white space."""
    pieces: list[str] = []
    blank = True  # whether the text so far ends with white space, or is empty
    at = 0
    for found in TAG.finditer(markup):
        text = markup[at : found.start()]
        if text:
            pieces.append(text)
            blank = text[-1].isspace()
        if found[1].lower() in breaks:
            pieces.append("\n")
            blank = True
        elif not blank:
            pieces.append(" ")
            blank = True
        at = found.end()
    return "".join((*pieces, markup[at:]))


def _visible(markup: str) -> str:
    """Return markup without comments, scripts and styles; CDATA is text."""
    if HIDDEN.search(markup) is None:
        return markup
    kept: list[str] = []
    lower = markup.translate(_LOWER)
    at = 0
    while found := HIDDEN.search(markup, at):
        kept.append(markup[at : found.start()])
        closing = f"</{found[1].lower()}" if found[1] else "]]>" if found[0] == "<![CDATA[" else "-->"
        end = lower.find(closing, found.end())
        if closing == "]]>":
            kept.append(markup[found.end() : end if end >= 0 else None])
        if found[1]:
            kept.append("<script>")  # what was left out separates words like any tag
        if end < 0:
            return "".join(kept)
        at = markup.find(">", end) + 1 if found[1] else end + 3
        if at == 0:
            return "".join(kept)
    return "".join((*kept, markup[at:]))


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # keeps the length
