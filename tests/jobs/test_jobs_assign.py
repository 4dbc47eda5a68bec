"""The job that gives out what had to wait (G15): through its own context, with its log line and metric."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

sys.path.append(str(Path(__file__).parents[1] / "store"))
from assignkit import change, mail, office, set_up
from storekit import START, Clock, make_database, new_options

from mailgate.domain.action import PlanPolicy
from mailgate.jobs._job import JobContext
from mailgate.jobs.assign import JOB, give_out
from mailgate.metrics import Metrics
from mailgate.registry import discover
from mailgate.store import access, queries
from mailgate.store.assignment import waiting_counts
from mailgate.store.db import open_store
from mailgate.store.writer import Writer

POLICY = PlanPolicy(keys=(b"k" * 32,), instance="mg", hostname="gate.example.org")


class House:
    """A store, its writer, a clock, and the job."""

    def __init__(self, store, writer, clock) -> None:
        self.store, self.writer, self.clock = store, writer, clock
        self.metrics = Metrics(CollectorRegistry(), "1")
        self.rules = None

    def open(self, present=(), **policy) -> None:
        self.rules = set_up(self.writer, self.store, office(**policy), present=present)

    def run(self) -> dict:
        context = JobContext(self.store, self.writer, 0.0, lambda: self.rules, POLICY, self.metrics)
        return JOB.run(context)

    def agents(self) -> list[str]:
        with queries.reading(self.store) as connection:
            rows = connection.execute("SELECT agent FROM ticket ORDER BY id").fetchall()
            return [row[0] for row in rows]


@pytest.fixture
def house(tmp_path):
    options = new_options(tmp_path)
    make_database(options)
    store, clock = open_store(options), Clock()
    store.close()
    writer = Writer(store, clock=clock)
    writer.start()
    yield House(store, writer, clock)
    assert writer.stop(30)
    store.close()


def test_it_is_found_and_runs_every_few_seconds():
    """The gateway finds it in the folder of jobs."""
    assert JOB in discover("mailgate.jobs", "JOB").values()
    assert JOB.every_s == 5


def test_when_somebody_comes(house):
    """Nothing is given out to an empty office; then all of it, and it is counted."""
    house.open()
    for n in range(3):
        mail(house.writer, house.rules, n)
    assert house.run() == {}
    with queries.reading(house.store) as connection:
        assert waiting_counts(connection, ["support", "orders"]) == {"support": 3.0}
    until = house.clock.now + timedelta(minutes=15)
    house.writer.submit(lambda tx: access.set_present(tx, "bert", until)).result(30)
    assert house.run() == {"given": 3}
    assert house.agents() == ["bert", "bert", "bert"]
    assert b"mailgate_assignments_late_total 3.0" in house.metrics.render()
    assert house.run() == {}


def test_when_business_hours_begin(house):
    """By the gateway's clock and the queue's hours, on the next day that is none off."""
    assert START.weekday() == 0
    house.open(present=("anna",), hours="Mon-Fri 10:00-11:00", holidays=("03-03",))
    mail(house.writer, house.rules, 0)
    assert house.run() == {}
    house.clock.move(minutes=61)
    assert house.run() == {"given": 1}
    house.clock.move(hours=3)
    mail(house.writer, house.rules, 1)
    house.clock.move(hours=21)  # Tuesday, 10:01, a holiday
    assert house.run() == {}
    house.clock.move(hours=24)
    assert house.run() == {"given": 1}


def test_more_than_a_batch(house):
    """All of it in one run, in several transactions."""
    house.open()
    for n in range(45):
        mail(house.writer, house.rules, n)
    house.open(present=("anna", "bert", "cora"))
    assert house.run() == {"given": 45}
    assert house.agents() == ["anna", "bert", "cora"] * 15


def test_one_ticket_that_fails_keeps_nobody_waiting(house, caplog):
    """Its change is undone, the others go on, and the log says which."""
    house.open()
    for n in range(3):
        mail(house.writer, house.rules, n)
    house.open(present=("anna", "bert", "cora"))
    refuse = "CREATE TRIGGER refuse BEFORE UPDATE OF agent ON ticket WHEN new.id = 1 BEGIN SELECT RAISE(ABORT, 'no'); END"
    house.writer.submit(lambda tx: tx.execute(refuse) and None).result(30)
    assert house.run() == {"given": 2}
    assert house.agents() == ["", "anna", "bert"]
    assert "ticket 1 could not be given out" in caplog.text
    assert house.run() == {}


def test_a_consequence_that_fails_does_not_take_the_ticket_back(house):
    """It is given out; what a broken workflow made of that stands in its history."""

    def explode(event, reader, catalogue, now):
        if event.field == "agent":
            raise ZeroDivisionError
        return ()

    house.open()
    mail(house.writer, house.rules, 0)
    house.open(present=("anna",))
    house.rules = replace(house.rules, followers=(*house.rules.followers, explode))
    assert house.run() == {"given": 1}
    assert house.agents() == ["anna"]


def test_a_queue_that_is_gone_stops_nothing(house):
    """Its list is left alone; nobody can take what lies there."""
    house.open()
    mail(house.writer, house.rules, 0)
    rest = {name: queue for name, queue in house.rules.catalogue.queues.items() if name != "support"}
    house.rules = replace(house.rules, catalogue=replace(house.rules.catalogue, queues=rest))
    assert house.run() == {}


def test_what_was_taken_by_hand_is_not_given_out(house):
    """It has left the list already."""
    house.open()
    mail(house.writer, house.rules, 0)
    change(house.writer, house.rules, 1, "agent", "cora")
    house.open(present=("anna",))
    assert house.run() == {}
    given = house.writer.submit(lambda tx: give_out(tx, queue="support", rules=house.rules)).result(30)
    assert given == (0, False)
    assert house.agents() == ["cora"]
