"""redirect (RFC 5228 4.2): the mail as it is, to another address, through the gate.

The envelope sender stays (null stays null), so that the next system bounces to whoever sent it. What a script
asks of reports and time (RFC 6009) goes along where the relay offers it (RFC 3461, RFC 2852).
"""

from mailgate.actions._folders import edited_octets
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Forward
from sieve_like.result import Redirect


def plan(plan: Plan, action: object) -> str:
    """Add the forward; over its budget it is held, never dropped."""
    assert isinstance(action, Redirect)
    plan.add(
        Forward(
            action.address,
            plan.mail.sender,
            notify=action.notify,
            ret=action.ret,
            by_seconds=action.by_seconds,
            by_mode=action.by_mode,
            by_trace=action.by_trace,
            edited=edited_octets(plan, action.message),
        )
    )
    plan.words.append(f"redirect={action.address}")
    return "redirected"


ACTION = ActionSpec("redirect", Redirect, plan)
