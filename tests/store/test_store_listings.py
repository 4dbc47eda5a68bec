"""Listings: each page is a walk down an index, and shows what it should in the order it should."""

import pytest
from storekit import START, deciding, incoming, keep
from test_store_effects import send, ticketing

from mailgate.domain.effects import SetAside
from mailgate.domain.query import parse
from mailgate.domain.routing import Catalogue
from mailgate.store import listings, queries
from mailgate.store.ticketlist import find

BIG = ("message", "delivery", "outbox", "ticket", "entry", "trace", "contact_address")


class Explaining:
    """A connection that keeps the plan of each query that it runs."""

    def __init__(self, connection):
        self.connection, self.plans = connection, []

    def execute(self, sql, values=()):
        """Run a query, and keep how SQLite finds its rows."""
        found = self.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
        self.plans += [(row[3], sql) for row in found]
        return self.connection.execute(sql, values)

    def close(self):
        """Leave the connection to its owner."""


def grows(sql):
    """Whether a query reads a table that grows with the mail."""
    return any(f'"{table}" AS' in sql for table in BIG)


@pytest.fixture
def look(store):
    """Run a listing; no query of it may walk through a whole table that grows."""

    def run(function, *arguments, **named):
        with queries.reading(store) as connection:
            explaining = Explaining(connection)
            result = function(explaining, *arguments, **named)
        scans = [(plan, sql) for plan, sql in explaining.plans if plan.startswith("SCAN") and grows(sql)]
        # A small index that holds the rows of one state is walked from its start: that is what it is for.
        wrong = [one for one in scans if "USING INDEX outbox_" not in one[0]]
        assert not wrong, wrong
        return result

    return run


@pytest.mark.parametrize("term", ["Q1", "<m1@example.net>", "01TRACE", "T-1", "t-1", "<t1@example.org>"])
def test_a_story_is_found_by_any_name_without_a_scan(accept, look, term):
    """Also by the Message-ID of the answer."""
    accept(incoming(), ticketing(send))
    (story,) = look(listings.find_stories, term, 10)
    assert (story["trace_id"], len(story["outbox"])) == ("01TRACE", 1)


def test_one_more_story_than_asked_says_that_there_are_more(accept, look):
    """The caller shows the limit, and knows."""
    for n in range(4):
        accept(incoming(b"%d\r\n\r\n" % n), keep)
    assert len(look(listings.find_stories, "Q1", 2)) == 3


def test_outgoing_rows_by_state_and_limit(accept, writer, look):
    """One state after the other, within the limit; each from its own small index."""
    from mailgate.store import outbox_rows

    for n in range(4):
        accept(incoming(b"%d\r\n\r\n" % n), deciding(send()))
    writer.submit(lambda tx: outbox_rows.hold(tx, [2, 4], "test")).result(30)
    assert [r["id"] for r in look(listings.outgoing, listings.UNSENT, 9)] == [2, 4, 1, 3]
    assert [r["id"] for r in look(listings.outgoing, listings.UNSENT, 3)] == [2, 4, 1]
    assert [r["id"] for r in look(listings.outgoing, ["held"], 1)] == [2]
    for state in ("waiting", "leased", "given_up", "digest"):
        look(listings.outgoing, [state], 9)


def test_a_contact_has_its_tickets_by_any_of_its_addresses(accept, look):
    """The address is folded, and shown beside the ticket."""
    accept(incoming(), ticketing())
    query = parse("contact:ANN@Example.net")
    (found,) = look(find, query, Catalogue(), START).rows
    assert (found["number"], found["contact"]) == ("T-1", "Ann@Example.net")


def test_what_is_put_away_is_off_the_list_once(accept, writer, look):
    """Only what waits is changed; doing it again changes nothing."""
    accept(incoming(b"1\r\n\r\n"), deciding(SetAside("Aside", "why")))
    accept(incoming(b"2\r\n\r\n"), keep)
    put_away = [
        writer.submit(lambda tx: listings.put_away(tx, [1, 2, 3], "test")).result(30) for _ in range(2)
    ]
    assert put_away == [1, 0]
    assert look(queries.list_deliveries, status="aside") == []


def test_a_query_without_an_index_is_noticed(look):
    """What these tests rely on: a walk through a whole table fails them."""
    from mailgate.store.models.mail import Message

    with pytest.raises(AssertionError, match="SCAN"):
        look(queries.rows, Message.select().where(Message.subject == "x"))
