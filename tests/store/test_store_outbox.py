"""Claiming with a lease, in order per conversation; settling; what a person may do with stopped rows."""

from datetime import timedelta

import pytest
from storekit import START, OpenGate, Said, deciding, incoming
from test_store_effects import DRAFT, send

from mailgate.domain.draft import MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.store import outbox_rows, queries
from mailgate.store.outbox_rows import Settled
from mailgate.store.rows import OutboxRow
from mailgate.store.unit import accept_each


def row(**columns) -> OutboxRow:
    empty = {n: b"" if k is bytes else 0 if k is int else "" for n, k in OutboxRow.__annotations__.items()}
    return OutboxRow(**{**empty, "kind": "send", "state": "waiting", "to_address": "a@x.org", **columns})


@pytest.fixture
def put(writer):
    """Write outbox rows as they are and return their ids."""

    def run(*rows):
        def work(tx):
            ids = []
            for one in rows:
                ids.append(tx.allocate("outbox"))
                tx.execute(tx.hot.out.outbox, one._replace(id=ids[-1]))
            return ids

        return writer.submit(work).result(30)

    return run


@pytest.fixture
def claim(writer, clock):
    def run(owner="w1", limit=10, lease_s=60.0):
        return writer.submit(lambda tx: outbox_rows.claim(tx, owner, clock.now, limit, lease_s)).result(30)

    return run


@pytest.fixture
def settle(writer):
    def run(*results):
        return writer.submit(lambda tx: outbox_rows.settle(tx, results)).result(30).done

    return run


def test_due_rows_are_leased_oldest_first(put, claim, ask):
    """Due ones only, in the order of their due time, up to the limit; they belong to the claimer."""
    at = int(START.timestamp() * 1000)
    put(row(due=at - 1), row(due=at - 5), row(due=at + 1), row(due=at - 3))
    assert [r.id for r in claim(limit=2)] == [2, 4]
    assert [r.id for r in claim()] == [1]
    assert claim() == []
    assert ask("SELECT id, state, owner FROM outbox ORDER BY id") == [
        (1, "leased", "w1"), (2, "leased", "w1"), (3, "waiting", ""), (4, "leased", "w1"),
    ]  # fmt: skip


def test_two_claimers_never_get_the_same_row(put, claim):
    """What one has leased the other does not see."""
    put(*(row() for _ in range(6)))
    first, second = {r.id for r in claim("w1", 4)}, {r.id for r in claim("w2", 4)}
    assert (len(first), len(second)) == (4, 2)
    assert not first & second


def test_never_two_of_one_ticket_at_once(put, claim, settle):
    """One ticket's rows go one after the other, whoever they are for."""
    put(row(ticket_id=7), row(ticket_id=7, to_address="b@x.org"), row(ticket_id=8))
    assert [r.id for r in claim()] == [1, 3]
    assert claim("w2") == []
    settle(Settled(1, "w1", "sent"))
    assert [r.id for r in claim("w2")] == [2]


def test_a_retry_keeps_the_order_to_the_same_address_only(put, claim, settle):
    """A mail that waits for its next try holds back later ones to the same address, and no others."""
    put(row(ticket_id=7), row(ticket_id=7, to_address="b@x.org"), row(ticket_id=7))
    assert [r.id for r in claim()] == [1]
    settle(Settled(1, "w1", "waiting", due=START + timedelta(hours=1), last_reply="451 greylisted"))
    assert [r.id for r in claim()] == [2]
    settle(Settled(2, "w1", "sent"))
    assert claim() == []


def test_an_expired_lease_is_due_again(put, claim, clock, settle):
    """When a worker died, another takes over; what the first one says afterwards no longer counts."""
    put(row())
    assert [r.id for r in claim("w1", lease_s=60)] == [1]
    clock.move(seconds=61)
    assert [r.id for r in claim("w2")] == [1]
    assert settle(Settled(1, "w1", "sent")) == 0
    assert settle(Settled(1, "w2", "sent")) == 1


def test_a_lease_can_be_prolonged_by_its_owner(put, claim, clock, writer):
    """Long work renews; somebody else's lease it cannot renew."""
    put(row())
    claim("w1", lease_s=60)
    renew = outbox_rows.renew
    assert writer.submit(lambda tx: renew(tx, "w1", [1], clock.now, 600)).result(30) == 1
    assert writer.submit(lambda tx: renew(tx, "w2", [1], clock.now, 600)).result(30) == 0
    clock.move(seconds=300)
    assert claim("w2") == []


def test_outcomes_are_recorded(put, claim, settle, ask):
    """State, reason, the peer's words, attempts and times, per outcome; an untried one counts no attempt."""
    put(*(row() for _ in range(4)))
    claim()
    settle(
        Settled(1, "w1", "sent", last_reply="250 ok"),
        Settled(2, "w1", "waiting", due=START + timedelta(minutes=5), last_reply="451 later"),
        Settled(3, "w1", "held", reason="refused for good", last_reply="550 no"),
        Settled(4, "w1", "waiting", tried=False),
    )
    assert ask(
        "SELECT state, attempts, reason, last_reply, finished_at > 0, owner FROM outbox ORDER BY id"
    ) == [
        ("sent", 1, "", "250 ok", 1, ""),
        ("waiting", 1, "", "451 later", 0, ""),
        ("held", 1, "refused for good", "550 no", 0, ""),
        ("waiting", 0, "", "", 0, ""),
    ]


