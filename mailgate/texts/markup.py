"""Markdown and HTML of templates: cleaned HTML, and the text part made of it.

Both are done with the values' marks in their places (`texts/marks.py`), so it is done once for a template and
not for each mail, and a value can never be markup. What is allowed is a short list: no scripts, style sheets,
forms, frames, SVG or MathML; links to http, https, mailto and cid only.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import nh3
from jinja2 import TemplateRuntimeError
from markdown_it import MarkdownIt

from mailgate.texts.marks import ATTRIBUTE, CLOSE, IN_URL, MAILTO, MARK, QUOTED, URL, Pieces, pieces
from mailgate.texts.plain import as_text

# No answer is longer; a template that makes more runs wild.
LONGEST: Final = 512 * 1024
# Cleaning takes quadratic time in nested elements; a table in a table in a table is some 15 deep.
DEEPEST: Final = 100
# A longer one is used once perhaps, and must not fill the memory.
KEPT: Final = 32 * 1024

TAGS: Final = frozenset(
    (
        "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del",
        "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li",
        "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
        "tfoot", "th", "thead", "tr", "u", "ul",
    )
)  # fmt: skip
# Elements whose content is no text.
REMOVED: Final = frozenset(
    (
        "script", "style", "title", "template", "svg", "math", "iframe", "object", "noscript", "select",
        "textarea", "button", "noembed", "noframes", "xmp", "plaintext", "head", "audio", "video", "canvas",
    )
)  # fmt: skip
SHAPES: Final = frozenset(("align", "valign", "width", "height", "bgcolor"))
ATTRIBUTES: Final = {
    "*": {"style", "title", "dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align", "border"},
    "ol": {"start", "type"},
    "table": {*SHAPES, "border", "cellpadding", "cellspacing"},
    "td": {*SHAPES, "colspan", "rowspan"},
    "th": {*SHAPES, "colspan", "rowspan"},
    "tr": set(SHAPES),
    "col": {"span", "width"},
    "p": {"align"},
    "div": {"align"},
}
STYLES: Final = frozenset(
    (
        "background-color", "border", "border-bottom", "border-collapse", "border-color", "border-left",
        "border-radius", "border-right", "border-spacing", "border-style", "border-top", "border-width",
        "color", "font-family", "font-size", "font-style", "font-weight", "height", "letter-spacing",
        "line-height", "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right",
        "margin-top", "max-width", "min-width", "padding", "padding-bottom", "padding-left",
        "padding-right", "padding-top", "text-align", "text-decoration", "text-transform",
        "vertical-align", "white-space", "width",
    )
)  # fmt: skip
SCHEMES: Final = frozenset(("http", "https", "mailto", "cid"))
LINKED: Final = re.compile(r"(?:https?://|mailto:|cid:)[^\s]", re.IGNORECASE)
# A link to a mail whose address is a value.
ADDRESSED: Final = f"mailto:{IN_URL}"
# What a style could fetch or run.
FETCHES: Final = re.compile(r"url|expression|image|var\s*\(|\\", re.IGNORECASE)
_ENDS: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_VOID: Final = frozenset(("br", "img", "hr", "col", "wbr", "input", "meta", "link", "area", "base", "source"))


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return what becomes of an attribute: None takes it away."""
    del tag
    if name in {"href", "src", "cite"}:
        return _url(value)
    if name == "style":
        # Its properties were chosen above; a value of a mail has no place in it.
        return None if MARK.search(value) or FETCHES.search(value) else value
    return MARK.sub(rf"{ATTRIBUTE}\1{CLOSE}", value)


def _url(value: str) -> str | None:
    """Return a URL that says itself where it leads, or leaves that to a value from its very beginning."""
    text = MARK.sub(rf"{IN_URL}\1{CLOSE}", QUOTED.sub(rf"{IN_URL}\1{CLOSE}", value.strip()))
    if text.startswith(IN_URL):
        return URL + text[1:]
    if text[: len(ADDRESSED)].lower() == ADDRESSED:
        return f"mailto:{MAILTO}{text[len(ADDRESSED) :]}"
    return text if LINKED.match(text) else None


_CLEANER: Final = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(REMOVED),
    attributes=ATTRIBUTES,
    attribute_filter=_attribute,
    strip_comments=True,
    link_rel=None,
    url_schemes=set(SCHEMES),
    filter_style_properties=set(STYLES),
)
# A line's end in the source is one in the mail: people lay out letters by lines.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 20}).enable(
    ["table", "strikethrough"]
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Both parts of a mail, with gaps for the values."""

    text: Pieces
    html: Pieces


def cleaned(html: str) -> str:
    """Return HTML without what is not allowed. Raises jinja2.TemplateError where it is too much."""
    if len(html) > LONGEST:
        raise TemplateRuntimeError(f"comes to more than {LONGEST // 1024} KiB of HTML")
    if _depth(html) > DEEPEST:
        raise TemplateRuntimeError(f"has elements in one another more than {DEEPEST} deep")
    return _CLEANER.clean(html)


def _depth(html: str) -> int:
    """Return how deep elements may come to stand in one another, at most."""
    deepest = depth = 0
    if html.count("<") <= DEEPEST:
        return 0
    for end, name in _ENDS.findall(html):
        if end:
            depth = max(depth - 1, 0)
        elif name.lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def parts(source: str, form: str) -> Parts:
    """Return both parts of a text with marks: `form` is `markdown` or `html`. Raises jinja2.TemplateError."""
    return _kept(source, form) if len(source) <= KEPT else _parts(source, form)


def _parts(source: str, form: str) -> Parts:
    if len(source) > LONGEST:
        raise TemplateRuntimeError(f"comes to more than {LONGEST // 1024} KiB")
    html = cleaned(_MARKDOWN.render(source) if form == "markdown" else source)
    return Parts(pieces(as_text(html), plain=True), pieces(html))


# 32 MiB at most; as many texts as `sandbox` keeps.
_kept = lru_cache(maxsize=512)(_parts)
