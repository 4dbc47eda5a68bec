"""HTML to text that still shows what is quoted: `> ` before its lines, and where a mail below begins.

Mail programs write a quotation into a blockquote (Apple, Gmail, Thunderbird, Proton, Yahoo) or a div with a
bar at its left (GMX, web.de); others write no element around it, only a line above and a block of fields
(Outlook). What they write is known by names and styles of their tags. Read by `answertext`.
"""

import re
from typing import Final

from mailgate.domain.message.markup import text_of_html

# Signs between the texts; none of them may come out of a mail, so a mail's own are taken away first.
_OPENS, _CLOSES, BELOW = "\x01", "\x02", "\x03"
_SIGNS: Final = {1: None, 2: None, 3: None}
# A tag's attributes are looked at that far: what tells stands in front, and some styles never end.
_TAG_LOOK: Final = 600
# More `> ` than this tell nobody anything.
_DEEPEST: Final = 8
# Open elements that are remembered; what is nested deeper counts as what is around it.
_MOST_OPEN: Final = 200

# Where a mail below begins: what the programs call the element that holds or heads it. Outlook (classic, new,
# mobile, its copies of others' ids begin with x_), Thunderbird, Gmail, Yahoo, Proton.
_BELOW: Final = re.compile(
    r"""divrplyfwdmsg|appendonsend|mail-editor-reference-message-container|olk_src_body_section|outlookmessageheader
    |moz-cite-prefix|moz-forward-container|gmail_quote|gmail_attr|yahoo_quoted|protonmail_quote|tutanota_quote
    |border-top\s*:\s*(?:solid|[\w.]+\s+solid)\s*(?:\#?(?:e1e1e1|b5c4df)|rgb\(\s*(?:225|181)\b)""",
    re.VERBOSE,
)
# A div that is a quotation: GMX and web.de name it, and it has a bar at its left.
_QUOTING_DIV: Final = re.compile(r"""name\s*=\s*["']?quote\b|border-left\s*:\s*(?:[\w.]+\s+)?solid""")
# Gmail's indentation is a blockquote that quotes nothing.
_INDENTING: Final = re.compile(r"border\s*:\s*none|border-width\s*:\s*0")


class _Signs:
    """Which of the open elements quote; lives for one text."""

    def __init__(self) -> None:
        self._open: dict[str, list[bool]] = {"blockquote": [], "div": []}

    def sign(self, name: str, closing: str, tag: str) -> str:
        """Return the sign that a tag stands for, "" for most."""
        if closing:
            waiting = self._open.get(name)
            return f"\n{_CLOSES}\n" if waiting and waiting.pop() else ""
        look = tag[:_TAG_LOOK].lower()
        # A blockquote needs no sign that something begins: it quotes what it holds, its head stands above.
        begins = name != "blockquote" and "=" in look and _BELOW.search(look)
        below = f"\n{BELOW}\n" if begins else ""
        return below + self._opened(name, look)

    def _opened(self, name: str, look: str) -> str:
        waiting = self._open.get(name)
        if waiting is None or len(waiting) >= _MOST_OPEN:
            return ""
        if name == "div":
            quotes = "=" in look and _QUOTING_DIV.search(look) is not None
        else:
            quotes = _INDENTING.search(look) is None or "cite" in look or "quote " in look
        waiting.append(quotes)
        return f"\n{_OPENS}\n" if quotes else ""


def quoting_text(markup: str) -> str:
    """Return the text of HTML, quotations with `> `; a line of BELOW alone is where a mail below begins."""
    depth, lines = 0, list[str]()
    for line in text_of_html(markup.translate(_SIGNS), _Signs().sign).split("\n"):
        match line:
            case "\x01":
                depth += 1
            case "\x02":
                depth = max(0, depth - 1)
            case _:
                lines.append(_quoted(line, depth) if line != BELOW else line)
    return "\n".join(lines).strip()


def _quoted(line: str, depth: int) -> str:
    if not depth:
        return line
    return f"{'> ' * min(depth, _DEEPEST)}{line}".rstrip()


def without_signs(text: str) -> str:
    """Return such a text without the lines of BELOW."""
    return text if BELOW not in text else "\n".join(x for x in text.split("\n") if x != BELOW)
