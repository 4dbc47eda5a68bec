"""What commands ask: deliveries by any id, tickets by page, the whole story of each."""

import pytest
from storekit import TEXT, deciding, incoming, keep
from test_store_effects import send, ticketing

from mailgate.domain.effects import SetAside
from mailgate.errors import HouseFault
from mailgate.store import queries


@pytest.fixture
def look(store):
    def run(function, *arguments, **named):
        with queries.reading(store) as connection:
            return function(connection, *arguments, **named)

    return run


@pytest.mark.parametrize("term", ["Q1", "<m1@example.net>", "m1@example.net", "01TRACE", "T-1"])
def test_a_delivery_is_found_by_any_of_its_names(accept, look, term):
    """Queue id, Message-ID with and without brackets, trace id, ticket number."""
    accept(incoming(), ticketing())
    (found,) = look(queries.find_deliveries, term)
    assert (found["trace_id"], found["qid"], found["summary"]) == ("01TRACE", "Q1", "ticket=T-1")


@pytest.mark.parametrize("term", ["", "nothing", "T-99"])
def test_what_is_not_there_is_not_found(accept, look, term):
    """An unknown or empty term finds nothing (and never everything)."""
    accept(incoming(queue_id=""))
    assert look(queries.find_deliveries, term) == []


def test_the_whole_story_of_a_delivery(accept, look):
    """Trace, mail sent, mail not sent and why stand together."""
    accept(incoming(), ticketing(send))
    story = look(queries.delivery, 1)
    assert story["recipient"] == "support@example.org"
    assert [row["to_address"] for row in story["outbox"]] == ["ann@example.net"]
    assert (story["suppressed"], story["filings"]) == ([], [])
    assert look(queries.delivery, 99) is None


def test_deliveries_by_status_and_page(accept, look):
    """Newest first; unprocessed and aside by status; the next page by key."""
    for n in range(4):
        accept(incoming(b"%d\r\n\r\n" % n), deciding(SetAside("Aside", "why")) if n % 2 else keep)
    ids = [row["id"] for row in look(queries.list_deliveries)]
    assert ids == [4, 3, 2, 1]
    assert [row["id"] for row in look(queries.list_deliveries, status="aside")] == [4, 2]
    assert [row["id"] for row in look(queries.list_deliveries, status="aside", before_id=4)] == [2]
    assert [row["id"] for row in look(queries.list_deliveries, limit=1)] == [4]
    assert look(queries.counts_by_status) == {"unprocessed": 0, "aside": 2, "unparsable": 0}


def test_tickets_are_counted_by_queue_and_status(accept, look):
    """From the table that keeps count."""
    accept(incoming(b"1\r\n\r\n"), ticketing())
    for n in range(2, 6):
        accept(incoming(b"%d\r\n\r\n" % n), _ticket("sales" if n % 2 else "support"))
    counts = {(c["queue"], c["status"]): c["n"] for c in look(queries.ticket_counts)}
    assert counts == {("support", "open"): 3, ("sales", "open"): 2}


def _ticket(queue):
    from mailgate.domain.effects import Decision, OpenTicket

    def decide(mail, route, catalogue, reader, now):
        ticket, session = reader.allocate("ticket"), reader.allocate("session")
        return Decision((OpenTicket(ticket, f"T-{ticket}", session, queue, "s", 1),), "", "", "")

    return decide


def test_a_ticket_with_all_that_belongs_to_it(accept, look):
    """Contact with addresses and company, sessions, history in order, deliveries, what was sent, what it claims."""
    accept(incoming(b"1\r\n\r\n"), ticketing(send))
    accept(incoming(b"2\r\n\r\n"), _claiming())
    ticket = look(queries.ticket, "T-1")
    assert ticket["contact"]["company"] == "example.net"
    assert [a["folded"] for a in ticket["contact"]["addresses"]] == ["ann@example.net"]
    assert [s["state"] for s in ticket["sessions"]] == ["unopened"]
    assert [e["kind"] for e in ticket["entries"]] == ["incoming", "answer"]
    assert [d["recipient"] for d in ticket["deliveries"]] == ["support@example.org"]
    assert [o["msgid"] for o in ticket["outbox"]] == ["<t1@example.org>"]
    assert look(queries.ticket, "T-2")["claims_number"] == "T-1"
    assert look(queries.ticket, "T-9") is None


def _claiming():
    from mailgate.domain.effects import Decision, OpenTicket

    def decide(mail, route, catalogue, reader, now):
        ticket, session = reader.allocate("ticket"), reader.allocate("session")
        return Decision((OpenTicket(ticket, f"T-{ticket}", session, "q", "s", 1, claims=1),), "", "", "")

    return decide


def test_octets_come_back_as_they_came(accept, look, store):
    """Byte for byte; a mail that is not there is a fault of ours."""
    octets = b"NUL \0 and \xff bytes, bare \n and \r\r\n"
    accept(incoming(octets))
    assert look(queries.octets, store.blobs, 1).data == octets
    assert look(queries.message, 1)["size"] == len(octets)
    with pytest.raises(HouseFault):
        look(queries.octets, store.blobs, 2)


def test_an_outbox_row_shows_its_draft(accept, look):
    """The draft is plain data again."""
    accept(incoming(TEXT), deciding(send()))
    assert look(queries.outbox_row, 1)["draft"]["subject"] == "Re: help"
    assert look(queries.outbox_row, 2) is None


def test_pages_cost_the_same_at_any_number_of_tickets(look, store):
    """The first page of a queue walks down an index; it sorts nothing and scans no table."""
    from mailgate.store.models.tickets import Ticket

    query = Ticket.select().where((Ticket.queue == "q") & (Ticket.status == "open") & (Ticket.id < 100))
    sql, values = query.order_by(Ticket.id.desc()).limit(50).sql()
    with queries.reading(store) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()]
    assert plan == ["SEARCH t1 USING INDEX ticket_queue_status_id (queue=? AND status=? AND id<?)"]
