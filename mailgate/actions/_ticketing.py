"""What becomes of a mail that a rule gives to the tickets: joined, opened, claimed, tied or set aside.

Pure planning shared by the `ticket` action and the desk; the grammar stands in `ticket.py`. The class of the
mail comes first (MAIL.md 3): returned mail, bounces and automatic answers never open a ticket.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import re2

from mailgate.actions._contacts import ensure_contact
from mailgate.actions._tying import tie
from mailgate.domain.action import Plan
from mailgate.domain.effects import (
    AddEntry,
    AddFollowUp,
    ChangeTicket,
    ClearFailing,
    EntryKind,
    OpenTicket,
    ShareOut,
)
from mailgate.domain.facts import MailClass
from mailgate.domain.helpdesk import StatusKind, first_status, status_kind
from mailgate.domain.message.answertext import AnswerText, answer_text
from mailgate.domain.ports import TicketView
from mailgate.domain.session import Event, State, join
from mailgate.domain.staff import works_on
from mailgate.domain.thread import How, Threading, belongs
from mailgate.domain.ticket import KEY_LENGTH, SUBJECT_LENGTH, format_number, match_key

# A ticket's history shows this much of a mail's text; the whole stays in the stored mail.
ENTRY_TEXT_LIMIT = 64 * 1024
# The mail that is answered is named by In-Reply-To; where a program leaves that out, by one of the last ids.
ANSWERED: Final = 2
# The row of the table of MAIL.md 5 that proves itself.
BY_TOKEN: Final = 1
# The outcome of a `ticket` that opens none because a switch is off.
OFF: Final = "off"


@dataclass(frozen=True, slots=True)
class TicketWish:
    """What a rule asks for; "" and 0 mean: not said (W5, W6, S5)."""

    queue: str = ""
    subject: str = ""
    priority: str = ""
    status: str = ""
    agent: str = ""
    owner_group: str = ""
    workflow: str = ""
    follow_up_agent: str = ""
    follow_up_days: int = 0
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    match_subject: bool = False
    key: str = ""
    key_regex: str = ""
    never_follow_up: bool = False
    update: bool = False
    share: bool = False  # whoever shares out the work finds an agent (G15)


def plan_ticket(plan: Plan, wish: TicketWish, rule: str) -> str:
    """Add what `ticket` means for this mail; return created, joined, claimed, off, bounce, aside …."""
    if plan.ticket is not None:
        _set_fields(plan, plan.ticket, wish, rule)
        return plan.ticket_how
    match plan.mail_class:
        case MailClass.OWN | MailClass.BOUNCE | MailClass.AUTOMATIC:
            plan.ticket_how = tie(plan, rule)
        case _:
            plan.ticket_how = _person(plan, wish, rule)
    return plan.ticket_how


def _person(plan: Plan, wish: TicketWish, rule: str) -> str:
    """Join the ticket that the mail belongs to, else open one (MAIL.md 5)."""
    threading = Threading(How.NEW) if wish.never_follow_up else found_by_threading(plan, wish)
    plan.note("threading", how=threading.how.value, row=threading.row, tried=list(threading.tried))
    if threading.wrong_tokens:
        plan.wrong_tokens += threading.wrong_tokens
        plan.note("wrong-token", count=threading.wrong_tokens)
    if threading.how is How.JOIN and threading.ticket is not None:
        if threading.row == BY_TOKEN and plan.mail.sender:
            plan.add(ClearFailing(plan.mail.sender))  # who shows a token has got a mail of ours
        return _join(plan, threading.ticket, wish, rule, unverified=threading.unverified)
    claims = threading.ticket.ticket_id if threading.ticket is not None else 0
    return _open(plan, wish, claims, rule)


def found_by_threading(plan: Plan, wish: TicketWish) -> Threading:
    """Return where a person's mail belongs; nothing is joined by asking."""
    return belongs(
        plan.mail,
        plan.reader,
        plan.policy.keys,
        now=plan.now,
        match_key=_match_key(plan, wish) if wish.match_subject or wish.key or wish.key_regex else "",
        window=timedelta(seconds=plan.policy.match_window_s),
        pattern=plan.catalogue.desk.number_pattern,
        delimiter=plan.catalogue.recipient_delimiter,
        queue=wish.queue if wish.queue in plan.catalogue.queues else plan.route.queue,
        works_on=partial(works_on, plan.catalogue),
    )


