"""What an agent's answer says beside its words: a template in front, the queue's signature behind (G16).

The texts are made by whoever can render templates (`texts/writing.py`), handed in by `PlanPolicy.writing`;
here is how they become one mail. A signature stands behind `-- ` (RFC 3676 4.3) in the text part, behind the
same line in the HTML part, and once: not again where the answer ends with it, or quotes a mail that has it.
"""

import re
from dataclasses import dataclass, replace
from html import escape
from typing import Final, Protocol

from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment
from mailgate.domain.ports import TicketView

# RFC 3676 4.3: the blank belongs to it.
SEPARATOR: Final = "-- "
_QUOTES: Final = re.compile(r"^[>|\s]+")
# Each mail program writes a link's address beside its text in its own way, or not at all.
_ADDRESSES: Final = re.compile(r"[<(\[]*(?:https?://|mailto:)[^\s>)\]]*[>)\]]*")


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said, in both forms; "" for `html` where it is text alone, `files` are those of templates."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: tuple[Attachment, ...] = ()


NOTHING: Final = Wording()


class Writing(Protocol):
    """Makes texts of templates and Markdown; pure, like whoever asks."""

    def template(self, ground: Ground, ticket: TicketView, name: str) -> Wording:
        """Return a template as it reads for a ticket; raises DeskError where there is none, or it fails."""

    def signature(self, ground: Ground, ticket: TicketView) -> Wording:
        """Return the signature of the ticket's queue for whoever acts; `NOTHING` where it has none."""

    def markdown(self, text: str) -> Wording:
        """Return both forms of a text that somebody has written as Markdown; raises DeskError."""


class PlainWriting:
    """Knows no templates: for plans that need none."""

    def template(self, ground: Ground, ticket: TicketView, name: str) -> Wording:
        """Have no template."""
        del ground, ticket
        raise DeskError(f"there is no template {name!r}")

    def signature(self, ground: Ground, ticket: TicketView) -> Wording:
        """Have no signature."""
        del ground, ticket
        return NOTHING

    def markdown(self, text: str) -> Wording:
        """Return the text as it is."""
        return Wording(text=text)


def joined(first: Wording, second: Wording) -> Wording:
    """Return one text of two, with an empty line between them; the subject is the first one that there is."""
    if not second.text.strip() and not second.html:
        return first
    if not first.text.strip() and not first.html:
        return replace(second, subject=first.subject or second.subject)
    html = f"{_html(first)}\n{_html(second)}" if first.html or second.html else ""
    text = f"{first.text.rstrip()}\n\n{second.text.lstrip(chr(10))}"
    return Wording(first.subject or second.subject, text, html, (*first.files, *second.files))


def signed(said: Wording, signature: Wording) -> Wording:
    """Return an answer with its signature, unless it has it already; `NOTHING` adds nothing."""
    if not signature.text.strip() and not signature.html:
        return said
    if _has(said, signature):
        return said
    signature = _apart(signature, said)
    html = ""
    if said.html or signature.html:
        html = f"{_html(said)}\n<div>{SEPARATOR}<br>\n{_html(signature)}</div>\n"
    text = said.text.rstrip()
    if signature.text.strip():
        text = f"{text}\n\n{SEPARATOR}\n{signature.text.strip()}"
    return Wording(said.subject, f"{text}\n", html, (*said.files, *signature.files))


def as_html(text: str) -> str:
    """Return a plain text as HTML: paragraphs and lines as they were written."""
    paragraphs = re.split(r"\n[ \t]*\n+", text.strip("\n"))
    lines = (escape(one, quote=False).replace("\n", "<br>\n") for one in paragraphs)
    return "\n".join(f"<p>{one}</p>" for one in lines)


def _html(wording: Wording) -> str:
    return wording.html or as_html(wording.text)


def _has(said: Wording, signature: Wording) -> bool:
    """Whether a text holds a signature already, at its end or in what it quotes."""
    wanted = _lines(signature.text)
    if not wanted:
        return bool(signature.html) and signature.html.strip() in said.html
    there = _lines(said.text)
    return any(there[n : n + len(wanted)] == wanted for n in range(len(there) - len(wanted) + 1))


def _lines(text: str) -> list[str]:
    """Return the lines of a text that say something, without marks of quoting and addresses of links."""
    found = (" ".join(_ADDRESSES.sub("", _QUOTES.sub("", line)).split()) for line in text.split("\n"))
    return [line for line in found if line and line != SEPARATOR.strip()]


def _apart(signature: Wording, said: Wording) -> Wording:
    """Return a signature none of whose images has the name of another image of the mail."""
    taken = {one.cid: one.blob for one in said.files if one.cid}
    html, files = signature.html, list[Attachment]()
    for one in signature.files:
        if one.cid and taken.get(one.cid, one.blob) != one.blob:
            html = html.replace(f"cid:{one.cid}", f"cid:signature-{one.cid}")
            files.append(replace(one, cid=f"signature-{one.cid}"))
        elif one.cid not in taken or not one.cid:
            files.append(one)
    return replace(signature, html=html, files=tuple(files))
