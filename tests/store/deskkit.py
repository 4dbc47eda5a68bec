"""A helpdesk on a real store for tests: mails come in by the real threading, people act by the real plans."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from storekit import Clock, incoming

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.access import SYSTEM
from mailgate.domain.action import Plan, PlanPolicy
from mailgate.domain.desk.ground import Ground
from mailgate.domain.effects import Decision
from mailgate.domain.facts import MailClass
from mailgate.domain.gate import Gate, GatePolicy
from mailgate.domain.helpdesk import Team
from mailgate.domain.routing import Agent, Catalogue, Queue, Route
from mailgate.store import queries
from mailgate.store.db import Store
from mailgate.store.deskunit import perform
from mailgate.store.unit import UnitRules, accept_each
from mailgate.store.writer import Writer

SUPPORT = "support@example.org"
ANNA, BEN = "anna@customer.example", "ben@other.example"
POLICY = PlanPolicy(keys=(b"k" * 32,), instance="test", hostname="gate.example.org")
CATALOGUE = Catalogue(
    routes={SUPPORT: Route(SUPPORT, queue="support")},
    queues={"support": Queue("support", SUPPORT, "Support"), "sales": Queue("sales", "sales@example.org")},
    agents={
        "joe": Agent("joe", "joe@example.com", ("support",)),
        "kim": Agent("kim", "kim@example.com", ("sales",)),
        "off": Agent("off", enabled=False),
    },
    teams={"second": Team("second", ("joe",))},
)


class House:
    """One store with its writer; `catalogue` may be replaced by a test."""

    def __init__(self, store: Store, writer: Writer, clock: Clock) -> None:
        self.store, self.writer, self.clock = store, writer, clock
        self.catalogue = CATALOGUE
        self.wish = TicketWish()
        self.followers: tuple[Any, ...] = ()
        self._ids = itertools.count(1)

    @property
    def rules(self) -> UnitRules:
        """What a mail and a change need, as of now."""
        gate = Gate(GatePolicy(own=frozenset({SUPPORT})))
        return UnitRules(self._decide, self.catalogue, gate, followers=self.followers)

    def _decide(self, mail, route, catalogue, reader, now) -> Decision:
        plan = Plan(mail, route, catalogue, reader, now, POLICY, MailClass.PERSON)
        plan_ticket(plan, self.wish, "support:1")
        return Decision(tuple(plan.effects), "support:1", "ticket", " ".join(plan.words))

    def mail(
        self, subject: str = "help", author: str = ANNA, *, answers: str = "", text: str = "hello"
    ) -> str:
        """Take a mail; returns the number of its ticket. `answers` is the Message-ID that it answers."""
        number = next(self._ids)
        head = [
            f"From: {author}",
            f"To: {SUPPORT}",
            f"Subject: {subject}",
            f"Message-ID: <m{number}@x.example>",
        ]
        if answers:
            head.append(f"In-Reply-To: {answers}")
        octets = "\r\n".join([*head, "", text, ""]).encode()
        mail = incoming(octets, SUPPORT, sender=author, trace_id=f"T{number}")
        (outcome,) = self.writer.submit(lambda tx: accept_each(tx, mail, self.rules)).result(60)
        assert outcome.reply.code == 250, outcome
        return outcome.ticket

    def do(self, plan, *args, by: str = "joe", actor=SYSTEM, policy: bool = False, **named):
        """Carry out a plan of `domain/desk`; returns the application. `policy` hands the policy in first."""
        handed = (POLICY, *args) if policy else args
        rules = self.rules

        def planned(reader, now):
            return plan(Ground(reader, rules.catalogue, now, actor, by), *handed, **named)

        return self.writer.submit(lambda tx: perform(tx, planned, rules)).result(60)

    def ticket(self, number: str) -> dict[str, Any]:
        """Return all that is known of a ticket."""
        with queries.reading(self.store) as connection:
            found = queries.ticket(connection, number)
        assert found is not None, number
        return found

    def history(self, number: str) -> list[tuple[str, str, str, str]]:
        """Return (field, old, new, author) of a ticket's changes, oldest first."""
        entries = self.ticket(number)["entries"]
        return [(e["field"], e["old"], e["new"], e["author"]) for e in entries if e["kind"] == "change"]

    def ask(self, sql: str, *values: Any) -> list[Any]:
        """Return rows of the database."""
        with queries.reading(self.store) as connection:
            return [tuple(row) for row in connection.execute(sql, values).fetchall()]


@contextmanager
def house(store: Store) -> Iterator[House]:
    """Open a house on a store that is open."""
    clock = Clock()
    writer = Writer(store, clock=clock)
    writer.start()
    try:
        yield House(store, writer, clock)
    finally:
        assert writer.stop(60)
