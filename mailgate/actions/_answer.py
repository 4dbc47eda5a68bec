"""The form of every automatic answer (MAIL.md 3, "Reply form"): shared by reply, vacation and reject.

The envelope sender alone gets it, never From or Reply-To; it leaves with the null reverse-path, says that it
is automatic, carries our loop mark, and its Message-ID holds the token that an answer is recognised by.
"""

from dataclasses import dataclass

from mailgate.actions._names import safe_subject, without_their_links
from mailgate.domain.action import Plan
from mailgate.domain.address import fold
from mailgate.domain.automatic import automatic_entry, automatic_headers
from mailgate.domain.contact import contact_key
from mailgate.domain.draft import Attachment, Draft, MailKind
from mailgate.domain.effects import Deliver, Send, Suppressed
from mailgate.domain.gate import Reason
from mailgate.domain.replyaddress import ticket_address
from mailgate.domain.routing import Queue
from mailgate.domain.ticket import answer_subject, subject_tag
from mailgate.domain.token import message_id


@dataclass(frozen=True, slots=True)
class Answer:
    """What an action wants to say; "" for `from_address` is what the queue says, else the recipient."""

    text: str
    subject: str = ""
    html: str = ""
    mime: str = ""
    from_address: str = ""
    from_name: str = ""
    auto_submitted: str = "auto-replied"
    vacation: bool = False
    addresses: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    fcc: Deliver | None = None


def reply_subject(plan: Plan) -> str:
    """Return `RE: ` and the original subject (G18), with the ticket's tag so that answers find it (S9)."""
    original = safe_subject(plan)
    tagging = plan.ticket is not None and plan.catalogue.desk.subjects == "number"
    tag = subject_tag(plan.ticket.number) if plan.ticket is not None and tagging else ""
    return answer_subject(original, tag)


def _draft(plan: Plan, answer: Answer) -> Draft:
    """Return the mail; its Message-ID is made of what is known here, so a replay makes the same one."""
    view, ticket = plan.mail.view, plan.ticket
    plan.answers += 1
    queue = plan.queue()
    unique = f"{plan.mail.received.trace_id}{plan.answers}{plan.mail.recipient.address}"
    own_id = message_id(
        plan.policy.keys,
        ticket.ticket_id if ticket is not None else 0,
        ticket.session_id if ticket is not None else 0,
        plan.mail.sender,
        unique,
        plan.policy.hostname,
    )
    from_address, reply_to = _sender(plan, answer, queue)
    return Draft(
        from_address=from_address,
        from_name=answer.from_name or (queue.from_name if queue else ""),
        to_address=plan.mail.sender,
        subject=without_their_links(plan, answer.subject) or reply_subject(plan),
        text=without_their_links(plan, answer.text),
        html=without_their_links(plan, answer.html),
        mime=answer.mime,
        message_id=own_id,
        reply_to=reply_to,
        in_reply_to=view.message_id,
        references=(*view.references, *([view.message_id] if view.message_id else ())),
        headers=automatic_headers(plan.policy, answer.auto_submitted),
        attachments=answer.attachments,
    )


def _sender(plan: Plan, answer: Answer, queue: Queue | None) -> tuple[str, str]:
    """Return where an answer comes from, and where answers to it go: "" for the same address.

    A rule's own sender comes first, then the one that the queue has for automatic answers (S10, W3); that may
    be one which takes no mail (G17).
    """
    home = (queue.address if queue is not None else "") or plan.mail.recipient.address
    found = answer.from_address or (queue.answer_from if queue is not None else "") or home
    named = ticket_address(plan.catalogue, plan.policy, plan.ticket, home, plan.mail.sender)
    return found, named or (home if fold(found) != fold(home) else "")


def plan_answer(plan: Plan, answer: Answer, rule: str, *, period_key: str, period_s: int) -> str:
    """Add the answer to the plan; the gate decides when the unit applies it.

    `period_key` names what is answered; the period counts per sender. Returns "planned" or "no-sender".
    """
    if not plan.mail.sender:
        # The gate would say so too (row 1); without an address there is not even a draft to ask it about.
        plan.add(Suppressed(MailKind.ANSWER, "", Reason.NULL_SENDER.value))
        return "no-sender"
    draft = _draft(plan, answer)
    ticket, queue, entry = plan.ticket, plan.queue(), None
    if ticket is not None:
        entry = automatic_entry(
            plan.reader.allocate("entry"), ticket.ticket_id, ticket.session_id, draft, rule
        )
    plan.add(
        Send(
            kind=MailKind.ANSWER,
            draft=draft,
            envelope_from="",
            rule=rule,
            period_key=f"{period_key}:{contact_key(plan.mail.sender)}",
            period_s=period_s,
            vacation=answer.vacation,
            ticket_id=ticket.ticket_id if ticket is not None else 0,
            entry=entry,
            addresses=answer.addresses,
            fcc=answer.fcc,
            through=queue.mailbox if queue is not None else "",
        )
    )
    return "planned"
