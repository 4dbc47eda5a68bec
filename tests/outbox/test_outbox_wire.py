"""The form of a mail on the wire: nothing that came in can end the data early."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.envelope import Octets
from mailgate.outbox.content import ComposedContent, StoredContent, stored_content
from mailgate.outbox.wire import crlf, delivered_field, received_field, return_paths, wire

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PIECES = st.lists(
    st.one_of(st.text(alphabet="\r\n.a", max_size=8).map(str.encode), st.binary(max_size=8)), max_size=12
)


def received(sent: bytes) -> tuple[bytes, bytes]:
    """Take the data off the wire as RFC 5321 says; returns the mail and what a server would read as commands."""
    data, mark, rest = (b"\r\n" + sent).partition(b"\r\n.\r\n")
    assert mark
    return data.replace(b"\r\n.", b"\r\n")[2:] + b"\r\n", rest


def stored(octets: bytes, prefix: bytes = b"") -> StoredContent:
    return stored_content(prefix, Octets(len(octets), b"", data=octets))


@given(PIECES)
def test_no_mail_ends_before_its_end(pieces):
    """Nothing stands behind the end of the data, and there is no bare CR or LF in front of it."""
    sent = b"".join(wire(pieces))
    mail, rest = received(sent)
    assert rest == b""
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", sent)
    assert sent.endswith(b".\r\n")
    whole = re.sub(rb"\r\n|\r|\n", b"\r\n", b"".join(pieces))
    assert mail == (whole if whole.endswith(b"\r\n") else whole + b"\r\n") or not whole


@given(PIECES)
def test_pieces_do_not_matter(pieces):
    """The octets on the wire do not depend on how the mail is cut."""
    assert b"".join(wire(pieces)) == b"".join(wire([b"".join(pieces)]))


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r.\r\n", b"\r\n.\r", b"\r\n.\r\n"]
)
def test_no_ending_smuggles_a_second_mail(end):
    """Each of the seven endings that servers were fooled by arrives as text."""
    inner = b"MAIL FROM:<evil@example.net>\r\n"
    mail, rest = received(b"".join(wire([b"a" + end + inner])))
    assert rest == b""
    assert inner in mail


def test_clean_octets_are_not_copied():
    """A piece that is in order goes out as the very same object."""
    piece = b"clean\r\nlines\r\n"
    assert next(crlf([piece])) is piece


def test_a_stored_mail_goes_out_behind_our_fields():
    """The prefix, then the octets as they came in."""
    content = stored(b"Subject: x\r\n\r\nbody\n", b"X-Ours: 1\r\n")
    assert b"".join(content.plain()) == b"X-Ours: 1\r\nSubject: x\r\n\r\nbody\n"
    assert content.size == len(b"".join(content.plain()))


def test_a_return_path_that_came_in_does_not_go_out():
    """Only the last hop writes that field (RFC 5321 4.4); everything else stays octet for octet."""
    mail = b"Return-Path: <a@b>\r\nReceived: x\r\nreturn-path:\r\n <folded@b>\r\nSubject: y\r\n\r\nReturn-Path: text\r\n"
    content = stored(mail)
    assert b"".join(content.plain()) == b"Received: x\r\nSubject: y\r\n\r\nReturn-Path: text\r\n"
    assert content.size == len(b"".join(content.plain()))


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_a_mail_without_return_path_is_untouched(head, body):
    """Whatever octets came in, they go out as they are."""
    mail = head + b"\r\n\r\n" + body
    if not return_paths(mail):
        assert b"".join(stored(mail, b"P: 1\r\n").plain()) == b"P: 1\r\n" + mail


def test_a_large_mail_is_read_in_pieces(tmp_path):
    """A mail in a file goes out the same as one in memory, in pieces of bounded size."""
    mail = b"Return-Path: <a@b>\r\nSubject: x\r\n\r\n" + b".line\n" * 100_000
    file = tmp_path / "blob"
    file.write_bytes(mail)
    content = stored_content(b"X: 1\r\n", Octets(len(mail), b"", path=file))
    pieces = list(content.plain())
    assert b"".join(pieces) == b"X: 1\r\nSubject: x\r\n\r\n" + b".line\n" * 100_000
    assert max(map(len, pieces)) <= 64 * 1024
    assert b"".join(content.wire()).endswith(b"..line\r\n.\r\n")


def test_an_empty_mail_has_an_end():
    """Nothing at all is one line of a dot."""
    assert b"".join(ComposedContent(b"").wire()) == b".\r\n"


def test_trace_fields_are_single_fields():
    """Nothing in a name or an address adds a line to what we put in front."""
    field = received_field("h\r\nX: y", "01K\n", "LMTP", AT)
    assert (
        field == b"Received: by h X: y (mailgate) with LMTP id 01K;\r\n Mon, 02 Mar 2026 09:00:00 +0000\r\n"
    )
    assert delivered_field("a@b\r\nBcc: c") == b"X-Mailgate-Delivered: a@b Bcc: c\r\n"
