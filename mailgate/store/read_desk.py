"""What plans of people ask about tickets (`domain/desk`), answered inside their transaction.

Not on the way of a mail: the statements are built when they are asked for. Where several processes share the
database, a ticket that is looked at in order to change it is locked until the commit, so its version is what
the plan saw.
"""

from collections.abc import Sequence
from typing import Any

from peewee import JOIN, fn

from mailgate.domain.ports import EntryView, FollowUpView, ParticipantView, TicketState
from mailgate.store.merged import family_of, shown_under
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.tickets import (
    Entry,
    EntryPlace,
    FollowUp,
    Participant,
    Session,
    Ticket,
    TicketLink,
)
from mailgate.store.pack import unwords
from mailgate.store.transaction import Transaction

# The state of a row whose answer was taken back (`store/undo.py`, which stands above this).
UNDONE = "undone"
# The longest number that an id can be.
LONGEST_ID = 18


def _state(row: Any) -> TicketState:
    values = list(row)
    values[8], values[9] = unwords(values[8]), unwords(values[9])
    return TicketState(*values)


def _entry(row: Any) -> EntryView:
    values = list(row)
    values[8] = bool(values[8])
    return EntryView(*values)


class DeskReads:
    """The part of `read.UnitReader` that only people's changes need."""

    __slots__ = ("_tx",)
    # Whether a ticket that is looked at is kept from being changed; who only looks cannot.
    locks = True

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def _asked(self, query: Any) -> list[Any]:
        return self._tx.query(query).fetchall()

    def ticket_state(self, ticket_id: int) -> TicketState | None:
        """Return a ticket itself, kept from being changed by others until the commit."""
        return self._one(Ticket.id == ticket_id)

    def ticket_named(self, text: str) -> TicketState | None:
        """Return the ticket that a person names (`T-7`, `t-7`, `7`), itself as in `ticket_state`."""
        word = text.strip().removeprefix("[").removesuffix("]").removeprefix("#").strip()
        for number in dict.fromkeys((word, word.upper())):
            if found := self._one(Ticket.number == number):
                return found
        if word.isascii() and word.isdigit() and len(word) <= LONGEST_ID:
            return self.ticket_state(int(word))
        return None

    def _one(self, condition: Any) -> TicketState | None:
        if self.locks and self._tx.many_writers:
            self._asked(Ticket.select(Ticket.id).where(condition).for_update())
        query = (
            Ticket.select(
                Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.priority, Ticket.queue,
                Ticket.agent, Ticket.owner_group, Ticket.categories, Ticket.tags, Ticket.workflow,
                Ticket.contact_id, Ticket.session_id, Session.state, Session.last_at, Ticket.merged_into,
                Ticket.version,
            )
            .join(Session, on=(Session.id == Ticket.session_id))
            .where(condition)
        )  # fmt: skip
        found = self._asked(query)
        return _state(found[0]) if found else None

    def family(self, ticket_id: int) -> tuple[int, ...]:
        """Return a ticket and all that were merged into it, however far back."""
        return family_of(ticket_id, self._asked)

    def _entries(self, condition: Any) -> Any:
        home = EntryPlace.ticket_id
        return (
            Entry.select(
                Entry.id, home, Entry.session_id, Entry.at, Entry.kind, Entry.author, Entry.text,
                Entry.msgid, Entry.unverified, Entry.field, Entry.old, Entry.new, Entry.rule,
                Entry.ticket_id,
            )
            .join(EntryPlace, JOIN.LEFT_OUTER, on=(EntryPlace.entry_id == Entry.id))
            .where(condition)
        )  # fmt: skip

    def _views(self, rows: Sequence[Any]) -> list[EntryView]:
        placed = ((row[0], row[1] or row[13], *row[2:13]) for row in rows)
        return sorted((_entry(row) for row in placed), key=lambda one: one.entry_id)

    def conversation(self, ticket_id: int, most: int) -> list[EntryView]:
        """Return the last mails in and out that show under a ticket, oldest first; no answer taken back."""
        shown = shown_under(self.family(ticket_id), self._asked)
        taken_back = Outbox.select(Outbox.id).where((Outbox.id == Entry.outbox_id) & (Outbox.state == UNDONE))
        query = self._entries(shown & Entry.kind.in_(["incoming", "answer"]) & ~fn.EXISTS(taken_back))
        return self._views(self._asked(query.order_by(Entry.id.desc()).limit(most)))

    def first_message_id(self, ticket_id: int) -> str:
        """Return the Message-ID of the first mail that shows under a ticket, "" where none has one."""
        shown = shown_under(self.family(ticket_id), self._asked)
        mails = Entry.kind.in_(["incoming", "answer"]) & (Entry.msgid != "")
        found = self._asked(Entry.select(Entry.msgid).where(shown & mails).order_by(Entry.id).limit(1))
        return str(found[0][0]) if found else ""

    def entries(self, ids: Sequence[int]) -> list[EntryView]:
        """Return these entries, oldest first; what is not there is left out."""
        return self._views(self._asked(self._entries(Entry.id.in_(list(ids))))) if ids else []

    def last_changes(self, ticket_id: int, most: int) -> list[EntryView]:
        """Return the last entries that made a ticket's version grow, oldest first."""
        query = self._entries((Entry.ticket_id == ticket_id) & (Entry.field != "session"))
        return self._views(self._asked(query.order_by(Entry.id.desc()).limit(most)))

    def participants(self, ticket_id: int) -> list[ParticipantView]:
        """Return who takes part beside the contact."""
        query = Participant.select(Participant.address, Participant.role, Participant.confirmed)
        query = query.where(Participant.ticket_id == ticket_id).order_by(Participant.folded)
        return [ParticipantView(row[0], row[1], bool(row[2])) for row in self._asked(query)]

    def linked(self, ticket_id: int, kind: str) -> list[int]:
        """Return the tickets that this one is `kind` to (`domain/links.py`)."""
        query = TicketLink.select(TicketLink.other_id).where(
            (TicketLink.ticket_id == ticket_id) & (TicketLink.kind == kind)
        )
        return [int(row[0]) for row in self._asked(query.order_by(TicketLink.other_id))]

    def follow_up(self, follow_up_id: int) -> FollowUpView | None:
        """Return one reminder."""
        found = self._follow_ups(FollowUp.id == follow_up_id)
        return found[0] if found else None

    def follow_ups(self, ticket_id: int) -> list[FollowUpView]:
        """Return a ticket's reminders that nobody was told of yet, the next one first."""
        return self._follow_ups((FollowUp.ticket_id == ticket_id) & (FollowUp.done_at == 0))

    def _follow_ups(self, condition: Any) -> list[FollowUpView]:
        query = FollowUp.select(
            FollowUp.id, FollowUp.ticket_id, FollowUp.agent, FollowUp.at, FollowUp.note, FollowUp.done_at
        ).where(condition)
        rows = self._asked(query.order_by(FollowUp.at, FollowUp.id))
        return [FollowUpView(row[0], row[1], row[2], row[3], row[4], not row[5]) for row in rows]
