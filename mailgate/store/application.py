"""What one delivery gathers while its effects are applied; the functions in `apply*.py` fill it in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from mailgate.domain.effects import Forward, Refuse, Send
from mailgate.domain.events import TicketEvent
from mailgate.domain.mail import Mail
from mailgate.domain.ports import DeskReader, Reader
from mailgate.domain.routing import Catalogue
from mailgate.store.blobs import Blobs
from mailgate.store.transaction import Transaction

# What the business says where nobody has said what it says: the defaults.
NO_CATALOGUE: Final = Catalogue()


class Verdict(Protocol):
    """What the gate says: `outcome` is send, suppress, hold or digest."""

    @property
    def outcome(self) -> str:
        """What becomes of the mail."""

    @property
    def reason(self) -> str:
        """Why, as one word of a closed list; "" for send."""

    @property
    def alarm(self) -> bool:
        """Whether somebody must be told."""


class Gate(Protocol):
    """The one gate for automatic mail (`domain/gate.py`), bound to its policy."""

    def send(self, effect: Send, mail: Mail | None, reader: Reader, now: datetime) -> Verdict:
        """Judge a mail of ours."""

    def forward(self, effect: Forward, mail: Mail, already: int, reader: Reader, now: datetime) -> Verdict:
        """Judge a redirect; `already` were let through for this mail."""

    def counters(self, effect: Send | Forward, mail: Mail | None) -> Iterable[tuple[str, str]]:
        """Return what to count when the mail is let through."""

    def overruns(self, effect: Send | Forward, verdict: Verdict) -> Iterable[tuple[str, str]]:
        """Return what to count when a budget is used up (a rule that does so too often is paused)."""


@dataclass(slots=True)
class Application:
    """One unit while it is being applied: what it is given, and what has become of it so far.

    `mail` is None where a person or a job is at work (`deskunit.py`). `undo_ms` is how long people's answers
    wait. `events` are what has happened to
    tickets and was not yet told to the followers.
    """

    tx: Transaction
    mail: Mail | None
    reader: DeskReader
    gate: Gate
    delivery_id: int
    message_id: int
    relay_due: int = 0
    undo_ms: int = 0
    forwards: int = 0
    status: str = "accepted"
    reason: str = ""
    places: list[tuple[str, str]] = field(default_factory=list)
    edited_places: list[tuple[str, int]] = field(default_factory=list)
    refusal: Refuse | None = None
    ticket_id: int = 0
    number: str = ""
    fresh_tickets: set[int] = field(default_factory=set)
    suppressed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    outbox_rows: int = 0
    blobs: Blobs | None = None
    editions: dict[bytes, int] = field(default_factory=dict)
    catalogue: Catalogue = NO_CATALOGUE
    events: list[TicketEvent] = field(default_factory=list)
    companies: dict[int, int] = field(default_factory=dict)

    @property
    def letter(self) -> Mail:
        """The mail in hand, for what only a mail can lead to."""
        if self.mail is None:
            raise ValueError("this needs a mail, and there is none")
        return self.mail
