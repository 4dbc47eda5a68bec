"""What ought to be in the tables after the week: a small helpdesk in memory that follows the same script.

Written from the pages in `docs/` and by none of our own code, in the plainest way that there is: lists are walked, time is
counted in minutes. Moments are milliseconds since 1970.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from weekhours import BERLIN, HOUR, NO_TIMES, Times, is_open, times
from weekscript import AGENTS, LIMIT, LINES, STAFF, WEEK_MS

DAY = 24 * HOUR
CLOSED_KINDS = ("solved", "closed")
WORK = ("unopened", "active", "reopened")
PROVIDERS = ("gmail.com", "web.de")
# docs/sessions.md: what happens, and where it leads from each state; what is not there cannot happen.
MOVES = {
    "incoming": {
        "unopened": "unopened", "active": "active", "paused": "active", "resolved": "reopened", "closed": "reopened",
        "reopened": "reopened",
    },
    "outgoing": {
        "unopened": "active", "active": "active", "paused": "active", "resolved": "reopened", "closed": "reopened",
        "reopened": "active",
    },
    "open": {
        "unopened": "active", "active": "active", "paused": "active", "resolved": "reopened", "reopened": "active",
    },
    "pause": {"unopened": "paused", "active": "paused", "reopened": "paused"},
    "resolve": {"unopened": "resolved", "active": "resolved", "paused": "resolved", "reopened": "resolved"},
    "close": dict.fromkeys(("unopened", "active", "paused", "resolved", "reopened"), "closed"),
}  # fmt: skip
# Which state the clock moves where, after how many days, and the timer's name.
TIMERS = (
    ("paused", "closed", 60, "paused_to_closed"),
    ("resolved", "closed", 30, "resolved_to_closed"),
    ("active", "paused", 30, "active_to_paused"),
    ("reopened", "paused", 30, "active_to_paused"),
)
REOPEN_DAYS = 30
RECORDED = ("paused", "resolved", "closed", "reopened")
INVERSE = {"related": "related", "duplicate": "original", "follow-up": "followed-by", "parent": "child"}
SAID = {
    "related": "", "duplicate": "duplicate of ", "original": "original of ", "follow-up": "follow-up of ",
    "followed-by": "followed by ", "parent": "parent of ", "child": "child of ",
}  # fmt: skip


@dataclass
class Contact:
    """Somebody who writes; the first address is the one that counts."""

    address: str
    name: str
    company: str
    categories: tuple[str, ...] = ()
    vip: bool = False


@dataclass
class Session:
    """One conversation of a ticket; `answered` names whoever answered last."""

    opened: int
    last: int
    state: str = "unopened"
    closed: int = 0
    agent: str = ""
    answered: str = ""
    # (at, kind, agent, queue)
    interactions: list[tuple[int, str, str, str]] = field(default_factory=list)


@dataclass
class Entry:
    """One entry of a history; `home` is the ticket that it shows under if nothing was merged."""

    number: int
    at: int
    kind: str
    author: str
    what: str = ""
    old: str = ""
    new: str = ""
    mail: str = ""
    unverified: bool = False
    home: "Ticket | None" = None


@dataclass
class Reminder:
    """A follow-up of a ticket."""

    ticket: "Ticket"
    agent: str
    at: int
    note: str
    author: str
    created: int
    done: int = 0
    done_by: str = ""

    @property
    def said(self) -> str:
        """How the history speaks of it."""
        when = f"{datetime.fromtimestamp(self.at / 1000, UTC):%Y-%m-%d %H:%M} UTC {self.agent}: {self.note}"
        return when.rstrip(": ")


@dataclass(eq=False, repr=False)
class Ticket:
    """A ticket; `first` is what it had when it was opened."""

    number: str
    contact: Contact
    created: int
    fields: dict[str, str]
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    claims: str = ""
    sessions: list[Session] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    # folded address -> (role, confirmed)
    part: dict[str, tuple[str, bool]] = field(default_factory=dict)
    merged: "Ticket | None" = None
    version: int = 0
    closed: int = 0
    reacted: int = 0
    times: Times = NO_TIMES
    statuses: list[tuple[int, str]] = field(default_factory=list)
    first: dict[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        return self.number

    @property
    def id(self) -> int:
        """The count in its number."""
        return int(self.number.removeprefix("T-"))

    @property
    def session(self) -> Session:
        """The current one."""
        return self.sessions[-1]

    @property
    def root(self) -> "Ticket":
        """The ticket that it is part of now."""
        return self.merged.root if self.merged is not None else self

    @property
    def over(self) -> bool:
        """Whether its status is a closed one."""
        return self.fields["status"] in CLOSED_KINDS


class Book:
    """Everything that ought to be there."""

    def __init__(self) -> None:
        self.now = WEEK_MS
        self.entries = 0
        self.tickets: list[Ticket] = []
        self.contacts: dict[str, Contact] = {}
        self.known: dict[str, Contact] = {}
        self.links: set[tuple[str, str, str]] = set()
        self.reminders: list[Reminder] = []
        # (agent, at, queue, ticket)
        self.assignments: list[tuple[str, int, str, str]] = []
        self.waiting: set[str] = set()
        self.present: dict[str, int] = {}
        # (mail_kind, to, ticket, rule)
        self.outbox: Counter[tuple[str, str, str, str]] = Counter()
        # (mail_kind, to, reason)
        self.kept_back: Counter[tuple[str, str, str]] = Counter()
        self.answered: dict[tuple[str, str], int] = {}
        self.failing: Counter[str] = Counter()
        # (status, class)
        self.deliveries: Counter[tuple[str, str]] = Counter()
        # Tickets whose times are to be computed anew when the present change is complete.
        self.stale: list[Ticket] = []

    # -- who

    def contact_of(self, address: str) -> Contact | None:
        """Return who writes from an address, also with a detail."""
        local, _, domain = address.partition("@")
        return self.known.get(address) or self.known.get(f"{local.partition('+')[0]}@{domain}")

    def add_contact(
        self, address: str, name: str, *, vip: bool = False, company: str | None = None
    ) -> Contact:
        """Write down somebody new; the company is that of the address' domain, at a provider the address itself."""
        domain = address.partition("@")[2]
        named = address if domain in PROVIDERS else domain
        found = Contact(address, name, named if company is None else company, vip=vip)
        self.contacts[address] = self.known[address] = found
        return found

    def takes_part(self, ticket: Ticket, address: str) -> bool:
        """Whether somebody is the ticket's contact or was confirmed."""
        return self.contact_of(address) is ticket.contact or ticket.part.get(address, ("", False))[1]

    # -- histories

    def entry(self, ticket: Ticket, kind: str, author: str, *, fresh: bool = False, **more: object) -> Entry:
        """Add to a history; the ticket's version grows with it, but not with what it was opened with."""
        self.entries += 1
        one = Entry(self.entries, self.now, kind, author, home=ticket, **more)  # type: ignore[arg-type]
        ticket.entries.append(one)
        if one.what != "session" and not fresh:
            ticket.version += 1
        return one

    def noted(self, ticket: Ticket, by: str, what: str, old: str, new: str) -> None:
        """Add a change to a history."""
        self.entry(ticket, "change", by, what=what, old=old, new=new)

    def change(self, ticket: Ticket, what: str, new: str, by: str) -> None:
        """Set a field, with all that follows from it."""
        old = ticket.fields[what]
        if old == new:
            return
        ticket.fields[what] = new
        self.noted(ticket, by, what, old, new)
        match what:
            case "agent":
                for one in ticket.sessions:
                    if one is ticket.session or one.state in WORK:
                        one.agent = new
                self.waiting.discard(ticket.number)
                self._record(ticket, ticket.session, "given to an agent", by)
            case "queue":
                self._record(ticket, ticket.session, "moved to another queue", by)
                self.waiting.discard(ticket.number)
                self.share(ticket)
            case "status":
                ticket.statuses.append((self.now, new))
                ticket.closed = self.now if new in CLOSED_KINDS else 0
                if old in CLOSED_KINDS and new not in CLOSED_KINDS:
                    ticket.reacted = 0
        if what in {"status", "priority", "queue"}:
            self.stale.append(ticket)

    def words(self, ticket: Ticket, what: str, words: tuple[str, ...], by: str) -> None:
        """Set a list: the history keeps lists as the rows do."""
        old = getattr(ticket, what)
        if old != words:
            setattr(ticket, what, words)
            self.noted(ticket, by, what, json_list(old), json_list(words))

    def _record(self, ticket: Ticket, session: Session, kind: str, by: str) -> None:
        session.interactions.append((self.now, kind, by, ticket.fields["queue"]))

    # -- sessions

    def move(self, ticket: Ticket, session: Session, state: str, by: str) -> None:
        """Move a session; it is an entry of the history, and recorded where it rests or comes to life."""
        if session.state == state:
            return
        self.noted(ticket, by, "session", session.state, state)
        session.state, session.last = state, self.now
        session.closed = self.now if state == "closed" else 0
        if state not in WORK:
            self.waiting.discard(ticket.number)
        if state in RECORDED:
            self._record(ticket, session, state, by)

    def activity(self, ticket: Ticket, what: str, by: str) -> None:
        """Let a mail come in or go out: a session that has been closed for too long is followed by a new one."""
        session = ticket.session
        if session.state == "closed" and self.now - session.last >= REOPEN_DAYS * DAY:
            session = Session(self.now, self.now, agent=ticket.fields["agent"])
            ticket.sessions.append(session)
            self.noted(ticket, by, "session", "", "unopened")
        self.move(ticket, session, MOVES[what][session.state], by)
        session.last = self.now

    def run_timers(self) -> None:
        """Move what the clock moves, each session by one step."""
        pairs = [(ticket, one) for ticket in self.tickets for one in ticket.sessions]
        for state, after, days, name in TIMERS:
            for ticket, session in pairs:
                if session.state == state and self.now - session.last >= days * DAY:
                    self.move(ticket, session, after, f"timer {name}")

    # -- who gets it

    def active(self, agent: str) -> int:
        """Return how many conversations an agent is at."""
        return sum(one.agent == agent and one.state in WORK for t in self.tickets for one in t.sessions)

    def next_agent(self, queue: str) -> str:
        """Return who is next, "" where nobody can take it now."""
        midnight = (
            datetime.fromtimestamp(self.now / 1000, BERLIN).replace(hour=0, minute=0).timestamp() * 1000
        )
        if not is_open(queue, self.now):
            return ""

        def rank(name: str) -> tuple[int, int, str]:
            turns = [n for n, one in enumerate(self.assignments, 1) if one[0] == name]
            return (self.active(name), turns[-1] if turns else 0, name)

        def today(name: str) -> int:
            return sum(one[0] == name and one[1] >= midnight and one[2] == queue for one in self.assignments)

        there = [name for name in STAFF[queue] if self.present.get(name, 0) > self.now]
        free = [name for name in there if queue != "support" or today(name) < LIMIT]
        return min(free, key=rank, default="")

    def share(self, ticket: Ticket, *, asked: bool = False) -> None:
        """Give a ticket that nobody has to whoever is next, or let it wait."""
        queue = ticket.fields["queue"]
        if queue != "support" and not asked:
            return
        if ticket.fields["agent"] or ticket.over or ticket.session.state not in WORK:
            return
        agent = self.next_agent(queue)
        if not agent:
            self.waiting.add(ticket.number)
            return
        self.change(ticket, "agent", agent, "assignment")
        self.assignments.append((agent, self.now, queue, ticket.number))

    def give_out(self) -> None:
        """Give out what waits, the oldest first, as far as somebody can take it."""
        waits = [one for one in self.tickets if one.number in self.waiting]
        for ticket in sorted(waits, key=lambda one: one.id):
            if self.next_agent("support"):
                self.waiting.discard(ticket.number)
                self.share(ticket)

    def share_new_session(self, ticket: Ticket) -> None:
        """Give out a ticket whose next session has just begun."""
        if len(ticket.sessions) > 1 and ticket.session.opened == self.now:
            self.share(ticket)

    # -- service times

    def settle(self) -> None:
        """Compute the times of what has changed; called when a change is complete."""
        while self.stale:
            self.retime(self.stale.pop(0))

    def retime(self, ticket: Ticket) -> None:
        """Compute a ticket's times anew; an alarm that goes on tells whoever is in charge, and the workflow."""
        before, ticket.times = ticket.times, self._times(ticket)
        alarm = ticket.times.alarm
        if alarm == before.alarm:
            return
        self.noted(ticket, "service times", "alarm", before.alarm, alarm)
        if not alarm:
            return
        agent = ticket.fields["agent"]
        for name in [agent] if agent else STAFF[ticket.fields["queue"]]:
            self.outbox["notice", AGENTS[name], ticket.number, "service times"] += 1
        if alarm == "execution late":
            self.entry(ticket, "note", "workflow escalate")
            self.entry(ticket, "note", "workflow escalate")
            self.change(ticket, "agent", "max", "workflow escalate")

    def _times(self, ticket: Ticket) -> Times:
        if ticket.fields["priority"] != "high" or ticket.merged is not None:
            return NO_TIMES
        start, waits, kind = ticket.created, list[tuple[int, int]](), "open"
        for at, status in ticket.statuses:
            if kind in CLOSED_KINDS and status not in CLOSED_KINDS:
                start, waits = at, []
            elif kind == "pending" and status != "pending":
                waits[-1] = (waits[-1][0], at)
            if status == "pending":
                waits.append((at, 0))
            kind = status
        answered = ticket.reacted >= start
        queue = ticket.fields["queue"]
        return times(queue, start, waits, now=self.now, answered=answered, over=ticket.over)

    def alarms_due(self) -> list[Ticket]:
        """Return the tickets whose alarm changes now."""
        return [one for one in self.tickets if 0 < one.times.alarm_at <= self.now]

    # -- mails of ours

    def acknowledge(self, ticket: Ticket | None, mail: "Incoming", *, fresh: bool) -> None:
        """Answer a mail by the rule, unless it is a machine's or was answered within the hour."""
        queue = mail.to.partition("@")[0]
        rule = f"{queue}:{LINES[queue]['reply']}"
        reason = ""
        local, _, domain = mail.sender.partition("@")
        key = (queue, f"{local.partition('+')[0]}@{domain}")
        if not mail.sender:
            reason = "null-sender"
        elif mail.kind != "person":
            reason = "not-a-person"
        elif self.answered.get(key, 0) > self.now:
            reason = "answered-before"
        if reason:
            self.kept_back["answer", mail.sender, reason] += 1
            return
        self.answered[key] = self.now + HOUR
        self.outbox["answer", mail.sender, ticket.number if ticket else "", rule] += 1
        if ticket is not None:
            self.entry(ticket, "answer", rule, fresh=fresh, mail="ours")


@dataclass
class Incoming:
    """A mail as the model is told of it; `number` is the ticket that it shows, by the row `how`."""

    id: str
    sender: str
    author: str
    name: str
    to: str
    subject: str
    kind: str = "person"
    how: str = ""
    about: Ticket | None = None


def json_list(words: tuple[str, ...]) -> str:
    """Return a list as rows and histories keep it."""
    return "[" + ",".join(f'"{word}"' for word in words) + "]" if words else ""
