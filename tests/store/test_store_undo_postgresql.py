"""Taking back against a worker in another process, on a real PostgreSQL: each answer has one end."""

import threading

import pytest
from storekit import Clock
from test_store_postgresql import pg_options, pg_store  # noqa: F401  fixtures
from undokit import WINDOW_S, PatientHouse

from mailgate.domain.desk.undo import undo
from mailgate.domain.deskerror import DeskError
from mailgate.store.db import open_store
from mailgate.store.outbox_hand import redirect
from mailgate.store.writer import Writer

pytestmark = pytest.mark.peer("postgresql")
ANSWERS = 20


def test_an_answer_is_sent_or_taken_back_never_both(pg_store, pg_options):  # noqa: F811  the fixtures
    """While one process claims what is due, another takes the same answers back."""
    clock = Clock()
    second = open_store(pg_options)
    second.close()
    writer = Writer(pg_store, clock=clock)
    other = Writer(second, clock=clock)
    for one in (writer, other):
        one.start()
    desk = PatientHouse(pg_store, writer, clock)
    tickets = [desk.answered(f"ann{n}@customer.example")[0] for n in range(ANSWERS)]
    rows = dict(desk.ask("SELECT ticket_id, id FROM outbox"))
    clock.move(seconds=WINDOW_S)
    claimed: list[int] = []

    def work():
        for _ in range(ANSWERS):
            claimed.extend(desk.claim(other))

    thread = threading.Thread(target=work)
    thread.start()
    undone = []
    for number in reversed(tickets):
        try:
            desk.do(undo, number)
        except DeskError:
            continue
        undone.append(rows[desk.ticket(number)["id"]])
    thread.join(60)
    assert sorted(claimed + undone) == sorted(rows.values())
    assert sorted(desk.states()) == sorted(["leased"] * len(claimed) + ["undone"] * len(undone))
    for one in (writer, other):
        assert one.stop(60)
    second.close()


def test_a_mail_goes_to_another_address_on_postgresql(pg_store):  # noqa: F811  the fixture
    """The statements run there too."""
    clock = Clock()
    writer = Writer(pg_store, clock=clock)
    writer.start()
    desk = PatientHouse(pg_store, writer, clock)
    number, _entry = desk.answered()
    writer.submit(lambda tx: redirect(tx, 1, "new@customer.example", "root")).result(60)
    assert desk.ask("SELECT to_address, state FROM outbox") == [("new@customer.example", "waiting")]
    assert desk.history(number)[-1][0] == "recipient"
    assert writer.stop(60)
