"""Lists of tickets by words: each ticket stands where its newest matching message is, and stands there once.

The index gives entries (`search.py`); under which ticket one shows, after merging and splitting, and whether
that ticket passes the filters.
"""

from collections.abc import Sequence
from typing import Any, Final

from mailgate.domain.query import Query
from mailgate.store import search
from mailgate.store.connection import Connection
from mailgate.store.merged import family_of, shown_under
from mailgate.store.models.tickets import Entry
from mailgate.store.ticketfilter import HOPS, Filters, ask, one_of
from mailgate.store.ticketwalk import Found, Place

# Entries per question, the first and the largest; what an entry costs beside a ticket's row.
WORDS_FIRST: Final = 64
WORDS_AT_ONCE: Final = 2_000
WORDS_COST: Final = 5


def find_words(
    connection: Connection, query: Query, filters: Filters, place: Place | None, limit: int, most: int
) -> Found:
    """Return tickets by their newest message that holds the words, looking at some `most` / 5 messages."""
    asked = search.expression(query.words)
    start = place.id if place is not None else 0
    found, seen = Found([], place), set[int]()
    before, size = start, max(WORDS_FIRST, 2 * limit)
    while asked:
        hits = search.hits(connection, asked, before, size)
        owners = _owners(connection, hits, filters)
        for hit in hits:
            owner = owners.get(hit, 0)
            fresh = bool(owner) and owner not in seen and not _shown(connection, asked, owner, start)
            if fresh and len(found.ids) == limit:
                return found
            if found.looked >= most // WORDS_COST and not fresh:
                found.cut = True
                return found
            found.looked += 1
            found.last = Place(0, 0, hit)
            seen.add(owner)
            if fresh:
                found.ids.append(owner)
        if len(hits) < size:
            break
        before, size = hits[-1], min(size * 2, WORDS_AT_ONCE)
    found.last = None
    return found


def _owners(connection: Connection, entries: Sequence[int], filters: Filters) -> dict[int, int]:
    """Return the ticket under which each entry shows, if it passes the filters."""
    placed = one_of("e.id", entries)
    shown_at = "SELECT e.id, coalesce(p.ticket_id, e.ticket_id) FROM entry e"
    sql = f"{shown_at} LEFT JOIN entry_place p ON p.entry_id = e.id WHERE {placed.sql}"
    owners = {int(row[0]): int(row[1]) for row in ask(connection, sql, placed.values)}
    passing: set[int] = set()
    merged: dict[int, int] = {}
    wanted = set(owners.values())
    head = "SELECT t.id, t.merged_into, CASE WHEN {} THEN 1 ELSE 0 END, t.tags, t.categories FROM ticket t"
    passes = " AND ".join(f"({one.sql})" for one in filters.sql) or "1 = 1"
    values = [value for one in filters.sql for value in one.values]
    for _ in range(HOPS):
        if not wanted:
            break
        among = one_of("t.id", sorted(wanted))
        sql = f"{head.format(passes)} WHERE {among.sql}"
        rows = ask(connection, sql, (*values, *among.values))
        merged |= {int(row[0]): int(row[1]) for row in rows if row[1]}
        passing |= {int(row[0]) for row in rows if row[2] and filters.passes(row[3], row[4])}
        wanted = {int(row[1]) for row in rows if row[1]} - passing - set(merged)
    shown = {entry: _target(owner, merged) for entry, owner in owners.items()}
    return {entry: owner for entry, owner in shown.items() if owner in passing}


def _target(ticket: int, merged: dict[int, int]) -> int:
    """Return the ticket that another one was merged into in the end."""
    for _ in range(HOPS):
        if ticket not in merged:
            break
        ticket = merged[ticket]
    return ticket


def _shown(connection: Connection, asked: str, ticket: int, start: int) -> bool:
    """Whether the ticket was on a page before: it has a newer message that matches."""
    if not start:
        return False

    def answer(query: Any) -> list[Any]:
        text, values = query.sql()
        return connection.execute(text, tuple(values)).fetchall()

    family = family_of(ticket, answer)
    newer = Entry.select(Entry.id).where(shown_under(family, answer) & (Entry.id >= start))
    return bool(search.matching(connection, asked, (int(row[0]) for row in answer(newer))))
