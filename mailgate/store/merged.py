"""Which entries show under a ticket: its own, those of tickets merged into it, those that a split brought.

History is never changed: merging sets `merged_into`, splitting writes `entry_place`, and everything that
shows a ticket asks here. Both follow an index, whatever the number of tickets (P1).
"""

from collections.abc import Callable, Sequence
from typing import Any

from peewee import fn

from mailgate.store.models.tickets import Entry, EntryPlace, Ticket

# Runs a query and returns its rows as tuples.
Ask = Callable[[Any], Sequence[Any]]


def family_of(ticket_id: int, ask: Ask) -> tuple[int, ...]:
    """Return a ticket and all that were merged into it, the ticket first."""
    found = {ticket_id: None}
    latest = [ticket_id]
    while latest:
        # SQLite takes a partial index only if the query repeats its condition.
        query = Ticket.select(Ticket.id).where(Ticket.merged_into.in_(latest) & (Ticket.merged_into > 0))
        latest = [int(row[0]) for row in ask(query.order_by(Ticket.id)) if row[0] not in found]
        found.update(dict.fromkeys(latest))
    return tuple(found)


def shown_under(family: Sequence[int], ask: Ask) -> Any:
    """Return the condition on `Entry` that it shows under the first ticket of a family.

    What splits brought is nearly always nothing, and is asked for first: an OR could make the database walk
    all entries.
    """
    ids = list(family)
    place = EntryPlace.alias("place")
    moved = fn.EXISTS(place.select(place.entry_id).where(place.entry_id == Entry.id))
    own = Entry.ticket_id.in_(ids) & ~moved
    brought = [
        row[0] for row in ask(EntryPlace.select(EntryPlace.entry_id).where(EntryPlace.ticket_id.in_(ids)))
    ]
    return own | Entry.id.in_(brought) if brought else own
