"""Parameters of Content-Type and Content-Disposition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from messagekit import header, view

from mailgate.domain.message.params import parse_parameters
from sieve_like.params import first_word, media_type


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text/plain", {}),
        (b"text/plain; charset=utf-8", {"charset": "utf-8"}),
        (b'text/plain;charset="utf-8";format=flowed', {"charset": "utf-8", "format": "flowed"}),
        (b"text/plain; CHARSET = utf-8 ;", {"charset": "utf-8"}),
        (b'a/b; name="x;y=\\"z\\""', {"name": 'x;y="z"'}),
        (b"a/b; name=two words.pdf; x=y", {"name": "two words.pdf", "x": "y"}),
        (b'a/b; name="never ends; x=y', {"name": "never ends; x=y"}),
        (b"a/b;;; ; x=1", {"x": "1"}),
        (b"a/b; flag; x=1", {"flag": "", "x": "1"}),
        (b"a/b; =x; y=1", {"y": "1"}),
        (b'a/b; x="1"junk; y=2', {"x": "1", "y": "2"}),
        ("a/b; name=Grüße.txt".encode(), {"name": "Grüße.txt"}),
        (b"a/b; name*=utf-8''Gr%C3%BC%C3%9Fe.txt", {"name": "Grüße.txt"}),
        (b"a/b; name*=iso-8859-1'de'Gr%FC%DFe", {"name": "Grüße"}),
        (b'a/b; name*0=one; name*1=" two"; name*2=three', {"name": "one twothree"}),
        (b"a/b; name*1=b; name*0=a", {"name": "ab"}),
        (b"a/b; name*0*=utf-8''Gr%C3; name*1*=%BC; name*2=\"%41\"", {"name": "Grü%41"}),
        (b"a/b; name*0=a; name*2=c", {"name": "a"}),
        (b"a/b; name*1=b", {"name": ""}),
        (b"a/b; name*=nonsense''%E4", {"name": "ä"}),
        (b"a/b; name*=no-quotes", {"name": "no-quotes"}),
        (b"a/b; a*b*c=1", {"a*b*c": "1"}),
    ],
)
def test_parameters_are_read(value, expected):
    """RFC 2045, RFC 2231 in all its forms, and what senders write instead."""
    assert parse_parameters(value).text == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Text/HTML; x=y", "text/html"), (b" text / plain", "text/plain"), (b"text", ""), (b"/plain", ""), (b"", ""),
        (b"text/", ""), (b"application/vnd.ms-excel", "application/vnd.ms-excel"), (b"a/b c/d", "a/b"), (b"\xff/x", ""),
    ],
)  # fmt: skip
def test_media_types_are_read(value, expected):
    """type/subtype in lower case, or nothing."""
    assert media_type(value) == expected


def test_a_disposition_is_its_first_word():
    """What follows is parameters or noise."""
    assert (first_word(b"Attachment; filename=x"), first_word(b"; x"), first_word(b"")) == (
        "attachment",
        "",
        "",
    )


def test_the_first_of_two_counts_and_is_noted():
    """Two charsets: readers differ, so we say so."""
    found = parse_parameters(b"a/b; charset=one; charset=two")
    assert (found.text, found.defects) == ({"charset": "one"}, ("duplicate-parameter",))


def test_the_form_with_a_charset_wins_and_is_noted():
    """`name*` beside `name` shows what the sender meant."""
    found = parse_parameters(b"a/b; name=plain; name*=utf-8''real")
    assert (found.text, found.defects) == ({"name": "real"}, ("duplicate-parameter",))


def test_more_than_a_hundred_are_cut_and_noted():
    """The cap holds, the first hundred stay."""
    found = parse_parameters(b"a/b" + b"".join(b"; p%d=%d" % (n, n) for n in range(101)))
    assert (len(found.text), found.text["p99"], found.defects) == (100, "99", ("too-many-parameters",))


def test_a_hundred_are_no_defect():
    """The cap itself is allowed."""
    found = parse_parameters(b"a/b" + b"".join(b"; p%d=%d" % (n, n) for n in range(100)))
    assert (len(found.text), found.defects) == (100, ())


def test_a_name_may_hold_encoded_words():
    """Against RFC 2047 5, and what most programs once sent."""
    seen = header("Content-Disposition", 'attachment; filename="=?utf-8?Q?Gr=C3=BC=C3=9Fe.pdf?="')
    assert seen.root.filename == "Grüße.pdf"


def test_a_name_of_rfc_2231_is_not_decoded_again():
    """What decodes to an encoded word was meant so."""
    seen = header("Content-Disposition", "attachment; filename*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D")
    assert seen.root.filename == "=?utf-8?q?a?="


def test_the_name_of_the_content_type_is_second_choice():
    """Content-Disposition goes first."""
    assert header("Content-Type", 'image/png; name="b.png"').root.filename == "b.png"
    seen = view("Content-Type: image/png; name=b.png", "Content-Disposition: inline; filename=a.png", "")
    assert seen.root.filename == "a.png"


def test_a_name_of_a_parameter_holds_no_nul():
    """Names are texts too, and no store keeps NUL; what isn't the name we know stays another."""
    assert parse_parameters(b"a/b; \0boundary=x; \xff=y").text == {" boundary": "x", "\ufffd": "y"}


def test_a_name_is_data_and_has_no_line_end():
    """No value of a parameter holds CR, LF or NUL."""
    seen = header("Content-Disposition", "attachment; filename*=utf-8''a%0D%0Ab%00c")
    assert seen.root.filename == "a  b c"


@given(
    st.sampled_from([b"charset", b"boundary", b"x-a", b"name*", b"a b", b""]),
    st.text(st.sampled_from('ab=;"\\ \t\x80ü*'), max_size=8).map(str.encode),
    st.sampled_from([b"", b";", b" ; ", b"\t"]),
    st.booleans(),
)
def test_one_plain_parameter_is_read_as_any_other(name, text, end, quoted):
    """The short way for a single parameter comes to what the long way does, which a second one enforces."""
    value = b"a/b; " + name + b"=" + (b'"' + text + b'"' if quoted else text) + end
    alone, with_another = parse_parameters(value), parse_parameters(value + b"; zz=1")
    if with_another.text.get("zz") == "1":  # it was not swallowed by quotes that never end
        assert alone.text == {k: v for k, v in with_another.text.items() if k != "zz"}
        assert alone.raw == {k: v for k, v in with_another.raw.items() if k != "zz"}
        assert alone.defects == with_another.defects
