"""The values that scripts (`${ticket.number}`) and templates (`{{ ticket.number }}`) may name.

One table for both, and for texts with and without a mail in hand, so that they can never disagree. Every
value is text. Where it comes from is a `Source`: the plan of a mail (`actions/_names.PlanSource`), or a
ticket at the desk (`DeskSource`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from mailgate.domain.effects import EntryKind
from mailgate.domain.hours import next_working_date
from mailgate.domain.ports import ContactView, DeskReader, EntryView, TicketState, TicketView
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.texts.comments import MOST_ENTRIES, readable
from mailgate.texts.safe import without_links
from mailgate.texts.speech import first_name, say_date, say_time

NO_CONTACT: Final = ContactView(0, "", "")
NO_TICKET: Final = TicketView(0, "", "", "", "", "", "", 0, 0, "")
NO_QUEUE: Final = Queue("")
NO_AGENT: Final = Agent("")


class Source(Protocol):
    """Whom and what a text is about. What there is not comes back empty (`NO_TICKET` …), never as None."""

    @property
    def catalogue(self) -> Catalogue:
        """What the business says."""

    @property
    def now(self) -> datetime:
        """The moment, aware."""

    def mail(self, part: str) -> str:
        """Return `subject`, `from`, `from_name`, `to` or `id` of the mail in hand, "" where there is none."""

    def ticket(self) -> TicketView | TicketState:
        """Return the ticket."""

    def contact(self) -> ContactView:
        """Return the customer."""

    def queue(self) -> Queue:
        """Return the queue in charge."""

    def agent(self) -> Agent:
        """Return who writes, else who has the ticket."""

    def conversation(self) -> Sequence[EntryView]:
        """Return the last mails of the ticket that whoever gets the text may read, oldest first."""

    def is_stranger(self) -> bool:
        """Whether what was written by the sender must not carry links (MAIL.md 3, "Reply form")."""


@dataclass(frozen=True, slots=True)
class DeskSource:
    """A ticket with no mail in hand: an agent's answer, a workflow's mail, a notice.

    `writer` is the agent who writes, None for a machine: then `agent` is who has the ticket. `careful` takes
    links out of what the customer has written; only what an agent has read and sends himself may keep them.
    """

    reader: DeskReader
    catalogue: Catalogue
    now: datetime
    state: TicketState | TicketView
    writer: Agent | None = None
    careful: bool = True
    _contact: list[ContactView] = field(default_factory=list)

    def mail(self, part: str) -> str:
        """Return nothing."""
        del part
        return ""

    def ticket(self) -> TicketView | TicketState:
        """Return the ticket."""
        return self.state

    def contact(self) -> ContactView:
        """Return the ticket's contact, read once."""
        if not self._contact:
            contact_id = self.state.contact_id
            found = self.reader.contact_by_id(contact_id) if contact_id else None
            self._contact.append(found or NO_CONTACT)
        return self._contact[0]

    def queue(self) -> Queue:
        """Return the ticket's queue; one with nothing but the name where it is gone."""
        return self.catalogue.queues.get(self.state.queue) or Queue(self.state.queue, language="")

    def agent(self) -> Agent:
        """Return who writes, else who has the ticket."""
        return self.writer or self.catalogue.agents.get(self.state.agent) or NO_AGENT

    def conversation(self) -> Sequence[EntryView]:
        """Return the last mails of the ticket."""
        return self.reader.conversation(self.state.ticket_id, MOST_ENTRIES) if self.state.ticket_id else ()

    def is_stranger(self) -> bool:
        """Whether links of the customer's are to be taken out."""
        return self.careful


@dataclass(frozen=True, slots=True)
class Asked:
    """What a value is made of: the source, and the language that the text is in."""

    source: Source
    language: str

    def local(self) -> datetime:
        """Return the moment as the queue's clock shows it."""
        return self.source.now.astimezone(self.source.queue().zone or UTC)


def _company(asked: Asked) -> str:
    """Return our own company's name: the desk's setting, else what the queue's mails say they come from."""
    queue = asked.source.queue()
    return asked.source.catalogue.desk.company or queue.from_name or queue.name


