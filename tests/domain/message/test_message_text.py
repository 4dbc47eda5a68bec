"""The text of a mail, and what counts as attached."""

import pytest
from messagekit import mail, view

from mailgate.domain.message.markup import strip_html
from mailgate.domain.message.view import MessageView


def multipart(subtype: str, *parts: tuple[str, ...], boundary: str = "b") -> list[str]:
    """Return the lines of a multipart with these parts, header first."""
    lines = [f"Content-Type: multipart/{subtype}; boundary={boundary}", ""]
    for part in parts:
        lines += [f"--{boundary}", *part]
    return [*lines, f"--{boundary}--"]


PLAIN = ("Content-Type: text/plain", "", "plain text")
HTML = ("Content-Type: text/html", "", "<p>html <b>text</b>")
FILE = ("Content-Type: text/plain", "Content-Disposition: attachment; filename=a.txt", "", "file")
IMAGE = ("Content-Type: image/png; name=i.png", "", "png")
MAIL = ("Content-Type: message/rfc822", "", "Subject: inner", "", "inner text")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (PLAIN, "plain text"),
        (HTML, "html text"),
        (multipart("alternative", PLAIN, HTML), "plain text"),
        (multipart("alternative", HTML, PLAIN), "plain text"),
        (multipart("alternative", ("Content-Type: text/plain", "", " "), HTML), "html text"),
        (multipart("mixed", PLAIN, FILE, IMAGE), "plain text"),
        (multipart("mixed", FILE, PLAIN), "plain text"),
        (multipart("mixed", PLAIN, IMAGE, ("", "after the picture")), "plain text\n\nafter the picture"),
        (multipart("mixed", HTML, ("", "list footer")), "html text\n\nlist footer"),
        (multipart("mixed", tuple(multipart("alternative", PLAIN, HTML, boundary="c")), FILE), "plain text"),
        (multipart("related", HTML, IMAGE), "html text"),
        (multipart("signed", PLAIN, ("Content-Type: text/plain", "", "signature")), "plain text"),
        (
            multipart("report", PLAIN, ("Content-Type: message/delivery-status", "", "Status: 5"), MAIL),
            "plain text",
        ),
        (multipart("mixed", MAIL), ""),
        (multipart("digest", ("", "Subject: x", "", "y")), ""),
        (MAIL, "inner text"),
        (IMAGE, ""),
        (FILE, ""),
        (("Content-Type: text/plain", "", "a", "b  "), "a\nb"),
        (("A: b", ""), ""),
    ],
)
def test_the_best_text_is_found(lines, text):
    """Plain before HTML, the body before files, the mail before mails within it; lines end in LF."""
    assert view(*lines).main_text(1000) == text


def test_the_limit_is_in_characters():
    """No more than asked for, and less is cut from what is kept."""
    seen = view("Content-Type: text/plain; charset=utf-8", "", "grüße")
    assert (seen.main_text(3), seen.main_text(100), seen.main_text(2)) == ("grü", "grüße", "gr")


def test_text_is_worked_out_once():
    """Asking again returns the very same text."""
    seen = view(*PLAIN)
    assert seen.main_text(100) is seen.main_text(100)


def test_attachments_are_what_is_neither_body_nor_structure():
    """Files, pictures and attached mails; in order, and nothing from within the attached mail."""
    inner = ("Content-Type: message/rfc822", "", *multipart("mixed", FILE, boundary="d"))
    seen = view(
        *multipart("mixed", tuple(multipart("alternative", PLAIN, HTML, boundary="c")), FILE, IMAGE, inner)
    )
    assert [(part.content_type, part.filename) for part in seen.attachments()] == [
        ("text/plain", "a.txt"), ("image/png", "i.png"), ("message/rfc822", ""),
    ]  # fmt: skip


def test_a_mail_that_is_one_file_has_one_attachment():
    """A scanner's mail without any text."""
    assert [part.content_type for part in view(*IMAGE).attachments()] == ["image/png"]


@pytest.mark.parametrize(
    "lines", [PLAIN, HTML, ("A: b", "", "c"), ("Content-Type: multipart/mixed", "", "x")]
)
def test_a_body_is_no_attachment(lines):
    """A mail of text alone has none."""
    assert view(*lines).attachments() == []


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("a  \n b&nbsp;c", "a b c"),
        ("&lt;b&gt; &amp;amp; &#228;&#xe4;&auml; &unknown; &", "<b> &amp; äää &unknown; &"),
        ("<!-- no -->a<!-- no > <b> -->b", "ab"),
        ("<style>x{}</style>a<script>if (a<b) {}</script>b<title>no</title>", "ab"),
        ("<STYLE>x</style >a", "a"),
        ("<a href=\"x>y\" title='>'>a</a>", "a"),
        ("a < b and c > d", "a < b and c > d"),
        ("1 <2", "1 <2"),
        ("<header>a</header>", "a"),
        ("<head><title>t</title></head>a", "a"),
        ("<head>a", "a"),
        ("a<script>never ends", "a"),
        ("a<!-- never ends", "a"),
        ("a<style>x</style", "a"),
        ("a<b", "a"),
        ("<a 'x>b", "b"),
        ("&#0;&#55296;&#1114112;", "\ufffd\ufffd\ufffd"),
        ("&#99999999999999999999;", "&#99999999999999999999;"),
        ("a\0b", "ab"),
        ("İ<style>x</style>i", "İi"),
        ("<?xml version='1'?><!DOCTYPE html>a", "a"),
    ],
)
def test_html_becomes_text(markup, text):
    """Blocks are lines, entities characters, and what isn't shown isn't there; broken markup loses no more than itself."""
    assert strip_html(markup) == text


def test_html_over_the_cap_is_cut():
    """A million characters are read, the rest is not."""
    assert len(strip_html("a" * 2_000_000)) == 1024 * 1024


def test_text_of_a_body_of_another_charset():
    """The text of a ticket is the text that was written."""
    octets = mail("Content-Type: text/html; charset=iso-8859-1", "") + "<p>Grüße".encode("latin-1")
    assert MessageView.parse(octets).main_text(10) == "Grüße"
