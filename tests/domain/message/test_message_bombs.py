"""Mails made to cost: every cap holds, is noted, and the work stays in proportion to the size.

No test here asserts a time. Work is counted where it can be (octets searched, parts made, tokens read); the known bombs
run under a guard of 30 seconds that only a cost out of proportion can reach.
"""

import pytest
from messagekit import KINDS, buffer_of, header, mail, read_everything, view

from mailgate.domain.message.limits import HEADER, HEADER_SECTION, NESTING, PARTS
from mailgate.domain.message.markup import strip_html
from mailgate.domain.message.view import MessageView

pytestmark = pytest.mark.timeout(30)


def nested(depth: int, body: str = "deep") -> bytes:
    """Return multiparts within each other, `depth` of them."""
    lines = []
    for level in range(depth):
        lines += [f"Content-Type: multipart/mixed; boundary=b{level:05}", "", f"--b{level:05}"]
    lines += ["", body]
    return mail(*lines, *(f"--b{level:05}--" for level in reversed(range(depth))))


def with_parts(count: int) -> bytes:
    """Return a multipart with so many parts."""
    return mail("Content-Type: multipart/mixed; boundary=b", "", *["--b", "", "x"] * count, "--b--")


# -- caps


def test_a_header_section_up_to_the_cap_is_no_defect():
    """256 KiB in fields of common size are read whole."""
    lines = ["X-A: " + "x" * 1000] * 260
    seen = view(*lines, "", "body")
    assert len(seen.headers) == 260
    assert seen.defects == ()