def _agent_name(agent: Agent) -> str:
    return agent.full_name or agent.name


def _comments(asked: Asked) -> str:
    source = asked.source
    entries = source.conversation()
    if source.is_stranger():
        entries = [_without_their_links(one) for one in entries]
    return readable(entries, source.catalogue, source.queue(), asked.language)


def _without_their_links(one: EntryView) -> EntryView:
    return replace(one, text=without_links(one.text)) if one.kind == EntryKind.INCOMING else one


def _next_working_date(asked: Asked) -> str:
    return say_date(next_working_date(asked.source.queue(), asked.source.now), asked.language)


Name = Callable[[Asked], str]
NAMES: Final[Mapping[str, Mapping[str, Name]]] = {
    "mail": {
        "subject": lambda a: a.source.mail("subject"),
        "from": lambda a: a.source.mail("from"),
        "from_name": lambda a: a.source.mail("from_name"),
        "to": lambda a: a.source.mail("to"),
        "id": lambda a: a.source.mail("id"),
    },
    "ticket": {
        "number": lambda a: a.source.ticket().number,
        "subject": lambda a: a.source.ticket().subject,
        "status": lambda a: a.source.ticket().status,
        "priority": lambda a: a.source.ticket().priority,
        "queue": lambda a: a.source.ticket().queue,
        "agent": lambda a: a.source.ticket().agent,
        "comments": _comments,
    },
    "contact": {
        "name": lambda a: a.source.contact().name,
        "first_name": lambda a: first_name(a.source.contact().name or a.source.mail("from_name")),
        "address": lambda a: a.source.contact().address,
        "type": lambda a: a.source.contact().type,
        "company": lambda a: a.source.contact().company,
        "language": lambda a: a.source.contact().language,
        "salutation": lambda a: a.source.contact().salutation,
    },
    "queue": {
        "name": lambda a: a.source.queue().name,
        "address": lambda a: a.source.queue().address,
        "language": lambda a: a.source.queue().language,
    },
    "agent": {
        "name": lambda a: _agent_name(a.source.agent()),
        "first_name": lambda a: first_name(_agent_name(a.source.agent())),
        "address": lambda a: a.source.agent().address,
        "alias": lambda a: a.source.queue().address or a.source.agent().address,
    },
    "company": {
        "name": _company,
    },
    "now": {
        "date": lambda a: a.source.now.date().isoformat(),
        "time": lambda a: a.source.now.strftime("%H:%M"),
        "year": lambda a: str(a.source.now.year),
        "local_date": lambda a: say_date(a.local().date(), a.language),
        "local_time": lambda a: say_time(a.local()),
        "next_working_date": _next_working_date,
    },
}
# What scripts name and webhooks are told; the rest is made for people who read it, and for texts alone.
FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "mail": ("subject", "from", "from_name", "to", "id"),
    "ticket": ("number", "subject", "status", "priority", "queue", "agent"),
    "contact": ("name", "address", "type", "company", "language", "salutation"),
    "queue": ("name", "address", "language"),
    "now": ("date", "time", "year"),
}
# What a sender can fill with whatever he likes; addresses are not among it, they must stay what they are.
WRITTEN_BY_SENDER: Final = frozenset(
    {
        ("mail", "subject"), ("mail", "from_name"), ("ticket", "subject"),
        ("contact", "name"), ("contact", "first_name"),
    }
)  # fmt: skip


def value(source: Source, namespace: str, name: str, language: str = "") -> str | None:
    """Return one value as it is, or None where the table has no such name."""
    getter = NAMES.get(namespace, {}).get(name)
    return None if getter is None else getter(Asked(source, language))


def safe_value(asked: Asked, namespace: str, name: str) -> str:
    """Return a value as texts may show it; raises KeyError where the table has no such name."""
    found = NAMES[namespace][name](asked)
    if found and (namespace, name) in WRITTEN_BY_SENDER and asked.source.is_stranger():
        return without_links(found)
    return found


def facts(source: Source, namespaces: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the facts of some namespaces, as they are."""
    asked = Asked(source, "")
    return {space: {name: NAMES[space][name](asked) for name in FACTS[space]} for space in namespaces}