def _match_key(plan: Plan, wish: TicketWish) -> str:
    """Return what S5 compares: the rule's key, what its pattern takes out of the subject, or the subject."""
    subject = wish.subject or plan.mail.view.subject
    if wish.key_regex:
        # A subject without a key is no reason to join whatever has the same subject.
        return key_in(wish.key_regex, plan.mail.view.subject)
    return wish.key or match_key(subject)


def key_in(pattern: str, subject: str) -> str:
    """Return what a pattern (RE2) takes out of a subject: its first group, else all of it; or ""."""
    try:
        found = re2.search(pattern, subject[:SUBJECT_LENGTH])
    except re2.error:
        return ""  # a constant one was checked when the script was compiled
    if found is None:
        return ""
    text = found.group(1) if found.re.groups else found.group(0)
    return (text or "").strip().casefold()[:KEY_LENGTH]


def _join(plan: Plan, ticket: TicketView, wish: TicketWish, rule: str, *, unverified: bool) -> str:
    """Add the mail to the ticket; a closed one is open again, other fields only with `:update`."""
    known, plan.before = plan.belonging, ticket
    if known is not None and known.ticket_id == ticket.ticket_id:
        ticket = known  # as it will be after what this run has changed already
    plan.ticket = ticket = _in_session(plan, ticket, rule)
    new = answer_text(plan.mail.view, ENTRY_TEXT_LIMIT, answered_texts(plan))
    plan.note("answer", how=new.how, trimmed=new.trimmed)
    _incoming(plan, ticket, EntryKind.INCOMING, rule, new=new, unverified=unverified)
    wanted = wish if wish.update else TicketWish()
    statuses = plan.catalogue.statuses
    if not wanted.status and status_kind(statuses, ticket.status) is StatusKind.CLOSED:
        wanted = replace(wanted, status=first_status(statuses, StatusKind.OPEN))
    _set_fields(plan, ticket, wanted, rule)
    plan.words.append(f"ticket={ticket.number}")
    return "joined"


def _in_session(plan: Plan, ticket: TicketView, rule: str) -> TicketView:
    """Return the ticket with the session that the mail belongs to, come to life where it had rested (G12)."""
    now_ms = int(plan.now.timestamp() * 1000)
    effects, after = join(
        ticket, Event.INCOMING, now_ms, plan.catalogue.desk, lambda: plan.reader.allocate("session"), rule
    )
    plan.add(*effects)
    return after


def _switched_off(plan: Plan, queue: str) -> str:
    """Return why no ticket is opened, "" where nothing speaks against it (G1, G8)."""
    if not plan.catalogue.desk.incoming_tickets:
        return "incoming_tickets is off"
    found = plan.catalogue.queues.get(queue)
    return f"the queue {queue} is off" if found is not None and not found.enabled else ""


