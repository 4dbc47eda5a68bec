"""Tags of other desks: each of them, in all formats, with its line; a value is never one (G19, S9, W3)."""

from dataclasses import replace

import pytest
from textkit import CONTACT, QUEUE, TICKET, Made, entry, reads, rendered, source

from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.replymark import find_mark, reply_above
from mailgate.domain.routing import Agent, Template
from mailgate.domain.ticket import find_numbers
from mailgate.texts.check import complaints
from mailgate.texts.tags import BRACED, HELPDESK, SERIAL, expressions

ALL = [
    *(f"@{{{name}}}" for name in BRACED), *(f"$helpdesk-{name}$" for name in HELPDESK), *(f"SERIAL_{n}" for n in SERIAL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "english", "german"),
    [
        ("@{consumer}", "Anna", "Anna"),
        ("@{agent}", "Bob", "Bob"),
        ("@{date}", "18 December 2026", "18.12.2026"),
        ("@{time}", "15:30", "15:30"),
        ("@{queue}", "support", "support"),
        ("@{company}", "Example Support", "Example Support"),
        ("@{next_working_date}", "21 December 2026", "21.12.2026"),
        ("@{ticket_id}", "T-7", "T-7"),
        ("$helpdesk-ticket_no$", "T-7", "T-7"),
        ("$helpdesk-comments$", "", ""),
        ("$helpdesk-replyabove$", reply_above("en"), reply_above("de")),
        ("SERIAL_SALUTATION", "Hello", "Guten Tag"),
    ],
)
def test_each_tag_has_its_value(tag, english, german):
    """As it is written there, in the language of whoever reads it."""
    assert rendered(f"<{tag}>").text == f"<{english}>"
    assert rendered(f"<{tag}>", reads("de-AT")).text == f"<{german}>"


@pytest.mark.parametrize("tag", ALL)
@pytest.mark.parametrize("form", ["markdown", "html"])
def test_each_tag_says_the_same_in_each_format(tag, form):
    """A tag in Markdown or HTML is what it is in plain text."""
    said = rendered(f"a {tag} b", form=form)
    plain = rendered(f"a {tag} b").text.split()
    assert said.text.split() == plain
    assert said.html.replace("<p>", "").replace("</p>", "").split() == plain


def test_the_company_is_a_setting_else_the_sender():
    """`@{company}` is our own; the customer's is `contact.company`."""
    of = Made()
    of.catalogue = replace(of.catalogue, desk=DeskPolicy(company="Example Ltd"))
    assert rendered("@{company} {{ contact.company }}", of).text == "Example Ltd Berg AG"
    assert rendered("@{company}", Made(where=replace(QUEUE, from_name=""))).text == "support"


def test_the_next_working_date_knows_hours_and_holidays():
    """Friday, then a weekend and a Monday that is a holiday: Tuesday."""
    of = Made(where=replace(QUEUE, holidays=("2026-12-21",)))
    assert rendered("@{next_working_date}", of).text == "22 December 2026"


def test_the_date_is_the_queues():
    """Half past eleven at night in London is the next day in Berlin."""
    of = Made(now=Made().now.replace(hour=23))
    assert rendered("@{date} @{time}", of).text == "19 December 2026 00:30"


@pytest.mark.parametrize(
    ("name", "mail", "first"),
    [
        ("Anna Berg", "", "Anna"), ("Berg, Anna", "", "Anna"), ("Dr. Anna Berg", "", "Anna"), ("Prof. Dr. Anna", "", "Anna"),
        ("Anna", "", "Anna"), ("", "Anna Berg", "Anna"), ("anna@customer.example", "", ""), ("Dr.", "", ""), ("", "", ""),
        ("Berg,", "", "Berg"),
    ],
)  # fmt: skip
def test_the_consumer_is_a_first_name(name, mail, first):
    """Of the contact, else of the mail; an address or a title is none."""
    of = source(from_name=mail)
    of.who = replace(CONTACT, name=name)
    assert rendered("@{consumer}", of).text == first


def test_nobody_in_charge_is_nobodys_name():
    """A ticket without an agent."""
    assert rendered("<@{agent}>", Made(writer=Agent(""))).text == "<>"


def test_the_salutation_is_personal_where_there_is_one():
    """W3; whoever renders may say another fallback."""
    of = Made(who=replace(CONTACT, salutation="Dear Ms Berg"))
    assert rendered("SERIAL_SALUTATION,", of).text == "Dear Ms Berg,"


def test_tags_stand_beside_expressions_and_blocks():
    """Text of another desk may be mixed with our own."""
    text = "{% block head %}Hi @{consumer}{% endblock %}{% if ticket.agent %} from @{agent}{% endif %}\n{{ ticket.number }}"
    assert rendered(text).text == "Hi Anna from Bob\nT-7"


def test_what_a_value_brings_is_no_tag():
    """A subject full of tags is shown as it was written."""
    subject = "@{agent} $helpdesk-comments$ SERIAL_SALUTATION {{ ticket.number }}"
    assert rendered("{{ mail.subject }}", source(subject=subject)).text == subject


def test_raw_blocks_and_expressions_keep_a_tag():
    """There is a way to write one; a string in an expression is no tag either."""
    assert (
        rendered("{% raw %}@{agent}{% endraw %} {{ 'SERIAL_SALUTATION' }}").text
        == "@{agent} SERIAL_SALUTATION"
    )


