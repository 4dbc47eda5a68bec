"""fileinto (RFC 5228 4.1): into a named folder of the address's target."""

from mailgate.actions._folders import deliver, folder_of
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.result import FileInto


def plan(plan: Plan, action: object) -> str:
    """Add the delivery; the target decides what becomes of a folder that is missing (W4)."""
    assert isinstance(action, FileInto)
    folder = folder_of(plan, action.mailbox, action.special_use, create=action.create)
    deliver(plan, folder, action.flags, create=action.create, message=action.message)
    return "filed"


ACTION = ActionSpec("fileinto", FileInto, plan)
