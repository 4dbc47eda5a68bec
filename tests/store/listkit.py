"""Random tickets for lists and searches, written straight into the tables, and what a query means read naively."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailgate.domain.fold import fold_words
from mailgate.domain.query import Query, Term, read_time
from mailgate.domain.routing import Agent, Catalogue, Queue

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY = 86_400_000
QUEUES = ("support", "sales", "")
STATUSES = ("open", "pending", "solved", "closed", "odd")
KINDS = {"open": "open", "pending": "waiting", "solved": "closed", "closed": "closed", "odd": "open"}
PRIORITIES = ("urgent", "high", "normal", "low", "ancient")
AGENTS = ("anna", "ben", "")
TAGS = ("Ärger", "vip", "b c")
ALARMS = ("", "", "reaction late", "execution late", "execution due soon")
STATES = ("unopened", "active", "paused", "closed")
WORDS = (
    "Rechnung",
    "Rechnungen",
    "Müller",
    "Mueller",
    "Drucker",
    "kaputt",
    "Straße",
    "printer",
    "prints",
    "order",
)
CATALOGUE = Catalogue(
    queues={name: Queue(name) for name in ("support", "sales")},
    agents={name: Agent(name) for name in ("anna", "ben")},
)


@dataclass
class OneTicket:
    """A ticket as the naive reading sees it; `entries` are (id, words) that show under it."""

    row: dict
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    state: str = ""
    followup: bool = False
    entries: list[tuple[int, str]] = field(default_factory=list)


class Table:
    """Inserts rows with only the columns that matter; the others get what is nothing."""

    def __init__(self, execute, model, mark: str) -> None:
        self.execute, self.model, self.mark = execute, model, mark

    def add(self, **values) -> dict:
        meta = self.model._meta
        columns = [one for one in meta.sorted_fields if one.name != "id" or "id" in values]
        row = {
            one.name: values.get(one.name, 0 if "Integer" in type(one).__name__ else "") for one in columns
        }
        names = ", ".join(f'"{one}"' for one in row)
        marks = ", ".join([self.mark] * len(row))
        self.execute(f'INSERT INTO "{meta.table_name}" ({names}) VALUES ({marks})', tuple(row.values()))
        return row


def fill(execute, mark: str, count: int, seed: int) -> list[OneTicket]:
    """Write random tickets and return them as the naive reading sees them, merged and split ones included."""
    from mailgate.store.models.people import Company, Contact, ContactAddress
    from mailgate.store.models.tickets import Entry, EntryPlace, FollowUp, Session, Ticket, TicketCount

    chance = random.Random(seed)
    tables = {
        m: Table(execute, m, mark) for m in (Company, Contact, ContactAddress, Entry, EntryPlace, FollowUp)
    }
    tables |= {m: Table(execute, m, mark) for m in (Session, Ticket, TicketCount)}
    tables[Company].add(id=1, name="Acme", folded="acme", domain="acme.example")
    for n in (1, 2, 3):
        tables[Contact].add(id=n, name=f"c{n}")
        tables[ContactAddress].add(folded=f"c{n}@x.example", contact_id=n, address=f"c{n}@x.example")
    made: dict[int, OneTicket] = {}
    entry_id, counts = 0, {}
    for n in range(1, count + 1):
        created = NOW_MS - chance.randrange(40) * DAY - n
        tags = tuple(chance.sample(TAGS, chance.randrange(3)))
        row = tables[Ticket].add(
            id=n, number=f"T-{n}", queue=chance.choice(QUEUES), status=chance.choice(STATUSES),
            priority=chance.choice(PRIORITIES), agent=chance.choice(AGENTS), contact_id=chance.randrange(4),
            company_id=chance.randrange(2), subject=chance.choice(WORDS), session_id=n, created_at=created,
            touched_at=created + chance.randrange(3) * DAY, alarm=chance.choice(ALARMS),
            execution_due=chance.choice((0, NOW_MS + chance.randrange(-3, 3) * DAY)),
            tags=json.dumps(tags, ensure_ascii=False) if tags else "",
            owner_group=chance.choice(("", "it")),
            # Into an earlier ticket only, so that a chain ends.
            merged_into=chance.randrange(1, n) if n > 5 and chance.random() < 0.1 else 0,
        )  # fmt: skip
        one = made[n] = OneTicket(row, tags, (), chance.choice(STATES), chance.random() < 0.1)
        tables[Session].add(id=n, ticket_id=n, state=one.state)
        if one.followup:
            tables[FollowUp].add(ticket_id=n, at=NOW_MS)
        counts[row["queue"], row["status"]] = counts.get((row["queue"], row["status"]), 0) + 1
        for _ in range(chance.randrange(1, 4)):
            entry_id += 1
            text = " ".join(chance.choices(WORDS, k=3))
            tables[Entry].add(id=entry_id, ticket_id=n, kind="incoming", text=text, at=created)
            place = chance.randrange(1, n + 1)
            if chance.random() < 0.1:
                tables[EntryPlace].add(entry_id=entry_id, ticket_id=place)
            else:
                place = n
            root(made, place).entries.append((entry_id, f"{row['subject']}\n{text}"))
    for (queue, status), n in counts.items():
        tables[TicketCount].add(queue=queue, status=status, n=n)
    return list(made.values())


def root(made: dict[int, OneTicket], n: int) -> OneTicket:
    """Return the ticket that another one was merged into in the end."""
    while made[n].row["merged_into"]:
        n = made[n].row["merged_into"]
    return made[n]


def fits(one: OneTicket, query: Query) -> bool:
    """Whether a ticket passes all filters of a query, read as the documentation says."""
    return all(_holds(one, term) != term.negated for term in query.terms)


def _holds(one: OneTicket, term: Term) -> bool:
    row, values = one.row, term.values
    match term.key:
        case "status":
            return any(
                (row["status"] == v and v not in KINDS.values()) or KINDS[row["status"]] == v for v in values
            )
        case "queue" | "agent" | "priority" | "group":
            key = {"group": "owner_group"}.get(term.key, term.key)
            return row[key] in ["" if v == "none" else v for v in values]
        case "number":
            return row["number"] in [value.upper() for value in values]
        case "tag":
            return bool({v.casefold() for v in values} & {tag.casefold() for tag in one.tags})
        case "created" | "touched" | "due":
            key = {"created": "created_at", "touched": "touched_at", "due": "execution_due"}[term.key]
            since, until = read_time(values[0], NOW, ahead=term.key == "due")
            return row[key] > 0 and since <= row[key] < until
        case "late":
            words = {"reaction": "reaction late", "execution": "execution late", "soon": "execution due soon"}
            return bool(row["alarm"]) and ("any" in values or row["alarm"] in [words[v] for v in values])
        case "has":
            asked = {"followup": one.followup, "agent": bool(row["agent"]), "due": row["execution_due"] > 0}
            return any(asked[v] for v in values)
        case _:
            return _belongs(one, term)


def _belongs(one: OneTicket, term: Term) -> bool:
    row, values = one.row, term.values
    match term.key:
        case "session":
            return one.state in values
        case "contact":
            return f"c{row['contact_id']}@x.example" in [v.lower() for v in values] and row["contact_id"] > 0
        case "company":
            return row["company_id"] == 1 and bool({"acme", "acme.example"} & set(values))
        case _:  # no ticket of these has a category
            return False


def naive(tickets: list[OneTicket], query: Query) -> list[str]:
    """Return the numbers that a query means, in its order, found by looking at every ticket."""
    named = any(term.key == "number" and not term.negated for term in query.terms)
    found = [one for one in tickets if fits(one, query)]
    if query.words:
        best = {id(one): newest(one, query) for one in found}
        found = [one for one in found if best[id(one)]]
        return [one.row["number"] for one in sorted(found, key=lambda one: -best[id(one)])]
    found = [one for one in found if named or not one.row["merged_into"]]
    return [one.row["number"] for one in sorted(found, key=lambda one: _place(one.row, query.sort))]


def _place(row: dict, sort: str) -> tuple:
    match sort:
        case "created":
            return (-row["id"],)
        case "due":
            due = row["execution_due"]
            return (0, due, row["id"]) if due else (1, -row["touched_at"], -row["id"])
        case "priority":
            return (PRIORITIES.index(row["priority"]), -row["touched_at"], -row["id"])
        case _:
            return (-row["touched_at"], -row["id"])


def newest(one: OneTicket, query: Query) -> int:
    """Return the newest entry that holds all words and none of the unwanted ones, 0 for none."""

    def holds(text: str) -> bool:
        have = fold_words(text)
        return all(_stands(fold_words(word.text), have) != word.negated for word in query.words)

    return max((entry for entry, text in one.entries if holds(text)), default=0)


def _stands(phrase: list[str], have: list[str]) -> bool:
    return any(have[at : at + len(phrase)] == phrase for at in range(len(have) - len(phrase) + 1))
