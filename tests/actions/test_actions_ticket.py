"""The ticket action for people's mail: opened, joined, claimed, and which fields are set (W5, W6, S5, MAIL.md 5)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from actionworld import (
    ANNA,
    CATALOGUE,
    EVE,
    NOW,
    SUPPORT,
    entry,
    found,
    kinds,
    known,
    mail,
    notes,
    only,
    plan_of,
    sent,
)

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.actions.ticket import Ticket
from mailgate.actions.ticket import plan as plan_action
from mailgate.domain.effects import (
    AddEntry,
    AddFollowUp,
    ChangeTicket,
    EntryKind,
    MoveSession,
    OpenContact,
    OpenSession,
    OpenTicket,
)
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.ports import TicketView


def run(world, one=None, wish=None, **options):
    """Plan one ticket action; return the plan and the outcome."""
    plan = plan_of(one, world, **options)
    return plan, plan_ticket(plan, wish or TicketWish(), "support:4")


def answering(world, ticket_id: int, **fields):
    """Return a mail that answers a mail of ours about this ticket."""
    return mail(in_reply_to=sent(world, ticket_id), **fields)


def changes(plan) -> dict[str, str]:
    """Return the fields that are changed, with their new values."""
    return {one.field: one.value for one in found(plan, ChangeTicket)}


def test_a_stranger_gets_a_contact_and_a_ticket(world):
    """The first mail of an unknown author opens a contact and a ticket that holds the mail, in this order."""
    plan, outcome = run(world)
    assert outcome == "created"
    assert kinds(plan) == ["OpenContact", "OpenTicket", "AddEntry"]
    assert only(plan, OpenTicket).contact_id == only(plan, OpenContact).contact_id
    assert plan.words == ["ticket=T-1"]


def test_a_known_contact_is_linked(world):
    """A contact that exists is linked by the author's address; no second one is made (S4, S5)."""
    contact = known(world)
    plan, _ = run(world)
    assert only(plan, OpenTicket).contact_id == contact.contact_id
    assert not found(plan, OpenContact)


def test_a_new_ticket_has_the_defaults(world):
    """Without a wish: the mail's subject, the address's queue, open and normal, and the mail as its first entry."""
    plan, _ = run(world)
    one = only(plan, OpenTicket)
    assert (one.subject, one.queue, one.status, one.priority) == (
        "Printer on fire",
        "support",
        "open",
        "normal",
    )
    assert (entry(plan).kind, entry(plan).author, entry(plan).with_message) == (
        EntryKind.INCOMING,
        ANNA,
        True,
    )
    assert entry(plan).text.strip() == "Hello"
    assert entry(plan).message_id == "<m1@customer.example>"


def test_a_new_ticket_gets_what_the_rule_says(world):
    """Everything of W6: subject, agent, categories, tags, status, priority, group, follow-up, workflow."""
    wish = TicketWish(
        queue="orders", subject="Order", priority="high", status="pending", agent="anna", owner_group="sales",
        workflow="intake", follow_up_agent="bob", follow_up_days=3, categories=("a", "b"), tags=("t",),
    )  # fmt: skip
    one = only(run(world, wish=wish)[0], OpenTicket)
    assert (one.queue, one.subject, one.priority, one.status) == ("orders", "Order", "high", "pending")
    assert (one.agent, one.owner_group, one.workflow) == ("anna", "sales", "intake")
    assert (one.categories, one.tags) == (("a", "b"), ("t",))
    assert (one.follow_up_agent, one.follow_up_at) == ("bob", NOW + timedelta(days=3))


def test_a_queue_that_does_not_exist_is_noted_and_the_address_queue_taken(world):
    """A variable may name any queue; a ticket in a queue that nobody sees would be lost."""
    plan, outcome = run(world, wish=TicketWish(queue="supprot"))
    assert outcome == "created"
    assert only(plan, OpenTicket).queue == "support"
    assert next(notes(plan, "queue"))["unknown"] == "supprot"


def test_an_answer_by_token_joins_without_changing_fields(world):
    """A follow-up is an entry of its ticket; queue, status and the rest stay as agents left them."""
    world.add_ticket(7, ANNA)
    plan, outcome = run(
        world, answering(world, 7), TicketWish(queue="orders", priority="high", status="pending")
    )
    assert outcome == "joined"
    assert kinds(plan) == ["ClearFailing", "AddEntry"]
    assert (entry(plan).ticket_id, entry(plan).unverified) == (7, False)
    assert plan.words == ["ticket=T-7"]


