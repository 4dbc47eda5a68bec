"""The strict parser of envelope addresses (RFC 5321 4.1.2), and how addresses are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.address import fold, parse_path, sendable, split, strip_detail
from mailgate.errors import BadPath


def recipient(octets: bytes, *, utf8: bool = False) -> tuple[str, bytes]:
    return parse_path(octets, utf8=utf8, null_ok=False, bare_postmaster=True)


@pytest.mark.parametrize(
    ("octets", "address", "rest"),
    [
        (b"<a@b.example>", "a@b.example", b""),
        (b"<a.b+c@b.example> SIZE=3", "a.b+c@b.example", b" SIZE=3"),
        (b"<@x.example,@y.example:a@b.example>", "a@b.example", b""),
        (b'<"a b"@c.example>', '"a b"@c.example', b""),
        (b'<"a\\"b"@c.example>', '"a\\"b"@c.example', b""),
        (b'<"ab"@c.example>', "ab@c.example", b""),
        (b'<"S[r]us"@c.example>', '"S[r]us"@c.example', b""),
        (b"<a@[192.0.2.1]>", "a@[192.0.2.1]", b""),
        (b"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", b""),
        (b"<Postmaster>", "Postmaster", b""),
        (b"<x@localhost>", "x@localhost", b""),
    ],
)
def test_good_paths_are_read(octets, address, rest):
    """Every form of RFC 5321 4.1.2 is read, and what follows is handed back."""
    assert recipient(octets) == (address, rest)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"<>", b"a@b", b"<a>", b"<a@>", b"<@b>", b"<a@b", b"<a@b..c>", b"<.a@b.c>", b"<a.@b.c>", b"<a..b@c.d>",
        b"<a b@c.d>", b"<a@b c>", b"<a\0b@c.d>", b"<a@b.c\0>", b"<a\r@c.d>", b"<a\n@c.d>", b"<a@-b.c>", b"<a@b-.c>",
        b"<a@(comment)b.c>", b"<(c)a@b.c>", b"<a@[1.2.3]>", b"<a@[x]>", b"<a@b@c.d>", b"<a,b@c.d>", b"<a;b@c.d>",
        b"<=?utf-8?q?admin=40corp.com=3e?=@evil.com\n>", b"<\xc3\xa9@b.c>", b'<"a\n"@b.c>', b"< a@b.c>", b"<a@b.c >",
        b"<a@" + b"b." * 127 + b"cc>", b"<<a@b.c>>", b"<@x:>", b"<@x,y:a@b.c>",
    ],
)  # fmt: skip
def test_bad_paths_are_refused(octets):
    """Whatever RFC 5321 does not allow is refused, with a permanent reply and a plain text."""
    with pytest.raises(BadPath) as refusal:
        recipient(octets)
    assert refusal.value.reply.code in {501, 553}


def test_an_encoded_word_stays_what_it_is():
    """RFC 2047 has no place in an envelope: the local part is kept as sent, never decoded into another mailbox."""
    address, _ = recipient(b"<=?utf-8?q?admin=40corp.com=3e?=@evil.com>")
    assert address == "=?utf-8?q?admin=40corp.com=3e?=@evil.com"
    assert split(address)[1] == "evil.com"


def test_utf8_needs_the_parameter():
    """RFC 6531 addresses are taken only where SMTPUTF8 was said."""
    octets = "<jürgen@käse.example>".encode()
    assert recipient(octets, utf8=True) == ("jürgen@käse.example", b"")
    with pytest.raises(BadPath):
        recipient(octets)
    with pytest.raises(BadPath):
        recipient(b"<\xff\xfe@b.example>", utf8=True)


def test_the_null_path_is_for_senders_only():
    """MAIL FROM:<> is the null reverse-path (RFC 5321 4.5.5); a recipient cannot be null."""
    assert parse_path(b"<> SIZE=1", utf8=False, null_ok=True, bare_postmaster=False) == ("", b" SIZE=1")
    with pytest.raises(BadPath):
        recipient(b"<>")
    with pytest.raises(BadPath):
        parse_path(b"<postmaster>", utf8=False, null_ok=True, bare_postmaster=False)


@given(st.binary(max_size=80), st.booleans())
def test_any_octets_give_an_address_or_a_refusal(octets, utf8):
    """No input raises anything but BadPath, and what is accepted holds no control character."""
    try:
        address, rest = parse_path(b"<" + octets, utf8=utf8, null_ok=True, bare_postmaster=True)
    except BadPath:
        return
    assert not any(c < " " or c == "\x7f" for c in address)
    assert (b"<" + octets).endswith(rest)


@given(st.text(max_size=60))
def test_folding_never_raises_and_is_stable(text):
    """Folding twice is folding once, whatever the text."""
    assert fold(fold(text)) == fold(text)


def test_folding_is_for_comparison():
    """Case does not count, and an IDN is the same as its A-labels."""
    assert fold("Anna@Example.ORG") == "anna@example.org"
    assert fold("x@BÜCHER.example") == fold("x@xn--bcher-kva.example")


def test_details_are_taken_off():
    """Only what follows the first delimiter goes; an address that starts with it stays."""
    assert strip_detail("a+b+c@d.example") == "a@d.example"
    assert strip_detail("+b@d.example") == "+b@d.example"
    assert strip_detail("a-b@d.example", "-") == "a@d.example"
    assert strip_detail("a@d.example", "") == "a@d.example"


@pytest.mark.parametrize("address", ["a@b.example", '"a b"@b.example', "jürgen@käse.example"])
def test_mailboxes_can_be_sent_to(address):
    """One address with a domain is sendable (row 13)."""
    assert sendable(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@b.c",
        "a\r\nRCPT TO:<x@y>@b.c",
        "a@b.c\n",
        "group: a@b.c;",
        "a b@c.d",
        "a" * 251 + "@b.c",
        '"a\r\nb"@c.d',
    ],
)
def test_what_is_no_mailbox_is_not_sent_to(address):
    """Control characters, groups, lists and overlong addresses are not sendable (row 13)."""
    assert not sendable(address)
