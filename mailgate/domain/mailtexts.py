"""Mail texts as comments of the ticket (G9): what the setting `mail_texts` means.

`each`, the default: every mail's text stands in the ticket's history at once, as its own entry. `answer` and
`session` gather the texts in one comment besides: after each agent's answer, or when the session is closed.
`off`: the history has times and ids alone (`store/apply_tickets.py` leaves the texts out).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailgate.domain.effects import AddEntry, Effect, EntryKind
from mailgate.domain.events import AUTOMATIC, EventKind, TicketEvent
from mailgate.domain.notice import local_time
from mailgate.domain.ports import DeskReader, EntryView
from mailgate.domain.routing import Catalogue, Queue
from mailgate.domain.session import State

# Who the history names as the author of the comments.
AUTHOR: Final = "mail texts"
# More mails of one session than these nobody reads in a comment; each is in the history anyway.
MOST: Final = 100
# As much as an entry of one mail may show.
LONGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class MailTexts:
    """Writes the comments; does nothing unless the setting says so."""

    how: str

    def __call__(
        self, event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime
    ) -> Iterable[Effect]:
        """Return the comment that an event leads to."""
        del now  # the comment's own time is the transaction's
        if not self._leads_to_one(event):
            return ()
        found = [
            one for one in reader.conversation(event.ticket_id, MOST) if one.session_id == event.session_id
        ]
        mails = _since_the_last_answer(found) if self.how == "answer" else found
        ticket = reader.ticket(event.ticket_id)
        if not mails or ticket is None:
            return ()
        return (_comment(event, mails, catalogue.queues.get(ticket.queue), reader.allocate("entry")),)

    def _leads_to_one(self, event: TicketEvent) -> bool:
        if self.how == "session":
            return event.kind is EventKind.SESSION and event.new == State.CLOSED.value
        return self.how == "answer" and event.kind is EventKind.ANSWERED and event.new != AUTOMATIC


def _since_the_last_answer(mails: list[EntryView]) -> list[EntryView]:
    """Return the answer at the end, and what came in since the one before it."""
    answers = [n for n, one in enumerate(mails) if one.kind == EntryKind.ANSWER]
    return mails[answers[-2] + 1 :] if len(answers) > 1 else mails


def _comment(event: TicketEvent, mails: list[EntryView], queue: Queue | None, entry_id: int) -> AddEntry:
    said = [f"{local_time(one.at_ms, queue)}, {one.author}:\n{one.text.strip()}" for one in mails]
    first, last = local_time(mails[0].at_ms, queue), local_time(mails[-1].at_ms, queue)
    count = f"{len(mails)} mail{'' if len(mails) == 1 else 's'}"
    head = f"{count}, {first} to {last}" if len(mails) > 1 else f"{count}, {first}"
    text = "\n\n".join((head, *said))
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n\n[the rest stands in the entries of the mails]"
    return AddEntry(
        entry_id=entry_id,
        ticket_id=event.ticket_id,
        session_id=event.session_id,
        kind=EntryKind.COMMENT,
        author=AUTHOR,
        text=text,
        touches_session=False,
    )
