"""Walking down indexes of `ticket t`, page by page, and the cursors with which a walk goes on.

A walk is one or more phases, a phase one or more arms of one index, merged by their order. What the index
does not answer is asked of each row on the way, and a walk on which nearly nothing passes ends after so many
rows, with a cursor to go on from.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailgate.domain.query import Query, QueryError
from mailgate.store.connection import Connection
from mailgate.store.ticketfilter import Condition, Filters, ask

# Rows per question to the database: the first is a page, later ones grow, for then little passes.
GROWTH: Final = 4
MOST_AT_ONCE: Final = 5_000
# SQLite merges 500 at most; more queues and statuses than that are merged by us.
MOST_ARMS: Final = 100


@dataclass(frozen=True, slots=True)
class Phase:
    """One walk: arms in the order of `key`, then id, down or up; `wanted` must hold beside the filters."""

    arms: tuple[Condition, ...]
    key: str = "touched_at"
    down: bool = True
    wanted: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The row that was looked at last: its phase, its value of the phase's key, its id."""

    phase: int
    value: int
    id: int


@dataclass(slots=True)
class Found:
    """What a walk found: ids in order, where the next page starts, at how much it looked.

    `last` None: there is no next page. `cut`: it ended for having looked at so much, not for a full page.
    """

    ids: list[int]
    last: Place | None = None
    looked: int = 0
    cut: bool = False


def walk(
    connection: Connection,
    phases: Sequence[Phase],
    filters: Filters,
    place: Place | None,
    limit: int,
    most: int,
) -> Found:
    """Return up to `limit` ids that pass the filters, from `place` on, looking at some `most` rows."""
    found = Found([])
    last = place
    for number in range(place.phase if place is not None else 0, len(phases)):
        start = place if place is not None and place.phase == number else None
        for row in _rows(connection, phases[number], filters, start, limit + 1):
            passes = row[2] and filters.passes(row[3], row[4])
            if passes and len(found.ids) == limit:
                found.last = last
                return found
            if found.looked >= most and not passes:
                found.last, found.cut = last, True
                return found
            found.looked += 1
            last = Place(number, int(row[1]), int(row[0]))
            if passes:
                found.ids.append(last.id)
    return found


def _rows(
    connection: Connection, phase: Phase, filters: Filters, place: Place | None, size: int
) -> Iterator[Any]:
    """Yield the rows of a phase: id, key, whether it passes, tags, categories."""
    groups = [phase.arms[at : at + MOST_ARMS] for at in range(0, len(phase.arms), MOST_ARMS)]
    while groups:
        rows: list[Any] = []
        for arms in groups:
            rows += _page(connection, phase, arms, filters, place, size)
        if len(groups) > 1:
            rows.sort(key=lambda row: (row[1], row[0]), reverse=phase.down)
        rows = rows[:size]
        yield from rows
        if len(rows) < size:
            return
        place = Place(0, int(rows[-1][1]), int(rows[-1][0]))
        size = min(size * GROWTH, MOST_AT_ONCE)


def _page(
    connection: Connection,
    phase: Phase,
    arms: Sequence[Condition],
    filters: Filters,
    place: Place | None,
    size: int,
) -> list[Any]:
    """Ask for the next rows of some arms, merged."""
    wanted = [*filters.sql, *phase.wanted]
    passes = " AND ".join(f"({one.sql})" for one in wanted) or "1 = 1"
    lists = "t.tags, t.categories" if filters.checks else "'', ''"
    head = f"SELECT t.id, t.{phase.key}, CASE WHEN {passes} THEN 1 ELSE 0 END, {lists} FROM ticket t"  # noqa: S608
    checked = [value for one in wanted for value in one.values]
    below = f" AND (t.{phase.key}, t.id) {'<' if phase.down else '>'} (?, ?)" if place is not None else ""
    bound = [place.value, place.id] if place is not None else []
    texts, values = [], []
    for arm in arms:
        texts.append(f"{head} WHERE {arm.sql}{below}")
        values += [*checked, *arm.values, *bound]
    way = "DESC" if phase.down else "ASC"
    order = f" ORDER BY 2 {way}, 1 {way} LIMIT ?"
    return ask(connection, " UNION ALL ".join(texts) + order, (*values, size))


# -- cursors


def write_cursor(place: Place, query: Query) -> str:
    """Return a cursor: opaque, and good for this query only."""
    raw = json.dumps([_mark(query), place.phase, place.value, place.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read_cursor(text: str, query: Query) -> Place:
    """Return the place that a cursor means; raises QueryError for one that is none or another query's."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        mark, phase, value, row = json.loads(raw)
        place = Place(int(phase), int(value), int(row))
    except (binascii.Error, ValueError, TypeError):
        raise QueryError(
            f"{text[:40]!r} is no cursor; take the one that the page before ended with"
        ) from None
    if mark != _mark(query):
        raise QueryError("this cursor belongs to another query; start again without it")
    if min(place.phase, place.value, place.id) < 0:
        raise QueryError(f"{text[:40]!r} is no cursor; take the one that the page before ended with")
    return place


def _mark(query: Query) -> str:
    return hashlib.sha256(str(query).encode()).hexdigest()[:8]
