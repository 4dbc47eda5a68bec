"""What happens to tickets, as those that follow hear of it: assignment, service times, workflows (N4).

Applying effects leaves events; each is handed to the followers in the same transaction, and what they want
is applied there too, so a change and its consequences are one commit. A chain of consequences is bounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from mailgate.domain.effects import Effect
from mailgate.domain.ports import DeskReader
from mailgate.domain.routing import Catalogue

# A workflow that answers a workflow that answers a workflow … ends here, and the history says so.
DEEPEST: Final = 8
# Each may lead to several others; no honest set of workflows does so much because of one change.
MOST: Final = 100
# What an INCOMING event has as `new` where the mail opened its ticket: CREATED has told of it already.
FIRST: Final = "first"
# What an ANSWERED event has as `new` where no person wrote the answer.
AUTOMATIC: Final = "automatic"


class EventKind(StrEnum):
    """What happened."""

    CREATED = "created"  # a ticket was opened; `new` is the workflow that it starts
    CHANGED = "changed"  # a field of it changed: `field`, `old`, `new`
    INCOMING = "incoming"  # a mail joined it
    ANSWERED = "answered"  # an agent's answer was written
    COMMENTED = "commented"
    SESSION = "session"  # its session moved: `old` and `new` are states
    ALARM = "alarm"  # a service time ran out: `new` is the alarm
    FOLLOW_UP = "follow_up"  # a reminder is due
    TIME = "time"  # a workflow's own clock: `new` is its name
    STARTED = "started"  # somebody starts the workflow `new` by its name
    ASKED = "asked"  # a rule or a person wants it shared out (G15)


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """One thing that happened to one ticket; `by` is an agent, a rule (`support:12`) or a job.

    An incoming mail that opened its ticket says so in `new` (`FIRST`).
    `depth` is 0 for what people, mails and the clock do, one more for each consequence of a consequence.
    """

    kind: EventKind
    ticket_id: int
    session_id: int = 0
    by: str = ""
    field: str = ""
    old: str = ""
    new: str = ""
    depth: int = 0


class Follower(Protocol):
    """What an event leads to: pure, called in the transaction that the event happened in."""

    def __call__(
        self, event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime
    ) -> Iterable[Effect]:
        """Return what is to be done now; nothing for most events."""
