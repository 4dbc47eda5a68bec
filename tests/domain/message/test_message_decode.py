"""Bodies: transfer encodings and charsets, as sent and as really sent."""

import base64

import pytest
from messagekit import mail

from mailgate.domain.message.view import MessageView


def body(octets: bytes, encoding: str = "", content_type: str = "text/plain") -> MessageView:
    """Return the view of a mail with this body."""
    head = mail(f"Content-Type: {content_type}", f"Content-Transfer-Encoding: {encoding}", "")
    return MessageView.parse(head + octets)


@pytest.mark.parametrize(
    ("encoding", "octets", "expected"),
    [
        ("7bit", b"a=41", b"a=41"),
        ("8bit", b"\xfc", b"\xfc"),
        ("binary", b"\0\r\n", b"\0\r\n"),
        ("", b"a", b"a"),
        ("quoted-printable", b"a=41=\r\nb =3D\r\nc", b"aAb =\r\nc"),
        ("Quoted-Printable", b"=C3=BC", b"\xc3\xbc"),
        ("quoted-printable", b"a=ZZ b=", b"a=ZZ b"),
        ("base64", b"aGVs\r\nbG8=\r\n", b"hello"),
        ("BASE64 (comment)", b"aGk=", b"hi"),
    ],
)
def test_transfer_encodings_are_undone(encoding, octets, expected):
    """RFC 2045 6, in any case, and lenient where it costs nothing."""
    assert body(octets, encoding).root.decoded() == expected


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"aGVsbG8", b"hello"),
        (b"aGVs*bG8=", b"hello"),
        (b"aGVsbG8=aGVsbG8=", b"hello"),
        (b"aGVsb", b"hel"),
        (b"aGk=\r\n-- \r\nlist footer", b"hi"),
        (b"\xff\0", b""),
    ],
)
def test_broken_base64_yields_what_there_is_and_is_noted(octets, expected):
    """No padding, foreign octets, something behind the end, a lone character."""
    seen = body(octets, "base64")
    assert seen.root.decoded() == expected
    assert "bad-base64" in seen.defects


def test_good_base64_is_not_noted():
    """Lines, padding and a line end are all well."""
    seen = body(base64.encodebytes(bytes(range(256))), "base64")
    assert (seen.root.decoded(), seen.defects) == (bytes(range(256)), ())


def test_an_unknown_encoding_leaves_the_body_and_is_noted():
    """We don't guess."""
    seen = body(b"x", "x-uuencode")
    assert (seen.root.decoded(), seen.defects) == (b"x", ("unknown-transfer-encoding",))


@pytest.mark.parametrize(
    ("label", "octets", "text", "defects"),
    [
        ("utf-8", "Grüße".encode(), "Grüße", ()),
        ("iso-8859-1", "Grüße".encode("latin-1"), "Grüße", ()),
        ("iso-8859-1", b"\x80 \x93x\x94", "€ “x”", ()),
        ("us-ascii", "Grüße".encode(), "Grüße", ("bad-charset",)),
        ("us-ascii", "Grüße".encode("cp1252"), "Grüße", ("bad-charset",)),
        ("utf-8", b"a\xffb", "a\ufffdb", ("bad-charset",)),
        ("nonsense", "Grüße".encode(), "Grüße", ("unknown-charset",)),
        ("punycode", b"a-b", "a-b", ("unknown-charset",)),
        ("gb2312", "\u9555".encode("gbk"), "\u9555", ()),
        ("utf-16", "hi".encode("utf-16"), "hi", ()),
        ("iso-8859-1", b"\x81", "\x81", ()),
    ],
)
def test_text_is_decoded_by_its_label_or_what_is_meant(label, octets, text, defects):
    """Wrong labels are put right, unknown ones replaced by what the octets look like; text never fails."""
    seen = body(octets, "8bit", f"text/plain; charset={label}")
    assert seen.root.decoded_text() == text
    assert seen.defects == defects


def test_text_without_a_label_is_utf8_or_western():
    """No charset: the octets speak for themselves, and nothing is noted."""
    assert body("Grüße".encode()).root.decoded_text() == "Grüße"
    seen = body("Grüße".encode("cp1252"))
    assert (seen.root.decoded_text(), seen.defects) == ("Grüße", ())


def test_text_has_neither_nul_nor_a_byte_order_mark():
    """No store keeps the one, nobody wants the other."""
    assert body(b"\xef\xbb\xbfa\0b", "", "text/plain; charset=utf-8").root.decoded_text() == "ab"


def test_a_limit_reads_no_more_than_it_needs():
    """The beginning comes out right from any encoding, and a body that we cut is no defect."""
    text = "grüße " * 20_000
    for encoding, octets in (("base64", base64.encodebytes(text.encode())), ("8bit", text.encode())):
        seen = body(octets, encoding, "text/plain; charset=utf-8")
        got = seen.root.decoded_text(1000)
        assert got[:1000] == text[:1000]
        assert len(got) < len(text)
        assert seen.defects == ()


def test_kept_text_is_kept():
    """A text of common size is decoded once."""
    part = body(b"hello").root
    assert part.decoded_text() is part.decoded_text()
