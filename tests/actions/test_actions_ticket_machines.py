"""The ticket action for returned mail, bounces and automatic answers: tied to our mail, or set aside; never a ticket."""

import json

import pytest
from actionworld import ANNA, HOST, KEYS, entry, found, kinds, mail, only, plan_of, sent

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.effects import ClearFailing, EntryKind, MarkFailing, MoveSession, OpenTicket, SetAside
from mailgate.domain.facts import MailClass
from mailgate.domain.token import message_id

DSN = """From: MAILER-DAEMON@mx.elsewhere.example
To: support@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <dsn1@mx.elsewhere.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b\""""


def bounce(original: str, status: str = "5.1.1"):
    """Return a delivery report about the mail with this Message-ID."""
    body = (
        "--b\nContent-Type: text/plain\n\nsorry\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.elsewhere.example\n\nFinal-Recipient: rfc822; {ANNA}\nAction: failed\n"
        f"Status: {status}\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {original}\n\n--b--\n"
    )
    return mail(DSN, sender="", body=body)


def run(world, one, mail_class):
    """Plan a ticket action for a mail of this class."""
    plan = plan_of(one, world, mail_class=mail_class, class_reason="why")
    return plan, plan_ticket(plan, TicketWish(), "support:1")


def test_a_bounce_joins_the_ticket_of_the_mail_that_it_is_about(world):
    """The report is an entry of its kind, and the session's state stays."""
    world.add_ticket(7, ANNA, status="solved")
    plan, outcome = run(world, bounce(sent(world, 7)), MailClass.BOUNCE)
    assert outcome == "bounce"
    assert (entry(plan).kind, entry(plan).ticket_id) == (EntryKind.BOUNCE, 7)
    assert not entry(plan).touches_session
    assert not found(plan, MoveSession)
    assert plan.words == ["ticket=T-7"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("5.1.1", [MarkFailing(ANNA, "5.1.1")]),
        ("5.2.2", [MarkFailing(ANNA, "5.2.2", soft=True)]),
        ("4.2.2", [MarkFailing(ANNA, "4.2.2", soft=True)]),
        ("5.3.4", [MarkFailing(ANNA, "5.3.4", soft=True)]),
        ("5.7.1", []),
    ],
)
def test_only_a_hard_bounce_marks_the_address(world, status, expected):
    """A bad address counts, a full mailbox and a bad day are counted apart, a policy is not its fault."""
    world.add_ticket(7, ANNA)
    plan, _ = run(world, bounce(sent(world, 7), status), MailClass.BOUNCE)
    assert found(plan, MarkFailing) == expected


def test_a_bounce_of_what_we_never_sent_is_set_aside_and_marks_nobody(world):
    """Anybody can forge a report: without a tie it opens nothing and marks no address."""
    plan, outcome = run(world, bounce("<never@example.org>"), MailClass.BOUNCE)
    assert outcome == "aside"
    assert kinds(plan) == ["SetAside"]
    assert "has no tie to a mail of ours" in only(plan, SetAside).reason
    assert plan.words == ["folder=Aside"]


def test_a_bounce_of_an_answer_without_ticket_marks_and_is_set_aside(world):
    """A mail of ours about no ticket bounced: its address is marked, and the report lies in the visible folder."""
    plan, outcome = run(world, bounce(sent(world, 0)), MailClass.BOUNCE)
    assert outcome == "aside"
    assert only(plan, MarkFailing).address == ANNA
    assert "without a ticket" in only(plan, SetAside).reason


@pytest.mark.parametrize(
    ("mail_class", "outcome"), [(MailClass.AUTOMATIC, "automatic"), (MailClass.OWN, "returned")]
)
def test_an_automatic_answer_joins_without_changing_anything(world, mail_class, outcome):
    """An out-of-office note and our own mail come back stand in the ticket; it does not open again for them."""
    world.add_ticket(7, ANNA, status="closed")
    plan, got = run(world, mail(in_reply_to=sent(world, 7)), mail_class)
    assert got == outcome
    assert [kind for kind in kinds(plan) if kind != "ClearFailing"] == ["AddEntry"]
    assert entry(plan).kind is EntryKind.AUTOMATIC
    assert not entry(plan).touches_session


