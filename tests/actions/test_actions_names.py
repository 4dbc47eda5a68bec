"""The values that scripts and templates may name, and the form that all automatic answers share."""

import contextlib
from dataclasses import replace

import pytest
from actionworld import ANNA, CATALOGUE, EVE, HOST, KEYS, NOW, ROUTE, draft, known, mail, only, plan_of
from jinja2 import TemplateError

from mailgate.actions import reply
from mailgate.actions._answer import Answer, plan_answer
from mailgate.actions._contacts import open_contact
from mailgate.actions._names import PlanSource, is_stranger, value
from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.automatic import automatic_headers
from mailgate.domain.effects import AddEntry, EntryKind, Send
from mailgate.domain.ports import EntryView
from mailgate.domain.routing import Template
from mailgate.domain.token import LOOP_HEADER, is_own_mark, read
from mailgate.texts.names import FACTS, NAMES
from mailgate.texts.names import value as value_of
from mailgate.texts.render import render_template
from mailgate.texts.safe import without_links


def test_every_name_has_a_value_in_every_plan(world):
    """Each name answers with text, whatever the plan already holds: no ticket, no contact, no queue."""
    empty = plan_of(mail(sender="", **{"from": ""}), world, route=type(plan_of().route)("x@example.org"))
    full = plan_of(world=world)
    plan_ticket(full, TicketWish(), "support:1")
    for plan in (empty, full):
        found = [value_of(PlanSource(plan), space, name) for space, names in NAMES.items() for name in names]
        assert all(isinstance(one, str) for one in found)


def test_scripts_and_templates_mean_the_same(world):
    """What scripts may name is a part of what templates may, with the same values."""
    plan = plan_of(world=world)
    for space, names in FACTS.items():
        for name in names:
            assert value(plan, space, name) == value_of(PlanSource(plan), space, name)


@pytest.mark.parametrize(
    ("space", "name"),
    [("ticket", "password"), ("nothing", "x"), ("mail", "__class__"), ("ticket", "comments")],
)
def test_what_is_not_listed_has_no_value(space, name):
    """A name that the table does not hold is none; nothing of the program can be reached by a name."""
    assert value(plan_of(), space, name) is None


def test_values_come_from_mail_ticket_contact_and_queue(world):
    """The names say what they promise, before and after a ticket is planned."""
    known(world, company="Berg AG", language="de", type="vip")
    plan = plan_of(world=world)
    assert value(plan, "queue", "name") == "support"
    plan_ticket(plan, TicketWish(queue="orders", priority="high", agent="bob"), "support:1")
    want = {
        ("mail", "subject"): "Printer on fire", ("mail", "from"): "anna@customer.example",
        ("mail", "from_name"): "Anna Berg", ("mail", "to"): "support@example.org",
        ("mail", "id"): "<m1@customer.example>", ("ticket", "number"): "T-1", ("ticket", "status"): "open",
        ("ticket", "priority"): "high", ("ticket", "agent"): "bob", ("contact", "company"): "Berg AG",
        ("contact", "language"): "de", ("contact", "type"): "vip", ("queue", "address"): "orders@example.org",
        ("queue", "language"): "de", ("now", "date"): "2025-07-01", ("now", "time"): "12:00",
    }  # fmt: skip
    assert {key: value(plan, *key) for key in want} == want


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Printer on fire", "Printer on fire"),
        ("see https://evil.example/a?b now", "see … now"),
        ("see www.evil.example now", "see … now"),
        ("mailto:x@evil.example", "…"),
        ("go to evil.example/path now", "go to … now"),
        ("evil.example:8080", "…"),
        ("пример.рф und ü", "… und ü"),
        ("version 3.11 of it", "version 3.11 of it"),
        ("Re: it is 12:30", "Re: it is 12:30"),
    ],
)
def test_everything_that_could_be_clicked_goes(text, shown):
    """Links in any form become one character; numbers, times and prefixes stay."""
    assert without_links(text) == shown


def test_a_contact_made_by_this_very_mail_is_a_stranger_still(world):
    """Opening a contact does not make its author known: it is this mail that speaks."""
    plan = plan_of(world=world)
    open_contact(plan)
    assert is_stranger(plan)
    known(world)
    assert not is_stranger(plan_of(world=world))
    assert is_stranger(plan_of(mail(sender=EVE), world))


def rendered(plan, text):
    """Return what a text becomes."""
    return render_template(Template("t", "", text), PlanSource(plan)).text


