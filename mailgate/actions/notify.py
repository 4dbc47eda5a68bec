"""notify by mailto (RFC 5435, RFC 5436): one mail to each person named, through the gate.

To an agent of the business it is a notice; to anybody else it is judged like an answer, since it leaves the
house by itself. A mail that a machine sent causes none (RFC 5436 2.7.1).
"""

from typing import Final

from mailgate.actions._folders import copy_place
from mailgate.actions._names import safe_subject, without_their_links
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.address import fold
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Deliver, Send, Suppressed
from mailgate.domain.gate import Reason
from mailgate.domain.token import LOOP_HEADER, loop_mark, message_id
from sieve_like.actions import Notify
from sieve_like.address import parse_one
from sieve_like.ext._mailto import why_not

# RFC 5435 3.4: what importance means in the fields that mail programs show.
IMPORTANCE: Final = {1: ("high", "1"), 3: ("low", "5")}


def plan(plan: Plan, action: object) -> str:
    """Plan a mail per recipient; returns planned, or why nobody is told."""
    assert isinstance(action, Notify)
    if action.mail is None:
        plan.note("notify", refused="no such method", method=action.scheme)
        return "no-such-method"
    why = why_not(plan.mail.view, (plan.mail.recipient.address, *plan.catalogue.own))
    for text in action.mail.recipients:
        found = parse_one(text)
        address = found.address if found is not None else text
        kind = MailKind.NOTICE if _is_agent(plan, address) else MailKind.ANSWER
        if why:
            plan.add(Suppressed(kind, address, Reason.NOT_A_PERSON.value))
            continue
        # The copy of RFC 8580 is one, however many are told.
        first = text == action.mail.recipients[0]
        rule = plan.rule(action.span.line)
        fcc: Deliver | None = copy_place(plan, action.fcc) if first else None
        plan.add(Send(kind, _draft(plan, action, address, kind), "", rule, fcc=fcc))
    if why:
        plan.note("notify", refused=why)
        return "automatic"
    return "planned"


def _is_agent(plan: Plan, address: str) -> bool:
    return fold(address) in {fold(one.address) for one in plan.catalogue.agents.values() if one.address}


def _draft(plan: Plan, action: Notify, address: str, kind: MailKind) -> Draft:
    assert action.mail is not None
    mail, queue = action.mail, plan.queue()
    plan.answers += 1
    own = plan.mail.recipient.address
    unique = f"{plan.mail.received.trace_id}{plan.answers}{own}"
    # RFC 5436 2.4: what `:message` says is the subject.
    subject = action.text or mail.subject or f"Notification: {safe_subject(plan)}"
    text = mail.body if mail.body is not None else f"Notification of new message: {safe_subject(plan)}\n"
    if kind is MailKind.ANSWER:
        subject, text = without_their_links(plan, subject), without_their_links(plan, text)
    sender = parse_one(action.from_) if action.from_ else None
    importance = IMPORTANCE.get(action.importance)
    return Draft(
        from_address=sender.address if sender is not None else (queue.address if queue else "") or own,
        from_name=sender.name if sender is not None else (queue.from_name if queue else ""),
        to_address=address,
        subject=subject,
        text=text,
        message_id=message_id(plan.policy.keys, 0, 0, address, unique, plan.policy.hostname),
        headers=(
            ("Auto-Submitted", f'auto-notified; owner-email="{own}"'),  # RFC 5436 2.7.1
            ("X-Auto-Response-Suppress", "All"),
            (LOOP_HEADER, loop_mark(plan.policy.keys, plan.policy.instance)),
            *((("Importance", importance[0]), ("X-Priority", importance[1])) if importance else ()),
            *mail.headers,
        ),
    )


ACTION = ActionSpec("notify", Notify, plan)
