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

    def remembered(self, scope: str, key: str) -> bool:
        """Whether `Remember(scope, key)` still holds."""

    def count(self, scope: str, key: str, window_s: int) -> int:
        """Return how often (scope, key) was counted within the last seconds (the gate's budgets)."""

    def failing(self, address: str) -> bool:
        """Whether mail to this address came back for good lately."""
