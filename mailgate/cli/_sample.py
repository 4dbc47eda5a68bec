"""A template tried: the mail that it becomes, for one mail or one ticket; nothing is written or sent."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mailgate.cli import _business
from mailgate.cli._items import near
from mailgate.cli._options import Call, CommandError
from mailgate.cli._store import reading
from mailgate.cli._trial import trial
from mailgate.domain.effects import Send
from mailgate.domain.recipients import DEFAULT, addresses
from mailgate.domain.routing import Agent, Catalogue, Template
from mailgate.domain.templatenames import template_names
from mailgate.texts.choose import find_template
from mailgate.texts.names import DeskSource
from mailgate.texts.render import render_template

if TYPE_CHECKING:
    from mailgate.domain.effects import Decision

SENDER: Final = "anna@customer.example"
MAIL: Final = (
    "From: Anna Example <{sender}>\r\nTo: {recipient}\r\nSubject: My printer is on fire\r\n"
    "Message-ID: <sample@customer.example>\r\nDate: {date}\r\n\r\nWhat shall I do?\r\n"
)
SCRIPT: Final = (
    'require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];\n'
    'ticket :never_follow_up;\nreply :seconds 0 :template "{name}";\n'
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The mail that a template becomes, and whom it goes to."""

    from_address: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str


def for_mail(
    call: Call, name: str, mail: bytes | None, sender: str, recipient: str, language: str = ""
) -> Sample:
    """Return the answer to a mail, in a new ticket; raises CommandError where the template fails.

    Without a mail one is made up; without a recipient the first exact address stands for it.
    """
    sender, recipient = sender or SENDER, recipient or _first_address(call)
    at = datetime.now(UTC)
    if mail is None:
        date = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
        mail = MAIL.format(sender=sender, recipient=recipient, date=date).encode("utf-8")
    catalogue = _business.present(call).catalogue
    route = catalogue.route(recipient)
    template = _chosen(catalogue, route.queue if route is not None else "", name, language)
    # Without a language it is the contact's that chooses, as it is for a real mail.
    tried = {template.name: replace(template, language=language)} if language else {}
    said = template.name if language else name
    script = SCRIPT.format(name=said.replace("\\", "\\\\").replace('"', '\\"'))
    decision = trial(call, mail, recipient, sender, script, at, tried)
    draft = next((one.draft for one in decision.effects if isinstance(one, Send)), None)
    if draft is None:
        raise CommandError(f"template {name!r}: {_why(decision)}")
    to = (draft.to_address,)
    return Sample(draft.from_address, to, draft.subject, draft.text, draft.html)


def for_ticket(call: Call, name: str, number: str, language: str = "", agent: str = "") -> Sample:
    """Return what would be said about a ticket, by an agent or by a machine; raises CommandError."""
    from jinja2 import TemplateError  # noqa: PLC0415  only where one is rendered

    from mailgate.store.again import PreviewReader  # noqa: PLC0415
    from mailgate.store.transaction import Transaction  # noqa: PLC0415

    catalogue, now = _business.present(call).catalogue, datetime.now(UTC)
    writer = _agent(catalogue, agent) if agent else None
    with reading(call) as (store, connection):
        reader = PreviewReader(Transaction(store.backend, connection, store.hot, now))
        state = reader.ticket_named(number)
        if state is None:
            raise CommandError(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
        source = DeskSource(reader, catalogue, now, state, writer, careful=writer is None)
        template = _chosen(catalogue, state.queue, name, language or source.contact().language)
        if language:
            template = replace(template, language=language)
        try:
            said = render_template(template, source)
        except TemplateError as error:
            raise CommandError(f"template {template.name!r}: it fails: {error}") from None
        to = addresses(template.recipients or DEFAULT, state, source.contact().address, catalogue)
        return Sample(source.queue().address, to, said.subject, said.text, said.html)


def _chosen(catalogue: Catalogue, queue: str, name: str, language: str) -> Template:
    """Return the template that a name means there."""
    found = find_template(catalogue, catalogue.queues.get(queue), name, language)
    if found is None:
        raise CommandError(f"there is no template {name!r}{near(name, template_names(catalogue))}")
    return found


def _agent(catalogue: Catalogue, name: str) -> Agent:
    found = catalogue.agents.get(name)
    if found is None:
        raise CommandError(f"there is no agent {name!r}{near(name, catalogue.agents)}")
    return found


def _first_address(call: Call) -> str:
    routes = _business.present(call).catalogue.routes
    return next(iter(routes), f"postmaster@{call.settings().instance.effective_hostname()}")


def _why(decision: "Decision") -> str:
    notes: Any = decision.trace.get("notes", ())
    for note in notes:
        if note.get("what") == "answer":
            return f"{note['refused']}: {note.get('error', '')}".rstrip(": ")
    return decision.error or f"such a mail gets no answer, it is {decision.trace.get('class', '')}"