def test_update_sets_the_fields_that_differ(world):
    """With `:update` a mail that joins sets all that the rule names, and leaves alone what is so already."""
    world.add_ticket(7, ANNA)
    wish = TicketWish(
        queue="orders", priority="normal", status="pending", agent="bob", owner_group="g", workflow="w",
        categories=("a", "b"), tags=("t",), follow_up_agent="bob", follow_up_days=1, update=True,
    )  # fmt: skip
    plan, _ = run(world, answering(world, 7), wish)
    assert changes(plan) == {
        "queue": "orders", "status": "pending", "agent": "bob", "owner_group": "g", "categories": "a,b", "tags": "t",
        "workflow": "w",
    }  # fmt: skip
    assert AddFollowUp(7, "bob", NOW + timedelta(days=1), "", "support:4") in plan.effects


def test_what_was_set_is_seen_by_the_rest_of_the_script(world):
    """Later questions of the run see the ticket as it will be: its status, and the queue that answers."""
    world.add_ticket(7, ANNA, status="solved")
    plan, _ = run(world, answering(world, 7), TicketWish(queue="orders", update=True))
    assert plan.ticket.status == "open"
    assert plan.queue().address == "orders@example.org"


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        (TicketWish(), "open"),
        (TicketWish(status="pending"), "open"),
        (TicketWish(status="pending", update=True), "pending"),
    ],
)
def test_a_solved_ticket_is_open_again(world, wish, status):
    """A mail of the customer opens what was solved, once, and `:update` may name another status."""
    world.add_ticket(7, ANNA, status="solved")
    plan, _ = run(world, answering(world, 7), wish)
    assert [(one.field, one.value) for one in found(plan, ChangeTicket)] == [("status", status)]


def test_a_second_ticket_action_sets_fields_of_the_same_ticket(world):
    """A mail has one ticket: the second action of a script changes the first one's, and says what that was."""
    plan, _ = run(world)
    assert plan_ticket(plan, TicketWish(priority="high"), "support:9") == "created"
    assert len(found(plan, OpenTicket)) == 1
    assert changes(plan) == {"priority": "high"}
    assert plan.ticket.priority == "high"


def test_a_token_from_a_new_address_joins_as_unverified(world):
    """Who has a mail of ours joins; the address is marked, so it gets no copies (MAIL.md 5, row 1)."""
    world.add_ticket(7, ANNA)
    plan, outcome = run(world, answering(world, 7, sender=EVE, **{"from": EVE}))
    assert outcome == "joined"
    assert entry(plan).unverified


def test_a_number_from_a_stranger_only_claims(world):
    """Row 3 from anyone else: a new ticket that says which one it claims to belong to."""
    world.add_ticket(7, ANNA)
    plan, outcome = run(world, mail(subject="Re: [#T-7] x", sender=EVE, **{"from": EVE}))
    assert outcome == "claimed"
    assert only(plan, OpenTicket).claims == 7
    assert next(notes(plan, "claims"))["ticket_id"] == 7


def test_a_wrong_token_is_counted_and_is_none(world):
    """A guessed token joins nothing and is counted in the trace."""
    world.add_ticket(1, ANNA)
    plan, outcome = run(
        world, mail(in_reply_to="<t1.s1.forged.aaaaaaaaaaaaaaaaaaaa@example.org>", sender=EVE)
    )
    assert outcome == "created"
    assert next(notes(plan, "wrong-token"))["count"] == 1


def test_the_same_subject_joins_only_where_the_rule_asks(world):
    """S5: the contact's ticket with the same subject, whatever prefixes say; without the wish a new ticket."""
    ticket = world.add_ticket(7, ANNA)
    world.match_keys[ticket.contact_id, "printer on fire"] = (7, NOW)
    again = mail(subject="AW: Printer  on FIRE")
    assert run(world, again)[1] == "created"
    assert run(world, again, TicketWish(match_subject=True))[1] == "joined"


def test_the_same_key_joins_whatever_the_subject_is(world):
    """`:key` compares what the rule took out of the mail."""
    ticket = world.add_ticket(7, ANNA)
    world.match_keys[ticket.contact_id, "A-17"] = (7, NOW)
    assert run(world, mail(subject="Something else"), TicketWish(key="A-17"))[1] == "joined"


def test_another_queues_ticket_with_the_same_subject_is_another_matter(world):
    """The same subject in two queues is two tickets."""
    ticket = world.add_ticket(7, ANNA, queue="orders")
    world.match_keys[ticket.contact_id, "printer on fire"] = (7, NOW)
    assert run(world, wish=TicketWish(match_subject=True))[1] == "created"


def test_who_names_no_author_never_matches_by_subject(world):
    """Mail without a usable From and with a null sender shares a contact, but is nobody's conversation."""
    ticket = world.add_ticket(7, "")
    world.match_keys[ticket.contact_id, "printer on fire"] = (7, NOW)
    one = mail(sender="", **{"from": "undisclosed"})
    plan, outcome = run(world, one, TicketWish(match_subject=True))
    assert outcome == "created"
    assert not found(plan, OpenContact)


