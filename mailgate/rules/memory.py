"""A database in memory for tests of rules: it answers a plan's questions, and takes its effects.

What tests of rules say of contacts and tickets is put in; what a script's result changes is applied when the
test says so, and the next mail of the test finds it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from mailgate.domain.address import fold
from mailgate.domain.contact import lookup_keys
from mailgate.domain.effects import (
    AddEntry,
    ChangeTicket,
    ClearFailing,
    Effect,
    MarkFailing,
    MoveSession,
    OpenContact,
    OpenSession,
    OpenTicket,
    Remember,
    Send,
)
from mailgate.domain.ports import ContactView, EntryView, Kind, SentView, TicketView, Workload
from mailgate.domain.session import State
from mailgate.domain.ticket import match_key

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class MemoryStore:
    """A `ports.Reader`; `now` is the clock of the test."""

    now: datetime = EPOCH
    contacts: dict[str, ContactView] = field(default_factory=dict)
    tickets: dict[int, TicketView] = field(default_factory=dict)
    participants: set[tuple[int, str]] = field(default_factory=set)
    references: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[tuple[int, str], int] = field(default_factory=dict)
    ours: dict[str, SentView] = field(default_factory=dict)
    kept: dict[tuple[str, str], datetime] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    given: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    # --- what a test puts in --------------------------------------------------------------------------------

    def add_contact(self, contact: ContactView) -> ContactView:
        """Make an address a contact's; a contact id of 0 gets the next one."""
        if not contact.contact_id:
            contact = replace(contact, contact_id=self.allocate("contact"))
        self.contacts[fold(contact.address)] = contact
        return contact

    def add_ticket(self, ticket: TicketView, address: str, message_ids: Sequence[str] = ()) -> TicketView:
        """Open a ticket of the contact with this address, who is made if need be."""
        contact = self.contact(address) or self.add_contact(ContactView(0, address, address))
        self.given["ticket"] = max(self.given["ticket"], ticket.ticket_id)
        ticket = replace(ticket, contact_id=contact.contact_id, session_id=self.allocate("session"))
        self.tickets[ticket.ticket_id] = ticket
        self.participants.add((ticket.ticket_id, fold(address)))
        self.keys[contact.contact_id, match_key(ticket.subject)] = ticket.ticket_id
        for one in message_ids:
            self.references[one].append(ticket.ticket_id)
        return ticket

    # --- what an executed result changes --------------------------------------------------------------------

    def apply(self, effects: Iterable[Effect]) -> None:
        """Take effects in their order; what is stored or sent is the test's own world's matter."""
        for effect in effects:
            match effect:
                case OpenContact():
                    self.add_contact(_contact(effect))
                case OpenTicket():
                    self._open(effect)
                case AddEntry() if effect.message_id:
                    self.references[effect.message_id].append(effect.ticket_id)
                case ChangeTicket():
                    self._change(effect)
                case MoveSession():
                    self._move(effect)
                case OpenSession():
                    ticket = self.tickets[effect.ticket_id]
                    state = State.UNOPENED.value
                    self.tickets[effect.ticket_id] = replace(
                        ticket, session_id=effect.session_id, session_state=state
                    )
                case Remember():
                    self.kept[effect.scope, effect.key] = effect.until
                case MarkFailing() | ClearFailing():
                    self._came_back(effect)
                case Send() if effect.draft.message_id:
                    session = effect.entry.session_id if effect.entry is not None else 0
                    self.ours[effect.draft.message_id] = SentView(
                        len(self.ours) + 1, effect.ticket_id, session, effect.draft.to_address
                    )
                    if effect.entry is not None:
                        self.references[effect.draft.message_id].append(effect.ticket_id)

    def _came_back(self, effect: MarkFailing | ClearFailing) -> None:
        if isinstance(effect, MarkFailing):
            self.failed.add(fold(effect.address))
        else:
            self.failed.discard(fold(effect.address))

    def _open(self, effect: OpenTicket) -> None:
        self.tickets[effect.ticket_id] = TicketView(
            effect.ticket_id, effect.number, effect.subject, effect.status, effect.priority, effect.queue,
            effect.agent, effect.contact_id, effect.session_id, State.UNOPENED.value,
        )  # fmt: skip
        self.keys[effect.contact_id, effect.match_key] = effect.ticket_id
        for contact in self.contacts.values():
            if contact.contact_id == effect.contact_id:
                self.participants.add((effect.ticket_id, fold(contact.address)))

    def _change(self, effect: ChangeTicket) -> None:
        ticket = self.tickets.get(effect.ticket_id)
        if ticket is not None and effect.field in {"status", "queue", "agent", "priority", "subject"}:
            changed: dict[str, Any] = {effect.field: effect.value}
            self.tickets[effect.ticket_id] = replace(ticket, **changed)

    def _move(self, effect: MoveSession) -> None:
        for ticket in self.tickets.values():
            if ticket.session_id == effect.session_id:
                self.tickets[ticket.ticket_id] = replace(ticket, session_state=effect.state)
                return

    # --- ports.Reader ---------------------------------------------------------------------------------------

    def allocate(self, kind: Kind) -> int:
        """Return the next id."""
        self.given[kind] += 1
        return self.given[kind]

    def contact(self, address: str) -> ContactView | None:
        """Return the contact that this address means."""
        found = (self.contacts.get(key) for key in lookup_keys(address))
        return next((one for one in found if one is not None), None)

    def ticket(self, ticket_id: int) -> TicketView | None:
        """Return the ticket."""
        return self.tickets.get(ticket_id)

    def ticket_by_number(self, number: str) -> TicketView | None:
        """Return the ticket with this number."""
        return next((one for one in self.tickets.values() if one.number == number), None)

    def tickets_by_message_ids(self, ids: Sequence[str]) -> list[TicketView]:
        """Return the tickets whose conversation has one of these Message-IDs."""
        found = dict.fromkeys(ticket for one in ids for ticket in self.references.get(one, ()))
        return [self.tickets[one] for one in found if one in self.tickets]

    def ticket_by_match_key(
        self, contact_id: int, match_key: str, queue: str, since: datetime
    ) -> TicketView | None:
        """Return the contact's ticket with this key; all of them were touched lately."""
        del since
        ticket = self.tickets.get(self.keys.get((contact_id, match_key), 0))
        return ticket if ticket is not None and queue in {"", ticket.queue} else None

    def is_participant(self, ticket_id: int, address: str) -> bool:
        """Whether the address takes part in the ticket."""
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            return False
        known = any((ticket_id, key) in self.participants for key in lookup_keys(address))
        return known or fold(ticket.agent) == fold(address) != ""

    def sent(self, message_id: str) -> SentView | None:
        """Return the mail of ours with this Message-ID."""
        return self.ours.get(message_id)

    def sent_text(self, message_id: str) -> str:
        """Return nothing: tests of rules send no texts."""
        del message_id
        return ""

    def conversation(self, ticket_id: int, most: int) -> list[EntryView]:
        """Return nothing: tests of rules keep no entries."""
        del ticket_id, most
        return []

    def remembered(self, scope: str, key: str) -> bool:
        """Whether it still holds."""
        return self.kept.get((scope, key), EPOCH) > self.now

    def count(self, scope: str, key: str, window_s: int) -> int:
        """Nothing was counted: tests of rules don't ask the gate."""
        del scope, key, window_s
        return 0

    def workloads(self, agents: Sequence[str], queue: str, since: datetime) -> list[Workload]:
        """Return nobody: rules do not choose an agent themselves, they only ask for it."""
        del agents, queue, since
        return []

    def failing(self, address: str, after: int, within_s: int) -> bool:
        """Whether mail to this address came back."""
        del after, within_s
        return fold(address) in self.failed


def _contact(effect: OpenContact) -> ContactView:
    return ContactView(
        effect.contact_id,
        effect.name,
        effect.address,
        categories=effect.categories,
        company=effect.company_name,
    )
