"""Address lists: what is an address, what isn't, and what nobody may take for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messagekit import header, view

from mailgate.domain.message.addresses import _items, _tokens, parse_addresses, plain_address
from mailgate.domain.message.defects import Notes


def parsed(value: str | bytes) -> list[tuple[str, str]]:
    """Return name and address of each valid mailbox, and "!" with the text of each invalid one."""
    raw = value.encode() if isinstance(value, str) else value
    return [
        (one.name, one.address) if one.valid else ("!", one.raw) for one in parse_addresses([raw], Notes())
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a@x.org", [("", "a@x.org")]),
        ("<a@x.org>", [("", "a@x.org")]),
        ("Ann <a@x.org>", [("Ann", "a@x.org")]),
        ('"Example, Ann" <a@x.org>', [("Example, Ann", "a@x.org")]),
        ('"a \\"b\\" c" <a@x.org>', [('a "b" c', "a@x.org")]),
        ("J. R. Public <a@x.org>", [("J. R. Public", "a@x.org")]),
        ("a@x.org (Ann Example)", [("Ann Example", "a@x.org")]),
        ("a@x, Bob <b@y>,c@z", [("", "a@x"), ("Bob", "b@y"), ("", "c@z")]),
        ("a@x; b@y", [("", "a@x"), ("", "b@y")]),
        (" a@x ,, , b@y,", [("", "a@x"), ("", "b@y")]),
        ("Team: a@x, Bob <b@y>;, c@z", [("", "a@x"), ("Bob", "b@y"), ("", "c@z")]),
        ("One: a@x; Two: b@y;", [("", "a@x"), ("", "b@y")]),
        ("<@a,@b:u@c.org>", [("", "u@c.org")]),
        ("<@a:u@c.org>, b@y", [("", "u@c.org"), ("", "b@y")]),
        ("u (c(d)) @ (e) c.org", [("e", "u@c.org")]),
        ("a . b @ x . org", [("", "a.b@x.org")]),
        ('"S[r]us"@x.org', [("", '"S[r]us"@x.org')]),
        ('"a b"@x.org', [("", '"a b"@x.org')]),
        ('"plain"@x.org', [("", "plain@x.org")]),
        ('"a\\"b"@x.org', [("", '"a\\"b"@x.org')]),
        ("foo..bar@x.org", [("", '"foo..bar"@x.org')]),
        ("a@[192.0.2.1]", [("", "a@[192.0.2.1]")]),
        ("a+tag@x.org", [("", "a+tag@x.org")]),
        ("Müller <müller@köln.example>", [("Müller", "müller@köln.example")]),
        ("=?utf-8?q?M=C3=BCller?= <m@x.org>", [("Müller", "m@x.org")]),
        ('"=?utf-8?q?M=C3=BCller?=" <m@x.org>', [("Müller", "m@x.org")]),
        ("<a@x.org> (junk)", [("junk", "a@x.org")]),
        ("<a@x.org> junk", [("", "a@x.org")]),
        ("Ann\r\n <a@x.org>", [("Ann", "a@x.org")]),
    ],
)
def test_addresses_are_read(value, expected):
    """RFC 5322 3.4 with its obsolete forms, and what senders write."""
    assert parsed(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "", "foo", "foo@", "@x.org", "<>", "Ann", "Foo Bar foo@bar.com", "a@b@c", "<foo@bar", "a@x..org", "a@.x",
        "a@x.", '"never ends <a@b.org>', "((((", "a@[1.2", "undisclosed-recipients:;", ",", ">", "a b@x", "Ann <a@x",
        '"a\x01b"@x.org', "a@x\x7fy", ":;", "a:b@c:d",
    ],
)  # fmt: skip
def test_what_is_no_address_is_returned_as_invalid(value):
    """Each yields one invalid entry with its text, and neither local part nor domain."""
    found = parse_addresses([value.encode()], Notes())
    assert [(one.valid, one.local, one.domain, one.address == one.raw) for one in found] == [
        (False, "", "", True)
    ]


@pytest.mark.parametrize(
    "value", ["boss@x.org <thief@y.org>", "<boss@x.org> <thief@y.org>", "boss@x.org@y.org", "a@b, c@d <e@f>"]
)
def test_two_addresses_in_the_place_of_one_are_believed_neither(value):
    """Readers differ in which they show, and the difference is noted."""
    notes = Notes()
    assert not parse_addresses([value.encode()], notes)[-1].valid
    assert notes.names() == ("ambiguous-address",)


@pytest.mark.parametrize("value", ["a@x.org <a@x.org>", "'A@x.org' <a@X.org>"])
def test_an_address_as_its_own_name_is_believed(value):
    """Programs without a name for somebody show the address twice."""
    assert parsed(value)[0][1].lower() == "a@x.org"


def test_an_encoded_word_never_becomes_part_of_an_address():
    """The structure is read before words are decoded."""
    assert parsed("=?utf-8?q?boss=40x.org=3E=2C_?= <b@y.org>") == [("boss@x.org>, ", "b@y.org")]
    assert parsed("=?utf-8?q?a=40b.org=2C?=@x.org") == [("", "=?utf-8?q?a=40b.org=2C?=@x.org")]


def test_local_parts_that_are_no_utf8_are_invalid():
    """An address that can't be written down is none."""
    assert parsed(b"m\xfc@x.org") == [("!", "mü@x.org")]


