"""The plain mail: fields, encoded words, addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sieve_like.address import complain_about_address, join_address, parse_list, parse_one, split_envelope
from sieve_like.message import Envelope, PlainMessage
from sieve_like.mime import FIELD_OCTETS
from sieve_like.words import decode_words


def test_fields_are_found_without_case_in_order():
    """All fields of a name, unfolded and trimmed; the body is none of them."""
    message = PlainMessage(b"A: 1\r\nb: x\r\na:  2\r\n\t3 \r\n\r\nA: 4\r\n")
    assert list(message.header("A")) == [b"1", b"2 3"]
    assert message.size == 32
    assert list(message.header("c")) == []


@pytest.mark.parametrize("octets", [b"", b"\n\nA: b", b"\r\n\r\nA: b", b"no colon\n", b"A b: c\n"])
def test_what_is_no_header_has_no_fields(octets):
    """An empty header, a body alone, lines without a colon."""
    assert list(PlainMessage(octets).header("a")) == []


def test_a_mail_without_a_body_has_its_fields():
    """The blank line may be missing."""
    assert list(PlainMessage(b"A: b").text("a")) == ["b"]


def test_octets_that_are_no_utf8_become_replacement_characters():
    """Raw Latin-1 in a header is visible as broken."""
    assert list(PlainMessage(b"A: caf\xe9\n\n").text("a")) == ["caf\ufffd"]


def test_a_field_value_is_bounded():
    """What lies behind 64 KiB of one field is not looked at."""
    assert len(PlainMessage(b"A: " + b"x" * 100_000 + b"\n\n").header("a")[0]) == FIELD_OCTETS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=?utf-8?q?T=C3=A4st?=", "Täst"), ("=?UTF-8?B?w6Q=?= x", "ä x"), ("=?iso-8859-1*de?q?=E9?=", "é"),
        ("=?utf-8?q?a_b?=", "a b"), ("=?utf-8?b?w6Q?=", "ä"), ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"), ("=?utf-8?b?4oI=?= =?utf-8?b?rA==?=", "€"),
        ("=?latin1?q?=e9?= =?utf-8?q?=c3=a9?=", "éé"), ("=?utf-8?q??=x", "x"), ("a=?b", "a=?b"),
        ("=?idna?q?x?=", "=?idna?q?x?="), ("=?utf-8?b?!?= =?utf-8?q?a?=", "=?utf-8?b?!?= a"),
    ],
)  # fmt: skip
def test_encoded_words(text, value):
    """Valid ones are decoded, blanks between two of them vanish, a character may be split over two."""
    assert decode_words(text) == value


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.example", ["a@b.example"]), ("A <a@b.example>, c@d.example", ["a@b.example", "c@d.example"]),
        ("a@b.example (Name)", ["a@b.example"]), ("a . b @ c . d", ["a.b@c.d"]),
        ("Group: a@b.example, c@d.example;, e@f.example", ["a@b.example", "c@d.example", "e@f.example"]),
        ("undisclosed-recipients:;", []), ("", []), (" , ,", []), ("<@r,@s:a@b.example>", ["a@b.example"]),
        ('"a b"@c.example', ['"a b"@c.example']), ("a@[192.0.2.1]", ["a@[192.0.2.1]"]), ('"x, y" <a@b.c>', ["a@b.c"]),
    ],
)  # fmt: skip
def test_address_lists(text, addresses):
    """Names, comments, groups, routes and quoted parts are understood."""
    found = parse_list(text)
    assert [one.address for one in found] == addresses
    assert all(one.valid for one in found)


@pytest.mark.parametrize(
    "text",
    ["a", "a@", "@b", "a@b@c", "<>", "<a@b", "a b@c", "a..b@c", "a@b.", '"open', "<a@b> <c@d>", ".a@b"],
)
def test_invalid_addresses_have_only_their_text(text):
    """They are kept, marked, with what was written."""
    (one,) = parse_list(text)
    assert (one.valid, one.raw, one.local, one.domain) == (False, text, "", "")
    assert one.address == text


def test_display_names_are_decoded_after_parsing():
    """The name may hold what would be syntax."""
    (one,) = parse_list("=?utf-8?q?a=40b=2C?= C <x@y.example>")
    assert (one.name, one.address) == ("a@b, C", "x@y.example")
    assert parse_list("x@y.example (=?utf-8?q?N=C3=A4?=)")[0].name == "Nä"


def test_one_address():
    """Only exactly one valid address is one."""
    assert parse_one("Bob <b@c.example>").address == "b@c.example"
    assert parse_one("b@c.example, d@e.example") is None
    assert parse_one("<b@c.example> x") is None
    assert parse_list("<b@c.example> x")[0].address == "b@c.example"
    assert complain_about_address("b") == "'b' is not a valid e-mail address"


def test_envelope_addresses_are_split():
    """Routes and quotes are dropped, a bare local part has no domain."""
    assert split_envelope("@a,@b:u@c.example") == ("u", "c.example")
    assert split_envelope('"a b"@c.example') == ("a b", "c.example")
    assert split_envelope("postmaster") == ("postmaster", None)
    assert join_address('a"b', "c.example") == '"a\\"b"@c.example'


def test_the_original_recipient_stands_for_to():
    """Without one the recipient is what the sender wrote."""
    assert Envelope("", "a@b.example").to == "a@b.example"
    assert Envelope("", "a@b.example", "c@d.example").to == "c@d.example"


@given(st.text("aZ09 .-_@<>\",'=?\xe4", max_size=24))
def test_the_short_way_to_an_address_comes_to_the_same(text):
    """A plain mailbox is read at a glance; the full reader agrees (with an empty comment it is asked)."""
    short, full = parse_list(text), parse_list(f"{text}()")
    assert [(a.local, a.domain, a.valid) for a in short] == [(a.local, a.domain, a.valid) for a in full]
    if full and full[0].valid and "<" in text:
        assert short[0].name == full[0].name
