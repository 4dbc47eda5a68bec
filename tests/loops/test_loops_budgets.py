"""The bound at the default budgets, in the scenario in which each budget is the one that holds; without it the bound breaks.

Real gateways, real mail, simulated time. Rules answer every mail, as a setting allows; everything else is the default.
"""

from collections import Counter
from dataclasses import fields

import pytest
from bound import STATEMENTS, assert_bound, out
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
    assert not world.relays or len(world.relays["a"].mails) == len(gone) == len(out(left))
    assert SCENARIOS[budget].reason in {one.reason for one in kept}
    assert gate.metric("mailgate_automatic_mail_suppressed_total", "reason") == Counter(
        one.reason for one in kept
    )
    for statement in STATEMENTS:
        # Not one less either: what is in the bound is let go.
        assert statement.budget != budget or statement.peak(left) == statement.most


@pytest.mark.slow
@pytest.mark.parametrize("budget", SCENARIOS)
def test_the_bound_breaks_without(world, budget):
    """The same scenario and the same assertion, with this one budget taken out."""
    scenario = SCENARIOS[budget]
    gate = play(world, scenario, {budget: scenario.without})
    with pytest.raises(AssertionError, match=budget):
        assert_bound(gate.left(), gate.kept(), gate.incoming())


@pytest.mark.slow
def test_the_bound_breaks_if_all_incoming_mail_may_be_answered(world):
    """The share of incoming mail is a budget as well: with all of it in place of a fifth, no number in all holds."""
    gate = play(world, SCENARIOS["all_hour"], {"share_of_incoming": 1.0})
    with pytest.raises(AssertionError, match="all_hour"):
        assert_bound(gate.left(), gate.kept(), gate.incoming())