def test_a_header_section_over_the_cap_is_cut_and_noted():
    """The fields of the first 256 KiB stay, the body is still found behind the whole section."""
    octets = mail(*["X-A: " + "x" * 1000] * 300, "Subject: late", "", "body")
    seen = MessageView.parse(octets)
    assert (seen.defects, seen.unparsable) == (("header-section-too-big",), True)
    assert (len(seen.headers), seen.subject) == (HEADER_SECTION // 1007 + 1, "")
    assert bytes(seen.root.raw_body()) == b"body\r\n"


def test_a_section_without_end_is_cut_and_noted():
    """A mail that is one big header has no body."""
    seen = MessageView.parse(b"A: 1\r\n" + b"B: 2\r\n" * 100_000)
    assert ("header-section-too-big" in seen.defects, seen.body_start) == (True, seen.size)


def test_a_thousand_headers_are_the_cap():
    """The first thousand stay."""
    assert view(*[f"X-{n}: y" for n in range(1000)], "").defects == ()
    seen = view(*[f"X-{n}: y" for n in range(1001)], "", "body")
    assert (len(seen.headers), seen.header("x-1000"), seen.defects) == (1000, [], ("too-many-headers",))
    assert (seen.unparsable, seen.main_text(10)) == (True, "body")


def test_a_header_over_the_cap_is_kept_raw():
    """64 KiB are decoded, more is not; the raw value is there in full."""
    assert header("Subject", "=?utf-8?q?a?= " + "x" * (HEADER - 20)).text("subject")[0].startswith("a x")
    seen = header("Subject", "=?utf-8?q?a?= " + "x" * HEADER)
    assert (len(seen.header("subject")[0]), seen.subject[:5]) == (HEADER + 14, "=?utf")
    assert (seen.defects, seen.unparsable) == (("header-too-long",), True)


def test_fifty_levels_are_the_cap():
    """What lies deeper stays raw within the last part."""
    seen = MessageView.parse(nested(NESTING - 1))
    assert (seen.defects, max(part.depth for part in seen.root.walk())) == ((), NESTING)
    seen = MessageView.parse(nested(NESTING))
    deepest = max(seen.root.walk(), key=lambda part: part.depth)
    assert (seen.defects, seen.unparsable, deepest.depth) == (("nesting-too-deep",), True, NESTING)
    assert b"deep" in bytes(deepest.raw_body())


def test_attached_mails_count_as_levels():
    """A mail in a mail in a mail is no way around the cap."""
    lines = ["Content-Type: message/rfc822", ""] * (NESTING + 10)
    seen = view(*lines, "text")
    assert (seen.defects, len(list(seen.root.walk()))) == (("nesting-too-deep",), NESTING)


def test_a_thousand_parts_are_the_cap():
    """The mail itself is one of them."""
    seen = MessageView.parse(with_parts(PARTS - 1))
    assert (len(list(seen.root.walk())), seen.defects) == (PARTS, ())
    seen = MessageView.parse(with_parts(PARTS))
    assert (len(list(seen.root.walk())), seen.defects, seen.unparsable) == (PARTS, ("too-many-parts",), True)


def test_too_many_parameters_make_a_mail_unparsable():
    """The boundary may be among those cut off."""
    seen = header(
        "Content-Type", "multipart/mixed" + "".join(f"; p{n}=x" for n in range(100)) + "; boundary=b"
    )
    assert (seen.unparsable, "too-many-parameters" in seen.defects) == (True, True)


def test_lines_that_look_like_boundaries_are_capped():
    """100,000 of them are looked at, the rest stays in the part."""
    octets = mail(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "--bx\n" * 100_001,
        "--b",
        "",
        "y",
        "--b--",
    )
    seen = MessageView.parse(octets)
    assert (len(seen.root.children), seen.unparsable) == (1, True)
    assert "too-many-boundary-lines" in seen.defects


# -- work in proportion to the size


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("depth", [1, 10, 60])
def test_each_level_searches_its_octets_once(kind, depth):
    """Octets searched for boundaries are at most the size per level, and there are at most 50 levels."""
    for size in (1_000, 10_000, 100_000):
        octets = nested(depth, "x" * size)
        seen = MessageView.parse(buffer_of(octets, kind))
        seen.prepare()
        assert seen._buffer.searched <= min(depth, NESTING) * len(octets)


def test_many_parts_search_their_octets_once():
    """Neighbours share the search of their parent."""
    for count in (10, 100, 900):
        octets = with_parts(count)
        seen = MessageView.parse(octets)
        assert len(seen.root.children) == count
        assert seen._buffer.searched <= len(octets) + count


def test_no_level_searches_beyond_its_part():
    """A thousand multiparts whose boundaries never appear cost one look at each, not at all that follows."""
    part = ["--b", "Content-Type: multipart/mixed; boundary=never", "", "x" * 1000]
    octets = mail("Content-Type: multipart/mixed; boundary=b", "", *part * 900, "--b--")
    seen = MessageView.parse(octets)
    assert "boundary-not-found" in seen.defects
    assert seen._buffer.searched <= 3 * len(octets)


# -- bombs that stopped others, under the guard

LONG = 60_000  # just under the cap of one header, where cost out of proportion shows most

VALUES = {
    "semicolons": b";" * LONG,
    "half a megabyte of semicolons": b"text/plain" + b";" * 500_000,
    "blanks": b" " * LONG + b"x",
    "open parentheses": b"(" * LONG,
    "half a megabyte of open parentheses": b"(" * 500_000,
    "parentheses": b"()" * (LONG // 2),
    "quotes": b'"' * LONG,
    "escaped quotes": b'"' + b'\\"' * (LONG // 2),
    "backslashes": b"\\" * LONG,
    "angles": b"<" * LONG,
    "brackets": b"[" * LONG,
    "at signs": b"@" * LONG,
    "colons after an address": b"a " * (LONG // 4) + b"@" + b":" * (LONG // 2),
    "commas": b"," * LONG,
    "words": b"a " * (LONG // 2),
    "dots": b"a." * (LONG // 2),
    "phrase and no address": b"a" * LONG + b" <",
    "groups": b"a:;" * (LONG // 3),
    "routes": b"<@a," * (LONG // 4),
    "open words": b"=?utf-8?q?" * (LONG // 10),
    "words without end": b"=?a?q?x ? " * (LONG // 10),
    "encoded words": b"=?utf-8?q?a?= " * (LONG // 14),
    "changing words": b"=?utf-8?q?a?= =?cp1252?b?YQ==?= " * (LONG // 32),
    "folds": b"x\r\n " * (LONG // 4),
    "folds of blanks": b"\r\n " * (LONG // 3),
    "parameters": b"a/b" + b";x=y" * (LONG // 4),
    "parameters in pieces": b"a/b" + b"".join(b";x*%d=y" % n for n in range(LONG // 10)),
    "parameters in encoded pieces": b"a/b" + b"".join(b";x*%d*=%%41" % n for n in range(LONG // 12)),
    "one piece with a huge number": b"a/b; x*" + b"9" * LONG + b"=y",
    "percent signs": b"a/b; x*=utf-8''" + b"%41" * (LONG // 3),
    "apostrophes": b"a/b; x*=" + b"'" * LONG,
    "equals": b"a/b;" + b"=" * LONG,
    "ids": b"<a@b>" * (LONG // 5),
    "an id without end": b"<" + b"a" * LONG,
    "digits": b"1" * LONG,
    "carriage returns": b"\r" * LONG,
    "utf-7": b"=?utf-7?q?" + b"+2AA-" * (LONG // 5) + b"?=",
}  # fmt: skip
NAMES = ("From", "Subject", "Content-Type", "Content-Disposition", "References", "Message-ID", "Date")


@pytest.mark.parametrize("bomb", VALUES)
def test_a_hostile_value_in_any_field(bomb):
    """Read as whatever a field can be read as, it ends."""
    seen = MessageView.parse(
        b"".join(name.encode() + b": " + VALUES[bomb] + b"\r\n" for name in NAMES) + b"\r\nx"
    )
    seen.prepare()
    read_everything(seen)
    for name in NAMES:
        seen.addresses(name)
    assert set(seen.root.params) is not None


HEADERS = {
    "100,000 headers": b"X: y\r\n" * 100_000,
    "no colon": b"x" * 1_000_000,
    "a megabyte of blank lines": b"A: b\r\n" + b" \r\n" * 300_000,
    "names without end": b"a" * 200_000 + b" " * 60_000,
    "carriage returns": b"A: b\r\n" + b"\r" * 1_000_000,
    "20,000 addresses": b"To: " + b"user@example.org, " * 20_000 + b"\r\n",
    "1,000 fields of addresses": b"To: a@b, c@d, e@f\r\n" * 1_000,
}


@pytest.mark.parametrize("bomb", HEADERS)
def test_a_hostile_header_section(bomb):
    """It ends, and the mail is shown as far as it goes."""
    seen = MessageView.parse(HEADERS[bomb] + b"\r\n\r\nbody")
    seen.prepare()
    assert len(seen.headers) <= 1000
    assert len(seen.addresses("to")) <= 1000


BODIES = {
    "10,000 nested multiparts": nested(10_000),
    "5,000 nested mails": mail(*["Content-Type: message/rfc822", ""] * 5_000, "x"),
    "100,000 parts": with_parts(100_000),
    "boundary of dashes in dashes": mail(f"Content-Type: multipart/mixed; boundary={'-' * 60}x", "", "-" * 2_000_000),
    "a boundary of one letter": mail("Content-Type: multipart/mixed; boundary=a", "", "--ab\n" * 400_000),
    "parts without end": mail("Content-Type: multipart/mixed; boundary=a", "", "--a\n" * 400_000),
    "a boundary of 60 KB": mail(f"Content-Type: multipart/mixed; boundary={'x' * 60_000}", "", "--" + "x" * 2_000_000),
    "base64 of nothing": mail("Content-Transfer-Encoding: base64", "", "=" * 2_000_000),
    "base64 in lines of one": mail("Content-Transfer-Encoding: base64", "", "Q\n" * 1_000_000),
    "quoted-printable of equals": mail("Content-Transfer-Encoding: quoted-printable", "", "=" * 2_000_000),
    "quoted-printable of blanks": mail("Content-Transfer-Encoding: quoted-printable", "", (" " * 5000 + "\r\n") * 400),
    "empty lines": mail("A: b", "", "\r\n" * 1_000_000),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BODIES)
def test_a_hostile_body(bomb):
    """It ends, within the caps."""
    seen = MessageView.parse(BODIES[bomb])
    seen.prepare()
    for part in seen.root.walk():
        part.decoded()
    assert len(list(seen.root.walk())) <= PARTS


MARKUP = (
    "<", "<a ", '<a "', "<a '", "<a href=x ", "<!--", "<!", "</", "<a", "<a>", "<p>", "</p>", "&", "&#", "&a", "&#9", "<script>",
    "<style", "</script", "<!-- -->", "<a b='<'", "\n", " \n", "\xa0", "<div> ", "&lt;", '"', "<svg><svg>", "<a\"'",
)  # fmt: skip


@pytest.mark.parametrize("piece", MARKUP)
def test_hostile_markup(piece):
    """A megabyte of any of these becomes text."""
    strip_html(piece * (1_000_000 // len(piece)))
    strip_html("<a " + piece * (1_000_000 // len(piece)) + ">")
