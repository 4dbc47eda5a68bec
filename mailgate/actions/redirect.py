"""redirect (RFC 5228 4.2): the mail as it is, to another address, through the gate.

The envelope sender stays (null stays null), so that the next system bounces to whoever sent it.
"""

from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Forward
from sieve_like.result import Redirect


def plan(plan: Plan, action: object) -> str:
    """Add the forward; over its budget it is held, never dropped."""
    assert isinstance(action, Redirect)
    plan.add(Forward(action.address, plan.mail.sender))
    plan.words.append(f"redirect={action.address}")
    return "redirected"


ACTION = ActionSpec("redirect", Redirect, plan)
