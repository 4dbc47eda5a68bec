"""A made-up helpdesk: the same desk after a day, after three months, after three years.

So many tickets a day come in, agents work as they do, most is closed within days; what is open at the end is
as much as is open at such a desk at any time, and only what lies behind it grows. All follows from the seed.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mailgate.domain.routing import Agent, Queue
from mailgate.domain.ticket import format_number
from mailgate.store import sampletexts

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
PER_DAY: Final = 1000
# Rows are handed over in groups of so many tickets: enough for the database, little for the memory.
GROUP: Final = 10_000
QUEUES: Final = ("support", "orders", "invoices", "returns", "it", "sales", "training", "info")
QUEUE_SHARES: Final = (30, 20, 15, 10, 10, 7, 5, 3)
AGENTS: Final = 20
PRIORITIES: Final = ("normal", "low", "high", "urgent")
PRIORITY_SHARES: Final = (85, 6, 7, 2)
TAGS: Final = ("vip", "refund", "hardware", "phone", "press", "legal", "beta", "relocation")
# How soon agents are done, on average; as a few things take weeks, few tickets are old and open.
DONE_AFTER: Final = 0.8 * DAY
NEVER_DONE: Final = 0.0005
# When an agent takes a ticket, as a part of the time that it takes; what becomes of those not done yet.
TAKEN_AT: Final = 0.3
SET_ASIDE: Final = 0.3
BACK_AGAIN: Final = 0.05
TAGGED: Final = 0.1
# Service times of tickets with them: every third, and what is urgent.
REACTION: Final = 2 * HOUR
EXECUTION: Final = 12 * HOUR
RESOLVED_FOR: Final = 30 * DAY
# Tickets of contacts: the busiest write often, most once (Zipf's law, roughly).
SKEW: Final = 2.5

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Start:
    """What is there before: the last ids given, and when it is now in epoch milliseconds."""

    now: int
    ticket: int = 0
    session: int = 0
    entry: int = 0
    contact: int = 0
    company: int = 0
    message: int = 0
    delivery: int = 0


def queues() -> list[Queue]:
    """Return the queues of the desk."""
    return [Queue(name, address=f"{name}@desk.example.org") for name in QUEUES]


def agents() -> list[Agent]:
    """Return the agents: each works on two or three queues."""
    names = [f"agent{n:02}" for n in range(1, AGENTS + 1)]
    return [
        Agent(
            name, f"{name}@desk.example.org", tuple(QUEUES[(n + k) % len(QUEUES)] for k in range(2 + n % 2))
        )
        for n, name in enumerate(names)
    ]


@dataclass
class Desk:
    """Makes the rows of `tickets` tickets after what was there before."""

    tickets: int
    seed: int
    start: Start
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    last: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  made-up data, the same for a seed
        self.subjects = sampletexts.subjects(self.chance)
        self.bodies = sampletexts.bodies(self.chance)
        self.people = max(1, self.tickets // 4)
        self.firms = max(1, self.people // 8)
        self.agents = agents()
        self.workers = {q: [a.name for a in self.agents if q in a.queues] for q in QUEUES}
        self.begin = self.start.now - max(1, self.tickets * DAY // PER_DAY)
        self.session, self.entry = self.start.session, self.start.entry
        self.message = self.start.message
        self.rows: Rows = {}

    def groups(self) -> Iterator[Rows]:
        """Yield the rows by table, group after group, ids rising."""
        yield self._contacts()
        for first in range(0, self.tickets, GROUP):
            self.rows = {name: [] for name in COLUMNS}
            for n in range(first, min(first + GROUP, self.tickets)):
                self._ticket(n)
            yield self.rows
        self.last = {
            "ticket": self.start.ticket + self.tickets,
            "session": self.session,
            "entry": self.entry,
            "contact": self.start.contact + self.people,
            "company": self.start.company + self.firms,
            "message": self.message,
            "delivery": self.start.delivery + self.message - self.start.message,
        }

    def _contacts(self) -> Rows:
        rows: Rows = {"company": [], "contact": [], "contact_address": []}
        chance, at = self.chance, self.begin
        for n in range(1, self.firms + 1):
            company = self.start.company + n
            name = f"{chance.choice(sampletexts.COMPANY_FIRST)} {chance.choice(sampletexts.COMPANY_LAST)}"
            name = f"{name} {company}"
            rows["company"].append((company, name, name.casefold(), at, self._domain(n)))
        for n in range(1, self.people + 1):
            contact = self.start.contact + n
            name = f"{chance.choice(sampletexts.FIRST)} {chance.choice(sampletexts.LAST)}"
            rows["contact"].append((contact, name, int(n % 97 == 0), self._firm(n), at, name.casefold()))
            address = self._address(n)
            rows["contact_address"].append((address, contact, address, at))
        rows["contact_address"].sort()
        return rows

    def _firm(self, person: int) -> int:
        """Return a person's company: the big ones have many people, every third person has none."""
        if person % 3 == 0:
            return 0
        return self.start.company + 1 + int(self.firms * (person * 0.6180339887 % 1) ** 2)

    def _domain(self, firm: int) -> str:
        return f"firm{firm}-{self.start.company + self.seed}.example"

    def _address(self, person: int) -> str:
        firm = self._firm(person)
        domain = self._domain(firm - self.start.company) if firm else "mail.example"
        return f"person{self.start.contact + person}.{self.seed}@{domain}"

    def _ticket(self, n: int) -> None:
        """Add one ticket: its life from the first mail to now."""
        chance, now = self.chance, self.start.now
        ticket, person = self.start.ticket + 1 + n, 1 + int(self.people * chance.random() ** SKEW)
        queue = chance.choices(QUEUES, QUEUE_SHARES)[0]
        created = self.begin + (n + 1) * (now - self.begin) // (self.tickets + 1)
        text = self.subjects[int(chance.random() * len(self.subjects))]
        number = 1_000_000 + ticket
        life = _Life(self, ticket, queue, created, f"{text.words} {number}", self._address(person))
        life.live(chance.choice(self.workers[queue]))
        priority = chance.choices(PRIORITIES, PRIORITY_SHARES)[0]
        served = ticket % 3 == 0 or priority in {"high", "urgent"}
        reaction, due = (created + REACTION, created + EXECUTION) if served else (0, 0)
        late = ""
        if life.kind == "open" and served:
            late = "execution late" if due < now else "reaction late" if life.late(reaction, now) else ""
        self.counts[queue, life.status] += 1
        tags = f'["{chance.choice(TAGS)}"]' if chance.random() < TAGGED else ""
        contact = self.start.contact + person
        self.rows["ticket"].append(
            (
                ticket, format_number(ticket), queue, f"{text.text} {number}", life.status, priority, contact,
                life.agent, tags, f"{text.key} {number}", life.session, created, life.at,
                self._firm(person), life.entries, reaction if not life.answered else 0, due,
                due if life.kind == "open" and due > now else 0, life.answered, life.closed, late,
            )
        )  # fmt: skip


