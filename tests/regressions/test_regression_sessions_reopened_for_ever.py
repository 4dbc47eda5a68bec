"""A closed conversation came to life again however long it had been over, and no ticket ever got a second one."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "actions"))
from actionworld import ANNA, NOW, World, kinds, mail, plan_of, sent

from mailgate.actions._ticketing import TicketWish, plan_ticket


def test_a_mail_after_the_window_starts_a_session():
    """31 days after the conversation was closed the mail joins its ticket in a session of its own (G12)."""
    world = World()
    ticket = world.add_ticket(7, ANNA)
    at = int((NOW - timedelta(days=31)).timestamp() * 1000)
    world.tickets[7] = replace(ticket, session_state="closed", session_ms=at)
    plan = plan_of(mail(in_reply_to=sent(world, 7)), world)
    assert plan_ticket(plan, TicketWish(), "support:1") == "joined"
    assert kinds(plan) == ["ClearFailing", "OpenSession", "AddEntry"]
