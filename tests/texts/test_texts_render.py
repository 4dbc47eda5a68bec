"""What templates become: both parts from one source, nothing of a value ever evaluated, nothing unclean in HTML."""

from contextlib import suppress
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import TemplateError
from textkit import Made, rendered, source

from mailgate.texts.markup import ATTRIBUTES, TAGS, cleaned

HOSTILE = [
    "{{7*7}}", "${7*7}", "%{7*7}", "@{agent}", "{{config}}", "{% raw %}", "{{ self }}", "$helpdesk-comments$", "<b>x</b>",
    "*x* _y_ `z` [a](http://e.example) <http://e.example>", "\ufdd00\ufdd1", "%EF%B7%900%EF%B7%91", "&lt;&amp;&#60;", "\"'>",
    "# x\n\n* y\n\n---\n", "<script>alert(1)</script>", "\x00\x1b\u202e", "SERIAL_SALUTATION", "|a|b|\n|-|-|\n|1|2|",
]  # fmt: skip


class Seen(HTMLParser):
    """What a mail reader sees: elements with their attributes, and the text."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.elements, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def shown(value: str) -> str:
    """Return what is left of a value in a text: all but what no text may hold."""
    return "".join(c for c in value if c not in "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4")


ANY = st.one_of(
    st.text(max_size=60), st.lists(st.sampled_from(HOSTILE), max_size=3).map(" ".join),
    st.text("{}%$@<>&\"'*_[]()`#|~-\n \\a\ufdd0\ufdd11", max_size=40),
)  # fmt: skip


@given(ANY)
@settings(max_examples=150, deadline=None)
@example("{{7*7}}")
@example("\ufdd01\ufdd1")
def test_a_value_in_text_is_itself(value):
    """Whatever it holds, in plain text it is exactly that."""
    assert rendered("<{{ mail.subject }}>", source(subject=value)).text == f"<{shown(value)}>"


@given(ANY)
@settings(max_examples=150, deadline=None)
@example("[a](http://e.example)")
def test_a_value_in_markdown_is_never_markup(value):
    """The elements are those of the template alone; the text shows the value; the text part holds it."""
    of = source(subject=value)
    said = rendered("**{{ mail.subject }}**\n\n* x {{ mail.subject }}\n", of, "markdown")
    calm = rendered("**{{ mail.subject }}**\n\n* x {{ mail.subject }}\n", source(subject="calm"), "markdown")
    seen = Seen(said.html)
    kinds = [tag for tag, _ in seen.elements if tag != "br"]
    assert kinds == [tag for tag, _ in Seen(calm.html).elements]
    assert said.text == calm.text.replace("calm", shown(value))


@given(ANY)
@settings(max_examples=150, deadline=None)
@example("javascript:alert(1)")
@example('" onload="x')
def test_a_value_in_html_is_text_wherever_it_stands(value):
    """In text, in an attribute, in a URL, as a whole URL: no element, attribute or scheme comes of it."""
    text = (
        "<p title='{{ mail.subject }}'>{{ mail.subject }}<a href='https://x.example/{{ mail.subject }}?q={{ mail.subject }}'>a"
        "</a><a href='{{ mail.subject }}'>b</a><a href='java{{ mail.subject }}script:x'>c</a>"
        "<img src='cid:{{ mail.subject }}' {{ mail.subject }}><i style='color:{{ mail.subject }}'>d</i></p>"
    )
    said = rendered(text, source(subject=value), "html")
    elements = [one for one in Seen(said.html).elements if one[0] != "br"]
    assert [tag for tag, _ in elements] == ["p", "a", "a", "a", "img", "i"]
    for _tag, attributes in elements:
        assert set(attributes) <= {"title", "href", "src"}
    assert elements[1][1]["href"].startswith("https://x.example/")
    assert elements[2][1]["href"].partition(":")[0].lower() in {
        "http",
        "https",
        "mailto",
        elements[2][1]["href"].lower(),
    }
    assert "href" not in elements[3][1]


def test_a_value_may_be_a_whole_link():
    """Where a template puts one; what is no link leads nowhere."""
    text = "[open]({{ mail.subject }})"
    assert (
        'href="https://x.example/a?b=1&amp;c"'
        in rendered(text, source(subject="https://x.example/a?b=1&c"), "markdown").html
    )
    assert 'href="javascript%3Ax"' in rendered(text, source(subject="javascript:x"), "markdown").html
    assert (
        rendered(text, source(subject="https://x.example/ a"), "markdown").text
        == "open (https%3A%2F%2Fx.example%2F%20a)\n"
    )


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_a_value_in_a_url_means_nothing_there(form):
    """It adds no argument, no fragment and no path, in neither part."""
    link = "[a](https://x.example/{{ mail.subject }}?q=1)"
    text = link if form == "markdown" else "<a href='https://x.example/{{ mail.subject }}?q=1'>a</a>"
    said = rendered(text, source(subject="../b?c=d&e#f g"), form)
    url = "https://x.example/..%2Fb%3Fc%3Dd%26e%23f%20g?q=1"
    assert f'<a href="{url}">a</a>' in said.html
    assert said.text == f"a ({url})\n"


def test_a_script_that_joins_texts_escapes_values_all_the_same():
    """Macros, set blocks and `~` of an HTML text."""
    text = "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}{% set s %}<i>{{ mail.subject }}</i>{% endset %}{{ m(mail.subject) ~ s }}"
    assert rendered(text, source(subject="<u>"), "html").html == "<b>&lt;u&gt;</b><i>&lt;u&gt;</i>"


@pytest.mark.parametrize(
    "text", ["{{ mail.subject|safe }}", "{{ mail.subject|urlize }}", "{{ {}|xmlattr }}", "{{ mail|tojson }}"]
)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_nothing_makes_markup_of_a_value(text, form):
    """The filters that would are not there."""
    with pytest.raises(TemplateError, match="No filter"):
        rendered(text, form=form)


@pytest.mark.parametrize(
    "text",
    [
        "{% set x %}a{% endset %}{{ x }}",
        "{% macro m() %}{% endmacro %}",
        "{% filter upper %}{% endfilter %}",
        "{{ self.x() }}",
    ],
)
def test_markdown_makes_no_texts_for_itself(text):
    """What is joined before it is marked could be Markdown."""
    with pytest.raises(TemplateError, match="Markdown"):
        rendered(text, form="markdown")


@pytest.mark.parametrize("text", ["{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}"])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_no_template_reads_another(text, form):
    """There is nothing to read it from, and it is said."""
    with pytest.raises(TemplateError, match="read no others"):
        rendered(text, form=form)


@pytest.mark.parametrize(
    "text",
    [
        "{{ mail.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ mail._asked.source }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_nothing_leaves_the_sandbox(text, form):
    """What reaches into the program comes to nothing, or fails."""
    with suppress(TemplateError):
        assert not rendered(text, form=form).text.strip()


def test_both_parts_come_from_markdown():
    """Headings, lists, quotes, links, tables; a line's end is one."""
    text = "# Hi @{consumer}\n\nfirst\nsecond **bold**\n\n1. one\n2. two\n   * in\n\n> said\n\n[site](https://x.example) <https://y.example>\n"
    said = rendered(text, form="markdown")
    assert said.text == (
        "Hi Anna\n\nfirst\nsecond bold\n\n1. one\n2. two\n  - in\n\n> said\n\nsite (https://x.example) https://y.example\n"
    )
    assert "<h1>Hi Anna</h1>" in said.html
    assert '<a href="https://x.example">site</a>' in said.html


