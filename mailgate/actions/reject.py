"""reject and ereject (RFC 5429): a 550 for this recipient alone, or the folder Rejected if set so.

Behind Postfix a 550 becomes a bounce to the envelope sender, who may be forged: `rules.reject = "keep"`
keeps the mail where people see it. Where one reply must serve several recipients (SMTP), the mail is kept as
well and the sender is told through the gate (RFC 5429 2.1.2).
"""

from mailgate.actions._answer import Answer, plan_answer
from mailgate.actions._folders import REJECTED, deliver
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Refuse
from mailgate.domain.envelope import Source
from sieve_like.result import Reject


def _one_line(reason: str) -> str:
    return " ".join(reason.split())[:200] or "refused by the recipient's rules"


def _may_bounce(plan: Plan) -> bool:
    """Whether the sender is vouched for, or need not be: a forged one would get somebody else's bounce."""
    if plan.policy.reject_unverified == "refuse":
        return True
    known = plan.mail.facts.authentication
    return any(v.result == "pass" for v in (known.spf, known.dmarc, *known.dkim))


def plan(plan: Plan, action: object) -> str:
    """Add the refusal, or what stands for it."""
    assert isinstance(action, Reject)
    origin = plan.mail.received.origin.source
    if plan.policy.reject == "refuse" and origin is Source.LMTP and _may_bounce(plan):
        plan.add(Refuse(550, "5.7.1", _one_line(action.reason)))
        plan.words.append("rejected")
        return "refused"
    deliver(plan, REJECTED, create=True, message=action.message)
    plan.note("reject", kept=REJECTED, reason=action.reason)
    if plan.policy.reject == "refuse" and origin is not Source.LMTP:
        text = f"Your message to {plan.mail.recipient.address} was refused:\r\n\r\n{action.reason}\r\n"
        answer = Answer(text=text, subject="Message refused", auto_submitted="auto-replied (rejected)")
        key, rule = f"reject:{plan.route.address}", plan.rule(action.span.line)
        plan_answer(plan, answer, rule, period_key=key, period_s=plan.policy.answer_period_s)
    return "kept"


ACTION = ActionSpec("reject", Reject, plan)
