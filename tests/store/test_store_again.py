"""Stored mails once more: processed again, or only looked at."""

import pytest
from storekit import START, TEXT, deciding, incoming, keep, rules_for
from test_store_effects import ticketing

from mailgate.domain.effects import Drop, Refuse, SetAside
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView
from mailgate.errors import HouseFault, TryLater
from mailgate.store import again, checkup, queries
from mailgate.store.unit import Incoming


def crash(mail, route, catalogue, reader, now):
    raise ZeroDivisionError


def rebuilt(store, delivery_id: int) -> Incoming:
    with queries.reading(store) as connection:
        received = again.received_of(connection, store.blobs, delivery_id)
    return Incoming(received, MessageView.parse(received.octets.data), Facts())


@pytest.fixture
def reprocess(store, writer):
    def run(delivery_id, decide):
        mail, rules = rebuilt(store, delivery_id), rules_for(decide)
        return writer.submit(lambda tx: again.reprocess(tx, delivery_id, mail, rules)).result(30)

    return run


def test_an_unprocessed_mail_becomes_a_ticket_later(accept, reprocess, store, ask):
    """Once the rule is mended, one command makes it what it should have been; the old row says so."""
    for _ in range(3):
        accept(incoming(), crash)
    outcome = reprocess(1, ticketing())
    assert (outcome.status, outcome.ticket) == ("accepted", "T-1")
    assert ask("SELECT id, message_id, status FROM delivery ORDER BY id") == [
        (1, 1, "reprocessed"), (2, 1, "accepted"),
    ]  # fmt: skip
    assert ask("SELECT count(*) FROM message") == [(1,)]
    assert accept(incoming(), crash)[0].reply.text == "already accepted, ticket T-1"
    with queries.reading(store) as connection:
        assert checkup.orphans(connection) == []
        assert queries.list_deliveries(connection, status="unprocessed") == []


def test_the_mail_comes_back_as_it_stood_at_the_door(accept, store):
    """Octets, sender, recipient, origin, time and trace id are those of the first coming."""
    first = incoming(TEXT, "a@example.org", "b@example.org")
    accept(first)
    mail = rebuilt(store, 2)
    assert mail.received.octets == first.received.octets
    assert mail.received.envelope.sender == "ann@example.net"
    assert [r.address for r in mail.received.envelope.recipients] == ["b@example.org"]
    assert (mail.received.at, mail.received.trace_id) == (START, "01TRACE")
    assert mail.received.origin.queue_id == "Q1"


def test_what_crashes_again_stays_unprocessed(accept, reprocess, ask):
    """Nothing is lost by trying; the newest error is shown, and the stored reply holds."""
    for _ in range(3):
        accept(incoming(), crash)

    def other(mail, route, catalogue, reader, now):
        raise KeyError("another")

    assert reprocess(1, other).status == "failed"
    ((status, error),) = ask("SELECT status, error FROM delivery")
    assert status == "unprocessed"
    assert error.startswith("KeyError")
    assert accept(incoming(), keep)[0].duplicate


def test_what_was_accepted_is_never_refused_later(accept, reprocess, ask):
    """A rule that now rejects leaves the mail where it is: its sender was told 250."""
    accept(incoming(), deciding(SetAside("Aside", "why")))
    assert reprocess(1, deciding(Refuse(550, "5.7.1", "no"))).error == "the rules refuse it"
    assert ask("SELECT status, error FROM delivery") == [("aside", "the rules refuse it")]


def test_what_became_something_is_not_processed_again(accept, reprocess, ask):
    """A delivery that is no longer waiting is left alone."""
    accept(incoming(), ticketing())
    assert reprocess(1, deciding(Drop("x"))).error == "is not waiting to be processed"
    assert ask("SELECT status FROM delivery") == [("accepted",)]


def test_an_unknown_delivery_is_a_fault(store):
    """Asking for what is not there says so."""
    with queries.reading(store) as connection, pytest.raises(HouseFault, match="no delivery 7"):
        again.received_of(connection, store.blobs, 7)


def test_a_preview_writes_nothing_and_knows_the_next_numbers(accept, store, ask):
    """The decision names the ticket that would be opened; the database is as before."""
    accept(incoming(b"1\r\n\r\n"), ticketing())
    with queries.reading(store) as connection:
        decision = again.preview(store, connection, incoming(b"2\r\n\r\n"), rules_for(ticketing()), START)
    assert decision.summary == "ticket=T-2"
    assert ask("SELECT count(*) FROM ticket") == [(1,)]


def test_a_preview_for_an_unknown_address_says_so(store):
    """No rule, no decision."""
    with queries.reading(store) as connection, pytest.raises(TryLater, match="no address x@elsewhere"):
        again.preview(store, connection, incoming(TEXT, "x@elsewhere"), rules_for(keep), START)
