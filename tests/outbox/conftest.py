"""A real store with its writer, and an outbox on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from outboxkit import Outbox

from mailgate.store.db import Store, create_store, open_store
from mailgate.store.options import StoreOptions
from mailgate.store.schema import upgrade
from mailgate.store.writer import Writer, WriterLimits

# A busy machine is no failure: nothing here is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    options = StoreOptions(str(tmp_path / "m.db"), tmp_path / "blobs", tmp_path / "incoming", reserve=0)
    backend = create_store(options)
    upgrade(backend)
    backend.close()
    opened = open_store(options)
    opened.close()
    yield opened
    opened.close()


@pytest.fixture
def writer(store: Store, clock: Clock) -> Iterator[Writer]:
    made = Writer(store, clock=clock, limits=WriterLimits(idle_s=0.01))
    made.start()
    yield made
    assert made.stop(30)


@pytest.fixture
def outbox(store: Store, writer: Writer) -> Outbox:
    def ask(sql: str, *parameters):
        connection = store.reader()
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    return Outbox(store, writer, ask)