def test_loops_and_conditions_work_across_markdown():
    """They are done before the Markdown is read."""
    text = "{% for n in range(2) %}\n* item {{ n }}\n{% endfor %}\n{% if ticket.agent %}\n## {{ ticket.agent }}\n{% endif %}"
    said = rendered(text, form="markdown")
    assert said.html.count("<li>") == 2
    assert "<h2>bob</h2>" in said.html


def test_html_in_markdown_is_text():
    """It is written out, as its author sees it."""
    assert rendered("a <b>x</b>", form="markdown").html == "<p>a &lt;b&gt;x&lt;/b&gt;</p>\n"


def test_an_html_part_of_its_own_stands_beside():
    """The text is as it is, the HTML is cleaned."""
    said = rendered(
        "plain {{ ticket.number }}", html="<p onclick=x>{{ ticket.number }}<script>y</script></p>"
    )
    assert (said.text, said.html) == ("plain T-7", "<p>T-7</p>")
    assert rendered("# a", form="markdown", html="<i>b</i>").html == "<i>b</i>"


def test_a_subject_is_one_line():
    """Whatever its values hold."""
    said = rendered("x", source(subject="a\r\nBcc: b"), subject="RE: {{ mail.subject }}")
    assert said.subject == "RE: a Bcc: b"