class _Life:
    """What happens to one ticket; adds the rows of its history, session and mails."""

    def __init__(self, desk: Desk, ticket: int, queue: str, at: int, words: str, author: str) -> None:
        self.desk, self.ticket, self.queue, self.at, self.author = desk, ticket, queue, at, author
        self.words = words
        desk.session += 1
        self.session, self.opened = desk.session, at
        self.agent, self.status, self.kind, self.state = "", "open", "open", "unopened"
        self.answered = self.closed = self.entries = 0

    def live(self, worker: str) -> None:
        """Let mail come in, agents answer, most be closed some time; what is after now has not happened."""
        chance, now = self.desk.chance, self.desk.start.now
        done = math.inf if chance.random() < NEVER_DONE else self.at + chance.expovariate(1 / DONE_AFTER)
        self._mail()
        if math.isfinite(done) and self.at + TAKEN_AT * (done - self.at) < now:
            self.agent, self.state = worker, "reopened" if chance.random() < BACK_AGAIN else "active"
            self.at += int(TAKEN_AT * (done - self.at))
            self._entry("change", worker, field="agent", new=worker)
            self._answer(worker)
            self.answered = self.at
            self._talk(worker, done, chance.random())
        if done < now:
            self._close(int(done), worker, now)
        elif self.agent and chance.random() < SET_ASIDE:
            self.status, self.kind, self.state = "pending", "waiting", "paused"
            self._entry("change", worker, field="status", old="open", new="pending")
        desk = self.desk
        desk.rows["session"].append(
            (self.session, self.ticket, self.state, self.opened, self.at, self.closed, self.agent)
        )

    def _talk(self, worker: str, done: float, luck: float) -> None:
        """Let some customers write again, and some agents leave a comment."""
        now = self.desk.start.now
        for what, share in (("mail", 0.5), ("comment", 0.8))[: int(luck * 2.4)]:
            at = int(self.at + share * (done - self.at))
            if at >= now:
                return
            self.at = at
            if what == "mail":
                self._mail()
            else:
                self._entry("comment", worker, body=True)

    def late(self, due: int, now: int) -> bool:
        """Whether nobody answered in time."""
        return not self.answered and due < now

    def _close(self, done: int, worker: str, now: int) -> None:
        self.at = max(self.at, done)
        recent = now - self.at < RESOLVED_FOR
        solved = recent and self.ticket % 4 == 0
        self.status, self.kind = ("solved" if solved else "closed"), "closed"
        self.state = "resolved" if solved else "closed"
        self.closed = self.at
        self._entry("change", worker, field="status", old="open", new=self.status)

    def _mail(self) -> None:
        """Add a mail from the contact: the message, what became of it, the entry."""
        desk = self.desk
        desk.message += 1
        message = desk.message
        delivery = desk.start.delivery + message - desk.start.message
        msgid = f"<{desk.chance.getrandbits(64):016x}.{message}@mail.example>"
        body = self._entry("incoming", self.author, message, msgid, body=True)
        octets = f"Subject: {self.ticket}\r\nMessage-ID: {msgid}\r\n\r\n{body}".encode()
        trace = f"{desk.seed}-{message:012}"
        desk.rows["message"].append(
            (message, trace, self.at, f"Q{message:X}", self.author, msgid, len(octets))
        )
        desk.rows["message_body"].append((message, octets))
        to = f"{self.queue}@desk.example.org"
        desk.rows["delivery"].append((delivery, message, self.at, to, self.ticket))

    def _answer(self, worker: str) -> None:
        msgid = f"<{self.desk.chance.getrandbits(64):016x}.a{self.ticket}@desk.example.org>"
        self._entry("answer", worker, msgid=msgid, body=True)

    def _entry(
        self,
        kind: str,
        author: str,
        message: int = 0,
        msgid: str = "",
        *,
        body: bool = False,
        field: str = "",
        old: str = "",
        new: str = "",
    ) -> str:
        desk = self.desk
        desk.entry += 1
        self.entries += 1
        text = ""
        if body:
            found = desk.bodies[int(desk.chance.random() * len(desk.bodies))]
            text = found.text
            desk.rows["search"].append((desk.entry, f"{self.words} {found.words}"))
        desk.rows["entry"].append(
            (
                desk.entry,
                self.ticket,
                self.session,
                self.at,
                kind,
                author,
                text,
                message,
                msgid,
                field,
                old,
                new,
            )
        )
        return text