def test_lines_stay_where_they_were():
    """So that a mistake is told with the line that its author sees."""
    text = "@{consumer}\n\n$helpdesk-comments$\r\nSERIAL_SALUTATION\n"
    assert expressions(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n@{consumr}", "text line 2: there is no tag @{consumr}, did you mean @{consumer}?"),
        (
            "$helpdesk-tickt_no$",
            "text line 1: there is no tag $helpdesk-tickt_no$, did you mean $helpdesk-ticket_no$?",
        ),
        (
            "\n\nSERIAL_SALUTATON",
            "text line 3: there is no tag SERIAL_SALUTATON, did you mean SERIAL_SALUTATION?",
        ),
        ("@{}", "text line 1: there is no tag @{}, there are @{agent}, @{company}, "),
        ("{{ ticket.number }} @{Agent}", "text line 1: there is no tag @{Agent}, did you mean @{agent}?"),
    ],
)
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_an_unknown_tag_is_told_with_line_and_suggestion(text, said, form):
    """In each format; and the template still renders what was stored once, as it is written."""
    found = [
        f"{part} line {line}: {message}"
        for part, line, message in complaints(Template("t", "", text, format=form))
    ]
    assert len(found) == 1
    assert found[0].startswith(said)
    assert rendered(text).text.strip().endswith(text.split()[-1])


@pytest.mark.parametrize(
    "text", ["mail me @ {home}", "a@{", "$helpdesk-", "$helpdesk$", "serial_salutation", "XSERIAL_SALUTATION"]
)
def test_what_looks_like_a_tag_and_is_none(text):
    """No mistake, and no value."""
    assert not list(complaints(Template("t", "", text)))
    assert rendered(text).text == text


def test_the_comments_are_the_conversation_newest_first():
    """Mails in and out, with who and when; what agents note for each other is not among them."""
    of = Made(
        said=(
            entry(1, "incoming", "anna@customer.example", "It burns.\n"), entry(2, "comment", "bob", "SECRET one"),
            entry(3, "note", "workflow x", "SECRET two"), entry(4, "answer", "bob", "Water!"),
            entry(5, "incoming", "eve@elsewhere.example", "SECRET three", unverified=True),
            entry(6, "change", "bob", "SECRET four"), entry(7, "answer", "gone", "We have it."), entry(8, "answer", "x", " "),
            entry(9, "answer", "support:3", "SECRET five", rule="support:3"),
        )
    )  # fmt: skip
    assert rendered("$helpdesk-comments$", of).text == (
        "18 December 2026 08:00, Example Support:\nWe have it.\n\n18 December 2026 05:00, Bob Stone:\nWater!\n\n"
        "18 December 2026 02:00, anna@customer.example:\nIt burns."
    )


def test_comments_in_html_keep_their_lines():
    """And nothing in them is HTML."""
    of = Made(said=(entry(1, "incoming", "a@x.example", "<b>\nnext"),))
    assert (
        "a@x.example:<br>\n&lt;b&gt;<br>\nnext" in rendered("<div>$helpdesk-comments$</div>", of, "html").html
    )


def test_comments_to_a_stranger_carry_no_links_of_the_customers():
    """What somebody wrote to us must not come to anybody from our address; what an agent wrote may."""
    said = (
        entry(1, "incoming", "a", "buy https://evil.example"),
        entry(2, "answer", "bob", "see https://docs.example"),
    )
    text = rendered("$helpdesk-comments$", Made(said=said, stranger=True)).text
    assert "evil" not in text
    assert "https://docs.example" in text


def test_comments_have_an_end():
    """A long conversation does not fill every answer."""
    said = tuple(entry(n, "incoming", "a", f"{n} " + "x" * 9000) for n in range(60))
    text = rendered("$helpdesk-comments$", Made(said=said)).text
    assert len(text) < 45_000
    assert "59 x" in text


def test_the_reply_mark_is_found_again():
    """By whoever reads the answer."""
    for form in ("text", "markdown", "html"):
        said = rendered("$helpdesk-replyabove$\n\nHello", reads("de"), form)
        assert find_mark(said.text) == 0


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Ticket $helpdesk-ticket_no$ came", "Ticket [#T-7] came"),
        ("[$helpdesk-ticket_no$] x", "[#T-7] x"),
        ("[#$helpdesk-ticket_no$] x", "[#T-7] x"),
        ("[ # $helpdesk-ticket_no$ ] x", "[#T-7] x"),
        ("Ticket #$helpdesk-ticket_no$", "Ticket [#T-7]"),
        ("[x $helpdesk-ticket_no$]", "[x [#T-7]]"),
        ("{% raw %}$helpdesk-ticket_no${% endraw %}", "$helpdesk-ticket_no$"),
    ],
)
def test_the_number_in_a_subject_is_what_answers_find_the_ticket_by(subject, said):
    """S9: however the other desk enclosed it; in the text it is the number alone."""
    found = rendered("$helpdesk-ticket_no$", subject=subject)
    assert (found.subject, found.text) == (said, "T-7")
    if "raw" not in subject:
        assert [one.number for one in find_numbers(said)] == ["T-7"]


def test_a_subject_without_a_ticket_has_no_empty_number():
    """A mail that opened none."""
    of = Made(about=replace(TICKET, number=""))
    assert (
        rendered("x", of, subject="Ticket $helpdesk-ticket_no$: {{ mail.subject }}").subject
        == "Ticket : Printer on fire"
    )
