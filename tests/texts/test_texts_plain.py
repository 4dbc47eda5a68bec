"""The text part of HTML: what somebody sees whose mail program shows none."""

import pytest

from mailgate.texts.markup import cleaned
from mailgate.texts.plain import as_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb\n"),
        ("a<br>b<br><br>c", "a\nb\n\nc\n"),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("<h1>a</h1>b", "a\n\nb\n"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\n\nd\n"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b\n"),
        ("<ol start=x><li>a</ol>", "1. a\n"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b\n"),
        (
            "<blockquote><p>a</p><p>b</p><blockquote>c</blockquote></blockquote>d",
            "> a\n>\n> b\n>\n> > c\n\nd\n",
        ),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc\n"),
        ("<a href='https://x.example/'>https://x.example/</a>", "https://x.example/\n"),
        ("<a href='https://x.example/'>here</a>", "here (https://x.example/)\n"),
        ("<a href='mailto:a@x.example'>a@x.example</a>", "a@x.example\n"),
        ("<a href='mailto:a@x.example'>write</a>", "write (a@x.example)\n"),
        ("<a href='https://x.example/'><img src='cid:logo'></a>", "https://x.example/\n"),
        ("<img src='cid:logo' alt='Logo'> x", "Logo x\n"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a  b\nc  d\n"),
        ("a<hr>b", "a\n\n------------------------------\n\nb\n"),
        ("<dl><dt>a<dd>b</dl>", "a\nb\n"),
        ("a &amp; b &lt;c&gt;&nbsp;d", "a & b <c> d\n"),
        (" \n ", ""),
        ("", ""),
    ],
)
def test_html_becomes_text(html, text):
    """Blocks, lists, quotes, links, tables."""
    assert as_text(cleaned(html)) == text


def test_what_nobody_closed_is_closed():
    """The cleaner has closed it before."""
    assert as_text(cleaned("<ul><li><b>a<blockquote><p>b")) == "- a\n\n> b\n"
