"""Whatever the octets: nothing raises, every text can be stored, and asking twice says the same."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messagekit import mail, read_everything, texts_of

from mailgate.domain.message.buffer import Buffer
from mailgate.domain.message.defects import HOPELESS, Defect, Notes
from mailgate.domain.message.headers import read_header
from mailgate.domain.message.limits import NESTING
from mailgate.domain.message.view import MessageView

# Pieces that mean something to a reader of mail, to be put together in ways nobody means.
PIECES = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b" ", b"\t", b"\0", b"\xff", b"\xc3\xbc", b":", b";", b",", b"=", b'"', b"\\",
    b"<", b">", b"(", b")", b"@", b"'", b"*", b"*0*=", b"--", b"--b", b"--b--", b"\n--b\n", b"\n--b--\n", b"\r\n--c\r\n",
    b"From: ", b"To: a@b, ", b"Subject: ", b"Date: Tue, 24 Nov 2026 10:00:00 ", b"+0100", b"Message-ID: <a@b>",
    b"References: <a@b> <", b"Content-Type: ", b"multipart/mixed; boundary=b", b"multipart/mixed; boundary=c",
    b"message/rfc822", b"text/html", b"text/plain; charset=", b"utf-7", b"utf-16", b"iso-2022-jp", b"name*=utf-8''%C3%",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Disposition: attachment; filename=", b"=?utf-8?q?=C3?=", b"=?utf-8?b?", b"?=", b"=C3=BC=\r\n", b"QUJD",
    b"+2AA-", b"<p>", b"<!--", b"<a href='", b"&#55296;", b"&#0;", b"x",
]  # fmt: skip

SAMPLE = mail(
    "Received: by x; Tue, 24 Nov 2026 10:00:00 +0100", "From: =?utf-8?q?M=C3=BCller?= <m@x.org>",
    'To: Team: a@x.org, "B, C" <b@y.org>;', "Subject: one", "\ttwo =?iso-8859-1?b?/A==?=", "Message-ID: <1@x>",
    "References: <0@x>", " <00@x>", 'Content-Type: multipart/mixed; boundary="b"', "", "--b",
    "Content-Type: multipart/alternative; boundary=c", "", "--c", "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: quoted-printable", "", "Gr=C3=BC=C3=9Fe", "--c", "Content-Type: text/html", "",
    "<p>Gr&uuml;&szlig;e</p>", "--c--", "--b", "Content-Type: application/pdf; name*0*=utf-8''%C3%BC;", " name*1=.pdf",
    "Content-Disposition: attachment", "Content-Transfer-Encoding: base64", "", "aGVsbG8=", "--b",
    "Content-Type: message/rfc822", "", "Subject: inner", "", "text", "--b--",
)  # fmt: skip

many = settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def holds(octets: bytes) -> None:
    """Check what holds for every mail there is."""
    seen = MessageView.parse(octets)
    first = read_everything(seen)
    seen.prepare()
    assert read_everything(seen)[:-1] == first[:-1]
    assert read_everything(MessageView.parse(memoryview(octets))) == first
    assert set(seen.defects) <= {defect.value for defect in Defect}
    # Counting octets says the same of the structure as looking at it, where it says anything.
    assert MessageView.parse(octets).unparsable == (
        not HOPELESS.isdisjoint(Defect(one) for one in seen.defects)
    )
    for text in texts_of(seen):
        assert "\0" not in text
        text.encode("utf-8")
    for part in seen.root.walk():
        assert 0 <= part.start <= part.body_start <= part.end <= len(octets)
        assert part.depth <= NESTING
        for child in part.children:
            assert part.body_start <= child.start <= child.end <= part.end


@many
@given(st.binary(max_size=300))
def test_any_octets_are_a_mail(octets):
    """Noise is read to its end."""
    holds(octets)


@many
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
def test_pieces_of_mail_in_any_order_are_a_mail(octets):
    """So is what looks like a mail and isn't."""
    holds(octets)


@st.composite
def mutant(draw) -> bytes:
    """Draw a real mail with some stretches cut out, doubled or overwritten."""
    octets = SAMPLE
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(octets)))
        end = min(len(octets), start + draw(st.integers(0, 40)))
        new = draw(st.sampled_from([b"", octets[start:end] * 2, *PIECES]) | st.binary(max_size=8))
        octets = octets[:start] + new + octets[end:]
    return octets


@many
@given(mutant())
def test_damaged_mails_are_mails(octets):
    """A mail with holes and foreign pieces is read as far as it goes."""
    holds(octets)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(SAMPLE)))
def test_truncated_mails_are_mails(length):
    """A mail may end anywhere."""
    holds(SAMPLE[:length])


def slow_header(octets: bytes) -> tuple[list[tuple[bytes, bytes]], int]:
    """Return fields and body start of a small mail, line by line as the rules are told in words."""
    fields, position = [], 0
    if octets.startswith((b"From ", b">From ")):
        position = octets.find(b"\n") + 1 or len(octets)
    while position < len(octets):
        end = octets.find(b"\n", position) + 1 or len(octets)
        line = octets[position:end]
        if line in {b"\n", b"\r\n"}:
            return fields, end
        match = re.fullmatch(rb"([!-9;-~]+)[ \t]*:((?:.|\n)*)", line)
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1][1] += line
        elif match:
            fields.append([match[1], match[2]])
        else:
            return fields, position
        position = end
    return fields, position


@settings(max_examples=3000, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"\n",
                b"\r\n",
                b"\r",
                b" ",
                b"\t",
                b":",
                b"a",
                b"B",
                b"\0",
                b"\xff",
                b"From ",
                b"\n ",
                b"x: y\n",
            ]
        ),
        max_size=14,
    ).map(b"".join)
)
def test_the_header_scan_agrees_with_its_rules_in_words(octets):
    """One pattern over the section finds what reading line by line finds."""
    block = read_header(Buffer(octets), 0, len(octets), Notes())
    expected, body_start = slow_header(octets)
    unfolded = [(name, re.sub(rb"\r?\n[ \t]", b" ", value.strip(b" \t\r\n"))) for name, value in expected]
    assert [(one.name.encode(), one.raw) for one in block.fields] == unfolded
    assert block.body_start == body_start
