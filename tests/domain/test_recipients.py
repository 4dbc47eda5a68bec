"""Whom the words of a template or a workflow mean (S9, N4)."""

from dataclasses import replace

import pytest

from mailgate.domain.helpdesk import Team
from mailgate.domain.ports import TicketState
from mailgate.domain.recipients import addresses
from mailgate.domain.routing import Agent, Catalogue, Queue

STATE = TicketState(
    7, "T-7", "Fire", "open", "high", "support", "bob", "", (), (), "", 3, 17, "active", 0, 0, 1
)  # fmt: skip
CATALOGUE = Catalogue(
    queues={"support": Queue("support", "support@example.org")},
    agents={
        "bob": Agent("bob", "bob@example.org", ("support",)),
        "eva": Agent("eva", "eva@example.org", ("support",)),
        "off": Agent("off", "off@example.org", ("support",), enabled=False),
        "mute": Agent("mute", "", ("support",)),
        "ann": Agent("ann", "ann@example.org"),
    },
    teams={"first": Team("first", members=("ann", "off"))},
)


@pytest.mark.parametrize(
    ("words", "owner", "found"),
    [
        (("contact",), "", ["c@customer.example"]),
        (("agent",), "", ["bob@example.org"]),
        (("group",), "", ["bob@example.org", "eva@example.org"]),
        (("group",), "first", ["ann@example.org"]),
        (("team",), "first", ["bob@example.org", "eva@example.org"]),
        (("owner",), "", []),
        (("agent", "group", "x@example.net"), "", ["bob@example.org", "eva@example.org", "x@example.net"]),
        ((), "", []),
    ],
)
def test_the_words(words, owner, found):
    """Who is disabled or has no address is nobody; whoever is meant twice is told once."""
    state = replace(STATE, owner_group=owner)
    assert list(addresses(words, state, "c@customer.example", CATALOGUE)) == found


def test_nobody_in_charge():
    """A ticket without an agent, a customer without an address."""
    assert addresses(("contact", "agent"), replace(STATE, agent=""), "", CATALOGUE) == ()
