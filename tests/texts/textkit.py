"""What texts are filled from, made by hand: a source with a mail, a ticket, a contact, a queue and an agent."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mailgate.domain.ports import ContactView, EntryView, TicketView
from mailgate.domain.routing import Agent, Catalogue, Queue, Template
from mailgate.texts.render import Rendered, render_template

# A Friday, 15:30 in Berlin.
NOW = datetime(2026, 12, 18, 14, 30, tzinfo=UTC)
TICKET = TicketView(7, "T-7", "Printer on fire", "open", "high", "support", "bob", 3, 17, "active")
CONTACT = ContactView(3, "Anna Berg", "anna@customer.example", "vip", company="Berg AG")
QUEUE = Queue(
    "support",
    "support@example.org",
    "Example Support",
    "en",
    hours="Mon-Fri 09:00-17:00",
    zone=ZoneInfo("Europe/Berlin"),
)
AGENT = Agent("bob", "bob@example.org", full_name="Bob Stone")
MAIL = {
    "subject": "Printer on fire", "from": "anna@customer.example", "from_name": "Anna Berg", "to": "support@example.org",
    "id": "<m1@customer.example>",
}  # fmt: skip


@dataclass
class Made:
    """A source (`texts/names.Source`); parts of the mail are given by their names."""

    parts: dict[str, str] = field(default_factory=lambda: dict(MAIL))
    about: TicketView = TICKET
    who: ContactView = CONTACT
    where: Queue = QUEUE
    writer: Agent = AGENT
    said: tuple[EntryView, ...] = ()
    stranger: bool = False
    catalogue: Catalogue = field(
        default_factory=lambda: Catalogue(queues={"support": QUEUE}, agents={"bob": AGENT})
    )
    now: datetime = NOW

    def mail(self, part):
        return self.parts[part]

    def ticket(self):
        return self.about

    def contact(self):
        return self.who

    def queue(self):
        return self.where

    def agent(self):
        return self.writer

    def conversation(self):
        return self.said

    def is_stranger(self):
        return self.stranger


def source(**parts: str) -> Made:
    """Return a source whose mail has these parts."""
    return Made({**MAIL, **parts})


def reads(language: str, **changed: object) -> Made:
    """Return a source whose contact reads a language."""
    return Made(who=replace(CONTACT, language=language), **changed)


def rendered(text: str, of: Made | None = None, form: str = "text", **parts: str) -> Rendered:
    """Return what a text of a format becomes; `parts` are the template's others."""
    return render_template(Template("t", parts.pop("subject", ""), text, format=form, **parts), of or Made())


def entry(number: int, kind: str, author: str, text: str, **changed: object) -> EntryView:
    """Return an entry of a ticket's history, `number` hours after the first."""
    at = int(datetime(2026, 12, 18, tzinfo=UTC).timestamp() * 1000) + number * 3_600_000
    return replace(EntryView(number, 7, 17, at, kind, author, text, "", False, "", "", ""), **changed)
