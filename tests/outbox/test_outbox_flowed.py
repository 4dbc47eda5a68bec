"""format=flowed (RFC 3676): what readers put together again is what was written."""

import email
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.draft import Draft
from mailgate.outbox.compose import compose
from mailgate.outbox.flowed import flowed

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def read(lines: list[str]) -> list[str]:
    """Return the lines that a reader shows, by RFC 3676 4.1 to 4.5: marks, stuffing, joined paragraphs."""
    shown: list[str] = []
    open_marks = None
    for line in lines:
        text = line.lstrip(">")
        marks = line[: len(line) - len(text)]
        text = text.removeprefix(" ")
        joins = open_marks == marks and text != "-- "
        if joins:
            shown[-1] += text
        else:
            shown.append(f"{marks} {text}" if marks and text else marks + text)
        open_marks = marks if text.endswith(" ") and text != "-- " else None
    return shown


def parsed(text: str):
    draft = Draft("support@example.org", "ann@example.net", "Hello", text)
    return email.message_from_bytes(compose(draft, date=AT, message_id="<mg.1.abc@x.example>").octets)


LINES = st.lists(
    st.one_of(
        st.text(alphabet="ab >-", max_size=200),
        st.text(alphabet="abcdefg hij.", max_size=400),
        st.sampled_from(
            ["", "-- ", "> ", ">", "> -- ", ">> " + "word " * 40, "From me", " code", "a" * 78, "x" * 79]
        ),
    ),
    max_size=8,
)


@given(LINES)
def test_readers_see_what_was_written(lines):
    """Every text that is flowed at all comes out as it went in, in lines of at most 78 columns."""
    broken = flowed(lines)
    if broken is not None:
        assert all(len(line) <= 78 for line in broken)
        assert read(broken) == lines


def test_a_long_paragraph_is_flowed():
    """Plain ASCII with long paragraphs: short lines that end in a space, and a field that says so."""
    mail = parsed("Dear Ann,\n\n" + "some words " * 20 + "end.\n-- \nSue\n")
    assert mail.get_content_type() == "text/plain"
    assert (mail.get_param("format"), mail.get_param("delsp")) == ("flowed", "no")
    assert mail["Content-Transfer-Encoding"] == "7bit"
    lines = mail.get_payload().split("\r\n")
    assert read(lines) == ["Dear Ann,", "", "some words " * 20 + "end.", "-- ", "Sue", ""]
    assert max(map(len, lines)) <= 78


def test_quoted_paragraphs_keep_their_marks():
    """Each line of a quoted paragraph has the marks, so that it never turns into our own words."""
    broken = flowed([">> " + "quoted " * 30 + "end"])
    assert broken is not None
    assert len(broken) > 2
    assert all(line.startswith(">> ") for line in broken)


@pytest.mark.parametrize(
    "text",
    [
        "x" * 79,  # a word that no line has room for
        "ü" + " word" * 40,  # what is not ASCII
        "word " * 30,  # a space at the end, which readers would take for a paragraph that goes on
        ">no space " + "word " * 30 + "end",  # marks that readers would show otherwise
    ],
)
def test_what_would_be_lost_is_quoted_printable(text):
    """Where the form does not fit the text goes out in quoted-printable, whole."""
    mail = parsed(text + "\n")
    assert mail["Content-Transfer-Encoding"] == "quoted-printable"
    assert mail.get_param("format") is None
    assert mail.get_payload(decode=True).decode() == text + "\r\n"


def test_short_lines_stay_as_they_are():
    """A text whose lines fit needs no form at all."""
    mail = parsed("short\n lines\n")
    assert mail.get_param("format") is None
    assert mail.get_payload() == "short\r\n lines\r\n"
