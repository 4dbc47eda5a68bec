"""The filters of a ticket query as conditions on the table `ticket t`, with the names and ids they need.

Every condition is either SQL with its values or, for the lists of words that JSON keeps, a test in Python.
Values are never part of the text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mailgate.domain.access import Reach
from mailgate.domain.helpdesk import PRIORITIES, STATUSES, status_kind
from mailgate.domain.query import NOBODY, Known, Query, Term, read_time
from mailgate.domain.routing import Catalogue
from mailgate.store.connection import Connection, Cursor
from mailgate.store.contacts import find_contact
from mailgate.store.listings import proper_number
from mailgate.store.pack import unwords
from mailgate.store.search import on_sqlite

# Merged contacts can be merged again; a longer chain is a mistake in the data.
HOPS: Final = 16
ALARMS: Final = {
    "reaction": "reaction late",
    "execution": "execution late",
    "soon": "execution due soon",
}
_COLUMNS: Final = {"queue": "queue", "agent": "agent", "priority": "priority", "group": "owner_group"}
_TIMES: Final = {"created": "created_at", "touched": "touched_at", "due": "execution_due"}
_HAS: Final = {
    "followup": "EXISTS (SELECT 1 FROM follow_up f WHERE f.ticket_id = t.id AND f.done_at = 0)",
    "agent": "t.agent <> ''",
    "due": "t.execution_due > 0",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL on `ticket t` with `?` for its values."""

    sql: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class ListNames:
    """What the catalogue and the counts say: names that may be asked for, kinds of statuses, pairs in use.

    `pairs` are all (queue, status) that tickets have or had; `priorities` are in their order.
    """

    known: Known
    kinds: Mapping[str, str]
    priorities: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    counts: Mapping[tuple[str, str], int]

    def statuses(self, term: Term) -> frozenset[str]:
        """Return the statuses that a term lets pass: a kind's word means all of that kind."""
        kinds = set(self.known.kinds) & set(term.values)
        named = frozenset(
            status
            for status in self.known.statuses
            if self.kinds[status] in kinds or (status in term.values and status not in kinds)
        )
        return self.known.statuses - named if term.negated else named


def list_names(connection: Connection, catalogue: Catalogue, query: Query) -> ListNames:
    """Return the names as of now; what the query names and only old tickets have is known too."""
    rows = connection.execute("SELECT queue, status, n FROM ticket_count").fetchall()
    counts = {(str(row[0]), str(row[1])): int(row[2]) for row in rows}
    statuses = catalogue.statuses or {one.name: one for one in STATUSES}
    priorities = catalogue.priorities or {one.name: one for one in PRIORITIES}
    used = {status for _queue, status in counts}
    kinds = {name: status_kind(statuses, name).value for name in (*statuses, *used)}
    known = Known(
        queues=frozenset(catalogue.queues) | {queue for queue, _status in counts},
        agents=frozenset(catalogue.agents) | _used(connection, query, "agent", "agent <> ''"),
        priorities=frozenset(priorities) | _used(connection, query, "priority", "priority <> 'normal'"),
        statuses=frozenset(statuses) | used,
    )
    return ListNames(known, kinds, tuple(priorities), tuple(sorted(counts)), counts)


def _used(connection: Connection, query: Query, key: str, listed: str) -> set[str]:
    """Return the values of a filter that some ticket has; `listed` is what its index holds."""
    sql = f"SELECT 1 FROM ticket WHERE {key} = ? AND {listed} LIMIT 1"  # noqa: S608  our own words
    values = {value for term in query.of(key) for value in term.values}
    return {value for value in values if ask(connection, sql, (value,))}


@dataclass(slots=True)
class Filters:
    """A query's filters, ready to be asked: `sql` in the database, `checks` on the row's lists of words."""

    sql: list[Condition] = field(default_factory=list)
    checks: list[tuple[str, Callable[[frozenset[str]], bool]]] = field(default_factory=list)
    contacts: tuple[int, ...] | None = None
    companies: tuple[int, ...] | None = None

    def passes(self, tags: str, categories: str) -> bool:
        """Whether a ticket with these lists passes."""
        lists = {"tag": _folded(unwords(tags)), "category": _folded(unwords(categories))}
        return all(check(lists[key]) for key, check in self.checks)


