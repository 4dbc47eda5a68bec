"""Answers to senders whom nobody knew: broken characters, contacts taken for strangers, links let through."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "actions"))
from actionworld import World, draft, known, mail, plan_of

from mailgate.actions import reply, vacation
from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.actions.reply import Reply
from mailgate.texts.safe import without_links
from sieve_like.result import Vacation


def test_what_stands_for_a_link_is_one_character():
    """The ellipsis came out as its three octets, each a letter of its own, and stood so in the subject."""
    assert without_links("für shop.example über") == "für … über"


def test_a_contact_whose_mail_opens_a_ticket_is_no_stranger():
    """The ticket's own contact id was taken for a contact that this mail had just opened."""
    world = World()
    known(world)
    plan = plan_of(mail(subject="shop.example is down"), world)
    plan_ticket(plan, TicketWish(), "support:1")
    reply.plan(plan, Reply(text="Thanks"))
    assert draft(plan).subject == "RE: [#T-1] shop.example is down"


def test_a_vacation_to_a_stranger_repeats_no_link():
    """The default subject of a vacation took over the mail's subject as it was."""
    plan = plan_of(mail(subject="Win at evil.example"))
    vacation.plan(plan, Vacation(reason="Away.", seconds=7 * 86400))
    assert draft(plan).subject == "Auto: Win at …"


def test_a_variable_brings_no_link_into_a_text():
    """Only templates were looked at: `reply "… ${mail.subject}"` sent a stranger's link to whomever he named."""
    plan = plan_of(mail(subject="Win at evil.example"))
    reply.plan(plan, Reply(text="We have: Win at evil.example. See help.example.org"))
    assert draft(plan).text == "We have: Win at …. See help.example.org"