def _open(plan: Plan, wish: TicketWish, claims: int, rule: str) -> str:
    """Open a ticket; "off" where a switch says that there are none: then whoever asked keeps the mail."""
    if why := _switched_off(plan, _queue(plan, wish) or plan.route.queue):
        plan.note("ticket", off=why)
        return OFF
    contact = ensure_contact(plan)
    ticket_id = plan.reader.allocate("ticket")
    ticket = TicketView(
        ticket_id=ticket_id,
        number=format_number(ticket_id, plan.catalogue.desk.number_pattern),
        subject=wish.subject or plan.mail.view.subject,
        status=wish.status or first_status(plan.catalogue.statuses, StatusKind.OPEN),
        priority=wish.priority or "normal",
        queue=_queue(plan, wish) or plan.route.queue,
        agent=wish.agent,
        contact_id=contact.contact_id,
        session_id=plan.reader.allocate("session"),
        session_state=State.UNOPENED.value,
    )
    plan.add(
        OpenTicket(
            ticket_id=ticket.ticket_id,
            number=ticket.number,
            session_id=ticket.session_id,
            queue=ticket.queue,
            subject=ticket.subject,
            contact_id=ticket.contact_id,
            status=ticket.status,
            priority=ticket.priority,
            categories=wish.categories,
            tags=wish.tags,
            agent=ticket.agent,
            owner_group=wish.owner_group,
            follow_up_agent=wish.follow_up_agent,
            follow_up_at=_follow_up(plan, wish),
            workflow=wish.workflow,
            claims=claims,
            match_key=_match_key(plan, wish),
            company_id=contact.company_id,
        )
    )
    plan.ticket = ticket
    _incoming(plan, ticket, EntryKind.INCOMING, rule)
    if wish.share:
        plan.add(ShareOut(ticket.ticket_id, rule))
    plan.words.append(f"ticket={ticket.number}")
    if claims:
        plan.note("claims", ticket_id=claims)
        return "claimed"
    return "created"


def answered_texts(plan: Plan) -> list[str]:
    """Return the text of the mail of ours that the mail in hand answers, if it does."""
    view = plan.mail.view
    for one in dict.fromkeys((*view.in_reply_to[:1], *reversed(view.references[-ANSWERED:]))):
        if text := plan.reader.sent_text(one):
            return [text]
    return []


def _incoming(
    plan: Plan,
    ticket: TicketView,
    kind: EntryKind,
    rule: str,
    *,
    new: AnswerText | None = None,
    unverified: bool = False,
) -> None:
    """Add the mail in hand to the ticket's history: all of its text, or what is `new` in an answer."""
    plan.add(
        AddEntry(
            entry_id=plan.reader.allocate("entry"),
            ticket_id=ticket.ticket_id,
            session_id=ticket.session_id,
            kind=kind,
            author=plan.author,
            text=new.text if new is not None else plan.mail.view.main_text(ENTRY_TEXT_LIMIT),
            trimmed=new is not None and new.trimmed,
            with_message=True,
            unverified=unverified,
            touches_session=kind is EntryKind.INCOMING,
            message_id=plan.mail.view.message_id,
            rule=rule,
        )
    )


def _set_fields(plan: Plan, ticket: TicketView, wish: TicketWish, rule: str) -> None:
    """Change what the rule names and what differs; the rest of the script sees the ticket as it will be."""
    follow_up = _follow_up(plan, wish)
    unseen = {
        "owner_group": wish.owner_group,
        "categories": ",".join(wish.categories),
        "tags": ",".join(wish.tags),
        "workflow": wish.workflow,
    }
    after = replace(
        ticket,
        queue=_queue(plan, wish) or ticket.queue,
        priority=wish.priority or ticket.priority,
        status=wish.status or ticket.status,
        agent=wish.agent or ticket.agent,
    )
    for name in ("queue", "priority", "status", "agent"):
        if getattr(after, name) != getattr(ticket, name):
            plan.add(ChangeTicket(ticket.ticket_id, name, getattr(after, name), rule))
    for name, value in unseen.items():
        if value:
            plan.add(ChangeTicket(ticket.ticket_id, name, value, rule))
    if follow_up is not None:
        plan.add(AddFollowUp(ticket.ticket_id, wish.follow_up_agent, follow_up, "", rule))
    if wish.share and not after.agent:
        plan.add(ShareOut(ticket.ticket_id, rule))
    plan.ticket = after


def _follow_up(plan: Plan, wish: TicketWish) -> datetime | None:
    """Return when the agent is to be reminded (W6)."""
    return plan.now + timedelta(days=wish.follow_up_days) if wish.follow_up_agent else None


def _queue(plan: Plan, wish: TicketWish) -> str:
    """Return the queue that the rule names; one that does not exist (a variable may say anything) is none."""
    if not wish.queue or wish.queue in plan.catalogue.queues:
        return wish.queue
    plan.note("queue", unknown=wish.queue)
    return ""
