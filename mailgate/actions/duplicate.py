"""What the test `duplicate` (RFC 7352) wants remembered: per address of ours, in the transaction of the mail.

An id is remembered only when the run has succeeded and the delivery is stored with it.
"""

from datetime import timedelta
from hashlib import sha256
from typing import Final

from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Remember
from sieve_like.actions import DuplicateMark

DUPLICATE: Final = "duplicate"


def duplicate_key(plan: Plan, handle: str, unique_id: str) -> str:
    """Return what an id is remembered by; ids under different handles have nothing to do with each other."""
    parts = (plan.route.address, handle, unique_id)
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def plan(plan: Plan, action: object) -> str:
    """Add what is to be remembered."""
    assert isinstance(action, DuplicateMark)
    until = plan.now + timedelta(seconds=action.seconds)
    plan.add(Remember(DUPLICATE, duplicate_key(plan, action.handle, action.unique_id), until))
    return "remembered"


ACTION = ActionSpec("duplicate_mark", DuplicateMark, plan)
