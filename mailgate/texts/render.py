"""What a template becomes: subject, text and HTML of a mail (G18, G19, S9, W3).

    find (choose.py) -> fill with marks for values (sandbox.py) -> Markdown or HTML cleaned (markup.py)
    -> values in their places (marks.py)

Pure, and most of it is done once for each template: what is left for a mail are its values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailgate.domain.routing import Template
from mailgate.texts.marks import Marks
from mailgate.texts.markup import parts
from mailgate.texts.names import Asked, Source
from mailgate.texts.sandbox import fill
from mailgate.texts.tags import has_tags, in_subject

NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a mail says; "" for a part that it has not."""

    subject: str
    text: str
    html: str


def language_of(template: Template, source: Source) -> str:
    """Return the language that a text is in: its own, else the contact's, else the queue's."""
    return template.language or source.contact().language or source.queue().language


def render_template(template: Template, source: Source, extra: Mapping[str, str] = NOTHING) -> Rendered:
    """Return the subject, text and HTML of a template; `extra` adds plain values, or says them otherwise.

    `extra` may say the `salutation`. Raises jinja2.TemplateError.
    """
    asked = Asked(source, language_of(template, source))
    subject = _subject(template.subject, asked, extra) if template.subject else ""
    if template.format == "text":
        html = _marked(template.html, "html", asked, extra)[1] if template.html else ""
        return Rendered(subject, _plain(template.text, asked, extra), html)
    text, html = _marked(template.text, template.format, asked, extra)
    if template.html:
        html = _marked(template.html, "html", asked, extra)[1]
    return Rendered(subject, text, html)


def _subject(source: str, asked: Asked, extra: Mapping[str, str]) -> str:
    """Return a subject, on one line."""
    return " ".join(_plain(in_subject(source), asked, extra).split())


def _plain(source: str, asked: Asked, extra: Mapping[str, str]) -> str:
    if not has_tags(source):
        return source
    return fill(source, asked, extra, None, makers=True)


def _marked(source: str, form: str, asked: Asked, extra: Mapping[str, str]) -> tuple[str, str]:
    """Return the text and the HTML of a source with markup."""
    marks = Marks()
    filled = fill(source, asked, extra, marks, makers=form == "html")
    found = parts(filled, form)
    return found.text.filled(marks.values), found.html.filled(marks.values)
