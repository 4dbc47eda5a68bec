"""keep (RFC 5228 4.3), explicit or implicit: into INBOX of the address's target."""

from mailgate.actions._folders import INBOX, deliver
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.result import Keep


def plan(plan: Plan, action: object) -> str:
    """Add the delivery with the flags of the action."""
    assert isinstance(action, Keep)
    deliver(plan, INBOX, action.flags, message=action.message)
    return "kept"


ACTION = ActionSpec("keep", Keep, plan)
