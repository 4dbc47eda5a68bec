"""Fixtures of the store's tests: a fresh store, a writer, a way to deliver and a way to look."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from storekit import Clock, keep, make_database, new_options, rules_for

from mailgate.store.db import Store, open_store
from mailgate.store.options import StoreOptions
from mailgate.store.unit import Incoming, accept_all, accept_each
from mailgate.store.writer import Writer, WriterLimits


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    made = new_options(tmp_path, busy_timeout_s=0.2)
    make_database(made)
    return made


@pytest.fixture
def store(options: StoreOptions) -> Iterator[Store]:
    opened = open_store(options)
    opened.close()
    yield opened
    opened.close()


@pytest.fixture
def make_writer(store: Store, clock: Clock) -> Iterator[Callable[..., Writer]]:
    made: list[Writer] = []

    def make(**parts) -> Writer:
        parts.setdefault("clock", clock)
        parts.setdefault("limits", WriterLimits(idle_s=0.01))
        writer = Writer(store, **parts)
        writer.start()
        made.append(writer)
        return writer

    yield make
    for writer in made:
        assert writer.stop(30)


@pytest.fixture
def writer(make_writer) -> Writer:
    return make_writer()


@pytest.fixture
def accept(writer: Writer):
    """Deliver a mail through the writer to each of its recipients and return the outcomes."""

    def run(mail: Incoming, decide=keep, *, all_at_once: bool = False, **changes):
        rules = rules_for(decide, **changes)
        work = accept_all if all_at_once else accept_each
        return writer.submit(lambda tx: work(tx, mail, rules), size=mail.received.octets.size).result(30)

    return run


@pytest.fixture
def ask(store: Store):
    """Run SQL on a connection of its own and return the rows."""

    def run(sql: str, *parameters):
        connection = store.reader()
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    return run
