"""Texts that are made to cost time, and what is left where nothing is new: nothing raises, nothing is lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replyforms import all_forms, quoted
from replywords import EN

from mailgate.domain.message.answertext import answer_text
from mailgate.domain.message.view import MessageView

LIMIT = 64 * 1024
OURS = ("Dear Anna Berg, than " * 800,)
LONG_HEAD = "On " + "a b " * 45 + " 12:30 @ wrote x:\n"
HOSTILE = {
    "signs": ">" * 1_000_000,
    "quoted blanks": "> \n" * 330_000,
    "one in, one out": ">\nx\n" * 200_000,
    "heads": "On a@b.example 2025:\n> x\n" * 40_000,
    "blocks": "From: a@b\nSubject: b\nTo: c\n" * 40_000,
    "nearly heads": LONG_HEAD * 5_000,
    "colons": "a: b\n" * 200_000,
    "ours again and again": "Dear Anna Berg, than\n" * 50_000,
    "one word": ("a" * 90 + "\n") * 11_000,
    "marks": "##-\n" * 250_000,
    "blank": "\n" * 1_000_000,
}
HOSTILE_HTML = {
    "blockquotes": "<blockquote>" * 80_000,
    "closed only": "</blockquote></div>" * 50_000,
    "quoting divs": "<div name=quote>x" * 60_000,
    "one tag": "<div " + "border-top:solid " * 60_000 + ">",
    "no end": '<div class="gmail_quote' * 40_000,
    "below": "<div id=divRplyFwdMsg>" * 40_000,
}


def read(text: str, kind: str = "plain", known: tuple[str, ...] = OURS):
    """Read an answer of this text."""
    head = f"From: a@b.example\r\nSubject: Re: x\r\nContent-Type: text/{kind}; charset=utf-8\r\n\r\n"
    return answer_text(MessageView.parse(head.encode() + text.encode("utf-8", "replace")), LIMIT, known)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_megabyte_of_anything_is_read(name):
    """The guard against hanging would stop a step that is not linear; all of the text is kept."""
    found = read(HOSTILE[name])
    assert not found.trimmed
    assert len(found.text) <= LIMIT


@pytest.mark.parametrize("name", HOSTILE_HTML)
def test_a_megabyte_of_html_is_read(name):
    """The same in HTML."""
    assert not read(HOSTILE_HTML[name], "html").trimmed


@given(st.text(alphabet=st.sampled_from(list("> \n:@-_#aA1.<wrote\x03\ue000é")), max_size=300))
def test_nothing_raises_and_nothing_is_invented(text):
    """Whatever stands there: each line that is shown stands in the mail."""
    found = read(text, known=(EN.ours,))
    lines = {line.strip() for line in text.split("\n")} | {""}
    assert {line.strip() for line in found.text.split("\n")} <= {
        x.replace("\x03", "").strip() for x in lines
    } | lines


@given(st.integers(0, 10**6))
def test_forms_that_were_damaged_show_a_part_or_all(seed):
    """A few lines taken out or put in: what is shown is never empty, and never more than the mail."""
    chance = random.Random(seed)
    form = chance.choice([one for one in all_forms() if one.plain])
    lines = form.plain(form.words.ours).split("\n")
    for _ in range(3):
        place = chance.randrange(len(lines))
        lines[place : place + chance.randrange(2)] = chance.choice([[], ["> "], ["in between"], [""]])
    found = read("\n".join(lines), known=(form.words.ours,))
    assert found.text.strip()


def test_an_answer_within_the_quotation_is_kept_wherever_it_stands():
    """One line of the customer's in any gap of our quoted mail: the entry has it."""
    ours = EN.ours.split("\n")
    for place in range(1, len(ours)):
        text = f"See below.\n\n{EN.gmail}\n{quoted(chr(10).join(ours[:place]))}\nMY OWN WORDS\n{quoted(chr(10).join(ours[place:]))}\n"
        for known in ((), (EN.ours,)):
            assert "MY OWN WORDS" in read(text, known=known).text, place
