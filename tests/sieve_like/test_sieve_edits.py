"""Mails that scripts edit: octets that nobody touched, both kinds of messages, costs, the host's part."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sieverun import ENVELOPE, NOW, REGISTRY, complaints

from mailgate.domain.message.view import MessageView
from sieve_like.compiler import compile_script
from sieve_like.edit import Header, fields_of
from sieve_like.ext.convert import Conversion
from sieve_like.host import DefaultHost
from sieve_like.markup import html_text, html_words
from sieve_like.message import PlainMessage

REQUIRE = (
    'require ["editheader", "replace", "enclose", "convert", "foreverypart", "mime", "extracttext", "body", '
    '"variables", "fileinto", "copy"];\n'
)
MAIL = b"X-A: 1\nX-B: \xff\x00odd\n folded\t\nno field\nX-A:2\n\nbody\r\nwith\n\x00octets"


def run(source, octets, *, kind=PlainMessage, host=None):
    """Run a script over a mail."""
    program = compile_script(REQUIRE + source, registry=REGISTRY)
    return program.run(kind(octets), ENVELOPE, host or DefaultHost(), now=NOW)


def edited(source, octets, **options):
    """Return the octets of the mail at the end of a run."""
    result = run(source, octets, **options)
    assert result.error is None, result.error
    return bytes(result.message.octets) if result.message is not None else octets


def test_other_octets_stay():
    """Odd octets, folds, lines that are no fields and the body are those of the mail that came."""
    assert edited('addheader "N" "v";', MAIL) == b"N: v\n" + MAIL
    assert edited('deleteheader :index 1 "x-a";', MAIL) == MAIL.removeprefix(b"X-A: 1\n")
    assert edited('addheader "N" "v"; deleteheader "N";', MAIL) == MAIL
    assert edited('addheader :last "N" "v";', MAIL) == MAIL.replace(b"\n\nbody", b"\nN: v\n\nbody")


@pytest.mark.parametrize(("octets", "after"), [
    (b"A: 1\r\n\r\nx\n", b"A: 1\r\nN: v\r\n\r\nx\n"), (b"A: 1\n\nx\r\n", b"A: 1\nN: v\n\nx\r\n"),
    (b"A: 1", b"A: 1\r\nN: v\r\n"), (b"A: 1\n", b"A: 1\nN: v\n"), (b"", b"N: v\r\n"), (b"\n\nx", b"N: v\n\n\nx"),
])  # fmt: skip
def test_new_fields_have_the_line_end_of_the_mail(octets, after):
    """CRLF or LF, also where the header has no end or no fields."""
    assert edited('addheader :last "N" "v";', octets) == after


@given(st.binary(max_size=200))
def test_a_header_is_all_of_its_fields(octets):
    """Whatever it holds, taken apart and put together it is the same."""
    head = octets.replace(b"\n\n", b"\n").replace(b"\n\r\n", b"\n").lstrip(b"\r\n")
    assert b"".join(field for _, field in fields_of(head)) == head
    message = PlainMessage(octets)
    assert Header.of(message).octets() == octets[: message.root.body_start]


@pytest.mark.parametrize("edit", ["addheader", "deleteheader"])
def test_many_edits_in_a_row_cost_no_more_than_one_each(edit, monkeypatch):
    """The mail is put together once, when somebody looks at it."""
    made = []
    original = PlainMessage.edited
    monkeypatch.setattr(PlainMessage, "edited", lambda self, octets: made.append(1) or original(self, octets))
    line = 'addheader "X-N" "v";\n' if edit == "addheader" else 'deleteheader :index 1 "X-A";\n'
    edited(line * 500, b"X-A: 1\n" * 600 + b"\nbody")
    assert len(made) == 1


def test_actions_carry_the_mail_of_their_moment():
    """RFC 5293 6: what is filed does not change with later edits; RFC 5703 6: redirect is never enclosed."""
    script = """
        fileinto "before"; addheader "N" "1"; fileinto :copy "one"; enclose "text"; addheader "N" "2";
        fileinto :copy "two"; redirect :copy "r@example.com";
    """
    before, one, two, sent = run(script, b"A: 1\r\n\r\nx").performed
    assert before.message is None
    assert list(one.message.header("n")) == [b"1"]
    assert list(two.message.header("n")) == [b"2"]
    assert list(sent.message.header("n")) == [b"1"]


def test_after_an_error_the_mail_is_the_one_that_came():
    """Nothing of the edits is left."""
    result = run('addheader "N" "1"; set "n" "no name"; addheader "${n}" "v";', MAIL)
    assert result.error is not None
    assert (result.message, result.implicit_keep) == (None, True)


EDITS = st.lists(
    st.sampled_from([
        'addheader "X-A" "v ä";', 'addheader :last "X-A" "w";', 'deleteheader "X-A";', 'deleteheader :index 1 "subject";',
        'deleteheader :matches "x-a" "?";', 'replace "text";', 'replace :subject "s" "ü";', 'enclose "outside";',
        'foreverypart { if header :mime :type "content-type" "text" { replace "part"; } }',
        'foreverypart { extracttext :first 5 "t"; addheader "X-T" "${t}"; }', 'foreverypart { enclose "in"; break; }',
        'convert "text/html" "text/plain" ["charset=utf-8"];', 'convert "text/plain" "text/html" ["charset=utf-8"];',
        'foreverypart { replace :mime "Content-Type: text/x-y\n\nz"; break; }',
    ]),
    max_size=6,
)  # fmt: skip
PIECES = st.lists(
    st.sampled_from([
        b"\n", b"\r\n", b"\n\n", b"--x\n", b"--x--\n", b"--y\n", b"--y--\n", b"text\n", b"X-A: b\n", b" folded\n",
        b"Content-Type: multipart/mixed; boundary=x\n", b"Content-Type: multipart/mixed; boundary=y\n",
        b"Content-Type: message/rfc822\n", b"Content-Type: text/html; charset=utf-8\n", b"Subject: s\n", b"<p>a</p>\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
    ]),
    max_size=25,
).map(b"".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(EDITS, PIECES)
def test_both_kinds_of_messages_are_edited_alike(edits, octets):
    """Mailgate's view and the plain mail come to the same octets; no mail makes an edit fail unnoticed."""
    if "missing-separator" in MessageView.parse(octets).defects:
        return  # where the header ends is another question there
    source = "\n".join(edits)
    plain, seen = run(source, octets), run(source, octets, kind=MessageView.parse)
    assert (plain.error is None) == (seen.error is None)
    if plain.message is None or "missing-separator" in seen.message.defects:
        return
    assert bytes(plain.message.octets) == bytes(seen.message.octets)


