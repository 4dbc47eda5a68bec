"""What every plan stands on: who acts, under which name, when; and how it comes by its ticket.

    ticket = ground.find("T-7", version=3)

A ticket that was merged is refused with the number that stands for it, one that somebody else has changed
meanwhile with both states, one that is out of reach with the rule that says so (W2).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mailgate.domain.access import Actor, TicketThing, What, require
from mailgate.domain.deskerror import DeskError, Difference, NotThere, Stale
from mailgate.domain.effects import EntryKind
from mailgate.domain.ports import DeskReader, EntryView, TicketState
from mailgate.domain.routing import Catalogue

# More than this nobody reads; the newest changes are the ones that count.
MOST_DIFFERENCES: Final = 50


def thing(ticket: TicketState) -> TicketThing:
    """Return what of a ticket decides who may see it."""
    return TicketThing(ticket.queue, ticket.agent, ticket.owner_group)


@dataclass(frozen=True, slots=True)
class Ground:
    """One person's (or job's) change: `by` is what the history names, `actor` whose rights count."""

    reader: DeskReader
    catalogue: Catalogue
    now: datetime
    actor: Actor
    by: str

    @property
    def now_ms(self) -> int:
        """The time in ms since 1970."""
        return int(self.now.timestamp() * 1000)

    def contact_address(self, contact_id: int) -> str:
        """Return a contact's first address, "" for one without."""
        contact = self.reader.contact_by_id(contact_id)
        return contact.address if contact is not None else ""

    def find(self, number: str, version: int | None = None, what: What = What.CHANGE_TICKET) -> TicketState:
        """Return the ticket that a person names.

        Raises NotThere, NotAllowed, DeskError for one that was merged, and Stale where `version` is not the
        one that it is at.
        """
        ticket = self.reader.ticket_named(number)
        if ticket is None:
            raise NotThere(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
        require(self.actor, what, thing(ticket))
        if ticket.merged_into:
            target = self.reader.ticket_state(ticket.merged_into)
            named = target.number if target is not None else "another"
            raise DeskError(f"ticket {ticket.number} was merged into {named}; change that one")
        based_on(self.reader, ticket, version)
        return ticket


def based_on(reader: DeskReader, ticket: TicketState, version: int | None) -> None:
    """Raise Stale with both states unless the ticket is at this version; None asks for nothing."""
    if version is None or version == ticket.version:
        return
    most = min(max(ticket.version - version, 0), MOST_DIFFERENCES)
    found = reader.last_changes(ticket.ticket_id, most) if most else []
    raise Stale(f"ticket {ticket.number}", version, ticket.version, _differences(found))


def _differences(entries: list[EntryView]) -> tuple[Difference, ...]:
    """Return what entries come to: for each field what it was and what it is, and what else came in."""
    fields: dict[str, Difference] = {}
    others: list[Difference] = []
    for one in entries:
        at = datetime.fromtimestamp(one.at_ms / 1000, UTC)
        if one.kind == EntryKind.CHANGE and one.field:
            was = fields[one.field].was if one.field in fields else one.old
            fields[one.field] = Difference(one.field, was, one.new, one.author, at)
        else:
            others.append(Difference(one.kind, "", "", one.author, at))
    return (*fields.values(), *others)
