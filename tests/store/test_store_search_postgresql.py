"""Lists and searches on a real PostgreSQL: the same answers as looking at every ticket."""

import contextlib
import random

import pytest
from listkit import NOW_MS, naive
from storekit import postgresql_options
from test_store_ticketlist import filled, index, pages, random_query

from mailgate.domain.query import parse
from mailgate.store import fill, search, ticketlist
from mailgate.store.db import open_store
from mailgate.store.writer import Writer

pytestmark = pytest.mark.peer("postgresql")


@pytest.fixture
def pg_store(postgres, tmp_path):
    store = open_store(postgresql_options(postgres, tmp_path))
    yield store
    store.close()


@pytest.fixture
def pg_writer(pg_store):
    writer = Writer(pg_store)
    writer.start()
    yield writer
    assert writer.stop(30)


def test_a_list_is_what_looking_at_every_ticket_finds(pg_store, pg_writer, monkeypatch):
    """Random queries over random tickets, small sets sorted and large ones walked; every page in order."""
    tickets = filled(pg_store, pg_writer, 120, 3)
    chance = random.Random(3)
    with contextlib.closing(pg_store.reader()) as reader:
        for small in (500, -1):
            monkeypatch.setattr(ticketlist, "SMALL", small)
            for _ in range(60):
                text = random_query(chance)
                assert pages(reader, text, chance.choice((3, 50))) == naive(tickets, parse(text)), text


def test_what_commits_late_is_indexed_all_the_same(pg_store, pg_writer):
    """An entry that becomes visible after ones with higher ids is found: the mark waits for what is young."""
    sql = (
        "INSERT INTO entry (id, ticket_id, session_id, at, kind, author, text, message_id, outbox_id, msgid,"
        " unverified, field, old, new) VALUES (%s, 1, 1, %s, 'incoming', '', %s, 0, 0, '', 0, '', '', '')"
    )
    filled(pg_store, pg_writer, 1, 1)
    pg_writer.submit(lambda tx: tx.execute(sql, (1000, NOW_MS, "early bird"))).result(60)
    index(pg_store, pg_writer)
    pg_writer.submit(lambda tx: tx.execute(sql, (900, NOW_MS, "latecomer"))).result(60)
    index(pg_store, pg_writer)
    with contextlib.closing(pg_store.reader()) as reader:
        asked = search.expression(parse("latecomer").words)
        assert search.hits(reader, asked, 0, 10) == [900]
        later = search.pending(reader, NOW_MS + 2 * search.SETTLED_MS)
        assert (later.rows, later.mark) == ((), 1000)


def test_a_database_is_filled_and_found(pg_store):
    """Made-up tickets by COPY: counters go on behind them, counts are right, words are found."""
    rows = fill.fill(pg_store, 300, 1, NOW_MS, lambda _n: None)
    with contextlib.closing(pg_store.reader()) as reader:
        assert rows["ticket"] == 300
        assert reader.execute("SELECT sum(n) FROM ticket_count").fetchone() == (300,)
        assert reader.execute("SELECT nextval('id_ticket')").fetchone() == (301,)
        assert len(pages(reader, "1000123", 5)) == 1
        assert len(pages(reader, "", 50)) == 300
        names = reader.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'ticket'").fetchall()
        assert ("ticket_queue_status_touched_at_id",) in names
