"""The line above which answers are written, and where answers go."""

import pytest
from domainworld import KEYS, SUPPORT, World, mail

from mailgate.domain.action import PlanPolicy
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.replyaddress import plus_address, ticket_address
from mailgate.domain.replymark import find_mark, reply_above
from mailgate.domain.routing import Catalogue
from mailgate.domain.thread import How, belongs
from mailgate.domain.ticket import answer_subject, is_forward

ANNA = "anna@customer.example"


@pytest.mark.parametrize("language", ["de", "de-AT", "en", "fr", "es", "it", "nl", "xx", ""])
@pytest.mark.parametrize("before", ["", "> ", ">> ", "> > ", " ", "*", "| "])
def test_the_mark_is_found_in_every_language_and_quoted(language, before):
    """Whatever stands around it on its line."""
    text = f"Hello\n\n{before}{reply_above(language)}\n> more"
    assert text[find_mark(text) :].startswith(before + "##-")


@pytest.mark.parametrize(
    "text",
    ["> ##- Please write your\n> answer above this line -##", "##- own words -##", "**##- bold -##**"],
)
def test_it_may_be_wrapped_and_have_other_words(text):
    """Programs cut lines; a template may say it in its own words."""
    assert find_mark(f"x\n{text}") == 2


@pytest.mark.parametrize(
    "text", ["see ##- this -## one", "##- no end", "## a -##", f"##- {'a' * 999} -##", ""]
)
def test_what_is_none(text):
    """In the middle of a line, without an end, or too long."""
    assert find_mark(text) == -1


@pytest.mark.parametrize(
    "text", ["##-" * 300_000, "> " * 500_000, f"##-{'a' * 99}\n" * 10_000, f"##-{'--' * 49}\n" * 10_000]
)
def test_hostile_texts_take_no_time(text):
    """A megabyte of what nearly is one: the test's own limit of time would stop it."""
    assert find_mark(text) == -1


@pytest.mark.parametrize(
    ("subject", "tag", "answer"),
    [
        ("Printer", "", "RE: Printer"),
        ("Printer", "[#T-1]", "RE: [#T-1] Printer"),
        ("Re: Printer", "[#T-1]", "RE: [#T-1] Printer"),
        ("AW: Re: SV: Antw: Odp: Printer", "", "RE: Printer"),
        ("Re[2]: Printer", "", "RE: Printer"),
        ("AW: [#T-1] Printer", "[#T-1]", "RE: [#T-1] Printer"),
        ("WG: Printer", "[#T-1]", "RE: [#T-1] WG: Printer"),
        ("Re: FW: Printer", "", "RE: FW: Printer"),
        ("Regarding: Printer", "", "RE: Regarding: Printer"),
        ("", "[#T-1]", "RE: [#T-1]"),
        ("回复：打印机", "", "RE: 打印机"),
    ],
)
def test_subjects_of_answers_are_never_doubled(subject, tag, answer):
    """One RE:, one tag; what says that it was passed on stays. Answering the answer changes nothing."""
    assert answer_subject(subject, tag) == answer
    assert answer_subject(answer, tag) == answer


@pytest.mark.parametrize(
    "subject", ["Fwd: x", "FW: x", "WG: x", "TR: x", "RV: x", "[#T-1] Fwd: x", "转发：x"]
)
def test_a_mail_that_is_passed_on(subject):
    """Its first prefix says so."""
    assert is_forward(subject)
    assert not is_forward(f"Re: {subject}")


def catalogue(**settings: str) -> Catalogue:
    return Catalogue({}, {}, {}, desk=DeskPolicy(**settings))


def test_answers_go_to_an_address_that_names_the_ticket():
    """Where the setting says so, for a ticket; a mail to it joins, whatever else it shows."""
    world = World()
    ticket = world.add_ticket(7, ANNA)
    policy = PlanPolicy(keys=KEYS, instance="gate", hostname="h.example")
    assert not ticket_address(catalogue(), policy, ticket, SUPPORT, ANNA)
    assert not ticket_address(catalogue(answers_to="ticket"), policy, None, SUPPORT, ANNA)
    to = ticket_address(catalogue(answers_to="ticket"), policy, ticket, SUPPORT, ANNA)
    assert to.startswith("support+t7.s107.")
    found = belongs(mail(to=to, subject="New"), world, KEYS, now=world.now)
    assert (found.how, found.unverified, found.row) == (How.JOIN, False, 1)


@pytest.mark.parametrize(
    "address", ["a" * 60 + "@x.example", "sup+port@x.example", '"a b"@x.example', "nobody", "@x.example"]
)
def test_addresses_that_can_have_no_detail(address):
    """Too long for RFC 5321 4.5.3.1.1, one that has a detail already, a quoted one, and none."""
    assert not plus_address(address, "+", "t7.s107.abcdefghabcdefghijklmnopqrst")
    assert not plus_address("support@x.example", "", "t7.s1.abc")
