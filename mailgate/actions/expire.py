"""expire (vnd.proton.expire): noted in the trace, since nothing here deletes mail by the clock."""

from datetime import timedelta

from mailgate.domain.action import ActionSpec, Plan
from sieve_like.actions import Expire


def plan(plan: Plan, action: object) -> str:
    """Note when the mail was to go."""
    assert isinstance(action, Expire)
    if action.seconds is None:
        return "kept"
    plan.note("expire", at=(plan.now + timedelta(seconds=action.seconds)).isoformat(), done="only noted")
    return "noted"


ACTION = ActionSpec("expire", Expire, plan)
