"""What rules may ask, answered from inside the transaction."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storekit import START, deciding, incoming
from test_store_effects import send, ticketing

from mailgate.domain.effects import ChangeTicket, MarkFailing, Remember
from mailgate.domain.ports import SentView
from mailgate.store.counts import Tally, counted
from mailgate.store.read import UnitReader


@pytest.fixture
def read(writer):
    """Ask a question inside a transaction and return its answer."""

    def run(question):
        return writer.submit(lambda tx: question(UnitReader(tx))).result(30)

    return run


def test_a_contact_is_found_by_any_spelling_of_its_address(accept, read):
    """Case does not matter; the view carries name, categories and company."""
    accept(incoming(), ticketing())
    contact = read(lambda r: r.contact("ANN@EXAMPLE.NET"))
    assert (contact.name, contact.address, contact.categories, contact.company) == (
        "Ann", "Ann@Example.net", ("new",), "example.net",
    )  # fmt: skip
    assert read(lambda r: r.contact("bob@example.net")) is None


def test_tickets_by_id_and_number(accept, read):
    """Both ways lead to the same view, with the session's state."""
    accept(incoming(), ticketing())
    by_id = read(lambda r: r.ticket(1))
    assert by_id == read(lambda r: r.ticket_by_number("T-1"))
    assert (by_id.number, by_id.session_state, by_id.contact_id) == ("T-1", "unopened", 1)
    assert read(lambda r: r.ticket(99)) is None


def test_merged_tickets_lead_to_the_one_they_went_into(accept, read):
    """The old number stays good, over several merges; a circle ends as "none"."""
    accept(incoming(b"1\r\n\r\n"), ticketing())
    accept(incoming(b"2\r\n\r\n"), _second())
    accept(incoming(b"3\r\n\r\n"), _second())
    accept(
        incoming(b"4\r\n\r\n"),
        deciding(ChangeTicket(1, "merged_into", "2", ""), ChangeTicket(2, "merged_into", "3", "")),
    )
    assert read(lambda r: r.ticket_by_number("T-1")).number == "T-3"
    accept(incoming(b"5\r\n\r\n"), deciding(ChangeTicket(3, "merged_into", "1", "")))
    assert read(lambda r: r.ticket_by_number("T-1")) is None


def _second():
    """Return a decider that opens a further ticket of the contact that there is."""
    from mailgate.domain.effects import Decision, OpenTicket

    def decide(mail, route, catalogue, reader, now):
        ticket, session = reader.allocate("ticket"), reader.allocate("session")
        effect = OpenTicket(ticket, f"T-{ticket}", session, "support", "help", 1, match_key="help")
        return Decision((effect,), "", "", "")

    return decide


def test_message_ids_find_their_tickets_in_order_and_once(accept, read):
    """References are looked up in the order given; a ticket named twice comes once; unknown ids are passed over."""
    accept(incoming(), ticketing(send))
    found = read(lambda r: r.tickets_by_message_ids(["<unknown@x>", "<t1@example.org>", "<m1@example.net>"]))
    assert [t.number for t in found] == ["T-1"]


def test_the_match_key_finds_the_newest_ticket_within_the_window(accept, read, clock):
    """Same contact, same key, touched since: the newest; an old one, another contact or no key: none."""
    accept(incoming(b"1\r\n\r\n"), ticketing())
    accept(incoming(b"2\r\n\r\n"), _second())
    assert read(lambda r: r.ticket_by_match_key(1, "help", "", START)).number == "T-2"
    assert read(lambda r: r.ticket_by_match_key(1, "help", "support", START)).number == "T-2"
    assert read(lambda r: r.ticket_by_match_key(1, "help", "orders", START)) is None
    assert read(lambda r: r.ticket_by_match_key(1, "help", "", START + timedelta(seconds=1))) is None
    assert read(lambda r: r.ticket_by_match_key(2, "help", "", START)) is None
    assert read(lambda r: r.ticket_by_match_key(1, "", "", START)) is None


def test_who_takes_part(accept, read):
    """The contact, a confirmed Cc and the agent in charge; nobody else, and not the unconfirmed."""
    from mailgate.domain.effects import AddEntry, EntryKind

    def joined(r, t, s):
        return AddEntry(r.allocate("entry"), t, s, EntryKind.INCOMING, "new@example.com", "", unverified=True)

    accept(incoming(), ticketing(joined, participants=("cc@example.net",), agent="bob@example.org"))
    answers = {
        address: read(lambda r, a=address: r.is_participant(1, a))
        for address in ("Ann@example.NET", "CC@example.net", "bob@example.org", "new@example.com", "x@y", "")
    }
    assert answers == {
        "Ann@example.NET": True, "CC@example.net": True, "bob@example.org": True,
        "new@example.com": False, "x@y": False, "": False,
    }  # fmt: skip
    assert not read(lambda r: r.is_participant(77, "ann@example.net"))


