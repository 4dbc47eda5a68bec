"""The job that puts histories into the index of words: after the commit, once each, wherever it was stopped."""

import contextlib
import sys
import threading
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

sys.path.append(str(Path(__file__).parents[1] / "store"))
from listkit import CATALOGUE, NOW
from servicekit import POLICY
from storekit import Clock, incoming, make_database, new_options, rules_for

from mailgate.domain.effects import AddEntry, ChangeTicket, Decision, EntryKind, OpenTicket
from mailgate.domain.query import parse
from mailgate.jobs import searchindex
from mailgate.jobs._job import JobContext
from mailgate.metrics import Metrics
from mailgate.store import search
from mailgate.store.db import open_store
from mailgate.store.deskunit import perform
from mailgate.store.ticketlist import find
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer


def opening(subject: str = ""):
    """Return a decider that opens a ticket without a contact."""

    def decide(mail, route, catalogue, reader, now):
        ticket, session, entry = (reader.allocate(kind) for kind in ("ticket", "session", "entry"))
        text = mail.view.main_text(1000)
        opened = OpenTicket(ticket, f"T-{ticket}", session, "support", subject, 0)
        added = AddEntry(entry, ticket, session, EntryKind.INCOMING, "ann@x", text, with_message=True)
        return Decision((opened, added), "t:1", "ticket", f"ticket=T-{ticket}")

    return decide


class Desk:
    """A store, its writer, and what the job needs of them."""

    def __init__(self, folder) -> None:
        options = new_options(folder)
        make_database(options)
        self.store = open_store(options)
        self.writer = Writer(self.store, clock=Clock())
        self.writer.start()
        metrics = Metrics(CollectorRegistry(), "1")
        rules = lambda: rules_for(opening())  # noqa: E731
        self.context = JobContext(self.store, self.writer, 0.0, rules, POLICY, metrics)

    def mail(self, text: str, msgid: str = "") -> None:
        octets = f"Message-ID: <{msgid or len(text)}@x>\r\n\r\n{text}\r\n".encode()
        rules = rules_for(opening(text))
        self.writer.submit(lambda tx: accept_each(tx, incoming(octets), rules)).result(60)

    def change(self, ticket: int, field: str, value: str) -> None:
        plan = [ChangeTicket(ticket, field, value, "anna")]
        self.writer.submit(lambda tx: perform(tx, lambda _r, _n: plan, rules_for(opening()))).result(60)

    def found(self, text: str) -> list[str]:
        with contextlib.closing(self.store.reader()) as connection:
            return [row["number"] for row in find(connection, parse(text), CATALOGUE, NOW).rows]


@pytest.fixture
def desk(tmp_path):
    one = Desk(tmp_path)
    yield one
    assert one.writer.stop(30)
    one.store.close()


def test_a_mail_is_found_after_the_job_has_run(desk):
    """Not before: the intake pays nothing; and a second run has nothing to do."""
    desk.mail("Rechnungen")
    assert desk.found("rechnung") == []
    assert searchindex.run(desk.context) == {}
    assert desk.found("rechnung") == ["T-1"]
    assert searchindex.run(desk.context) == {}
    assert desk.found("rechnung") == ["T-1"]


def test_several_batches_are_told(desk, monkeypatch):
    """While nothing waits to be written the job goes on until all is done."""
    monkeypatch.setattr(search.pending, "__defaults__", (2,))
    for text in ("one", "two", "three", "four", "five"):
        desk.mail(text)
    assert searchindex.run(desk.context) == {"entries": 5, "batches": 3}
    assert desk.found("five") == ["T-5"]


def test_a_batch_is_written_once(desk):
    """Two who read the same batch: the second writes nothing, and no word is there twice."""
    desk.mail("hello")
    with contextlib.closing(desk.store.reader()) as connection:
        batch = search.pending(connection, 0)
    for expected in (1, 0):
        assert desk.writer.submit(lambda tx: search.write(tx, batch)).result(60) == expected
    with contextlib.closing(desk.store.reader()) as connection:
        asked = search.expression(parse("hello").words)
        assert len(search.hits(connection, asked, 0, 10)) == 1


def test_a_new_subject_is_found_and_so_is_the_old_one(desk):
    """A ticket is found by whatever it was called."""
    desk.mail("printer")
    searchindex.run(desk.context)
    desk.change(1, "subject", "Bildschirm")
    desk.change(1, "priority", "high")
    searchindex.run(desk.context)
    assert desk.found("bildschirme") == ["T-1"]
    assert desk.found("printer") == ["T-1"]
    assert desk.found("high") == []


def test_an_index_that_was_emptied_is_read_anew(desk):
    """After `forget` the job begins with the first entry."""
    desk.mail("hello")
    searchindex.run(desk.context)
    desk.writer.submit(search.forget).result(60)
    assert desk.found("hello") == []
    searchindex.run(desk.context)
    assert desk.found("hello") == ["T-1"]


def test_words_that_hold_nothing_find_nothing(desk):
    """No letter, no digit: an empty page, not every ticket."""
    desk.mail("hello")
    searchindex.run(desk.context)
    assert desk.found('"ªº"') == []
    assert desk.found('hello -"!!a"') == ["T-1"]


def test_parts_of_the_index_are_merged(desk):
    """Every batch is a part at first; while nobody wants the writer they are merged, and nothing is lost."""

    def parts() -> int:
        with contextlib.closing(desk.store.reader()) as connection:
            return connection.execute("SELECT count(DISTINCT segid) FROM search_text_idx").fetchone()[0]

    for text in ("one", "two", "three"):
        desk.mail(text)
        with contextlib.closing(desk.store.reader()) as connection:
            batch = search.pending(connection, 0)
        desk.writer.submit(lambda tx, batch=batch: search.write(tx, batch)).result(60)
    assert parts() == 3
    desk.mail("four")
    searchindex.run(desk.context)
    assert parts() == 1
    assert [desk.found(text) for text in ("one", "two", "three", "four")] == [
        ["T-1"],
        ["T-2"],
        ["T-3"],
        ["T-4"],
    ]


def test_mail_comes_first_but_nothing_waits_for_long(desk, monkeypatch):
    """While mail is written the index waits; what has waited too long is put in all the same."""
    desk.mail("invoice")
    answered = threading.Event()
    desk.writer.submit_intake(lambda _tx: None, lambda _result: answered.set())
    assert answered.wait(60)
    assert desk.writer.busy
    monkeypatch.setattr(searchindex, "PATIENCE_S", 1e9)
    searchindex.run(desk.context)
    assert desk.found("invoice") == []
    monkeypatch.setattr(searchindex, "PATIENCE_S", -1e9)
    searchindex.run(desk.context)
    assert desk.found("invoice") == ["T-1"]
