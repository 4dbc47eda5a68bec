"""What the store knows of an answer: the mail of ours that it answers, and whether its entry shows a part."""

import pytest
from deskkit import ANNA, House

from mailgate.domain.desk.people import add_participant
from mailgate.domain.desk.talk import CONVERSATION, Words, reply
from mailgate.domain.replymark import reply_above

OURS = "Which printer is it?\nPlease tell us its number, too."


@pytest.fixture
def desk(store, writer, clock):
    return House(store, writer, clock)


def answered_by_quoting(desk: House) -> dict:
    """Let Joe answer Anna, and Anna quote him without any head; return her entry."""
    number = desk.mail()
    desk.do(reply, number, Words(OURS), policy=True)
    (ours,) = [one["msgid"] for one in desk.ticket(number)["entries"] if one["kind"] == "answer"]
    quoted = "\r\n".join(f"> {line}" for line in OURS.split("\n"))
    assert desk.mail("RE: help", answers=ours, text=f"The blue one.\r\n\r\n{quoted}") == number
    return desk.ticket(number)["entries"][-1]


def test_an_answer_is_told_by_the_text_that_it_answers(desk):
    """The text of our mail is found by its Message-ID; the entry shows what stands above it, and says so."""
    entry = answered_by_quoting(desk)
    assert (entry["kind"], entry["text"], entry["trimmed"]) == ("incoming", "The blue one.", 1)


def test_a_first_mail_and_one_without_a_quotation_are_whole(desk):
    """What opens a ticket is never cut, whatever stands in it; nor is an answer that quotes nothing."""
    mark = f"Hello\r\n\r\n> {reply_above('en')}\r\n> old"
    number = desk.mail(text=mark)
    desk.mail("Re: help", answers="<m1@x.example>", text="All is well.")
    first, second = desk.ticket(number)["entries"]
    assert (first["trimmed"], first["text"]) == (0, mark.replace("\r\n", "\n"))
    assert (second["trimmed"], second["text"]) == (0, "All is well.")


def test_a_long_conversation_keeps_its_first_id(desk):
    """More mails than are read: References begins with the very first one all the same."""
    number = desk.mail()
    for _ in range(CONVERSATION):
        desk.mail("Re: help", answers="<m1@x.example>")
    desk.do(reply, number, Words("hello"), policy=True)
    ((draft,),) = desk.ask("SELECT draft FROM outbox")
    assert b'"references":["<m1@x.example>","<m3@x.example>"' in bytes(draft) or (
        b'"references":["<m1@x.example>","<m2@x.example>"' in bytes(draft)
    )


def test_the_contact_hears_of_what_is_answered_to_somebody_else(desk):
    """A confirmed Cc wrote last and is answered: the contact gets a copy, once, and not where `to` is said."""
    number = desk.mail()
    desk.do(add_participant, number, "cc@customer.example")
    desk.mail("Re: help", author="cc@customer.example", answers="<m1@x.example>")
    desk.do(reply, number, Words("hello"), policy=True)
    desk.do(reply, number, Words("hello", to="cc@customer.example"), policy=True)
    found = [one for (one,) in desk.ask("SELECT to_address FROM outbox ORDER BY id")]
    assert found == ["cc@customer.example", ANNA, "cc@customer.example"]