def test_when_to_look_again(put, claim, settle, store, clock):
    """The next due time or the next lease's end, whichever comes first; None where nothing waits."""

    def look():
        with queries.reading(store) as connection:
            return outbox_rows.next_due(connection, store.hot)

    assert look() is None
    later = START + timedelta(hours=2)
    put(row(due=int(later.timestamp() * 1000)))
    assert look() == later
    put(row())
    claim(lease_s=60)
    assert look() == START + timedelta(seconds=60)
    settle(Settled(2, "w1", "sent"))
    assert look() == later


def test_a_person_holds_releases_flushes_and_deletes(put, claim, writer, ask, clock):
    """Each does what it says, to rows in the right state only, and stands in the audit."""
    future = int((START + timedelta(hours=1)).timestamp() * 1000)
    put(row(), row(state="held"), row(state="given_up", attempts=9), row(due=future))
    claim(limit=1)

    def run(function, *arguments):
        return writer.submit(lambda tx: function(tx, *arguments)).result(30)

    assert run(outbox_rows.hold, [1, 4], "root") == 1
    assert run(outbox_rows.release, [2, 3, 4], "root") == 3
    assert run(outbox_rows.delete, [1, 2], "root") == 1
    assert run(outbox_rows.flush, None, "root") == 2
    assert ask("SELECT id, state, attempts FROM outbox ORDER BY id") == [
        (1, "leased", 0), (3, "waiting", 0), (4, "waiting", 0),
    ]  # fmt: skip
    assert [a for (a,) in ask("SELECT action FROM audit ORDER BY id")] == [
        "outbox hold", "outbox release", "outbox delete", "outbox flush",
    ]  # fmt: skip


def test_depths_and_age_are_cheap_to_ask(put, store):
    """Counts per state that stands still or waits, and the age of the oldest; by partial indexes."""
    put(row(created_at=1000), row(created_at=500), row(state="held"), row(state="sent"), row(state="digest"))
    with queries.reading(store) as connection:
        assert outbox_rows.depths(connection) == {
            "waiting": 2, "leased": 0, "held": 1, "given_up": 0, "digest": 1,
        }  # fmt: skip
        assert outbox_rows.oldest(connection).timestamp() == 0.5


def test_gathered_rows_become_one_digest(writer, accept, ask):
    """Rows in state digest are listed per address and replaced by one mail, which is counted; nothing is lost."""
    notice = Send(MailKind.NOTICE, DRAFT, "", "t:1")
    for text in (b"1\r\n\r\n", b"2\r\n\r\n"):
        accept(incoming(text), deciding(notice), gate=OpenGate(Said("digest", "budget")))

    def work(tx):
        assert outbox_rows.digest_addresses(tx) == [("ann@example.net", 2)]
        gathered = outbox_rows.gather(tx, "ann@example.net", 100)
        new = gathered[0]._replace(state="waiting", draft=b"{}", msgid="")
        return outbox_rows.replace_by_digest(tx, [r.id for r in gathered], new, [("notice-address", "ann")])

    assert writer.submit(work).result(30) == 3
    assert ask("SELECT id, state, reason FROM outbox ORDER BY id") == [
        (1, "sent", "gathered into 3"), (2, "sent", "gathered into 3"), (3, "waiting", "budget"),
    ]  # fmt: skip
    assert ask("SELECT n FROM gate_count WHERE scope = 'notice-address'") == [(1,), (1,)]


def test_outbox_rows_of_a_rolled_back_delivery_do_not_exist(accept, ask):
    """A crash after the answer was queued takes the answer back."""

    def decide(mail, route, catalogue, reader, now):
        from mailgate.domain.effects import ChangeTicket, Decision

        return Decision((send(), Forward("b@x.org", ""), ChangeTicket(99, "status", "x", "")), "", "", "")

    assert accept(incoming(), decide)[0].crashed
    assert ask("SELECT count(*) FROM outbox") == [(0,)]
    assert ask("SELECT count(*) FROM gate_count") == [(0,)]


def test_an_outbox_row_wakes_the_worker(store, clock):
    """The signal comes after the commit that wrote the row."""
    from storekit import rules_for

    from mailgate.store.writer import Writer

    heard = []
    writer = Writer(store, clock=clock, on_signals=heard.append)
    rules = rules_for(deciding(Forward("b@x.org", "")))
    writer.submit(lambda tx: accept_each(tx, incoming(), rules))
    writer.start()
    assert writer.stop(30)
    assert heard == [frozenset({"outbox"})]
