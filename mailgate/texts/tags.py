"""Tags as other desks write them, so that existing texts can be pasted in (G19, S9, W3).

    @{consumer}   $helpdesk-ticket_no$   SERIAL_SALUTATION

They become expressions of Jinja2 before a template is compiled; lines stay where they were. Only the source
of a template is read for them: what a value brings is never a tag. A raw block keeps one as it is written.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from jinja2 import Environment, TemplateSyntaxError

# G19; what a reader sees, in the queue's time zone and the text's language.
BRACED: Final[Mapping[str, str]] = {
    "consumer": "contact.first_name",
    "agent": "agent.first_name",
    "date": "now.local_date",
    "time": "now.local_time",
    "queue": "queue.name",
    "company": "company.name",
    "next_working_date": "now.next_working_date",
    "ticket_id": "ticket.number",
}
# S9.
HELPDESK: Final[Mapping[str, str]] = {
    "ticket_no": "ticket.number",
    "comments": "ticket.comments",
    "replyabove": "reply_above",
}
# W3.
SERIAL: Final[Mapping[str, str]] = {"SALUTATION": "salutation"}

TAG: Final = re.compile(
    r"@\{(?P<braced>[^{}\n]{0,60})\}|\$helpdesk-(?P<helpdesk>[^\s$]{0,60})\$|\bSERIAL_(?P<serial>[A-Z_]{1,40})\b"
)
KINDS: Final[Mapping[str, tuple[Mapping[str, str], Callable[[str], str]]]] = {
    "braced": (BRACED, lambda name: f"@{{{name}}}"),
    "helpdesk": (HELPDESK, lambda name: f"$helpdesk-{name}$"),
    "serial": (SERIAL, lambda name: f"SERIAL_{name}"),
}
# The number as a subject has it, however it is enclosed: answers find the ticket by `[#T-7]` (S9).
_NUMBER: Final = re.compile(r"\[\s*#?\s*\$helpdesk-ticket_no\$\s*\]|#?\$helpdesk-ticket_no\$")
_TAGGED: Final = "{% if ticket.number %}[#{{ ticket.number }}]{% endif %}"
# Nothing but its reader of the language's tokens is used.
_READER: Final = Environment(keep_trailing_newline=True)  # noqa: S701  nothing is rendered with it


def _expression(found: re.Match[str]) -> str:
    """Return what stands for a tag; one that there is not stays as it is, `unknown_tags` tells of it."""
    kind = found.lastgroup or ""
    expression = KINDS[kind][0].get(found[kind])
    return found[0] if expression is None else f"{{{{ {expression} }}}}"


def has_tags(source: str) -> bool:
    """Whether a text may hold tags or expressions at all; one that does not is what it says."""
    return "{" in source or "$helpdesk-" in source or "SERIAL_" in source


def _data(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield (line, text, whether tags are read in it) of all of a template, in pieces.

    Raises jinja2.TemplateSyntaxError.
    """
    raw = False
    for line, kind, text in _READER.lex(source):
        raw = (raw or kind == "raw_begin") and kind != "raw_end"
        yield line, text, kind == "data" and not raw


@lru_cache(maxsize=512)
def expressions(source: str) -> str:
    """Return a template with expressions in the places of its tags. Raises jinja2.TemplateSyntaxError."""
    if TAG.search(source) is None:
        return source
    return "".join(TAG.sub(_expression, text) if read else text for _line, text, read in _data(source))


@lru_cache(maxsize=512)
def in_subject(source: str) -> str:
    """Return the source of a subject in which the tag of the ticket's number is what answers find it by.

    Raises jinja2.TemplateSyntaxError.
    """
    if "$helpdesk-ticket_no$" not in source:
        return source
    return "".join(_NUMBER.sub(_TAGGED, text) if read else text for _line, text, read in _data(source))


def unknown_tags(source: str) -> Iterator[tuple[int, str, str, tuple[str, ...]]]:
    """Yield (line, tag, its name, tags that there are) of tags that there are not.

    Nothing comes of a template that is broken otherwise.
    """
    try:
        pieces = list(_data(source))
    except TemplateSyntaxError:
        return
    for line, text, read in pieces:
        for found in TAG.finditer(text) if read else ():
            kind = found.lastgroup or ""
            known, written = KINDS[kind]
            if found[kind] not in known:
                at = line + text.count("\n", 0, found.start())
                yield at, found[0], found[kind], tuple(map(written, known))
