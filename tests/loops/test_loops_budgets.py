"""The bound at the default budgets, in the scenario in which each budget is the one that holds; without it the bound breaks.

Real gateways, real mail, simulated time. Rules answer every mail, as a setting allows; everything else is the default.
"""

from collections import Counter
from dataclasses import fields

import pytest
from bound import assert_bound
from scenarios import SCENARIOS, play

from mailgate.domain.budgets import Budgets

# These say how others are counted; they limit nothing by themselves. share_of_incoming has a test of its own.
NO_BUDGETS = {"ticket_window", "pause_for", "share_of_incoming"}


def test_every_budget_has_a_scenario():
    """No budget can be added without the proof that it is needed."""
    assert set(SCENARIOS) == {f.name for f in fields(Budgets)} - NO_BUDGETS


@pytest.mark.slow
@pytest.mark.parametrize("budget", SCENARIOS)
def test_the_bound_holds_at_the_default_budgets(world, budget):
    """What left stays within every statement, what did not is noted, and log, database and metrics agree."""
    gate = play(world, SCENARIOS[budget])
    left, kept = gate.left(), gate.kept()
    assert_bound(left, kept, gate.incoming())
    gone = [one for one in left if one.state == "sent"]
    assert len(world.relays["a"].mails) == len(gone)
    assert {one.state for one in left} <= {"sent", "held", "digest"}
    assert kept, "nothing reached a budget"
    assert gate.metric("mailgate_automatic_mail_suppressed_total", "reason") == Counter(
        one.reason for one in kept
    )


@pytest.mark.slow
@pytest.mark.parametrize("budget", SCENARIOS)
def test_the_bound_breaks_without(world, budget):
    """The same scenario and the same assertion, with this one budget taken out."""
    scenario = SCENARIOS[budget]
    gate = play(world, scenario, {budget: scenario.without})
    with pytest.raises(AssertionError, match=budget):
        assert_bound(gate.left(), gate.kept(), gate.incoming())
