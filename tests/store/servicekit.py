"""A helpdesk in a database: queues, priorities with times, agents; tickets of it, changed as people do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from storekit import Clock, make_database, new_options, postgresql_options, rules_for

from mailgate.domain import service
from mailgate.domain.action import PlanPolicy
from mailgate.domain.effects import AddEntry, ChangeTicket, EntryKind, OpenTicket
from mailgate.domain.helpdesk import Priority
from mailgate.domain.routing import Agent, Queue
from mailgate.store import business, listings, queries
from mailgate.store.business import Business
from mailgate.store.db import Store, open_store
from mailgate.store.deskunit import perform
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer

POLICY = PlanPolicy(keys=(b"k" * 32,), instance="test", hostname="gate.example.org")
TIMED = Business(
    queues=(Queue("support", address="support@example.org"), Queue("orders", address="orders@example.org")),
    priorities=(Priority("normal"), Priority("high", reaction="2h", warning="4h", execution="10h")),
    agents=(
        Agent("anna", address="anna@example.org", queues=("support",)),
        Agent("bert", address="bert@example.org", queues=("support", "orders")),
    ),
)


@dataclass
class House:
    """One store with its writer; `rules` are those of the business data as they are now."""

    store: Store
    writer: Writer
    clock: Clock

    def apply(self, wanted: Business) -> None:
        """Write the business data."""
        with queries.reading(self.store) as connection:
            changes = business.plan(connection, wanted, "f")
        self.writer.submit(lambda tx: business.apply_changes(tx, changes, "root")).result(60)

    def rules(self) -> UnitRules:
        """Return what a change needs now."""
        with queries.reading(self.store) as connection:
            catalogue = business.load_catalogue(connection, listed={"webhook": frozenset({"pager"})})
        return replace(rules_for(None), catalogue=catalogue, followers=self.followers(catalogue))

    def followers(self, catalogue) -> tuple[Any, ...]:
        """Return who hears of events."""
        return (service.follower(catalogue, POLICY),)

    def perform(self, plan):
        """Carry out a plan; a plan may be effects."""
        rules = self.rules()
        made = plan if callable(plan) else lambda _reader, _now: plan
        return self.writer.submit(lambda tx: perform(tx, made, rules)).result(60)

    def open(self, **changes) -> int:
        """Open a ticket and return its id."""
        made = []

        def plan(reader, _now):
            made.append(reader.allocate("ticket"))
            values = {"queue": "support", "subject": "help", "contact_id": 0, "priority": "high", **changes}
            return (OpenTicket(made[0], f"T-{made[0]}", session_id=reader.allocate("session"), **values),)

        self.perform(plan)
        return made[0]

    def set(self, ticket: int, field: str, value: str, by: str = "anna") -> None:
        """Set a field by hand."""
        self.perform((ChangeTicket(ticket, field, value, by),))

    def answer(self, ticket: int, by: str = "anna", *, touches_session: bool = True) -> None:
        """Add an answer to the history."""

        def plan(reader, _now):
            session = reader.ticket(ticket).session_id
            entry = reader.allocate("entry")
            return (
                AddEntry(entry, ticket, session, EntryKind.ANSWER, by, "Hi", touches_session=touches_session),
            )

        self.perform(plan)

    def row(self, ticket: int) -> dict[str, Any]:
        """Return a ticket's row with its history."""
        with queries.reading(self.store) as connection:
            return queries.ticket(connection, f"T-{ticket}")

    def sent(self) -> list[dict[str, Any]]:
        """Return what waits in the outbox or for a digest, oldest first, with its drafts."""
        with queries.reading(self.store) as connection:
            rows = listings.outgoing(connection, ("waiting", "digest"), 100)
            return [queries.outbox_row(connection, one) for one in sorted(row["id"] for row in rows)]

    def history(self, ticket: int, field: str) -> list[tuple[str, str]]:
        """Return what a field was changed from and to."""
        return [(e["old"], e["new"]) for e in self.row(ticket)["entries"] if e["field"] == field]


BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))]


@contextmanager
def on_either(request, folder, made: type[House]) -> Iterator[House]:
    """Make a house on the database that the fixture's parameter (of `BOTH`) names."""
    if request.param == "postgresql":
        options = postgresql_options(request.getfixturevalue("postgres"), folder)
    else:
        options = new_options(folder)
        make_database(options)
    store, clock = open_store(options), Clock()
    writer = Writer(store, clock=clock)
    writer.start()
    yield made(store, writer, clock)
    assert writer.stop(30)
    store.close()
