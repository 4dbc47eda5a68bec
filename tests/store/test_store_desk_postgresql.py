"""What people do to tickets, on a real PostgreSQL: the statements run there too, and two at once are told apart."""

import threading
from datetime import timedelta

import pytest
from agentmailkit import FAILED, JOE, PASSED, AgentHouse, quoted
from deskkit import ANNA, BEN, POLICY, House, house
from storekit import START
from test_store_postgresql import pg_options, pg_store  # noqa: F401  fixtures

from mailgate.domain.desk import fields, joining, people, talk
from mailgate.domain.deskerror import Stale
from mailgate.domain.effects import ChangeTicket
from mailgate.domain.events import EventKind
from mailgate.jobs.followups import tell_due
from mailgate.store import checkup, queries
from mailgate.store.writer import Writer

pytestmark = pytest.mark.peer("postgresql")


@pytest.fixture
def desk(pg_store):  # noqa: F811  the fixture
    with house(pg_store) as one:
        yield one


def test_a_ticket_lives_through_everything(desk):
    """Fields, answer, link, merge, split, reminder: as on SQLite."""
    one, two = desk.mail("a"), desk.mail("b", BEN)
    desk.do(fields.set_fields, one, [("priority", "high"), ("tags", fields.ListChange(("x",)))], version=0)
    desk.do(talk.reply, one, talk.Words("hm"), policy=True)
    desk.do(joining.link, one, two, "child")
    desk.do(people.add_participant, one, "cc@customer.example")
    desk.do(people.add_follow_up, one, START + timedelta(hours=1), "joe", "ask")
    desk.do(joining.merge, one, two)
    ticket = desk.ticket(two)
    messages = [entry["id"] for entry in ticket["entries"] if entry["kind"] != "change"]
    assert len(messages) == 3
    new = desk.do(joining.split, two, messages[:1]).number
    assert [entry["id"] for entry in desk.ticket(new)["entries"] if entry["kind"] != "change"] == messages[:1]
    assert desk.mail("more", answers="<m1@x.example>") == new
    assert desk.mail(f"[#{one}] more", ANNA) == two
    desk.clock.move(hours=2)
    assert tell_due(desk.writer, lambda: desk.rules, POLICY) == 1


def test_an_agent_answers_by_mail(pg_store, desk):  # noqa: F811  the fixture
    """Notice, answer, commands and a refusal: as on SQLite."""
    one = AgentHouse(pg_store, desk.writer, desk.clock)
    number = one.opened()
    for proof, action in ((PASSED, "agent_answer"), (FAILED, "agent_refused")):
        notice = one.sent(JOE)[0]
        text = f"#status pending\nhello\n\n{quoted(notice)}"
        outcome = one.take(text, author=JOE, to=(notice.reply_to,), answers=notice.message_id, proof=proof)
        assert (outcome.action, outcome.ticket) == (action, number)
    assert [mail.text for mail in one.sent(ANNA)] == ["hello\n"]
    assert one.ticket(number)["status"] == "pending"
    assert [entry["unverified"] for entry in one.entries(number, "comment")] == [1]


def test_of_two_with_the_same_version_one_goes_through(desk, pg_store):  # noqa: F811  the fixture
    """Whoever comes second is told what the first has done; nothing is overwritten."""
    number = desk.mail()
    other = House(pg_store, Writer(pg_store, clock=desk.clock), desk.clock)
    other.writer.start()
    gate, results = threading.Barrier(2), []

    def change(who, priority):
        gate.wait()
        try:
            who.do(fields.set_fields, number, [("priority", priority)], version=0)
            results.append("done")
        except Stale as stale:
            results.append([(one.field, one.was) for one in stale.differences])

    pairs = ((desk, "high"), (other, "low"))
    threads = [threading.Thread(target=change, args=pair) for pair in pairs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert other.writer.stop(60)
    assert sorted(map(str, results)) == ["[('priority', 'normal')]", "done"]
    assert desk.ticket(number)["version"] == 1


def test_a_consequence_that_fails_in_the_database_is_undone_to_its_savepoint(desk):
    """A statement that PostgreSQL refuses spoils nothing but itself, and all invariants hold afterwards."""

    def broken(event, _reader, _catalogue, _now):
        if event.kind is EventKind.CREATED:
            yield ChangeTicket(event.ticket_id, "priority", "high", "w")
            yield ChangeTicket(event.ticket_id, "contact_id", str(1 << 70), "w")

    desk.followers = (broken,)
    number = desk.mail()
    ticket = desk.ticket(number)
    assert ticket["priority"] == "normal"
    (note,) = [e["text"] for e in ticket["entries"] if e["kind"] == "note"]
    assert note.startswith("what follows from created failed: NumericValueOutOfRange")
    desk.followers = ()
    two = desk.mail("b", BEN)
    desk.do(joining.link, number, two)
    desk.do(joining.merge, number, two)
    with queries.reading(desk.store) as connection:
        assert [*checkup.orphans(connection), *checkup.contradictions(connection)] == []
