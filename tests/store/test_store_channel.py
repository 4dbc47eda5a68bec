"""The channel switch in the database (G1): off in a new installation, on where mail was taken before."""

import importlib

import pytest
from storekit import new_options

from mailgate.domain.helpdesk import DeskSetting
from mailgate.domain.routing import Queue, Route, channel_state
from mailgate.errors import NotTaking
from mailgate.intake.door import answer_recipient
from mailgate.store import business, queries
from mailgate.store.business import Business
from mailgate.store.db import create_store

WANTED = Business(
    addresses=(
        Route("a@x.org", queue="on"),
        Route("b@x.org", queue="off"),
        Route("*@y.org", queue="off"),
        Route("c@x.org"),
    ),
    queues=(Queue("on"), Queue("off", enabled=False)),
)
CHANNEL = (DeskSetting("channel", "on"),)


@pytest.fixture
def catalogue(writer, store):
    """Write business data and return the catalogue that it makes."""

    def make(wanted: Business):
        with queries.reading(store) as connection:
            changes = business.plan(connection, wanted, "f")
        writer.submit(lambda tx: business.apply_changes(tx, changes, "root")).result(30)
        with queries.reading(store) as connection:
            return business.load_catalogue(connection)

    return make


def taken(catalogue) -> list[str]:
    """Return who is known and takes mail now."""
    names = ("a@x.org", "b@x.org", "n@y.org", "c@x.org")
    return [name for name in names if answer_recipient(catalogue, name, stale=False) is None]


def test_nothing_is_taken_before_the_channel_is_on(catalogue):
    """Known addresses answer 451, not 550: nobody gets a bounce for a switch."""
    found = catalogue(WANTED)
    assert taken(found) == []
    reply = answer_recipient(found, "a@x.org", stale=False)
    assert (
        (reply.code, reply.enhanced) == (451, "4.3.2") == (NotTaking().reply.code, NotTaking().reply.enhanced)
    )
    assert answer_recipient(found, "nobody@x.org", stale=False).code == 550
    assert answer_recipient(found, "a@x.org", stale=True).enhanced == "4.3.0"
    assert channel_state(found).startswith("off: ")


def test_a_queue_that_is_off_takes_its_addresses_with_it(catalogue):
    """Exact ones and patterns; an address without a queue is none of its."""
    found = catalogue(Business(WANTED.addresses, WANTED.queues, settings=CHANNEL))
    assert taken(found) == ["a@x.org", "c@x.org"]
    assert channel_state(found) == "on, but for the queues off"


def test_what_is_written_stays_as_it_was_written(catalogue, store):
    """The switch is folded into the catalogue only: export and listings say what the business said."""
    catalogue(WANTED)
    with queries.reading(store) as connection:
        assert business.export(connection).addresses == WANTED.addresses


@pytest.mark.parametrize("addresses", [0, 1])
def test_an_upgrade_leaves_the_channel_on_where_mail_was_taken(tmp_path, addresses):
    """A database of the release before, with addresses: on. Without any: off, as in a new one."""
    backend = create_store(new_options(tmp_path))
    database = backend.database
    for name in ("0001_first", "0002_language"):
        importlib.import_module(f"mailgate.store.migrations.{name}").up(None, database)
    if addresses:
        database.execute_sql("INSERT INTO address VALUES ('a@x.org', '', '', 'store', 1, 0, '', 1, 0)")
    importlib.import_module("mailgate.store.migrations.0003_helpdesk").up(None, database)
    rows = database.execute_sql("SELECT name, value, origin, version FROM desk_setting").fetchall()
    assert rows == [("channel", "on", "", 1)] * addresses
    backend.close()
