"""processcalendar (RFC 9671): there is no calendar here, so nothing is processed."""

from mailgate.domain.action import ActionSpec, Plan
from sieve_like.actions import ProcessCalendar


def plan(plan: Plan, action: object) -> str:
    """Note that nothing was done; the word is the RFC's."""
    assert isinstance(action, ProcessCalendar)
    plan.note("processcalendar", outcome=action.outcome or "no_action", reason=action.reason)
    return action.outcome or "no_action"


ACTION = ActionSpec("processcalendar", ProcessCalendar, plan)