def test_a_mail_does_not_grow_without_bounds():
    """A large text in the place of every part, and a mail within a mail within a mail."""
    parts = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 900 + b"--x--\n"
    text = "x" * 500_000
    leaf = 'not header :mime :type "content-type" "multipart"'
    grown = run(f'foreverypart {{ if {leaf} {{ replace "{text}"; }} }}', parts)
    assert "grows" in grown.error.text
    # What is nested deeper than parts are looked for ends the loop.
    assert edited('foreverypart { enclose "x"; }', parts).count(b"message/rfc822") < 60
    assert "too long" in run('enclose "x";\n' * 200, b"A: 1\n\nx").error.text


class Converter(DefaultHost):
    """A host that converts pictures."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def ask(self, question):
        """Answer, and remember what was asked."""
        self.asked.append(question)
        return self.answer


PICTURE = b"Content-Type: image/tiff\nContent-Transfer-Encoding: base64\n\nQUJD\n"


def test_the_host_converts_what_we_cannot():
    """It gets type, parameters and octets, and its octets become the part."""
    host = Converter(b"JPEG\0")
    after = edited('convert "image/tiff" "image/jpeg" ["pix-x=320"];', PICTURE, host=host)
    assert after == b"Content-Type: image/jpeg\nContent-Transfer-Encoding: base64\n\nSlBFRwA=\n"
    assert host.asked == [Conversion("image/tiff", "image/jpeg", (("pix-x", "320"),), b"ABC", "")]


def test_a_conversion_that_fails_leaves_all_parts():
    """RFC 6558 2: none of the parts is converted if one can't be."""
    two = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"".join(
        b"--b\nContent-Type: text/html; charset=%s\n\n<p>\xc3\xa4</p>\n" % label for label in (b"x", b"utf-8")
    )
    source = 'if not convert "text/html" "text/plain" ["charset=us-ascii"] { fileinto "failed"; }'
    result = run(source, two + b"--b--\n")
    assert [action.mailbox for action in result.performed] == ["failed"]
    assert result.message is None


def test_extensions_that_need_others():
    """RFC 5703 7: extracttext makes no sense without variables and foreverypart."""
    assert len(complaints('require "extracttext"; keep;')) == 2
    assert complaints('require ["foreverypart", "extracttext", "variables"]; keep;') == []


@pytest.mark.parametrize(("markup", "words"), [
    ("<p>a</p>b", "a b"), ("a<br>b", "a b"), ("<b>a</b>", "a "), ("a < b", "a < b"), ("&lt;b&gt;", "<b>"),
    ("<script>x</script>y", "y"), ("a<!-- x -->b", "ab"), ("<![CDATA[<i>]]>", ""), ("<a title='it's'>x", "x"),
    ('<a b="c>d">x', "x"), ("&nope; &amp &#65;", "&nope; & A"), ("a\n<p>b", "a\nb"), ("<!-- x", ""), ("a<style>", "a "),
])  # fmt: skip
def test_html_words(markup, words):
    """A blank for a tag, nothing hidden, entities last."""
    assert html_words(markup) == words


def test_html_text_has_lines():
    """What a person reads: blocks on lines of their own."""
    assert (
        html_text("<h1>A</h1>\n<p>b <b>c</b>\n d<br>e</p><ul><li>f<li>g</ul>")
        == "A\r\nb c d\r\ne\r\nf\r\ng\r\n"
    )


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<a '", '<a "', "<!--", "<script", "&", "&#", "<![CDATA[", "</", "\"'", "<a b='\""]
)
def test_html_is_read_in_linear_time(piece):
    """A megabyte of what looks like a beginning takes no longer than other text."""
    html_words(piece * (1_000_000 // len(piece)))
