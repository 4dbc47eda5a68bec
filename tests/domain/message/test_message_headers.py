"""The header scan: which lines are fields, where the body begins, what a value is."""

import pytest
from messagekit import mail, view

from mailgate.domain.message.view import MessageView


def names(octets: bytes) -> list[str]:
    return [field.name for field in MessageView.parse(octets).headers]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_fields_and_body_are_found_with_either_line_end(end):
    """Fields come in order, and the body begins behind the blank line, whether lines end in CRLF or LF."""
    octets = mail("From: a@x.org", "To: b@y.org", "", "hello", end=end)
    seen = MessageView.parse(octets)
    assert [(field.name, field.raw) for field in seen.headers] == [("From", b"a@x.org"), ("To", b"b@y.org")]
    assert octets[seen.body_start :] == b"hello" + end
    assert seen.defects == ()


def test_mixed_line_ends_are_understood():
    """One header section may mix CRLF and LF."""
    assert names(b"A: 1\nB: 2\r\nC: 3\n\r\nD: 4\n") == ["A", "B", "C"]


def test_names_are_found_in_any_case_and_keep_theirs():
    """Field names compare without case and are shown as written."""
    seen = view("SUBJECT: x", "")
    assert seen.header("sUbJeCt") == [b"x"]
    assert (seen.headers[0].name, seen.headers[0].lower) == ("SUBJECT", "subject")


def test_repeated_fields_come_in_order():
    """All values of a name are returned in the order of the mail."""
    assert view("Received: 1", "X: y", "received: 2", "").header("Received") == [b"1", b"2"]


def test_the_names_say_what_is_there():
    """All names once, in lower case."""
    assert view("A: 1", "b-C: 2", "a: 3", "").names == {"a", "b-c"}


def test_an_absent_field_is_no_value():
    """What isn't there yields nothing, and the default where one value is asked for."""
    seen = view("A: b", "")
    assert (seen.header("c"), seen.text("c"), seen.first("c", "none"), seen.header_exists("c")) == (
        [], [], "none", False,
    )  # fmt: skip


def test_an_empty_field_exists():
    """A field without text is there, with an empty value."""
    seen = view("A:", "B:   ", "")
    assert (seen.header("a"), seen.header("b"), seen.header_exists("a")) == ([b""], [b""], True)


def test_a_caller_cannot_change_what_others_see():
    """Lists handed out belong to the caller."""
    seen = view("A: b", "")
    seen.header("a").append(b"c")
    seen.text("a").append("c")
    seen.addresses("a").clear()
    assert (seen.header("a"), seen.text("a"), len(seen.addresses("a"))) == ([b"b"], ["b"], 1)


def test_the_buffer_after_a_name_that_is_not_ascii_finds_nothing():
    """A name that can't be a field name finds no field."""
    assert view("?: b", "A: c", "").header("\N{SNOWMAN}") == []


def test_a_mail_that_is_only_a_header_has_an_empty_body():
    """Without a blank line everything is header, even a last line without an end."""
    seen = MessageView.parse(b"From: a@x.org\r\nTo: b")
    assert (seen.header("to"), seen.body_start, bytes(seen.root.raw_body())) == ([b"b"], 20, b"")


def test_a_blank_first_line_means_no_header():
    """A mail that begins with a blank line is all body."""
    seen = MessageView.parse(b"\r\nFrom: a@x.org\r\n")
    assert (len(seen.headers), seen.body_start, seen.defects) == (0, 2, ("no-header",))


def test_a_line_that_is_no_field_begins_the_body():
    """A line without colon ends the header section, as Postfix and compat32 have it, and is noted."""
    octets = b"A: 1\r\nno field\r\nB: 2\r\n\r\nbody"
    seen = MessageView.parse(octets)
    assert (names(octets), octets[seen.body_start :]) == (["A"], b"no field\r\nB: 2\r\n\r\nbody")
    assert seen.defects == ("missing-separator",)


def test_a_first_line_that_continues_nothing_begins_the_body():
    """A leading blank belongs to no field before it."""
    assert MessageView.parse(b" A: 1\r\nB: 2\r\n\r\n").body_start == 0


def test_a_field_name_has_no_8bit_octets():
    """A line whose name isn't ASCII is no field."""
    assert names("Ä: 1\r\nB: 2\r\n\r\n".encode()) == []


@pytest.mark.parametrize("first", ["From ann@x.org Mon Jan  1 00:00:00 2024", ">From ann@x.org Mon Jan"])
def test_the_line_of_a_mailbox_file_is_skipped(first):
    """A From_ line in front is no field and hides none."""
    seen = view(first, "A: 1", "", "x")
    assert (seen.header("a"), seen.defects) == ([b"1"], ("mbox-from",))


def test_a_blank_before_the_colon_is_allowed_and_noted():
    """The obsolete form of RFC 5322 4.5 is a field."""
    seen = view("Subject : x", "")
    assert (seen.header("subject"), seen.defects) == ([b"x"], ("space-before-colon",))


def test_a_colon_within_a_value_is_no_odd_blank():
    """Only a blank before the first colon is noted."""
    assert view("Subject: a : b", " c : d", "").defects == ()


def test_a_bare_cr_is_no_line_end():
    """CR alone stays in the value and hides no field behind it from those who see a line end; it is noted."""
    seen = MessageView.parse(b"A: 1\rB: 2\r\nC: 3\r\n\r\n")
    assert (seen.header("a"), seen.header("b"), seen.text("a")) == ([b"1\rB: 2"], [], ["1 B: 2"])
    assert "bare-cr" in seen.defects


def test_nul_stays_in_the_octets_and_never_in_the_text():
    """NUL is noted; text has a blank in its place, since no store keeps it."""
    seen = MessageView.parse(b"A: 1\x002\r\n\r\n")
    assert (seen.header("a"), seen.text("a"), seen.defects) == ([b"1\x002"], ["1 2"], ("nul",))


def test_8bit_values_are_utf8_or_western():
    """Raw 8-bit text is read as UTF-8, else as windows-1252, and only the latter is noted."""
    assert view("S: Grüße".encode(), "").text("s") == ["Grüße"]
    seen = view("S: Grüße €".encode("cp1252"), "")
    assert (seen.text("s"), seen.defects) == (["Grüße €"], ("header-not-utf8",))


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Message-ID", "Date", "References", "Reply-To"])
def test_a_field_that_stands_once_and_stands_twice_is_noted(name):
    """RFC 5322 3.6: readers differ in which of two they show."""
    seen = view(f"{name}: <a@x>", f"{name.lower()}: <b@y>", "")
    assert "duplicate-field" in seen.defects
    assert seen.text(name)[0] == "<a@x>"


def test_trace_fields_may_repeat():
    """Received and fields that nobody knows may stand any number of times."""
    assert view("Received: 1", "Received: 2", "X-A: 1", "X-A: 2", "").defects == ()


def test_an_empty_mail_is_unparsable_and_harmless():
    """0 octets: nothing is found, nothing raised."""
    seen = MessageView.parse(b"")
    assert (seen.size, seen.unparsable, seen.defects, seen.main_text(10), seen.message_id) == (
        0, True, ("no-header",), "", "",
    )  # fmt: skip
