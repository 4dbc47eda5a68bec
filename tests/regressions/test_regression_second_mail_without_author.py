"""The second mail that named no author at all wanted a second contact without address, and crashed in the database."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "actions"))
from actionworld import World, found, known, mail, plan_of

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.effects import OpenContact, OpenTicket


def test_it_takes_the_contact_of_the_first():
    """A null sender without From: the ticket is opened for the contact without address that exists."""
    world = World()
    nobody = known(world, "")
    plan = plan_of(mail(sender="", **{"from": ""}), world)
    assert plan_ticket(plan, TicketWish(match_subject=True), "support:1") == "created"
    assert not found(plan, OpenContact)
    assert found(plan, OpenTicket)[0].contact_id == nobody.contact_id
