"""reply: a template or a text to the envelope sender, by the gate (W3, W7, G18)."""

import pytest
from actionworld import ANNA, EVE, draft, entry, found, known, mail, notes, only, plan_of

from mailgate.actions import reply
from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.actions.reply import Reply
from mailgate.domain.effects import AddEntry, EntryKind, OpenTicket, Send, Suppressed
from mailgate.domain.routing import Catalogue, Template


def answer(action, world=None, *, ticket: bool = False, **options):
    """Return the plan after this reply; with `ticket` the mail opens one first."""
    plan = plan_of(world=world, **options)
    if ticket:
        plan_ticket(plan, TicketWish(), "support:1")
    reply.plan(plan, action)
    return plan


def test_a_template_is_rendered_with_the_new_ticket():
    """The template sees the ticket that this very run opens, and subject, text and HTML are its own."""
    plan = answer(Reply(template="received"), ticket=True)
    number = only(plan, OpenTicket).number
    one = draft(plan)
    assert one.subject == f"RE: [#{number}] Printer on fire"
    assert f"your number is {number}." in one.text
    assert one.html == "<p>Hello, Anna Berg</p>"


def test_the_answer_is_recorded_in_the_ticket():
    """A reply about a ticket is an entry with the Message-ID that a follow-up will name (G18)."""
    plan = answer(Reply(template="received"), ticket=True)
    sent = only(plan, Send)
    assert sent.entry is not None
    assert sent.entry.kind is EntryKind.ANSWER
    assert sent.entry.message_id == sent.draft.message_id
    assert sent.ticket_id == only(plan, OpenTicket).ticket_id
    assert entry(plan).kind is EntryKind.INCOMING


def test_without_a_ticket_nothing_is_recorded():
    """A reply alone sends a mail and touches no ticket."""
    plan = answer(Reply(text="We have it."))
    assert only(plan, Send).entry is None
    assert not found(plan, AddEntry)


def test_a_template_without_subject_answers_the_mails_subject():
    """Where neither template nor rule names a subject it is `RE:`, the ticket's tag and the original (G18, S9)."""
    plan = answer(Reply(template="bare"), ticket=True)
    assert draft(plan).subject == f"RE: [#{only(plan, OpenTicket).number}] Printer on fire"
    assert draft(answer(Reply(template="bare"))).subject == "RE: Printer on fire"


def test_the_salutation_is_the_contacts_else_the_fallback_of_the_rule(world):
    """A contact is greeted personally, anyone else with `:salutation_fallback`, else plainly (W3)."""
    stranger = Reply(template="received", salutation_fallback="Dear customer")
    assert draft(answer(stranger, ticket=True)).text.startswith("Dear customer,")
    assert draft(answer(Reply(template="received"), ticket=True)).text.startswith("Hello,")
    known(world, salutation="Dear Mrs Berg")
    assert draft(answer(stranger, world, ticket=True)).text.startswith("Dear Mrs Berg,")


def test_an_unknown_template_is_noted_and_the_mail_goes_on():
    """A template that is gone by now sends nothing, and the trace says which."""
    plan = plan_of()
    assert reply.plan(plan, Reply(template="gone")) == "no-template"
    assert plan.effects == []
    assert next(notes(plan, "answer"))["template"] == "gone"


def test_a_failing_template_is_noted_and_the_mail_goes_on():
    """An error while a template is rendered sends nothing, and the trace says why."""
    plan = plan_of()
    assert reply.plan(plan, Reply(template="broken")) == "template-failed"
    assert plan.effects == []
    assert next(notes(plan, "answer"))["error"]


@pytest.mark.parametrize(
    "source", ["{{ 1 // 0 }}", "{{ [1][7].x }}", "{{ 'a' + 1 }}", "{{ nothing.at.all }}"]
)
def test_whatever_a_template_computes_wrongly_stays_its_own_fault(source):
    """Errors of arithmetic and types in a template never give the mail back to the client."""
    catalogue = Catalogue(templates={"t": Template("t", "", source)})
    assert reply.plan(plan_of(catalogue=catalogue), Reply(template="t")) == "template-failed"


