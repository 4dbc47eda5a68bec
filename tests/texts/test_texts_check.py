"""A template is checked before it is stored: everything that is wrong, with part, line and suggestion."""

import pytest

from mailgate.domain.routing import Template
from mailgate.texts.check import complaints
from mailgate.texts.names import NAMES

TICKET = ", ".join(f"ticket.{name}" for name in NAMES["ticket"])


def said(text: str = "x", subject: str = "", html: str = "", **more: object) -> list[str]:
    """Return the complaints as people read them."""
    found = complaints(Template("t", subject, text, html, **more))
    return [f"{part} {line}: {message}" for part, line, message in found]


def test_everything_is_told_at_once():
    """Names, tags, recipients and the format of one template."""
    assert said(
        "{{ mail.subjekt }}\n@{agnt}\n{{ foo }}", "{{ ticket }}", format="markdwn", recipients=("contcat", "a b@x.example", "x@example.org", "agent")
    ) == [
        "format 0: 'markdwn' is none, write text, markdown, html, did you mean markdown?",
        f"subject 1: ticket has no value of its own, name one of {TICKET}",
        "text 1: there is no mail.subjekt, did you mean mail.subject?",
        "text 2: there is no tag @{agnt}, did you mean @{agent}?",
        "text 3: there is no foo",
        "recipients 0: 'contcat' is nobody, write contact, agent, group or an address, did you mean contact?",
        "recipients 0: 'a b@x.example' is no address that mail can be sent to",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "form", "complaint"),
    [
        ("a\n{{ broken", "text", "text 2: unexpected end of template"),
        ("{% if x %}", "text", "text 1: Unexpected end of template"),
        ("{{ 1|shout }}", "text", "text 1: No filter named 'shout'."),
        ("{{ 1|safe }}", "html", "text 1: No filter named 'safe'."),
        ("{% set x %}{% endset %}", "markdown", "text 1: there are no macros and no set blocks in Markdown"),
        ("\n{% include 'y' %}", "html", "text 2: templates read no others"),
        ("<script>x</script>", "html", "text 0: nothing is left of it"),
        ("<div>" * 200, "html", "text 0: has elements in one another more than 100 deep"),
        ("{{ contact['nam'] }}", "html", "text 1: there is no contact.nam, did you mean contact.name?"),
    ],
)
def test_what_could_never_be_sent(text, form, complaint):
    """Syntax, what mails must not use, and what the cleaner would leave nothing of."""
    assert any(one.startswith(complaint) for one in said(text, format=form)), said(text, format=form)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_is_right_is_not_complained_of(form):
    """Blocks, loops, own variables, filters, every name."""
    text = (
        "{% block a %}{{ salutation }}{% endblock %}{% set x = contact.first_name or 'you' %}{{ x|upper }}{% for i in range(2) %}{{ i }}"
        "{% endfor %}{{ agent.name }}{{ company.name }}{{ now.next_working_date }}{{ reply_above }}{{ ticket.comments }}"
    )
    assert (
        said(
            text, "{{ mail.subject }}", format=form, recipients=("contact", "agent", "group", "x@example.org")
        )
        == []
    )


def test_the_html_part_is_checked_too():
    """Beside a text that is none."""
    assert said("x", html="\n{{ tiket.number }}") == ["html 2: there is no tiket, did you mean ticket?"]
