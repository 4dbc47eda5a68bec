"""The values that scripts (`${ticket.number}`) and templates (`{{ ticket.number }}`) may name.

One table for both, so that they can never disagree; every value is text. Answers to senders whom we do not
know carry nothing of their mail but a subject without links: acknowledgements have been used as a spam
relay.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import re2

from mailgate.actions._current import current_ticket
from mailgate.domain.action import Plan
from mailgate.domain.address import fold
from mailgate.domain.effects import OpenContact
from mailgate.domain.ports import ContactView, TicketView
from mailgate.domain.routing import Queue

LINK: Final = re2.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)\S*"
    r"|[\pL\pN_-]+(?:\.[\pL\pN_-]+)*\.\pL{2,}(?:[/:]\S*)?"
)
NO_CONTACT: Final = ContactView(0, "", "")
NO_TICKET: Final = TicketView(0, "", "", "", "", "", "", 0, 0, "")
NO_QUEUE: Final = Queue("")


def without_links(text: str) -> str:
    """Return the text with everything that a mail reader would turn into a link taken out."""
    if "." not in text and ":" not in text:
        return text  # no link does without both
    # The library takes a replacement that is no function octet by octet, and breaks the character.
    return str(LINK.sub(lambda _: "…", text))


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


def _contact(plan: Plan) -> ContactView:
    return plan.known_contact() or NO_CONTACT


def _ticket(plan: Plan) -> TicketView:
    return current_ticket(plan) or NO_TICKET


def _queue(plan: Plan) -> Queue:
    return plan.queue() or NO_QUEUE


NAMES: Final[Mapping[str, Mapping[str, Callable[[Plan], str]]]] = {
    "mail": {
        "subject": lambda p: p.mail.view.subject,
        "from": lambda p: p.author,
        "from_name": lambda p: p.author_name,
        "to": lambda p: p.mail.recipient.address,
        "id": lambda p: p.mail.view.message_id,
    },
    "ticket": {
        "number": lambda p: _ticket(p).number,
        "subject": lambda p: _ticket(p).subject,
        "status": lambda p: _ticket(p).status,
        "priority": lambda p: _ticket(p).priority,
        "queue": lambda p: _ticket(p).queue,
        "agent": lambda p: _ticket(p).agent,
    },
    "contact": {
        "name": lambda p: _contact(p).name,
        "address": lambda p: _contact(p).address,
        "type": lambda p: _contact(p).type,
        "company": lambda p: _contact(p).company,
        "language": lambda p: _contact(p).language,
        "salutation": lambda p: _contact(p).salutation,
    },
    "queue": {
        "name": lambda p: _queue(p).name,
        "address": lambda p: _queue(p).address,
        "language": lambda p: _queue(p).language,
    },
    "now": {
        "date": lambda p: p.now.date().isoformat(),
        "time": lambda p: p.now.strftime("%H:%M"),
        "year": lambda p: str(p.now.year),
    },
}


def value(plan: Plan, namespace: str, name: str) -> str | None:
    """Return one value, or None where the namespace has no such name."""
    getter = NAMES.get(namespace, {}).get(name)
    return None if getter is None else getter(plan)