def test_never_follow_up_always_opens(world):
    """`:never_follow_up` opens a ticket even for a valid token."""
    world.add_ticket(7, ANNA)
    assert run(world, answering(world, 7), TicketWish(never_follow_up=True))[1] == "created"


def closed(world, days: float) -> TicketView:
    """Return a solved ticket whose session was closed so many days ago."""
    ticket = world.add_ticket(7, ANNA, status="closed")
    at = int((NOW - timedelta(days=days)).timestamp() * 1000)
    world.tickets[7] = replace(ticket, session_state="closed", session_ms=at)
    return world.tickets[7]


def test_a_closed_session_is_reopened_within_its_time(world):
    """G12: within 30 days the closed session comes to life again."""
    closed(world, 29)
    plan, _ = run(world, answering(world, 7))
    assert only(plan, MoveSession).state == "reopened"
    assert entry(plan).session_id == 107
    assert not found(plan, OpenSession)


@pytest.mark.parametrize(
    ("days", "desk"),
    [(30, DeskPolicy()), (1, DeskPolicy(reopen=False)), (1, DeskPolicy(reopen_days=1))],
)
def test_after_that_the_ticket_gets_a_new_session(world, days, desk):
    """G12: later, or where reopening is off, the mail starts a session of its own in the same ticket."""
    closed(world, days)
    plan, outcome = run(world, answering(world, 7), catalogue=replace(CATALOGUE, desk=desk))
    assert outcome == "joined"
    one = only(plan, OpenSession)
    assert one.ticket_id == 7
    assert entry(plan).session_id == one.session_id == plan.ticket.session_id
    assert kinds(plan).index("OpenSession") < kinds(plan).index("AddEntry")
    assert changes(plan) == {"status": "open"}


def test_a_notice_and_list_mail_may_open_tickets(world):
    """Machines' notices and list mail are a matter of the rules (MAIL.md 3)."""
    for name in ("NOTICE", "LIST"):
        mail_class = type(plan_of().mail_class)[name]
        assert run(world, mail_class=mail_class)[1] == "created"


def test_the_action_names_its_rule(world):
    """Changes carry script and line of the rule that made them."""
    world.add_ticket(7, ANNA, status="solved")
    plan = plan_of(answering(world, 7), world)
    assert plan_action(plan, Ticket(wish=TicketWish())) == "joined"
    assert only(plan, ChangeTicket).by == "support:0"
    assert only(plan, AddEntry).author == ANNA
    assert plan.mail.recipient.address == SUPPORT


def switched(**queues_and_desk) -> dict[str, object]:
    """Return the option that plans with a changed policy or a queue that is off."""
    queues = {**CATALOGUE.queues, **queues_and_desk.pop("queues", {})}
    return {"catalogue": replace(CATALOGUE, queues=queues, desk=DeskPolicy(**queues_and_desk))}


def test_tickets_for_incoming_mail_may_be_off(world):
    """G8: no ticket, no contact; the outcome is "off", the trace says why, and the mail is kept once."""
    plan = plan_of(mail(), world, **switched(incoming_tickets=False))
    assert plan_action(plan, Ticket(wish=TicketWish())) == "off"
    assert plan_action(plan, Ticket(wish=TicketWish())) == "off"
    assert [(type(e).__name__, e.folder) for e in plan.effects] == [("Deliver", "INBOX")]
    assert [one["off"] for one in notes(plan, "ticket")] == ["incoming_tickets is off"] * 2


def test_what_belongs_to_a_ticket_joins_it_although_no_new_one_is_opened(world):
    """G8: a conversation that has begun goes on, in a queue that is off too."""
    world.add_ticket(7, ANNA)
    off = replace(CATALOGUE.queues["support"], enabled=False)
    plan, outcome = run(
        world, answering(world, 7), **switched(incoming_tickets=False, queues={"support": off})
    )
    assert outcome == "joined"
    assert entry(plan).ticket_id == 7


def test_a_queue_that_is_off_gets_no_ticket(world):
    """G1: a rule at another address may want one; the mail was taken, so it is kept."""
    off = replace(CATALOGUE.queues["orders"], enabled=False)
    plan = plan_of(mail(), world, **switched(queues={"orders": off}))
    assert plan_action(plan, Ticket(wish=TicketWish(queue="orders"))) == "off"
    assert [one["off"] for one in notes(plan, "ticket")] == ["the queue orders is off"]
    assert kinds(plan) == ["Deliver"]


def test_a_copy_leaves_keeping_to_the_rest_of_the_script(world):
    """`ticket :copy` does not cancel the implicit keep, so it must not keep the mail a second time."""
    plan = plan_of(mail(), world, **switched(incoming_tickets=False))
    assert plan_action(plan, Ticket(copy=True, wish=TicketWish())) == "off"
    assert plan.effects == []
