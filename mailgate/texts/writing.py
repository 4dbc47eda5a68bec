"""What agents' answers are made of besides their words: templates, signatures, Markdown (G16, T10).

The pure plans of the desk know this only as `domain/letterhead.Writing`.
"""

from difflib import get_close_matches

from jinja2 import TemplateError

from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError
from mailgate.domain.letterhead import NOTHING, Wording
from mailgate.domain.ports import TicketView
from mailgate.domain.routing import Template
from mailgate.texts.choose import find_template
from mailgate.texts.marks import unmarked
from mailgate.texts.markup import parts
from mailgate.texts.names import DeskSource
from mailgate.texts.render import render_template


class TextWriting:
    """Renders templates for a ticket at the desk, in the customer's language."""

    def template(self, ground: Ground, ticket: TicketView, name: str) -> Wording:
        """Return a template as it reads for a ticket; raises DeskError where there is none, or it fails."""
        source = _source(ground, ticket)
        found = _find(source, name)
        if found is None:
            near = get_close_matches(name, sorted(ground.catalogue.templates), n=1)
            meant = f", did you mean {near[0]!r}?" if near else "; `mailgate template list` shows them"
            raise DeskError(f"there is no template {name!r}{meant}")
        try:
            return _rendered(source, found)
        except TemplateError as error:
            text = f"template {found.name!r} cannot be rendered for this ticket: {error}"
            raise DeskError(f"{text}; `mailgate template render {found.name} --ticket` shows it") from error

    def signature(self, ground: Ground, ticket: TicketView) -> Wording:
        """Return the signature of the ticket's queue; nothing where it has none, or where that fails.

        An answer that leaves without its signature is better than one that does not leave.
        """
        queue = ground.catalogue.queues.get(ticket.queue)
        if queue is None or not queue.signature or queue.signature_off:
            return NOTHING
        source = _source(ground, ticket)
        found = _find(source, queue.signature)
        if found is None:
            return NOTHING
        try:
            return _rendered(source, found)
        except TemplateError:
            return NOTHING

    def markdown(self, text: str) -> Wording:
        """Return both forms of a text that somebody has written as Markdown."""
        try:
            found = parts(unmarked(text), "markdown")
        except TemplateError as error:
            raise DeskError(f"the text cannot be read as Markdown: it {error}") from error
        return Wording(text=found.text.filled(()), html=found.html.filled(()))


def _source(ground: Ground, ticket: TicketView) -> DeskSource:
    writer = ground.catalogue.agents.get(ground.actor.name)
    # What the agent sends was read by the agent, so links in the customer's name or subject may stay.
    return DeskSource(ground.reader, ground.catalogue, ground.now, ticket, writer=writer, careful=False)


def _find(source: DeskSource, name: str) -> Template | None:
    queue = source.catalogue.queues.get(source.state.queue)
    return find_template(source.catalogue, queue, name, source.contact().language)


def _rendered(source: DeskSource, template: Template) -> Wording:
    said = render_template(template, source)
    files = source.catalogue.files.get(template.name, ())
    return Wording(said.subject, said.text, said.html, files)