def test_a_rules_own_html_and_subject_beat_the_templates():
    """What the rule says stands over what the template has."""
    one = draft(answer(Reply(template="received", subject="Mine", html="<b>mine</b>")))
    assert (one.subject, one.html) == ("Mine", "<b>mine</b>")


def test_a_null_sender_is_not_answered():
    """Row 1 of the gate, seen here already: no draft, and the reason is stored like the gate's."""
    plan = plan_of(mail(sender=""))
    assert reply.plan(plan, Reply(text="Thanks")) == "no-sender"
    assert not found(plan, Send)
    assert only(plan, Suppressed).reason == "null-sender"


def test_only_the_envelope_sender_is_answered():
    """Neither From nor Reply-To can send our answer to somebody else (MAIL.md 3)."""
    one = mail(sender=EVE, reply_to="victim@bank.example")
    plan = answer(Reply(text="Thanks"), one=one)
    assert draft(plan).to_address == EVE
    assert only(plan, Send).envelope_from == ""


@pytest.mark.parametrize(
    ("action", "period"),
    [(Reply(text="x"), 3600), (Reply(text="x", period_s=0), 0), (Reply(text="x", period_s=86400), 86400)],
)
def test_the_period_is_the_rules_else_the_policys(action, period):
    """Row 11: what the rule says counts, also 0 for every mail (W3); else the setting."""
    assert only(answer(action), Send).period_s == period


def test_the_period_counts_per_place_or_per_handle():
    """Two replies of a script have a period each, unless they share a handle."""
    first = only(answer(Reply(text="x")), Send).period_key
    shared = {only(answer(Reply(text=text, handle="h")), Send).period_key for text in ("a", "b")}
    assert shared == {"reply:h:anna@customer.example"}
    assert first == "reply:support@example.org:support:0:anna@customer.example"


def test_two_answers_to_one_mail_have_two_message_ids():
    """Each mail of ours has an id of its own, and a replay makes the same ones."""
    plan = plan_of()
    for text in ("a", "b"):
        reply.plan(plan, Reply(text=text))
    ids = [one.draft.message_id for one in found(plan, Send)]
    assert len(set(ids)) == 2
    assert draft(answer(Reply(text="a"))).message_id == ids[0]


def test_the_text_of_a_rule_is_no_template():
    """Braces that a mail brings into a reply by a variable stay what they are: no template is run."""
    assert draft(answer(Reply(text="You wrote: {{ 7*7 }}"))).text == "You wrote: {{ 7*7 }}"


def test_a_strangers_link_stays_out_of_a_text_while_ours_stays():
    """A link of the mail that a variable brought in goes, the rule author's own does not."""
    lure = mail(subject="see www.evil.example/a?b=1", sender=EVE, **{"from": f"spam.example <{EVE}>"})
    action = Reply(
        text="Your SEE WWW.EVIL.EXAMPLE/A?B=1: help at https://help.example.org", subject="Re: spam.example"
    )
    one = draft(answer(action, one=lure))
    assert one.text == "Your SEE …: help at https://help.example.org"
    assert one.subject == "Re: …"


def test_a_forged_from_of_a_contact_opens_no_way_for_links(world):
    """The answer goes to the envelope sender: a contact's From beside it vouches for nothing."""
    known(world)
    lure = mail(subject="go to evil.example", sender="victim@bank.example")
    assert draft(answer(Reply(template="bare"), world, one=lure)).subject == "RE: go to …"


def test_a_contacts_subject_stays_whole_when_it_opens_a_ticket(world):
    """A known sender's subject keeps its links, also where the mail opens a ticket of his."""
    known(world)
    one = mail(subject="shop.example is down")
    plan = answer(Reply(template="received"), world, one=one, ticket=True)
    assert draft(plan).subject.endswith("shop.example is down")


def test_an_answer_refers_to_the_mail():
    """In-Reply-To and References tie it to the conversation (RFC 5322 3.6.4)."""
    one = draft(answer(Reply(text="x"), one=mail(references="<a@x> <b@x>")))
    assert one.in_reply_to == "<m1@customer.example>"
    assert one.references == ("<a@x>", "<b@x>", "<m1@customer.example>")
    assert one.to_address == ANNA