def test_strangers_links_stay_out_of_every_part():
    """MAIL.md 3: the subject of somebody unknown is no link."""
    of = Made({**source().parts, "subject": "win at https://evil.example"}, stranger=True)
    for form in ("text", "markdown", "html"):
        said = rendered("{{ mail.subject }}", of, form, subject="{{ mail.subject }}")
        assert "evil" not in said.text + said.html + said.subject


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<script>x</script>a", "a"), ("<style>p{}</style>a", "a"), ("<svg onload=x><a>y</a></svg>b", "b"), ("<iframe src=x>y</iframe>b", "b"),
        ("<math><mi xlink:href=x></math>b", "b"), ("<p onclick=x>a</p>", "<p>a</p>"), ("<a href='javascript:x'>a</a>", "<a>a</a>"),
        ("<a href='JaVa\tScript:x'>a</a>", "<a>a</a>"), ("<a href=' data:text/html,x'>a</a>", "<a>a</a>"), ("<a href='//x.example'>a</a>", "<a>a</a>"),
        ("<a href='/x'>a</a>", "<a>a</a>"), ("<a href='ftp://x'>a</a>", "<a>a</a>"), ("<a href='mailto:a@x.example'>a</a>", None),
        ('<a href="https://x.example/?a=1&amp;b">a</a>', None), ('<img src="cid:logo.png" alt="Logo">', None), ("<img src=x onerror=y>", "<img>"),
        ("<p style='color:red;position:fixed'>a</p>", '<p style="color:red">a</p>'), ("<p style='background-color:url(http://x)'>a</p>", "<p>a</p>"),
        ("<p style='width:expression(x)'>a</p>", "<p>a</p>"), ("<form action=x><input name=y>a</form>", "a"), ("<!-- x -->a", "a"), ("<base href=x>a", "a"),
        ("<b>a", "<b>a</b>"), ("<meta http-equiv=refresh content=x>a", "a"), ("<object data=x>y</object>a", "a"), ("<link rel=stylesheet href=x>a", "a"),
        ("<p class=x id=y>a</p>", "<p>a</p>"), ("a & b < c", "a &amp; b &lt; c"), ("<![CDATA[<script>x</script>]]>a", "x]]&gt;a"),
        ("<table bgcolor='#fff'><tbody><tr><td colspan='2'>a</td></tr></tbody></table>", '<table bgcolor="#fff"><tbody><tr><td colspan="2">a</td></tr></tbody></table>'),
    ],
)  # fmt: skip
def test_html_is_cleaned(dirty, clean):
    """A short list of elements, attributes and schemes; None: it is as it was."""
    found = cleaned(dirty)
    if clean is not None and "CDATA" not in dirty:
        assert found == clean.replace("'", '"')
    elif clean is None:
        assert found == dirty.replace("'", '"')
    assert cleaned(found) == found
    for tag, attributes in Seen(found).elements:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set())


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 200,
        "{% for i in range(9000) %}<div>{% endfor %}",
        "x{% for i in range(9000) %}{{ '' }}{% for j in range(90) %}x{% endfor %}{% endfor %}",
    ],
)
def test_too_much_markup_is_a_fault_of_the_template(text):
    """Cleaning is quadratic in depth: deep or huge texts fail at once."""
    with pytest.raises(TemplateError, match=r"deep|KiB"):
        rendered(text, form="html")


def test_deep_markdown_has_an_end():
    """Quotes in quotes, lists in lists: the reader of Markdown stops by itself."""
    assert len(rendered("> " * 500 + "x", form="markdown").html) < 5000
