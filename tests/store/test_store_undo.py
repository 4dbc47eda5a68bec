"""An answer is taken back while it waits, or not at all: the rows of the outbox decide."""

from dataclasses import replace

import pytest
from deskkit import ANNA, BEN
from undokit import WINDOW_S, PatientHouse

from mailgate.domain.desk.talk import Words, reply
from mailgate.domain.desk.undo import undo
from mailgate.domain.deskerror import DeskError, NotThere
from mailgate.store.outbox_hand import redirect, undo_row


@pytest.fixture
def desk(store, writer, clock):
    return PatientHouse(store, writer, clock)


def test_an_answer_waits_for_its_window(desk):
    """Nobody gets it before; then the worker does."""
    desk.answered()
    assert desk.claim() == []
    desk.clock.move(seconds=WINDOW_S)
    assert len(desk.claim()) == 1


def test_what_is_taken_back_is_never_claimed(desk):
    """The rows end as undone, copies with them; the entry stays, and the history says who took it back."""
    number, entry = desk.answered(copy="cc@customer.example")
    assert desk.states() == ["waiting", "waiting"]
    desk.do(undo, number)
    assert desk.states() == ["undone", "undone"]
    desk.clock.move(days=1)
    assert desk.claim() == []
    assert desk.history(number)[-1] == ("answer", f"entry {entry}", "undone", "joe")
    shown = next(one for one in desk.ticket(number)["entries"] if one["id"] == entry)
    assert shown["text"] == "hello\n"


def test_what_has_left_is_not_taken_back(desk):
    """Nor is its copy, which still waits: all or nothing, and the refusal says which has left."""
    number, _entry = desk.answered(copy="cc@customer.example")
    desk.clock.move(seconds=WINDOW_S)
    (first,) = desk.claim()
    with pytest.raises(DeskError, match=f"too late: the mail to {ANNA} is being sent .outgoing {first}."):
        desk.do(undo, number)
    assert desk.states() == ["leased", "waiting"]
    assert not [line for line in desk.history(number) if line[0] == "answer"]


def test_an_answer_that_was_taken_back_is_no_part_of_the_conversation(desk):
    """The next one refers to the customer's mail alone; and there is nothing left to take back twice."""
    number, entry = desk.answered()
    desk.do(undo, number)
    with pytest.raises(NotThere, match=f"entry {entry} of {number} is no answer"):
        desk.do(undo, number, entry)
    desk.do(reply, number, Words("again"), policy=True)
    ((draft,),) = desk.ask("SELECT draft FROM outbox WHERE state = 'waiting'")
    assert b'"references":["<m1@x.example>"]' in bytes(draft)


def test_the_latest_answer_is_meant_where_none_is_named(desk):
    """Another one by its entry."""
    number, first = desk.answered()
    desk.do(reply, number, Words("and more"), policy=True)
    desk.do(undo, number)
    assert desk.states() == ["waiting", "undone"]
    desk.do(undo, number, first)
    assert desk.states() == ["undone", "undone"]


def test_machines_and_mails_without_an_entry_do_not_wait(desk):
    """Only what people write has a window."""
    rules = replace(desk.rules, undo_ms=0)
    assert rules.undo_ms == 0
    desk.answered(BEN)
    ((row,),) = desk.ask("SELECT id FROM outbox")
    desk.writer.submit(lambda tx: undo_row(tx, row, "root")).result(60)
    assert desk.states() == ["undone"]
    assert desk.ask("SELECT who, action, subject FROM audit")[-1] == ("root", "outbox undo", str(row))
    with pytest.raises(DeskError, match="it was taken back before"):
        desk.writer.submit(lambda tx: undo_row(tx, row, "root")).result(60)


def send_elsewhere(desk, row: int, address: str = "new@customer.example") -> str:
    """Redirect a row by hand."""
    return desk.writer.submit(lambda tx: redirect(tx, row, address, "root")).result(60)


def test_a_mail_goes_to_another_address(desk):
    """Envelope and To change, the window and the Message-ID stay; audit and history name both addresses."""
    number, _entry = desk.answered()
    before = desk.ask("SELECT due, msgid FROM outbox")
    assert send_elsewhere(desk, 1) == ANNA
    assert desk.ask("SELECT due, msgid FROM outbox") == before
    ((to, draft),) = desk.ask("SELECT to_address, draft FROM outbox")
    assert to == "new@customer.example"
    assert b'"to_address":"new@customer.example"' in bytes(draft)
    assert desk.history(number)[-1] == ("recipient", ANNA, "new@customer.example", "root")
    audit = desk.ask("SELECT action, subject, detail FROM audit")
    assert audit[-1] == ("outbox redirect", "1", f"{ANNA} -> new@customer.example")


def test_a_stopped_mail_leaves_at_once_to_its_new_address(desk):
    """Held and given up rows wait again, with the whole schedule."""
    desk.answered()
    desk.writer.submit(lambda tx: tx.execute("UPDATE outbox SET state = 'given_up', attempts = 9")).result(60)
    send_elsewhere(desk, 1)
    assert desk.ask("SELECT state, attempts, due - created_at FROM outbox") == [("waiting", 0, 0)]


@pytest.mark.parametrize("state", ["leased", "sent", "undone"])
def test_what_has_left_goes_nowhere_else(desk, state):
    """And the refusal says how it stands."""
    desk.answered()
    desk.writer.submit(lambda tx: tx.execute("UPDATE outbox SET state = ?", (state,))).result(60)
    with pytest.raises(DeskError, match=f"row 1 is {state}"):
        send_elsewhere(desk, 1)
    assert desk.ask("SELECT to_address FROM outbox") == [(ANNA,)]


def test_deliveries_have_no_other_way(desk):
    """They go where a rule or a setting says; a row that is not there is said."""
    desk.answered()
    desk.writer.submit(lambda tx: tx.execute("UPDATE outbox SET kind = 'deliver'")).result(60)
    with pytest.raises(DeskError, match="row 1 is a deliver"):
        send_elsewhere(desk, 1)
    with pytest.raises(NotThere, match="no outgoing row 9"):
        send_elsewhere(desk, 9)
