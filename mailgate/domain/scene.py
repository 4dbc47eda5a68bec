"""What a workflow's conditions see (N4): one event, the ticket as it is then, its contact, its queue's hours.

Read from the database when it is first asked for, and only once for all workflows of an event.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from mailgate.domain.events import TicketEvent
from mailgate.domain.helpdesk import status_kind
from mailgate.domain.hours import is_open
from mailgate.domain.ports import CaseView, ContactView, DeskReader, TicketState
from mailgate.domain.routing import Catalogue
from mailgate.domain.workflow import DURATIONS, Condition, Conditions, holds

NO_CONTACT: Final = ContactView(0, "", "")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _yes(value: bool) -> str:  # noqa: FBT001  a word for a switch
    return "yes" if value else "no"


@dataclass(slots=True)
class Scene:
    """One event about one ticket, as all workflows of that event see it."""

    event: TicketEvent
    case: CaseView
    reader: DeskReader
    catalogue: Catalogue
    now: datetime
    _contact: ContactView | None = field(default=None)

    @property
    def state(self) -> TicketState:
        """The ticket."""
        return self.case.state

    @property
    def now_ms(self) -> int:
        """The time in ms since 1970."""
        return (self.now - EPOCH) // timedelta(milliseconds=1)

    @property
    def contact(self) -> ContactView:
        """The customer; one without a name and an address where the ticket has none."""
        if self._contact is None:
            contact_id = self.state.contact_id
            found = self.reader.contact_by_id(contact_id) if contact_id else None
            self._contact = found or NO_CONTACT
        return self._contact

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a field of `workflow.FIELDS` but the durations; () is empty."""
        found = READERS[name](self)
        if isinstance(found, str):
            return (found,) if found else ()
        return tuple(found)

    def elapsed_ms(self, name: str) -> int:
        """Return how long ago the ticket was opened (`age`) or the last mail came or went (`idle`)."""
        since = self.case.created_ms if name == "age" else self.state.session_ms or self.case.created_ms
        return max(self.now_ms - since, 0)

    def holds(self, one: Condition) -> bool:
        """Whether one condition holds."""
        if one.field in DURATIONS:
            return holds(one, (), self.elapsed_ms(one.field))
        return holds(one, self.values(one.field))

    def all_hold(self, conditions: Conditions) -> bool:
        """Whether every line holds; of a line one condition is enough."""
        return all(any(map(self.holds, line)) for line in conditions)

    def shown(self, name: str) -> str:
        """Return what a field has now, for people."""
        if name in DURATIONS:
            minutes = self.elapsed_ms(name) // 60_000
            return f"{minutes // 1440}d {minutes // 60 % 24}h {minutes % 60}m"
        return ", ".join(self.values(name)) or "empty"


def _hours(scene: Scene) -> str:
    queue = scene.catalogue.queues.get(scene.state.queue)
    return "open" if queue is None or is_open(queue, scene.now) else "closed"


READERS: Final[Mapping[str, Callable[[Scene], str | Iterable[str]]]] = {
    "number": lambda s: s.state.number,
    "subject": lambda s: s.state.subject,
    "status": lambda s: s.state.status,
    "status.kind": lambda s: status_kind(s.catalogue.statuses, s.state.status).value,
    "priority": lambda s: s.state.priority,
    "queue": lambda s: s.state.queue,
    "agent": lambda s: s.state.agent,
    "owner_group": lambda s: s.state.owner_group,
    "category": lambda s: s.state.categories,
    "tag": lambda s: s.state.tags,
    "workflow": lambda s: s.state.workflow,
    "alarm": lambda s: s.case.alarm,
    "session": lambda s: s.state.session_state,
    "contact.name": lambda s: s.contact.name,
    "contact.address": lambda s: s.contact.address,
    "contact.type": lambda s: s.contact.type,
    "contact.vip": lambda s: _yes(s.contact.vip),
    "contact.company": lambda s: s.contact.company,
    "contact.category": lambda s: s.contact.categories,
    "contact.language": lambda s: s.contact.language,
    "hours": _hours,
    "old": lambda s: s.event.old,
    "new": lambda s: s.event.new,
    "by": lambda s: s.event.by,
}
