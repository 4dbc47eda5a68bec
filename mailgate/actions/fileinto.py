"""fileinto (RFC 5228 4.1): into a named folder of the address's target."""

from mailgate.actions._folders import deliver
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.result import FileInto


def plan(plan: Plan, action: object) -> str:
    """Add the delivery; the target decides what becomes of a folder that is missing (W4)."""
    assert isinstance(action, FileInto)
    deliver(plan, action.mailbox, action.flags, create=action.create)
    return "filed"


ACTION = ActionSpec("fileinto", FileInto, plan)