# The columns that the rows above fill, by table; all others get what is nothing.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "company": ("id", "name", "folded", "created_at", "domain"),
    "contact": ("id", "name", "vip", "company_id", "created_at", "folded"),
    "contact_address": ("folded", "contact_id", "address", "created_at"),
    "message": ("id", "trace_id", "received_at", "qid", "sender", "msgid", "size"),
    "message_body": ("message_id", "octets"),
    "delivery": ("id", "message_id", "at", "recipient", "ticket_id"),
    "ticket": (
        "id", "number", "queue", "subject", "status", "priority", "contact_id", "agent", "tags", "match_key",
        "session_id", "created_at", "touched_at", "company_id", "version", "reaction_due", "execution_due",
        "alarm_at", "reacted_at", "closed_at", "alarm",
    ),
    "session": ("id", "ticket_id", "state", "opened_at", "last_at", "closed_at", "agent"),
    "entry": (
        "id", "ticket_id", "session_id", "at", "kind", "author", "text", "message_id", "msgid", "field",
        "old", "new",
    ),
    "search": ("entry_id", "words"),
}  # fmt: skip
CONSTANTS: Final[dict[str, dict[str, str]]] = {
    "message": {"stored": "inline", "source": "lmtp", "listener": "fill"},
    "delivery": {"status": "accepted", "enhanced": "2.0.0", "reply": "accepted", "action": "ticket"},
    "contact": {"type": "person"},
}