def within(reach: Reach) -> Condition:
    """Return that somebody sees a ticket (W2)."""
    parts = [
        one_of("t.queue", sorted(reach.queues)),
        one_of("t.owner_group", sorted(reach.groups)),
        Condition("t.agent = ? AND t.agent <> ''", (reach.agent,)),
    ]
    values = tuple(value for one in parts for value in one.values)
    return Condition(" OR ".join(f"({one.sql})" for one in parts), values)


def filters_of(connection: Connection, query: Query, names: ListNames, now: datetime) -> Filters:
    """Return the conditions of all terms; contacts and companies are looked up here."""
    found = Filters()
    for term in query.terms:
        if term.key in {"tag", "category"}:
            found.checks.append((term.key, _word_check(term)))
            continue
        made = _condition(connection, term, names, now, found)
        if term.negated and term.key != "status":
            made = Condition(f"NOT ({made.sql})", made.values)
        found.sql.append(made)
    return found


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def _word_check(term: Term) -> Callable[[frozenset[str]], bool]:
    wanted = _folded(term.values)
    return lambda words: bool(wanted & words) != term.negated


def one_of(column: str, values: Iterable[Any]) -> Condition:
    """Return that a column has one of these values."""
    listed = tuple(values)
    if not listed:
        return Condition("1 = 0")
    if len(listed) == 1:
        return Condition(f"{column} = ?", listed)
    return Condition(f"{column} IN ({', '.join('?' * len(listed))})", listed)


def _condition(
    connection: Connection, term: Term, names: ListNames, now: datetime, found: Filters
) -> Condition:
    match term.key:
        case "status":
            return one_of("t.status", sorted(names.statuses(term)))
        case "queue" | "agent" | "priority" | "group":
            return one_of(f"t.{_COLUMNS[term.key]}", ("" if one == NOBODY else one for one in term.values))
        case "number":
            return one_of("t.number", (proper_number(one) for one in term.values))
        case "created" | "touched" | "due":
            return time_condition(term, now)
        case "late":
            listed = ALARMS.values() if "any" in term.values else [ALARMS[one] for one in term.values]
            return one_of("t.alarm", listed)
        case "has":
            return Condition(" OR ".join(_HAS[one] for one in term.values))
        case "session":
            state = "coalesce((SELECT s.state FROM session s WHERE s.id = t.session_id), '')"
            return one_of(state, term.values)
        case "contact":
            contacts = tuple(_contacts(connection, term.values))
            found.contacts = found.contacts if term.negated else contacts
            return one_of("t.contact_id", contacts)
        case _:
            companies = tuple(_companies(connection, term.values))
            found.companies = found.companies if term.negated else companies
            return one_of("t.company_id", companies)


def time_condition(term: Term, now: datetime) -> Condition:
    """Return that a time lies in the stretch that a term means; "no time" lies in none."""
    column = f"t.{_TIMES[term.key]}"
    since, until = read_time(term.values[0], now, ahead=term.key == "due")
    return Condition(f"{column} >= ? AND {column} < ?", (max(since, 1), until))


def _contacts(connection: Connection, values: Sequence[str]) -> Iterator[int]:
    """Yield the contacts with these addresses, as they stand after merging; 0 for `none`."""
    for value in values:
        contact_id = find_contact(connection, value)
        for _ in range(HOPS):
            merged = ask(connection, "SELECT merged_into FROM contact WHERE id = ?", (contact_id,))
            if not merged or not merged[0][0]:
                break
            contact_id = int(merged[0][0])
        if contact_id or value == NOBODY:
            yield contact_id


def _companies(connection: Connection, values: Sequence[str]) -> Iterator[int]:
    """Yield the companies with these names or domains; 0 for `none`."""
    for value in values:
        folded = value.casefold().strip()
        sql = (
            "SELECT id FROM company WHERE folded = ?"
            " UNION SELECT id FROM company WHERE domain = ? AND domain <> ''"
        )
        yield from (int(row[0]) for row in ask(connection, sql, (folded, folded)))
        if value == NOBODY:
            yield 0


def ask(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """Return the rows of a SELECT that is written with `?`, on either database."""
    return run(connection, sql, values).fetchall()


def run(connection: Connection, sql: str, values: Sequence[Any] = ()) -> Cursor:
    """Run a statement that is written with `?` on either database."""
    text = sql if on_sqlite() else sql.replace("%", "%%").replace("?", "%s")
    return connection.execute(text, tuple(values))
