"""The automatic answers of a queue (G18): to the first mail of a conversation, and into one that rested.

Looked at when the script has run: what it has answered itself stays the only answer. Which occasion it is
says the session as it was before the mail; the mail moves the session, so each change of state is answered
once. The gate has its word as with every answer (MAIL.md 3).
"""

from enum import StrEnum

from jinja2 import TemplateError

from mailgate.actions._answer import Answer, plan_answer
from mailgate.actions._names import PlanSource
from mailgate.domain.action import Plan
from mailgate.domain.draft import MailKind
from mailgate.domain.effects import AddEntry, Refuse, Suppressed
from mailgate.domain.ports import TicketView
from mailgate.domain.routing import Queue
from mailgate.domain.session import DAY_MS, State
from mailgate.texts.choose import find_template
from mailgate.texts.render import render_template


class Occasion(StrEnum):
    """When a queue answers by itself; each is the field of the queue that names the template."""

    NEW = "answer_new"
    CLOSED = "answer_closed"
    PAUSED = "answer_paused"
    INACTIVE = "answer_inactive"


def answer_by_queue(plan: Plan) -> None:
    """Plan the answer of the queue that the mail's ticket is in, where it has one for this occasion.

    The trace says which it was, and why there is none.
    """
    ticket, queue = plan.ticket, plan.queue()
    if ticket is None or queue is None or not _answers(queue):
        return
    found = occasion(plan, ticket, queue)
    name = str(getattr(queue, found)) if found is not None else ""
    if found is None or not name:
        return
    if why := _stays_out(plan):
        plan.note("queue-answer", occasion=found.value, template=name, refused=why)
        return
    answer = _rendered(plan, queue, name, found)
    if answer is not None:
        rule = f"queue {queue.name}:{found.value}"
        period = plan.policy.answer_period_s
        outcome = plan_answer(plan, answer, rule, period_key=_key(plan, queue, found), period_s=period)
        plan.note("queue-answer", occasion=found.value, template=name, outcome=outcome)


def _answers(queue: Queue) -> bool:
    return bool(queue.answer_new or queue.answer_closed or queue.answer_paused or queue.answer_inactive)


def occasion(plan: Plan, ticket: TicketView, queue: Queue) -> Occasion | None:
    """Return which occasion a mail is, by the session as it was before; None for an ordinary answer.

    A session that began with this mail, since the one before is over for good, is a new conversation.
    """
    if plan.ticket_how in {"created", "claimed"}:
        return Occasion.NEW
    before = plan.before
    if plan.ticket_how != "joined" or before is None:
        return None
    if ticket.session_id != before.session_id:
        return Occasion.NEW
    match State(before.session_state):
        case State.CLOSED:
            return Occasion.CLOSED
        case State.PAUSED:
            return Occasion.PAUSED
        case State.ACTIVE | State.REOPENED if _rested(plan, before, queue.answer_inactive_days):
            return Occasion.INACTIVE
        case _:
            return None


def _rested(plan: Plan, before: TicketView, days: int) -> bool:
    """Whether nothing has happened in a session for so many days."""
    now_ms = int(plan.now.timestamp() * 1000)
    return bool(before.session_ms) and now_ms - before.session_ms >= days * DAY_MS


def _stays_out(plan: Plan) -> str:
    """Return why the queue's answer is not for this mail, "" where it is."""
    for one in plan.effects:
        match one:
            case Refuse():
                return "the mail is refused"
            case Suppressed(kind=MailKind.ANSWER):
                return "the script has answered"
            case AddEntry(with_message=True, unverified=True):
                return "the sender is not confirmed"
    return "the script has answered" if plan.answers else ""


def _rendered(plan: Plan, queue: Queue, name: str, found: Occasion) -> Answer | None:
    """Return what is to be said; None, with a note, where the template is missing or fails."""
    contact = plan.known_contact()
    template = find_template(plan.catalogue, queue, name, contact.language if contact is not None else "")
    if template is None:
        plan.note("queue-answer", occasion=found.value, template=name, refused="no such template")
        return None
    try:
        said = render_template(template, PlanSource(plan))
    except TemplateError as error:
        plan.note(
            "queue-answer",
            occasion=found.value,
            template=template.name,
            refused="template failed",
            error=str(error),
        )
        return None
    files = plan.catalogue.files.get(template.name, ())
    return Answer(text=said.text, subject=said.subject, html=said.html, attachments=files)


def _key(plan: Plan, queue: Queue, found: Occasion) -> str:
    """Return what is answered once within the period.

    New conversations count per sender (MAIL.md 3, row 11: at most one an hour). The others need a change of
    state that no sender can make, and each is answered: the key names the session and when it came to rest.
    """
    before = plan.before
    if found is Occasion.NEW or before is None:
        return f"queue:{queue.name}:{found.value}"
    return f"queue:{queue.name}:{found.value}:{before.session_id}:{before.session_ms}"