def test_a_template_cannot_leave_its_sandbox():
    """What reaches into the program fails to render instead of running."""
    for source in ("{{ mail.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ mail._plan.policy.keys }}"):
        said = ""
        with contextlib.suppress(TemplateError):
            said = rendered(plan_of(), source)
        assert said == ""


def test_html_escapes_what_a_mail_brings():
    """In HTML a value is escaped; in plain text it is as it is."""
    said = render_template(
        Template("t", "", "{{ mail.subject }}", "{{ mail.subject }}"),
        PlanSource(plan_of(mail(subject="<b>&"))),
    )
    assert (said.text, said.html) == ("<b>&", "&lt;b&gt;&amp;")


def test_a_value_is_never_template_source():
    """A subject that looks like a template is shown, not run."""
    assert rendered(plan_of(mail(subject="{{ 7*7 }}")), "Re: {{ mail.subject }}") == "Re: {{ 7*7 }}"


def test_every_answer_tells_machines_not_to_answer():
    """The four fields of MAIL.md 3, with a loop mark that we know again."""
    headers = dict(automatic_headers(plan_of().policy, "auto-replied"))
    assert headers["Auto-Submitted"] == "auto-replied"
    assert headers["Precedence"] == "bulk"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert is_own_mark(KEYS, "gate", headers[LOOP_HEADER])


def test_the_message_id_holds_the_token_of_the_ticket(world):
    """An answer to our mail is recognised by the Message-ID that it names."""
    plan = plan_of(world=world)
    plan_ticket(plan, TicketWish(), "support:1")
    assert plan_answer(plan, Answer("Thanks"), "support:2", period_key="k", period_s=60) == "planned"
    token = read(KEYS, draft(plan).message_id)
    assert (token.ticket_id, token.session_id) == (plan.ticket.ticket_id, plan.ticket.session_id)
    assert draft(plan).message_id.endswith(f"@{HOST}>")
    assert only(plan, Send).period_key == "k:anna@customer.example"


def conversation(world, sender=ANNA, *, contact=True):
    """Return what `ticket.comments` says in an answer to a mail that joins ticket 5, where something was said."""
    world.add_ticket(5, ANNA)
    if contact:
        known(world, sender)
    at = int(NOW.timestamp() * 1000)
    world.said[5] = [EntryView(1, 5, 105, at, "answer", "bob", "Water!", "", False, "", "", "")]
    plan = plan_of(mail(sender=sender, **{"from": sender}), world)
    plan.ticket = world.ticket(5)
    plan.add(AddEntry(2, 5, 105, EntryKind.INCOMING, sender, "It helps.", with_message=True))
    return rendered(plan, "$helpdesk-comments$")


def test_a_participant_reads_the_conversation_with_his_own_mail(world):
    """S9: the newest first."""
    assert conversation(world) == (
        "1 July 2025 12:00, anna@customer.example:\nIt helps.\n\n1 July 2025 12:00, Example Support:\nWater!"
    )


def test_nobody_else_reads_the_conversation(world):
    """Whoever joined by a token alone gets nothing of it; nor does a stranger get his own mail back."""
    assert conversation(world, EVE) == ""
    stranger = type(world)()
    stranger.participants.add((5, EVE))
    assert conversation(stranger, EVE, contact=False) == ""


def test_a_rule_names_the_template_and_queue_and_language_choose(world):
    """`received` is the queue's own, in the customer's language (G13, G18)."""
    texts = ("received", "received.de", "shop-received")
    catalogue = replace(
        CATALOGUE,
        templates={name: Template(name, "", name) for name in texts},
        queues={
            "support": replace(CATALOGUE.queues["support"], template_set="shop-"),
            "orders": CATALOGUE.queues["orders"],
        },
    )

    def answer(queue, language):
        world.contacts.clear()
        known(world, language=language)
        plan = plan_of(world=world, catalogue=catalogue, route=replace(ROUTE, queue=queue))
        reply.plan(plan, reply.Reply(template="received"))
        return draft(plan).text

    assert [answer(q, lang) for q in ("support", "orders") for lang in ("de", "fr")] == [
        "shop-received", "shop-received", "received.de", "received.de",
    ]  # fmt: skip


def test_a_scripts_own_html_is_cleaned():
    """What a variable brings into `:html` runs nowhere."""
    plan = plan_of(mail(subject="x"))
    reply.plan(plan, reply.Reply(text="x", html="<b onclick=x>y</b><script>z</script>"))
    assert draft(plan).html == "<b>y</b>"
