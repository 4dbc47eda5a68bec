"""A helpdesk over a real store, without a gateway: mail comes in, agents act, the clock moves, timers run."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from storekit import Clock, OpenGate, incoming

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.access import SYSTEM
from mailgate.domain.action import Plan, PlanPolicy
from mailgate.domain.effects import AddEntry, ChangeTicket, Decision, EntryKind
from mailgate.domain.facts import MailClass
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.routing import Catalogue, Queue, Route
from mailgate.domain.session import Event, join
from mailgate.jobs.sessions import run_timers
from mailgate.store.db import Store
from mailgate.store.deskunit import perform
from mailgate.store.sessions import Wish, happen
from mailgate.store.unit import UnitRules, accept_each
from mailgate.store.writer import Writer

ANN = "ann@example.net"
POLICY = PlanPolicy(keys=(b"k" * 32,), instance="gate", hostname="mail.example.org")
QUEUES = {name: Queue(name, f"{name}@example.org") for name in ("support", "orders")}


def decide(mail, route, catalogue, reader, now) -> Decision:
    """Do what the script `ticket :queue "support";` does."""
    plan = Plan(mail, route, catalogue, reader, now, POLICY, MailClass.PERSON)
    outcome = plan_ticket(plan, TicketWish(queue="support"), "support:1")
    return Decision(tuple(plan.effects), "support:1", "ticket", " ".join(plan.words), {"outcome": outcome})


@dataclass
class SessionDesk:
    """One house; `desk` is its policy, which may be changed at any time."""

    store: Store
    writer: Writer
    clock: Clock
    desk: DeskPolicy = field(default_factory=DeskPolicy)
    followers: tuple[Any, ...] = ()
    mails: int = 0

    def rules(self) -> UnitRules:
        """Return what units need as of now."""
        catalogue = Catalogue(patterns=(Route("*@example.org"),), queues=QUEUES, desk=self.desk)
        return UnitRules(decide, catalogue, OpenGate(), followers=self.followers)

    def set(self, **values: Any) -> None:
        """Change the policy."""
        self.desk = replace(self.desk, **values)

    def run(self, work):
        """Run work in the writer and return its result."""
        return self.writer.submit(work).result(60)

    def mail(self, answers: int = 0) -> int:
        """Let Ann write, in answer to one of her mails or out of the blue; returns the mail's number."""
        self.mails += 1
        reference = f"References: <m{answers}@example.net>\r\n" if answers else ""
        text = f"From: {ANN}\r\nSubject: help\r\nMessage-ID: <m{self.mails}@example.net>\r\n{reference}\r\n{self.mails}\r\n"
        one, rules = incoming(text.encode()), self.rules()
        (outcome,) = self.run(lambda tx: accept_each(tx, one, rules))
        assert outcome.reply.code == 250, outcome
        return self.mails

    def answer(self, ticket_id: int, agent: str = "anna") -> None:
        """Let an agent answer, as `mailgate ticket reply` does."""

        def plan(reader, now):
            now_ms = int(now.timestamp() * 1000)
            ticket = reader.ticket(ticket_id)
            effects, ticket = join(
                ticket, Event.OUTGOING, now_ms, self.desk, lambda: reader.allocate("session"), agent
            )
            entry = AddEntry(
                reader.allocate("entry"), ticket_id, ticket.session_id, EntryKind.ANSWER, agent, "Hello Ann"
            )
            return [*effects, entry]

        self.run(lambda tx: perform(tx, plan, self.rules()))

    def change(self, ticket_id: int, name: str, value: str, by: str = "anna") -> None:
        """Set a field of a ticket."""
        self.run(
            lambda tx: perform(tx, lambda _r, _n: [ChangeTicket(ticket_id, name, value, by)], self.rules())
        )

    def event(self, session_id: int, event: Event, by: str = "anna", only_in: str = "") -> tuple[str, str]:
        """Let an agent do something with a session; raises NoSuchMove."""
        wish = Wish(session_id, event, SYSTEM, by, only_in=only_in)
        return self.run(lambda tx: happen(tx, self.rules(), wish))

    def timers(self, batch: int = 100) -> dict[str, int]:
        """Run the timers once."""
        return run_timers(self.writer, self.rules, batch)

    def ask(self, sql: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        with closing(self.store.reader()) as connection:
            return connection.execute(sql, values).fetchall()

    def states(self) -> list[str]:
        """Return the state of each session, in order."""
        return [row[0] for row in self.ask("SELECT state FROM session ORDER BY id")]

    def moves(self) -> Iterator[tuple[int, str, str, str, str]]:
        """Yield (session, old, new, author, text) of every move in the history, in order."""
        sql = "SELECT session_id, old, new, author, text FROM entry WHERE field = 'session' ORDER BY id"
        yield from self.ask(sql)

    def recorded(self, session_id: int = 1) -> list[tuple[str, str, str, str]]:
        """Return (kind, agent, queue, detail) of what a session recorded."""
        return self.ask(
            "SELECT kind, agent, queue, detail FROM interaction WHERE session_id = ? ORDER BY id"
            if not self.store.options.is_postgresql
            else "SELECT kind, agent, queue, detail FROM interaction WHERE session_id = %s ORDER BY id",
            session_id,
        )
