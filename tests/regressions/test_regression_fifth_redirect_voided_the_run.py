"""The language's own bound of four redirects made the fifth a run-time error, and `redirects_per_mail` had no effect."""

from mailgate.config.rules import Rules
from mailgate.config.settings import Settings
from mailgate.domain.budgets import Budgets
from mailgate.vocabulary import script_limits


def test_redirects_are_left_to_the_gate():
    """A script may ask for as many redirects as actions: the gate lets four go and holds the others."""
    limits = script_limits(Settings(rules=Rules(actions=20)))
    assert limits.redirects == limits.actions == 20
    assert limits.redirects > Budgets().redirects_per_mail
