"""report (vnd.dovecot.report): the mail as a feedback report (RFC 5965) to an address of the rule.

It leaves like a redirect, within the same budgets; what is itself returned, a bounce or an automatic answer
causes none, so two houses can't report to each other for ever. Octets of the mail that are no UTF-8 are
replaced in the copy; a mail larger than the bound goes as its header alone.
"""

from typing import Final

from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Send, Suppressed
from mailgate.domain.facts import MailClass
from mailgate.domain.gate import Reason
from mailgate.domain.token import LOOP_HEADER, loop_mark, message_id
from sieve_like.actions import Report
from sieve_like.address import parse_one

# Nobody who handles abuse needs more of a mail, and the outbox keeps it until it is sent.
LARGEST: Final = 256 * 1024
MACHINES: Final = frozenset({MailClass.OWN, MailClass.BOUNCE, MailClass.AUTOMATIC})
END: Final = (b"\r\n\r\n", b"\n\n")


def plan(plan: Plan, action: object) -> str:
    """Plan the report; returns planned or automatic."""
    assert isinstance(action, Report)
    found = parse_one(action.address)
    address = found.address if found is not None else action.address
    if plan.mail_class in MACHINES:
        plan.add(Suppressed(MailKind.REDIRECT, address, Reason.NOT_A_PERSON.value))
        return "automatic"
    plan.answers += 1
    own = plan.mail.recipient.address
    unique = f"{plan.mail.received.trace_id}{plan.answers}{own}"
    own_id = message_id(plan.policy.keys, 0, 0, address, unique, plan.policy.hostname)
    draft = Draft(
        from_address=own,
        to_address=address,
        subject=f"Report: {plan.mail.view.subject or '(no subject)'}",
        text="",
        message_id=own_id,
        headers=(
            ("Auto-Submitted", "auto-generated (report)"),
            (LOOP_HEADER, loop_mark(plan.policy.keys, plan.policy.instance)),
        ),
        mime=_entity(plan, action, own_id),
    )
    plan.add(Send(MailKind.REDIRECT, draft, "", plan.rule(action.span.line)))
    plan.words.append(f"report={address}")
    return "planned"


def _entity(plan: Plan, action: Report, own_id: str) -> str:
    """Return the three parts of RFC 5965 2: for people, for machines, and the mail."""
    octets = bytes((action.message or plan.mail.view).octets)
    whole = not action.headers_only and len(octets) <= LARGEST
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    text = (octets if whole else _head(octets)).decode("utf-8", "replace")
    boundary = "=_" + "".join(c for c in own_id if c.isalnum())[:60]
    machine = "\n".join(
        (
            f"Feedback-Type: {_line(action.feedback)}",
            "User-Agent: mailgate",
            "Version: 1",
            f"Original-Mail-From: <{_line(plan.mail.sender)}>",
            f"Original-Rcpt-To: <{_line(plan.mail.recipient.address)}>",
            f"Arrival-Date: {plan.mail.received.at:%a, %d %b %Y %H:%M:%S +0000}",
        )
    )
    parts = (
        ("text/plain; charset=utf-8", action.text),
        ("message/feedback-report", machine + "\n"),
        (kind, text),
    )
    body = "".join(f"--{boundary}\nContent-Type: {name}\n\n{content}\n" for name, content in parts)
    head = f'Content-Type: multipart/report; report-type=feedback-report;\n boundary="{boundary}"'
    return f"{head}\n\n{body}--{boundary}--\n"


def _line(text: str) -> str:
    return "".join(c for c in text if c.isprintable())


def _head(octets: bytes) -> bytes:
    ends = [at for end in END if (at := octets.find(end)) >= 0]
    return octets[: min(ends)] + b"\r\n" if ends else octets[:LARGEST]


ACTION = ActionSpec("report", Report, plan)
