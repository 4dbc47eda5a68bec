"""The parts of a plain mail and those of mailgate's view: two readers, one answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.domain.message.view import MessageView
from sieve_like.message import PlainMessage

TREE = b"""From: a@b.example
Content-Type: multipart/mixed; boundary="out"

preamble
--out

plain text
--out
Content-Type: multipart/alternative; boundary=out2

--out2
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

caf=E9
--out2
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PGI+ZsO8cjwvYj4=
--out2--
inner epilogue
--out
Content-Type: message/rfc822

Subject: =?utf-8?q?in=C3=A4r?=
Content-Type: multipart/digest; boundary=d

--d

Subject: digested

x
--d--
--out
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename*=utf-8''%C3%A4%20b.pdf
Content-Transfer-Encoding: base64

AAAA
--out--
epilogue
"""
MAILS = {
    "tree": TREE,
    "tree with CRLF": TREE.replace(b"\n", b"\r\n"),
    "nothing": b"",
    "body alone": b"\n\nx",
    "no body": b"A: b",
    "unterminated": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x\n\nb",
    "boundary missing": b"Content-Type: multipart/mixed\n\n--x\n\na\n--x--\n",
    "boundary not found": b"Content-Type: multipart/mixed; boundary=y\n\n--x\n\na\n--x--\n",
    "boundaries in a row": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n--x\n\nA: b\n\n--x\n\n--x--\n",
    "boundary last": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
    "boundary first": b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\na\n--x--",
    "longer boundary line": b"Content-Type: multipart/mixed; boundary=x\n\n--xy\n\na\n--x \t\nA: b\n\nc\n--x--y\n--x--\n",
    "encoded multipart": b"Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n--x\n\na\n--x--\n",
    "encoded message": b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYg==\n",
    "no type": b"Content-Type: nonsense\n\nx",
    "parameters": b'Content-Type: text/plain; CHARSET = "utf-8" ; x=a b; y*0="a"; y*1*=%41; z=1; z=2; =;;\n\nx',
    "comment behind": b"Content-Type: text/plain (c); charset=utf-8 (d)\n\nx",
    "broken base64": b"Content-Transfer-Encoding: base64\n\nQUJD!!RA=x\n",
    "short base64": b"Content-Transfer-Encoding: base64\n\nQUJDR\n",
    "quoted-printable": b"Content-Transfer-Encoding: Quoted-Printable\n\na=20=\nb=zz=\n",
    "deep": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(60)),
    "many": b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 1100 + b"--x--\n",
    "name in words": b'Content-Type: text/plain; name="=?utf-8?q?=C3=A4?="\n\nx',
    "bytes in the middle": b"Content-Type: text/plain; charset=x\0y\n\na\0b",
    "folded": b'Content-Type: multipart/mixed;\n boundary="x"\n\n--x\nSubject: a\n b\n\nc\n--x--\n',
}  # fmt: skip


def shape(part):
    """Return all that a part says of itself, as far as both readers promise the same."""
    names = ("from", "subject", "content-type", "a")
    return {
        "span": (part.start, part.body_start, part.end),
        "type": (part.content_type, part.has_type, part.is_multipart),
        "params": dict(part.params),
        "names": (part.disposition, part.filename),
        "header": [[bytes(value) for value in part.header(name)] for name in names],
        "text": [list(part.text(name)) for name in names],
        "addresses": [one.address for one in part.addresses("from")],
        "around": (part.preamble, part.epilogue) if part.is_multipart else None,
        "decoded": part.decoded(),
        # Octets that are not what their label says: mailgate guesses the set, the language says U+FFFD.
        "body": part.decoded_text() if part.decoded().isascii() or "charset" in part.params else "",
        "children": [shape(child) for child in part.children],
    }


@pytest.mark.parametrize("name", MAILS)
def test_both_readers_see_the_same(name):
    """Offsets, types, parameters, values and bodies of every part."""
    octets = MAILS[name]
    assert shape(PlainMessage(octets).root) == shape(MessageView.parse(octets).root)


PIECES = st.sampled_from([
    b"\n", b"\r\n", b"\n\n", b"--x\n", b"--x--\n", b"--y\n", b"--y--\n", b"--x", b"text\n", b"a: b\n", b" folded\n",
    b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Type: multipart/digest; boundary=y\n",
    b"Content-Type: message/rfc822\n", b"Content-Type: text/html; charset=utf-8\n", b"Content-Type: multipart/\n",
    b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: quoted-printable\n", b"QUJD\n", b"=41=\n",
    b"Subject: =?utf-8?q?=C3=A4?= x\n", b"From: A <a@b.example>\n", b"Content-Disposition: attachment; filename=f\n",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_they_agree_on_what_is_put_together_at_random(octets):
    """Any order of boundaries, headers and bodies.

    Left out: a line in a header that is no field ends it for mailgate (as for Postfix); the language passes
    over it (as Pigeonhole does).
    """
    view = MessageView.parse(octets)
    if "missing-separator" not in view.defects:
        assert shape(PlainMessage(octets).root) == shape(view.root)


@given(st.binary(max_size=300))
def test_no_octets_raise(octets):
    """Whatever is in the mail, every question has an answer."""
    shape(PlainMessage(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n" + octets).root)
    shape(PlainMessage(octets).root)
