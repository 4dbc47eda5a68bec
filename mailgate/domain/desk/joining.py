"""Tickets that belong together: linked, merged into one, or parted (T10, P1)."""

from collections.abc import Sequence

from mailgate.domain.address import fold
from mailgate.domain.desk.fields import close_session
from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError, NotThere, meant
from mailgate.domain.effects import (
    ChangeTicket,
    Effect,
    EntryKind,
    LinkTickets,
    MergeTickets,
    MoveEntries,
    OpenTicket,
    SetParticipant,
    UnlinkTickets,
)
from mailgate.domain.helpdesk import StatusKind, closing_status, first_status, status_kind
from mailgate.domain.links import CHOSEN, LinkKind, closes_a_circle, inverse, said
from mailgate.domain.ports import EntryView, TicketState
from mailgate.domain.ticket import format_number, match_key

# Whoever came with a merged ticket or a split: may write, but gets no copies unless an agent says so.
AUTHOR = "author"


def link(
    ground: Ground, number: str, other: str, kind: str = LinkKind.RELATED, *, version: int | None = None
) -> list[Effect]:
    """Return what ties two tickets; DeskError for a kind that is none, itself, or a circle."""
    ticket, second = _two(ground, number, other, kind, version)
    if ticket.ticket_id == second.ticket_id:
        raise DeskError(f"ticket {ticket.number} can't be linked to itself")
    back = inverse(kind)
    if back != kind and closes_a_circle(
        ticket.ticket_id, second.ticket_id, lambda one: ground.reader.linked(one, kind)
    ):
        way = said(kind, ticket.number)
        raise DeskError(f"{ticket.number} can't be {said(kind, second.number)}: that one is {way} already")
    if second.ticket_id in ground.reader.linked(ticket.ticket_id, kind):
        return []
    return [
        LinkTickets(ticket.ticket_id, ticket.number, second.ticket_id, second.number, ground.by, str(kind))
    ]


def _two(
    ground: Ground, number: str, other: str, kind: str, version: int | None
) -> tuple[TicketState, TicketState]:
    if kind not in CHOSEN:
        raise DeskError(f"there is no kind of link {kind!r}{meant(kind, CHOSEN)}; use {', '.join(CHOSEN)}")
    return ground.find(number, version), ground.find(other)


def unlink(ground: Ground, number: str, other: str, *, version: int | None = None) -> list[Effect]:
    """Return what unties two tickets, whatever the kind; DeskError where they are not tied."""
    ticket, second = ground.find(number, version), ground.find(other)
    kinds = [
        kind for kind in LinkKind if second.ticket_id in ground.reader.linked(ticket.ticket_id, kind.value)
    ]
    if not kinds:
        raise NotThere(f"{ticket.number} and {second.number} are not linked")
    return [
        UnlinkTickets(ticket.ticket_id, ticket.number, second.ticket_id, second.number, ground.by, kind.value)
        for kind in kinds
    ]


def merge(ground: Ground, number: str, into: str, *, version: int | None = None) -> list[Effect]:
    """Return what makes a ticket part of another one: it is closed, and all of it shows there (P1).

    Its number goes on to be understood. Whoever took part in it may write to the other one.
    """
    ticket, target = ground.find(number, version), ground.find(into)
    if ticket.ticket_id == target.ticket_id:
        raise DeskError(f"ticket {ticket.number} can't be merged into itself")
    statuses = ground.catalogue.statuses
    effects: list[Effect] = close_session(ground, ticket)
    if status_kind(statuses, ticket.status) is not StatusKind.CLOSED:
        effects.append(ChangeTicket(ticket.ticket_id, "status", closing_status(statuses), ground.by))
    effects.append(MergeTickets(ticket.ticket_id, ticket.number, target.ticket_id, target.number, ground.by))
    address = ground.contact_address(ticket.contact_id)
    if address and ticket.contact_id != target.contact_id and not _takes_part(ground, target, address):
        effects.append(SetParticipant(target.ticket_id, address, AUTHOR, confirmed=True, by=ground.by))
    return effects


