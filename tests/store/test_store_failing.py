"""Failing addresses: counted, forgotten in time, cleared, listed; on SQLite and on PostgreSQL."""

from types import SimpleNamespace

import pytest
from storekit import Clock
from test_store_postgresql import pg_options, pg_store  # noqa: F401  fixtures

from mailgate.domain.effects import ClearFailing, MarkFailing
from mailgate.store import failing as store_failing
from mailgate.store import queries
from mailgate.store.apply_outgoing import apply_clear_failing, apply_mark_failing
from mailgate.store.read import UnitReader
from mailgate.store.writer import Writer

GONE = "gone@customer.example"
DAY = 86400


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))])
def house(request):
    """Run a writer over each database; yields it with its store and clock."""
    store = request.getfixturevalue("store" if request.param == "sqlite" else "pg_store")
    clock = Clock()
    writer = Writer(store, clock=clock)
    writer.start()
    yield store, writer, clock
    assert writer.stop(60)


def mark(writer, *, soft=False, reason="5.1.1"):
    effect = MarkFailing(GONE, reason, soft=soft)
    writer.submit(lambda tx: apply_mark_failing(effect, SimpleNamespace(tx=tx))).result(60)


def is_failing(writer, after=2, days=60):
    return writer.submit(
        lambda tx: UnitReader(tx).failing("GONE@customer.example", after, days * DAY)
    ).result(60)


def listed(store, clock, *, every=False):
    with queries.reading(store) as connection:
        now = int(clock().timestamp() * 1000)
        return store_failing.failing(
            connection, 10, after=2, within_ms=60 * DAY * 1000, now_ms=now, every=every
        )


def test_hard_ones_mark_and_soft_ones_are_only_counted(house):
    """Two hard ones make an address failing; ten soft ones do not."""
    store, writer, clock = house
    for _ in range(10):
        mark(writer, soft=True, reason="5.2.2")
    mark(writer)
    assert not is_failing(writer)
    assert listed(store, clock) == []
    assert [(row["bounces"], row["soft"], row["failing"]) for row in listed(store, clock, every=True)] == [
        (1, 10, False)
    ]
    mark(writer)
    assert is_failing(writer)
    assert not is_failing(writer, after=3)
    assert [row["address"] for row in listed(store, clock)] == [GONE]


def test_what_is_old_is_forgotten(house):
    """Two bounces with more than two months between them are two first ones."""
    _store, writer, clock = house
    mark(writer)
    clock.move(days=61)
    mark(writer)
    assert not is_failing(writer)
    mark(writer)
    assert is_failing(writer)
    clock.move(days=8)
    assert not is_failing(writer, days=7)


def test_a_sign_of_life_clears_and_so_does_a_person(house):
    """After that one bounce is the first again; a person's is in the audit."""
    store, writer, clock = house
    mark(writer)
    mark(writer)
    cleared = ClearFailing(GONE)
    writer.submit(lambda tx: apply_clear_failing(cleared, SimpleNamespace(tx=tx))).result(60)
    assert not is_failing(writer)
    mark(writer)
    assert writer.submit(lambda tx: store_failing.clear(tx, "Gone@customer.example", "root")).result(60)
    assert not writer.submit(lambda tx: store_failing.clear(tx, GONE, "root")).result(60)
    assert listed(store, clock, every=True) == []