@pytest.mark.parametrize("mail_class", [MailClass.AUTOMATIC, MailClass.OWN, MailClass.BOUNCE])
def test_without_a_tie_no_machine_opens_a_ticket(world, mail_class):
    """Even where the subject names a ticket: it is set aside with class and reason."""
    world.add_ticket(7, ANNA)
    plan, outcome = run(world, mail(subject="[#T-7]"), mail_class)
    assert outcome == "aside"
    assert not found(plan, OpenTicket)
    assert only(plan, SetAside).reason.startswith(f"{mail_class.value} (why)")


def test_our_own_mail_is_known_by_its_own_message_id(world):
    """Who sends our mail back without touching it gives us the very Message-ID that we sent."""
    world.add_ticket(7, ANNA)
    plan, outcome = run(world, mail(message_id=sent(world, 7)), MailClass.OWN)
    assert outcome == "returned"
    assert entry(plan).ticket_id == 7


def test_an_automatic_answer_with_a_message_id_of_ours_proves_nothing(world):
    """Only what was found to be our own mail is tied by its own Message-ID."""
    world.add_ticket(7, ANNA)
    assert run(world, mail(message_id=sent(world, 7)), MailClass.AUTOMATIC)[1] == "aside"


def test_a_report_begins_with_what_it_says(world):
    """Entry and `report` have recipient, status, whose fault it is and the reason in plain words."""
    world.add_ticket(7, ANNA)
    plan, _ = run(world, bounce(sent(world, 7)), MailClass.BOUNCE)
    assert entry(plan).text.startswith(f"Not delivered to {ANNA}: no such mailbox (5.1.1).")
    said = json.loads(entry(plan).report)
    assert {"kind": "delivery", "recipient": ANNA, "status": "5.1.1", "hard": True}.items() <= said.items()
    assert (said["failure"], said["reason"]) == ("hard", "no such mailbox")


def test_a_token_ties_where_the_outbox_has_forgotten_the_mail(world):
    """Nobody but us can have made the id; the address is counted, since the token was made for it."""
    world.add_ticket(7, ANNA)
    own = message_id(KEYS, 7, 107, ANNA, "long ago", HOST)
    plan, outcome = run(world, bounce(own), MailClass.BOUNCE)
    assert (outcome, entry(plan).ticket_id) == ("bounce", 7)
    assert only(plan, MarkFailing).address == ANNA


def test_a_token_marks_nobody_but_whom_it_was_made_for(world):
    """A report that names somebody else with somebody's token is tied and counts against nobody."""
    world.add_ticket(7, ANNA)
    own = message_id(KEYS, 7, 107, "somebody@else.example", "long ago", HOST)
    plan, outcome = run(world, bounce(own), MailClass.BOUNCE)
    assert outcome == "bounce"
    assert not found(plan, MarkFailing)


def test_a_forged_token_ties_nothing(world):
    """What only looks like an id of ours is set aside."""
    world.add_ticket(7, ANNA)
    wrong = f"<t7.s107.{'a' * 24}.{'b' * 20}@{HOST}>"
    plan, outcome = run(world, bounce(wrong), MailClass.BOUNCE)
    assert (outcome, kinds(plan)) == ("aside", ["SetAside"])


def test_what_arrived_clears_the_address(world):
    """A report of success proves that the address works."""
    world.add_ticket(7, ANNA)
    report = DSN.replace("Undelivered Mail Returned to Sender", "Successful")
    body = (
        "--b\n\nyes\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        f"Final-Recipient: rfc822; {ANNA}\nAction: delivered\nStatus: 2.0.0\n\n--b\n"
        f"Content-Type: text/rfc822-headers\n\nMessage-ID: {sent(world, 7)}\n\n--b--\n"
    )
    plan, _ = run(world, mail(report, sender="", body=body), MailClass.BOUNCE)
    assert found(plan, ClearFailing) == [ClearFailing(ANNA)]
    assert entry(plan).text.startswith(f"Delivered to {ANNA}.")
