"""The text of a mail as a person would quote it, and what else came with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mailgate.domain.message.limits import HTML
from mailgate.domain.message.markup import strip_html
from mailgate.domain.message.part import Part

_BODIES: Final = frozenset({"text/plain", "text/html"})
# Markup around the text of HTML: what a mail needs at most to say `limit` characters.
_MARKUP: Final = 8


def main_text(root: Part, limit: int, of_html: Callable[[str], str] = strip_html) -> str:
    """Return the best plain text of a mail, with LF line ends, at most `limit` characters.

    Of alternatives the first text/plain that isn't empty counts, else the HTML without its tags. The texts of
    a multipart/mixed follow each other: some programs cut a mail around its pictures, lists add a footer.
    A mail that is nothing but another mail shows that one's text. `of_html` makes text of HTML.
    """
    start = root.children[0] if root.children and not root.is_multipart else root
    return "\n\n".join(text for _, text in _texts(start, _How(limit, of_html)))[:limit]


def attachments(root: Part) -> list[Part]:
    """Return all parts that are neither body nor structure, in order; a mail within the mail is one."""
    found = []
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.children and (part.is_multipart or part is root):
            waiting.extend(reversed(part.children))
        elif not is_body(part):
            found.append(part)
    return found


def is_body(part: Part) -> bool:
    """Whether a leaf is text to be read: text/plain or text/html, neither attached nor with a file name.

    A multipart without parts (its boundary is broken) counts as plain text, since its text is all there is.
    """
    if part.disposition == "attachment" or part.filename:
        return False
    return part.content_type in _BODIES or (part.is_multipart and not part.children)


@dataclass(frozen=True, slots=True)
class _How:
    """How much text is wanted, and what makes text of HTML."""

    limit: int
    of_html: Callable[[str], str]


def _texts(part: Part, how: _How) -> list[tuple[bool, str]]:
    """Return the texts of a part in order, each with whether it was plain (nesting is capped)."""
    if not (part.is_multipart and part.children):
        return _leaf(part, how) if is_body(part) else []
    match part.content_type:
        case "multipart/alternative":
            return _alternative(part.children, how)
        case "multipart/related" | "multipart/signed" | "multipart/report":
            # RFC 2387 3.2, RFC 1847 2.1, RFC 6522 3: the first part is the one for people.
            return _texts(part.children[0], how)
        case "multipart/digest":
            return []
        case _:
            return [text for child in part.children for text in _texts(child, how)]


def _alternative(children: tuple[Part, ...], how: _How) -> list[tuple[bool, str]]:
    """Return the plain alternative, or the first that says anything."""
    best: list[tuple[bool, str]] = []
    for child in children:
        texts = _texts(child, how)
        if any(plain for plain, _ in texts):
            return texts
        best = best or texts
    return best


def _leaf(part: Part, how: _How) -> list[tuple[bool, str]]:
    plain = part.content_type != "text/html"
    text = _plain(part, how.limit) if plain else _html(part, how)
    return [(plain, text)] if text else []


def _plain(part: Part, limit: int) -> str:
    return part.decoded_text(limit).replace("\r\n", "\n").replace("\r", "\n").strip()


def _html(part: Part, how: _How) -> str:
    return how.of_html(part.decoded_text(min(how.limit * _MARKUP, HTML)))