def test_mail_that_we_sent_is_found_by_its_id(accept, read):
    """A bounce's reference leads to our mail, its ticket and address; the empty id leads nowhere."""
    accept(incoming(), ticketing(send))
    assert read(lambda r: r.sent("<t1@example.org>")) == SentView(1, 1, 1, "ann@example.net")
    assert read(lambda r: r.sent("<other@example.org>")) is None
    assert read(lambda r: r.sent("")) is None


def test_memory_ends_at_its_time(accept, read, clock):
    """Remembered until, not after."""
    accept(incoming(), deciding(Remember("s", "k", START + timedelta(hours=1))))
    assert read(lambda r: r.remembered("s", "k"))
    assert not read(lambda r: r.remembered("s", "other"))
    clock.move(hours=1)
    assert not read(lambda r: r.remembered("s", "k"))


def test_an_address_fails_after_the_second_hard_bounce_for_sixty_days(accept, read, clock):
    """One may be a mistake; two mark it; later it gets another chance."""
    accept(incoming(b"1\r\n\r\n"), deciding(MarkFailing("gone@x.org", "5.1.1")))
    assert not read(lambda r: r.failing("gone@x.org", 2, 60 * 86400))
    accept(incoming(b"2\r\n\r\n"), deciding(MarkFailing("gone@x.org", "5.1.1")))
    assert read(lambda r: r.failing("GONE@x.org", 2, 60 * 86400))
    clock.move(days=61)
    assert not read(lambda r: r.failing("gone@x.org", 2, 60 * 86400))


def test_counts_slide(writer, clock):
    """What was counted an hour ago no longer counts within the hour, but does within the day."""

    def bump_now():
        writer.submit(lambda tx: tx.tally.add("s", "k")).result(30)

    def ask_now(window):
        return writer.submit(lambda tx: UnitReader(tx).count("s", "k", window)).result(30)

    bump_now()
    bump_now()
    assert (ask_now(600), ask_now(3600), ask_now(86400)) == (2, 2, 2)
    clock.move(minutes=11)
    bump_now()
    assert (ask_now(600), ask_now(3600), ask_now(86400)) == (1, 3, 3)
    clock.move(hours=2)
    assert (ask_now(3600), ask_now(86400)) == (0, 3)
    clock.move(days=2)
    assert ask_now(86400) == 0


def test_incoming_of_this_batch_counts_already(writer):
    """What is gathered for the end of the batch is part of the answer."""

    def work(tx):
        tx.tally.add("incoming", "", 4)
        return UnitReader(tx).count("incoming", "", 3600)

    assert writer.submit(work).result(30) == 4
    assert writer.submit(lambda tx: UnitReader(tx).count("incoming", "", 3600)).result(30) == 4


def test_what_a_savepoint_had_counted_goes_with_it(writer):
    """An answer that was rolled back takes nothing out of a budget."""

    def work(tx):
        tx.tally.add("s", "kept")
        with contextlib.suppress(ZeroDivisionError), tx.savepoint():
            tx.tally.add("s", "kept", 5)
            tx.tally.add("s", "gone")
            raise ZeroDivisionError
        reader = UnitReader(tx)
        return reader.count("s", "kept", 60), reader.count("s", "gone", 60)

    assert writer.submit(work).result(30) == (1, 0)
    assert writer.submit(lambda tx: UnitReader(tx).count("s", "gone", 60)).result(30) == 0


@given(
    ages=st.lists(st.integers(0, 200_000), max_size=30),
    window=st.sampled_from([60, 600, 3600, 86_400]),
    now=st.integers(10**9, 10**9 + 10**6),
)
def test_a_count_is_never_too_low_and_at_most_a_bucket_too_high(ages, window, now):
    """Whatever the times: all within the window are counted, none older than the window plus a bucket's width."""
    kept: dict[tuple, int] = {}

    def execute(sql, values):
        assert sql.count("?") == len(values)
        for at in range(0, len(values), 5):
            place, n = values[at : at + 4], values[at + 4]
            kept[place] = kept.get(place, 0) + n

    for age in ages:
        tally = Tally()
        tally.add("s", "k")
        tally.write(execute, "INSERT INTO t VALUES (?, ?, ?, ?, ?)", (now - age) * 1000)

    class Answer:
        def __init__(self, total):
            self.total = total

        def fetchone(self):
            return (self.total,)

    def look(_sql, row):
        scope, key, width, first = row
        return Answer(
            sum(n for (s, k, w, b), n in kept.items() if (s, k, w) == (scope, key, width) and b >= first)
        )

    found = counted(look, "", "s", "k", window, now * 1000)
    width = 60 if window <= 3600 else 3600
    assert sum(age <= window for age in ages) <= found <= sum(age < window + width for age in ages)
