"""Lists of tickets: a query becomes a walk down an index, whatever the number of tickets (the pages' speed).

Which index leads is chosen by what the query names: the ticket's number; a set so small that sorting it is
nothing; else late tickets, a company's, an agent's, those of an unusual priority, or the pairs of queue and
status. `ticketwalk.py` walks, `ticketfilter.py` says what must hold of each row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from mailgate.domain.access import Reach
from mailgate.domain.query import Query, Term, check
from mailgate.domain.routing import Catalogue
from mailgate.store.connection import Connection
from mailgate.store.listings import with_contacts
from mailgate.store.queries import PAGE, Row
from mailgate.store.ticketfilter import (
    ALARMS,
    Condition,
    Filters,
    ListNames,
    ask,
    filters_of,
    list_names,
    one_of,
    run,
    time_condition,
    within,
)
from mailgate.store.ticketwalk import Phase, read_cursor, walk, write_cursor
from mailgate.store.ticketwords import find_words

# Some 0.2 s of looking; who wants more goes on with the cursor.
LOOK_AT_MOST: Final = 50_000
# A set up to this size is cheaper to sort than to look for in another order.
SMALL: Final = 500
USUAL: Final = "normal"
EVERYTHING: Final = Condition("1 = 1")
ALL: Final = Reach(everything=True)
LIVING: Final = Condition("t.merged_into = 0")


@dataclass(frozen=True, slots=True)
class TicketPage:
    """A page of tickets: rows as `queries.ticket` has them, with `contact`, the contact's address.

    `after` is the cursor of the next page, "" where there is none. `looked` says at how many rows was looked,
    `cut` that the page ended because of that and the next may hold more.
    """

    rows: list[Row]
    after: str = ""
    looked: int = 0
    cut: bool = False


def find(
    connection: Connection,
    query: Query,
    catalogue: Catalogue,
    now: datetime,
    *,
    limit: int = PAGE,
    after: str = "",
    reach: Reach = ALL,
    most: int = LOOK_AT_MOST,
) -> TicketPage:
    """Return a page of the tickets that a query means; raises QueryError for names and cursors that are none.

    Without words the order is that of `sort:` (newest touched), with words newest message first. Tickets that
    were merged into another one are found there, unless a number names them. `reach` is what of
    it somebody may see (W2).
    """
    names = list_names(connection, catalogue, query)
    check(query, names.known)
    filters = filters_of(connection, query, names, now)
    if not reach.everything:
        filters.sql.append(within(reach))
    place = read_cursor(after, query) if after else None
    if query.words:
        found = find_words(connection, query, filters, place, limit, most)
    else:
        if _only(query, "number") is None:
            filters.sql.append(LIVING)
        phases = _phases(connection, query, filters, names, now)
        found = walk(connection, phases, filters, place, limit, most)
    rows = with_contacts(connection, _by_id(connection, found.ids))
    cursor = write_cursor(found.last, query) if found.last is not None else ""
    return TicketPage(rows, cursor, found.looked, found.cut)


def _by_id(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Return the rows of tickets in the order of their ids."""
    wanted = one_of("id", ids)
    cursor: Any = run(connection, f"SELECT * FROM ticket WHERE {wanted.sql}", wanted.values)  # noqa: S608
    names = [column[0] for column in cursor.description]
    rows = {int(row[names.index("id")]): dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    return [rows[one] for one in ids if one in rows]


# -- which way a list is walked


@dataclass(frozen=True, slots=True)
class Driver:
    """An index that can lead: its arms, and the orders in which it gives its rows."""

    arms: tuple[Condition, ...]
    orders: frozenset[str] = frozenset({"touched"})


def _only(query: Query, key: str) -> Term | None:
    """Return the filter of this key that must hold, None where there is none."""
    return next((one for one in query.of(key) if not one.negated), None)


def _phases(
    connection: Connection, query: Query, filters: Filters, names: ListNames, now: datetime
) -> list[Phase]:
    number = _only(query, "number")
    if number is not None:
        drivers = [Driver((next(c for c in filters.sql if c.sql.startswith("t.number")),))]
        small: Driver | None = drivers[0]
    else:
        # Whoever names something twice gets each ticket once.
        drivers = [
            replace(one, arms=tuple(dict.fromkeys(one.arms))) for one in _drivers(query, filters, names)
        ]
        small = _smallest(connection, drivers)
    match query.sort:
        case "created":
            return [Phase(_arms(small, drivers, query, names, "created"), "id")]
        case "due":
            due = Phase(_arms(small, drivers, query, names, "due"), "execution_due", down=False)
            rest = Condition("t.execution_due = 0")
            return [due, Phase(_arms(small, drivers, query, names, "touched"), wanted=(rest,))]
        case "priority":
            return list(_by_priority(connection, query, small, drivers, names))
        case _:
            bounds = tuple(_touched_bounds(query, now))
            arms = _arms(small, drivers, query, names, "touched")
            return [Phase(tuple(_both(arm, *bounds) for arm in arms))]


def _both(*conditions: Condition) -> Condition:
    sql = " AND ".join(f"({one.sql})" if " OR " in one.sql else one.sql for one in conditions)
    return Condition(sql, tuple(value for one in conditions for value in one.values))


def _touched_bounds(query: Query, now: datetime) -> Iterator[Condition]:
    """Yield where a walk by time of touch begins and ends; what was created later was touched later, too."""
    for term in query.of("touched"):
        if not term.negated:
            yield time_condition(term, now)
    for term in query.of("created"):
        since = time_condition(term, now).values[0]
        if not term.negated and since > 1:
            yield Condition("t.touched_at >= ?", (since,))


def _statuses(query: Query, names: ListNames) -> list[str]:
    """Return the statuses that a query lets pass."""
    left = set(names.known.statuses)
    for term in query.of("status"):
        left &= names.statuses(term)
    return sorted(left)


def _pairs(query: Query, names: ListNames) -> list[tuple[str, str]]:
    """Return the pairs of queue and status that a query lets pass."""
    statuses = set(_statuses(query, names))
    term = _only(query, "queue")
    queues = None if term is None else {"" if one == "none" else one for one in term.values}
    unwanted = {one for term in query.of("queue") if term.negated for one in term.values}
    return [
        (queue, status)
        for queue, status in names.pairs
        if status in statuses and (queues is None or queue in queues) and (queue or "none") not in unwanted
    ]


def _drivers(query: Query, filters: Filters, names: ListNames) -> Iterator[Driver]:
    """Yield the indexes that this query can be walked by, the most selective kind first."""
    if filters.contacts is not None and 0 not in filters.contacts:
        sql = "t.contact_id = ? AND t.contact_id > 0"
        yield Driver(tuple(Condition(sql, (one,)) for one in filters.contacts))
    if (late := _only(query, "late")) is not None:
        words = ALARMS.values() if "any" in late.values else [ALARMS[one] for one in late.values]
        yield Driver(tuple(Condition("t.alarm = ? AND t.alarm <> ''", (one,)) for one in words))
    if filters.companies is not None and 0 not in filters.companies:
        sql = "t.company_id = ? AND t.company_id > 0"
        yield Driver(tuple(Condition(sql, (one,)) for one in filters.companies))
    statuses = _statuses(query, names)
    agent = _only(query, "agent")
    if agent is not None and "none" not in agent.values:
        sql = "t.agent = ? AND t.status = ? AND t.agent <> ''"
        yield Driver(tuple(Condition(sql, (a, s)) for a in agent.values for s in statuses))
    priority = _only(query, "priority")
    if priority is not None and USUAL not in priority.values:
        sql = "t.priority = ? AND t.status = ? AND t.priority <> 'normal'"
        yield Driver(tuple(Condition(sql, (p, s)) for p in priority.values for s in statuses))
    if any(term.values == ("followup",) and not term.negated for term in query.of("has")):
        sql = "t.id IN (SELECT f.ticket_id FROM follow_up f WHERE f.done_at = 0)"
        yield Driver((Condition(sql),), frozenset())


def _smallest(connection: Connection, drivers: Iterable[Driver]) -> Driver | None:
    """Return the driver with the fewest tickets if it has few, None where all have many."""
    best, least = None, SMALL + 1
    for driver in drivers:
        size = 0
        for arm in driver.arms:
            few = f"SELECT 1 FROM ticket t WHERE {arm.sql} LIMIT ?"  # noqa: S608  values are never in the text
            sql = f"SELECT count(*) FROM ({few}) AS few"  # noqa: S608  the same
            size += int(ask(connection, sql, (*arm.values, least - size))[0][0])
            if size >= least:
                break
        if size < least:
            best, least = driver, size
    return best


def _arms(
    small: Driver | None, drivers: Iterable[Driver], query: Query, names: ListNames, order: str
) -> tuple[Condition, ...]:
    """Return the arms of the walk in an order: of the small set, of a driver that gives it, of the base."""
    due = Condition("t.execution_due > 0")
    if small is not None:
        return tuple(_both(arm, due) for arm in small.arms) if order == "due" else small.arms
    for driver in drivers:
        if order in driver.orders:
            return driver.arms
    if order == "due":
        sql = "t.status = ? AND t.execution_due > 0"
        return tuple(Condition(sql, (one,)) for one in _statuses(query, names))
    if order == "created" and not any(query.of("queue")) and not any(query.of("status")):
        return (EVERYTHING,)
    return tuple(Condition("t.queue = ? AND t.status = ?", pair) for pair in _pairs(query, names))


def _by_priority(
    connection: Connection,
    query: Query,
    small: Driver | None,
    drivers: Sequence[Driver],
    names: ListNames,
) -> Iterator[Phase]:
    """Yield one walk per priority, the most urgent first; those that the business no longer has come last."""
    term = _only(query, "priority")
    order = [*reversed(names.priorities), *(p for p in _unusual(connection) if p not in names.priorities)]
    if USUAL not in order:
        order.append(USUAL)
    statuses = _statuses(query, names)
    for priority in order:
        if term is not None and priority not in ("" if one == "none" else one for one in term.values):
            continue
        wanted = (Condition("t.priority = ?", (priority,)),)
        if small is not None or priority == USUAL:
            yield Phase(_arms(small, drivers, query, names, "touched"), wanted=wanted)
        else:
            sql = "t.priority = ? AND t.status = ? AND t.priority <> 'normal'"
            yield Phase(tuple(Condition(sql, (priority, one)) for one in statuses))


def _unusual(connection: Connection) -> Iterator[str]:
    """Yield the priorities other than the usual one that tickets have: a step down the index for each."""
    head = "SELECT t.priority FROM ticket t WHERE t.priority <> 'normal'"
    found = ask(connection, f"{head} ORDER BY t.priority LIMIT 1")
    while found:
        yield str(found[0][0])
        found = ask(connection, f"{head} AND t.priority > ? ORDER BY t.priority LIMIT 1", (found[0][0],))
