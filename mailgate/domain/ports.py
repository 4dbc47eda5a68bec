"""What the pure core asks of the world, as small protocols; `store/read.py` answers in a transaction.

All answers include what this very unit has already planned and applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["ticket", "session", "contact", "entry"]


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact as rules see it."""

    contact_id: int
    name: str
    address: str
    type: str = ""
    vip: bool = False
    categories: tuple[str, ...] = ()
    company: str = ""
    language: str = ""
    salutation: str = ""
    company_id: int = 0


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket as rules see it, with its current session.

    `session_ms` is when something last happened in that session, in ms since 1970, 0 where that is not known.
    """

    ticket_id: int
    number: str
    subject: str
    status: str
    priority: str
    queue: str
    agent: str
    contact_id: int
    session_id: int
    session_state: str
    merged_into: int = 0
    session_ms: int = 0


@dataclass(frozen=True, slots=True)
class TicketState:
    """A ticket as whoever changes it sees it: itself, not what it was merged into; times in ms since 1970."""

    ticket_id: int
    number: str
    subject: str
    status: str
    priority: str
    queue: str
    agent: str
    owner_group: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    workflow: str
    contact_id: int
    session_id: int
    session_state: str
    session_ms: int
    merged_into: int
    version: int


@dataclass(frozen=True, slots=True)
class CaseView:
    """A ticket with its clocks (T9), for service times and workflows; times in ms since 1970, 0 for none.

    `alarm` is a word of `domain/service.Alarm`, `alarm_at` when it may change next; `reacted_ms` is the first
    answer of an agent.
    """

    state: TicketState
    created_ms: int
    touched_ms: int
    reaction_due: int
    warning_due: int
    execution_due: int
    alarm: str
    alarm_at: int
    reacted_ms: int


@dataclass(frozen=True, slots=True)
class StatusChange:
    """When a ticket's status changed, and what from and to."""

    at_ms: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry of a ticket's history, and under which ticket it stands (`home_id`).

    `rule` is the rule or workflow that made it, "" for what a person wrote.
    """

    entry_id: int
    home_id: int
    session_id: int
    at_ms: int
    kind: str
    author: str
    text: str
    msgid: str
    unverified: bool
    field: str
    old: str
    new: str
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """Somebody who takes part in a ticket beside its contact."""

    address: str
    role: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class FollowUpView:
    """A reminder; `open` until its agent was told or somebody ended it."""

    follow_up_id: int
    ticket_id: int
    agent: str
    at_ms: int
    note: str
    open: bool


@dataclass(frozen=True, slots=True)
class Workload:
    """How much work an agent has, for whoever shares it out (G15).

    `active` counts sessions that are unopened, active or reopened; `turn` is the number of the last
    assignment, 0 for never; `today` is what the queue has given the agent since its day began.
    """

    agent: str
    active: int = 0
    turn: int = 0
    today: int = 0
    present: bool = False


@dataclass(frozen=True, slots=True)
class SentView:
    """A mail that we sent, found by its Message-ID."""

    outbox_id: int
    ticket_id: int
    session_id: int
    to_address: str


class Reader(Protocol):
    """Questions to the database, asked within one unit."""

    def allocate(self, kind: Kind) -> int:
        """Return a fresh id; for tickets it is also what the number is made of."""

    def contact(self, address: str) -> ContactView | None:
        """Return the contact that this address means (found by `contact.lookup_keys`)."""

    def ticket(self, ticket_id: int) -> TicketView | None:
        """Return the ticket, following `merged_into`."""

    def ticket_by_number(self, number: str) -> TicketView | None:
        """Return the ticket with this number, following `merged_into`."""

    def tickets_by_message_ids(self, ids: Sequence[str]) -> list[TicketView]:
        """Return the tickets whose conversation holds one of these Message-IDs, in the order of `ids`."""

    def ticket_by_match_key(
        self, contact_id: int, match_key: str, queue: str, since: datetime
    ) -> TicketView | None:
        """Return the contact's newest ticket with this key (S5), in this queue ("" = any), touched since."""

    def is_participant(self, ticket_id: int, address: str) -> bool:
        """Whether the address is the ticket's contact, a confirmed Cc, or an agent of its queue."""

    def sent(self, message_id: str) -> SentView | None:
        """Return the mail of ours with this Message-ID."""

    def sent_text(self, message_id: str) -> str:
        """Return the text of the mail of ours with this Message-ID, "" where there is none."""

    def remembered(self, scope: str, key: str) -> bool:
        """Whether `Remember(scope, key)` still holds."""

    def count(self, scope: str, key: str, window_s: int) -> int:
        """Return how often (scope, key) was counted within the last seconds (the gate's budgets)."""

    def workloads(self, agents: Sequence[str], queue: str, since: datetime) -> list[Workload]:
        """Return the work of those of these agents whom the database knows; `since` is when the day began.

        Whoever asks means to share out work, so until the commit no other process gets an answer.
        """

    def conversation(self, ticket_id: int, most: int) -> list[EntryView]:
        """Return the last mails in and out that show under a ticket, oldest first."""

    def failing(self, address: str, after: int, within_s: int) -> bool:
        """Whether mail to this address came back for good `after` times, lastly within so many seconds."""


class DeskReader(Reader, Protocol):
    """What a person's change asks besides; answered from a real transaction only."""

    def ticket_state(self, ticket_id: int) -> TicketState | None:
        """Return a ticket itself, kept from being changed by others until the commit."""

    def case(self, ticket_id: int) -> CaseView | None:
        """Return a ticket with its clocks, itself as in `ticket_state`."""

    def status_changes(self, ticket_id: int) -> list[StatusChange]:
        """Return how a ticket's status has changed so far, oldest first."""

    def contact_by_id(self, contact_id: int) -> ContactView | None:
        """Return a contact with its first address."""

    def ticket_named(self, text: str) -> TicketState | None:
        """Return the ticket that a person names (`T-7`, `t-7`, `7`), itself as in `ticket_state`."""

    def family(self, ticket_id: int) -> tuple[int, ...]:
        """Return a ticket and all that were merged into it, however far back."""

    def first_message_id(self, ticket_id: int) -> str:
        """Return the Message-ID of the first mail that shows under a ticket, "" where none has one."""

    def entries(self, ids: Sequence[int]) -> list[EntryView]:
        """Return these entries, oldest first; what is not there is left out."""

    def last_changes(self, ticket_id: int, most: int) -> list[EntryView]:
        """Return the last entries that made a ticket's version grow, oldest first."""

    def participants(self, ticket_id: int) -> list[ParticipantView]:
        """Return who takes part beside the contact."""

    def linked(self, ticket_id: int, kind: str) -> list[int]:
        """Return the tickets that this one is `kind` to (`domain/links.py`)."""

    def follow_up(self, follow_up_id: int) -> FollowUpView | None:
        """Return one reminder."""

    def follow_ups(self, ticket_id: int) -> list[FollowUpView]:
        """Return a ticket's reminders that nobody was told of yet, the next one first."""
