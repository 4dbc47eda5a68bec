"""Message ids and dates."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from messagekit import header, view


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b>", "<a@b>"), (" <a@b> ", "<a@b>"), ("\r\n <a@b>", "<a@b>"), ("x <a@b> (c)", "<a@b>"), ("<1>", "<1>"),
        ("<a@b><c@d>", "<a@b>"), ("a@b", ""), ("<a b@c>", ""), ("<a@b", ""), ("<>", ""), ("", ""), ("<<a@b>", "<a@b>"),
        ("<a\x00@b>", ""), ("<ü@b>", "<ü@b>"), ("<" + "x" * 996 + ">", "<" + "x" * 996 + ">"),
        ("<" + "x" * 997 + ">", ""),
    ],
)  # fmt: skip
def test_a_message_id_is_whole_or_none(value, expected):
    """In brackets, without blanks or controls, at most 998 octets."""
    assert header("Message-ID", value).message_id == expected


def test_an_id_that_is_no_utf8_is_none():
    """It could not be stored or compared as text."""
    assert header("Message-ID", b"<\xff@b>").message_id == ""


def test_references_come_before_in_reply_to_and_once():
    """The order of the conversation, each id one time."""
    seen = view("In-Reply-To: <c@x>", "References: <a@x> <b@x>", "\t<a@x>", "")
    assert (seen.references, seen.in_reply_to) == (("<a@x>", "<b@x>", "<c@x>"), ("<c@x>",))


def test_ids_are_found_between_words_and_without_blanks():
    """Old programs write sentences, others forget the blanks."""
    seen = view('In-Reply-To: Your message of "Monday" <a@x>', "References: <b@x><c@x>,<d@x>", "")
    assert seen.references == ("<b@x>", "<c@x>", "<d@x>", "<a@x>")


def test_folded_references_are_whole():
    """A fold between ids, with CRLF or LF, is a blank."""
    seen = view("References:", " <a@x>\r\n\t<b@x>\n <c@x>", "")
    assert seen.references == ("<a@x>", "<b@x>", "<c@x>")


def test_of_many_references_the_first_and_the_newest_stay():
    """100 are kept, and the cut is noted without making the mail unparsable."""
    seen = view("References: " + "\r\n ".join(f"<{n}@x>" for n in range(150)), "In-Reply-To: <last@x>", "")
    assert (len(seen.references), seen.references[0], seen.references[-1]) == (100, "<0@x>", "<last@x>")
    assert (seen.defects, seen.unparsable) == (("too-many-references",), False)


def test_no_ids_are_none():
    """A mail without the fields."""
    seen = view("A: b", "")
    assert (seen.message_id, seen.references, seen.in_reply_to) == ("", (), ())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 24 Nov 2026 10:00:00 +0100", datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=1)))),
        ("24 Nov 2026 10:00:00 GMT", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:00 -0000", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (
            "Tue, 24 Nov 2026 10:00:00 +0100 (CET)",
            datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=1))),
        ),
    ],
)
def test_dates_keep_their_zone(value, expected):
    """An aware time with the offset that the sender gave."""
    found = header("Date", value).date
    assert (found, found.utcoffset()) == (expected, expected.utcoffset())


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", "Tue, 99 Nov 2026 10:00:00 +0100", "1 Jan 2026 10:00:00 +9999",
     "31 Dec 9999 23:59:59 -2359", "1 Jan 99999999999999999999 00:00:00 +0000", "\N{SNOWMAN}" * 10, "1" * 5000],
)  # fmt: skip
def test_what_is_no_date_is_none_and_noted(value):
    """Unreadable, impossible or far too long."""
    seen = header("Date", value)
    assert seen.date is None
    assert "bad-date" in seen.defects


def test_no_date_is_no_defect():
    """Only a field that is there can be bad."""
    seen = view("A: b", "")
    assert (seen.date, seen.defects) == (None, ())