def _takes_part(ground: Ground, ticket: TicketState, address: str) -> bool:
    there = {fold(one.address) for one in ground.reader.participants(ticket.ticket_id) if one.confirmed}
    return fold(address) in there


def split(
    ground: Ground,
    number: str,
    entry_ids: Sequence[int],
    *,
    subject: str = "",
    queue: str = "",
    version: int | None = None,
) -> list[Effect]:
    """Return what takes entries out of a ticket into a new one, which answers to them join (P1).

    The new ticket has the queue, agent, priority and words of the old one, and its contact is whoever wrote
    the first of these mails.
    """
    ticket = ground.find(number, version)
    entries = _of_ticket(ground, ticket, entry_ids)
    if queue and queue not in ground.catalogue.queues:
        raise NotThere(f"there is no queue {queue!r}{meant(queue, ground.catalogue.queues)}")
    opened = _parted(ground, ticket, entries, subject.strip(), queue)
    new_id, new_number = opened.ticket_id, opened.number
    effects: list[Effect] = [opened]
    for one in entries:
        if one.kind == EntryKind.INCOMING and one.author and not one.unverified:
            contact = ground.reader.contact(one.author)
            if contact is None or contact.contact_id != opened.contact_id:
                effects.append(SetParticipant(new_id, one.author, AUTHOR, confirmed=True, by=ground.by))
    effects.append(
        MoveEntries(
            tuple(one.entry_id for one in entries),
            ticket.ticket_id,
            ticket.number,
            new_id,
            new_number,
            opened.session_id,
            ground.by,
        )
    )
    effects.append(
        LinkTickets(new_id, new_number, ticket.ticket_id, ticket.number, ground.by, LinkKind.SPLIT_FROM.value)
    )
    return effects


def _of_ticket(ground: Ground, ticket: TicketState, entry_ids: Sequence[int]) -> list[EntryView]:
    """Return the entries that are meant; DeskError for one that is not the ticket's, or no message."""
    wanted = tuple(dict.fromkeys(entry_ids))
    found = {one.entry_id: one for one in ground.reader.entries(wanted)}
    family = ground.reader.family(ticket.ticket_id)
    strange = [one for one in wanted if one not in found or found[one].home_id not in family]
    if not wanted or strange:
        which = ", ".join(map(str, strange)) or "none"
        raise DeskError(
            f"entries of {ticket.number} can be split off, and {which} is no such; `mailgate ticket show "
            f"{ticket.number}` names them"
        )
    changes = [one for one in wanted if found[one].kind == EntryKind.CHANGE]
    if changes:
        raise DeskError(f"entry {changes[0]} is a change of {ticket.number}; only messages can be split off")
    return [found[one] for one in sorted(wanted)]


def _parted(
    ground: Ground, ticket: TicketState, entries: Sequence[EntryView], subject: str, queue: str
) -> OpenTicket:
    reader = ground.reader
    authors = (one.author for one in entries if one.kind == EntryKind.INCOMING and not one.unverified)
    contact = next((found for found in map(reader.contact, authors) if found is not None), None)
    contact = contact or reader.contact_by_id(ticket.contact_id)
    ticket_id = reader.allocate("ticket")
    return OpenTicket(
        ticket_id=ticket_id,
        number=format_number(ticket_id, ground.catalogue.desk.number_pattern),
        session_id=reader.allocate("session"),
        queue=queue or ticket.queue,
        subject=subject or ticket.subject,
        contact_id=contact.contact_id if contact is not None else ticket.contact_id,
        status=first_status(ground.catalogue.statuses, StatusKind.OPEN),
        priority=ticket.priority,
        categories=ticket.categories,
        tags=ticket.tags,
        agent=ticket.agent if not queue or queue == ticket.queue else "",
        owner_group=ticket.owner_group,
        match_key=match_key(subject or ticket.subject),
        company_id=contact.company_id if contact is not None else 0,
    )
