"""discard (RFC 5228 4.4): no folder gets the mail; record and octets stay for the retention period."""

from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Drop
from sieve_like.result import Discard


def plan(plan: Plan, action: object) -> str:
    """Add the drop."""
    assert isinstance(action, Discard)
    plan.add(Drop("discard"))
    plan.words.append("discarded")
    return "discarded"


ACTION = ActionSpec("discard", Discard, plan)
