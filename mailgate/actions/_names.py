"""What scripts and templates may name (`texts/names.NAMES`), with a mail in hand.

Answers to senders whom we do not know carry nothing of their mail but a subject without links:
acknowledgements have been used as a spam relay.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailgate.actions._current import current_ticket
from mailgate.domain.action import Plan
from mailgate.domain.address import fold
from mailgate.domain.effects import AddEntry, OpenContact
from mailgate.domain.ports import ContactView, EntryView, TicketView
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.texts.comments import MOST_ENTRIES
from mailgate.texts.names import FACTS, NO_AGENT, NO_CONTACT, NO_QUEUE, NO_TICKET
from mailgate.texts.names import value as value_of
from mailgate.texts.safe import LINK, without_links

# The parts of the mail in hand, by the names after `mail.`.
MAIL: Final[Mapping[str, Callable[[Plan], str]]] = {
    "subject": lambda plan: plan.mail.view.subject,
    "from": lambda plan: plan.author,
    "from_name": lambda plan: plan.author_name,
    "to": lambda plan: plan.mail.recipient.address,
    "id": lambda plan: plan.mail.view.message_id,
}


def is_stranger(plan: Plan) -> bool:
    """Whether an answer to this mail would go to somebody whom nobody knew before it.

    Whom it goes to is the envelope sender: a known From beside a foreign one vouches for nothing.
    """
    contact = plan.known_contact()
    if contact is None or any(isinstance(e, OpenContact) for e in plan.effects):
        return True
    sender = plan.mail.sender
    return fold(sender) != fold(plan.author) and plan.reader.contact(sender) is None


def safe_subject(plan: Plan) -> str:
    """Return the mail's subject; without links where the sender is unknown to us."""
    subject = plan.mail.view.subject
    return without_links(subject) if is_stranger(plan) else subject


def without_their_links(plan: Plan, text: str) -> str:
    """Return a text of ours without the links that an unknown sender's mail has brought into it.

    Variables of a script put the subject into an answer; links of the rule author's own stay.
    """
    given = f"{plan.mail.view.subject} {plan.author_name}"
    if not text or ("." not in given and ":" not in given) or not is_stranger(plan):
        return text
    for link in dict.fromkeys(LINK.findall(given)):
        text = re.sub(re.escape(link), "…", text, flags=re.IGNORECASE)
    return text


@dataclass(frozen=True, slots=True)
class PlanSource:
    """The mail in hand, its ticket and its queue, as texts see them (`texts/names.Source`)."""

    plan: Plan

    @property
    def catalogue(self) -> Catalogue:
        """What the business says."""
        return self.plan.catalogue

    @property
    def now(self) -> datetime:
        """When the mail came in."""
        return self.plan.now

    def mail(self, part: str) -> str:
        """Return a part of the mail in hand."""
        return MAIL[part](self.plan)

    def ticket(self) -> TicketView:
        """Return the ticket of this run, else the one that the mail belongs to."""
        return current_ticket(self.plan) or NO_TICKET

    def contact(self) -> ContactView:
        """Return the author's contact."""
        return self.plan.known_contact() or NO_CONTACT

    def queue(self) -> Queue:
        """Return the queue in charge."""
        return self.plan.queue() or NO_QUEUE

    def agent(self) -> Agent:
        """Return who has the ticket."""
        return self.catalogue.agents.get(self.ticket().agent) or NO_AGENT

    def conversation(self) -> Sequence[EntryView]:
        """Return the last mails of the ticket with this one, for somebody known to take part alone.

        A token lets anybody join; what the others wrote is shown to nobody before an agent has confirmed him.
        """
        plan, ticket = self.plan, self.plan.ticket
        if ticket is None or is_stranger(plan):
            return ()
        if not plan.reader.is_participant(ticket.ticket_id, plan.mail.sender):
            return ()
        planned = [one for one in plan.effects if isinstance(one, AddEntry) and one.with_message]
        own = [_view(one, plan.now) for one in planned if one.ticket_id == ticket.ticket_id]
        return (*plan.reader.conversation(ticket.ticket_id, MOST_ENTRIES), *own)

    def is_stranger(self) -> bool:
        """Whether an answer would go to somebody whom nobody knew."""
        return is_stranger(self.plan)


def _view(entry: AddEntry, now: datetime) -> EntryView:
    """Return an entry that is only planned as it will be."""
    return EntryView(
        entry_id=entry.entry_id,
        home_id=entry.ticket_id,
        session_id=entry.session_id,
        at_ms=int(now.timestamp() * 1000),
        kind=entry.kind.value,
        author=entry.author,
        text=entry.text,
        msgid=entry.message_id,
        unverified=entry.unverified,
        field="",
        old="",
        new="",
    )


def value(plan: Plan, namespace: str, name: str) -> str | None:
    """Return one value for a script, or None where scripts have no such name."""
    if name not in FACTS.get(namespace, ()):
        return None
    return value_of(PlanSource(plan), namespace, name)
