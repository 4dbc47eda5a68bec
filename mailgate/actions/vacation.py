"""vacation (RFC 5230): an answer at most once per sender, handle and period, through the gate.

Whether it is sent at all (lists, machines, our own address not in To or Cc) is the gate's matter.
"""

from hashlib import sha256

from mailgate.actions._answer import Answer, plan_answer
from mailgate.actions._folders import copy_place
from mailgate.actions._names import safe_subject
from mailgate.domain.action import ActionSpec, Plan
from sieve_like.result import Vacation


def _handle(action: Vacation) -> str:
    """Return what tells this vacation from others (RFC 5230 4.2): the handle, else all that one sees."""
    if action.handle:
        return action.handle
    parts = (action.reason, action.subject, action.from_, "mime" if action.mime else "")
    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def plan(plan: Plan, action: object) -> str:
    """Add the answer with RFC 5230's default subject."""
    assert isinstance(action, Vacation)
    answer = Answer(
        text="" if action.mime else action.reason,
        mime=action.reason if action.mime else "",
        subject=action.subject or f"Auto: {safe_subject(plan)}",
        from_address=action.from_,
        auto_submitted="auto-replied (vacation)",
        vacation=True,
        addresses=action.addresses,
        fcc=copy_place(plan, action.fcc),
    )
    key = f"vacation:{plan.route.address}:{_handle(action)}"
    rule = plan.rule(action.span.line)
    return plan_answer(plan, answer, rule, period_key=key, period_s=action.seconds)


ACTION = ActionSpec("vacation", Vacation, plan)
