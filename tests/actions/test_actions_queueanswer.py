"""The queue's automatic answers: which occasion a mail is, who else may have answered, what it is counted by (G18)."""

from dataclasses import replace

import pytest
from actionworld import ANNA, CATALOGUE, EVE, draft, found, known, mail, notes, only, plan_of, sent
from domainworld import person

from mailgate.actions import reply
from mailgate.actions._queueanswer import Occasion, answer_by_queue
from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.actions.reply import Reply
from mailgate.domain.effects import Refuse, Send
from mailgate.domain.routing import Queue, Template

DAY_MS = 86_400_000
ANSWERS = {one.value: one.value.removeprefix("answer_") for one in Occasion}
QUEUE = Queue("support", "support@example.org", "Example Support", answer_from="no@example.org", **ANSWERS)
ANSWERING = replace(
    CATALOGUE,
    queues={"support": QUEUE, "orders": Queue("orders", "orders@example.org")},
    templates={name: Template(name, "", f"{name}\n") for name in ANSWERS.values()}
    | {"broken": CATALOGUE.templates["broken"]},
)


def joined(world, state: str, age_days: float = 1.0, *, catalogue=ANSWERING, sender: str = ANNA):
    """Return the plan after a mail has joined a ticket whose session was in this state for so long."""
    ticket = world.add_ticket(7, ANNA)
    at = int((world.now.timestamp() * 1000) - age_days * DAY_MS)
    world.tickets[7] = replace(ticket, session_state=state, session_ms=at)
    own = sent(world, 7)
    world.references[own] = [7]
    plan = plan_of(
        mail(person(**{"in_reply_to": own, "from": sender}), sender=sender), world, catalogue=catalogue
    )
    assert plan_ticket(plan, TicketWish(), "support:1") == "joined"
    answer_by_queue(plan)
    return plan


def opened(catalogue=ANSWERING, **more):
    """Return the plan after a mail has opened a ticket."""
    plan = plan_of(catalogue=catalogue, **more)
    plan_ticket(plan, TicketWish(), "support:1")
    return plan


def said(plan) -> str:
    """Return what the one answer says, "" for none."""
    return draft(plan).text.strip() if found(plan, Send) else ""


@pytest.mark.parametrize(
    ("state", "days", "answer"),
    [
        ("closed", 1, "closed"),
        ("closed", 31, "new"),
        ("paused", 1, "paused"),
        ("paused", 40, "paused"),
        ("active", 14.9, ""),
        ("active", 15, "inactive"),
        ("reopened", 15, "inactive"),
        ("reopened", 1, ""),
        ("resolved", 20, ""),
        ("unopened", 20, ""),
    ],
)
def test_the_session_before_the_mail_says_which_answer_it_is(world, state, days, answer):
    """Closed for good is a new conversation; resolved and unopened sessions have no answer of their own."""
    assert said(joined(world, state, days)) == answer


def test_the_first_mail_is_answered_from_the_queues_own_sender():
    """With `RE: ` and the subject; answers go to the queue."""
    plan = opened()
    answer_by_queue(plan)
    one = draft(plan)
    assert (one.text, one.from_address, one.from_name) == ("new\n", "no@example.org", "Example Support")
    assert (one.reply_to, one.subject) == ("support@example.org", "RE: [#T-1] Printer on fire")
    assert only(plan, Send).entry.author == "queue support:answer_new"


def test_a_queue_without_answers_costs_nothing():
    """No effect, no note."""
    plan = opened(CATALOGUE)
    before = list(plan.effects), list(plan.notes)
    answer_by_queue(plan)
    assert (plan.effects, plan.notes) == before


def test_an_occasion_without_a_template_is_not_answered(world):
    """Each of the four is switched on by itself."""
    some = replace(ANSWERING, queues={"support": replace(QUEUE, answer_closed="")})
    assert said(joined(world, "closed", catalogue=some)) == ""


@pytest.mark.parametrize("what", ["reply", "refuse"])
def test_what_the_script_has_said_is_the_only_answer(what):
    """A reply of the script, or a refusal, keeps the queue's answer out; the trace has the reason."""
    plan = opened()
    if what == "reply":
        reply.plan(plan, Reply(text="mine"))
    else:
        plan.add(Refuse(550, "5.7.1", "no"))
    answer_by_queue(plan)
    assert len(found(plan, Send)) == (what == "reply")
    (note,) = notes(plan, "queue-answer")
    assert note["refused"] == ("the script has answered" if what == "reply" else "the mail is refused")


def test_whoever_joined_by_a_token_alone_is_not_answered(world):
    """Somebody who is not confirmed learns nothing of the ticket by an answer."""
    plan = joined(world, "closed", sender=EVE)
    assert not found(plan, Send)
    assert [note["refused"] for note in notes(plan, "queue-answer")] == ["the sender is not confirmed"]


def test_a_template_that_fails_keeps_the_mail_going():
    """There is no answer then, and the trace says why."""
    for name, why in (("broken", "template failed"), ("gone", "no such template")):
        some = replace(ANSWERING, queues={"support": replace(QUEUE, answer_new=name)})
        plan = opened(some)
        answer_by_queue(plan)
        assert not found(plan, Send)
        assert [note["refused"] for note in notes(plan, "queue-answer")] == [why]


def test_new_conversations_count_by_sender_and_the_rest_by_change_of_state(world):
    """MAIL.md 3 row 11: one acknowledgement an hour to a sender; a second closing is answered again."""
    plan = opened()
    answer_by_queue(plan)
    assert only(plan, Send).period_key == f"queue:support:answer_new:{ANNA}"
    first = only(joined(world, "closed", 1), Send).period_key
    second = only(joined(world, "closed", 2), Send).period_key
    assert first != second
    assert only(plan, Send).period_s == plan.policy.answer_period_s


def test_the_language_of_the_contact_chooses_the_template(world):
    """`new.de` is for whom is known to read German (G13)."""
    german = {"new.de": Template("new.de", "", "neu\n", language="de")}
    some = replace(ANSWERING, templates={**ANSWERING.templates, **german})
    known(world, language="de")
    plan = opened(some, world=world)
    answer_by_queue(plan)
    assert said(plan) == "neu"