def test_all_fields_of_a_name_are_read_together():
    """Several To fields are one list."""
    assert [a.address for a in view("To: a@x", "To: b@y, c@z", "").addresses("TO")] == ["a@x", "b@y", "c@z"]


def test_an_absent_field_has_no_addresses():
    """Nothing, not even an invalid one."""
    assert view("A: b", "").addresses("to") == []


def test_an_empty_field_has_one_empty_invalid_address():
    """A rule can ask for the empty text of an empty field."""
    assert [(a.raw, a.valid) for a in header("To", "").addresses("to")] == [("", False)]


def test_a_thousand_addresses_are_the_cap():
    """The first thousand stay, the rest is noted, and the mail isn't unparsable for it."""
    seen = header("To", ", ".join(f"u{n}@example.org" for n in range(1001)))
    assert (len(seen.addresses("to")), seen.addresses("to")[-1].local) == (1000, "u999")
    assert (seen.defects, seen.unparsable) == (("too-many-addresses",), False)


def test_the_cap_counts_all_fields_of_a_name():
    """Many To fields don't go around it."""
    seen = view(*["To: a@x, b@y"] * 600, "")
    assert len(seen.addresses("to")) == 1000


def test_a_field_over_the_cap_is_cut_between_addresses():
    """Half an address is none, however valid it looks."""
    seen = header("To", ", ".join(f"{'u' * 120}{n:03}@example.org" for n in range(600)))
    assert {one.domain for one in seen.addresses("to")} == {"example.org"}
    assert seen.defects == ("header-too-long",)


plain_text = st.text("abcXYZ09 .-_@<>(),:;\"'\\[]=?\t\xe4", max_size=40)


@given(plain_text)
def test_the_short_way_agrees_with_the_full_reader(text):
    """What the plain pattern takes, the full reader understands in the same way."""
    raw = text.encode().strip()
    short = plain_address(raw)
    if short is not None:
        items = list(_items(raw))
        assert len(items) == 1
        full = parse_addresses([raw + b" "], Notes())
        assert [(one.name, one.local, one.domain, one.valid) for one in full] == [
            (short.name, short.local, short.domain, True)
        ]


@given(st.binary(max_size=80) | plain_text.map(str.encode))
def test_every_octet_is_read_once(value):
    """Tokens cover the value from end to end without overlap, so cost is linear whatever stands there."""
    position = 0
    for token in _tokens(value):
        assert token.start == position
        assert token.end > token.start
        position = token.end
    assert position == len(value)
