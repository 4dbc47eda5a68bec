"""Our own mail sent back unchanged was set aside: only its References were looked at, not its own Message-ID."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "actions"))
from actionworld import ANNA, World, entry, mail, plan_of, sent

from mailgate.actions._ticketing import TicketWish, plan_ticket
from mailgate.domain.facts import MailClass


def test_it_joins_the_ticket_that_it_was_sent_for():
    """Its Message-ID is the one that we gave it."""
    world = World()
    world.add_ticket(7, ANNA)
    plan = plan_of(mail(message_id=sent(world, 7)), world, mail_class=MailClass.OWN)
    assert plan_ticket(plan, TicketWish(), "support:1") == "returned"
    assert entry(plan).ticket_id == 7
