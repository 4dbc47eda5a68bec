"""A bounce, a machine's answer or our own mail come back: tied to the mail of ours that it is about.

Anybody can forge a report, so only what names a mail that we really sent is tied, by its Message-ID or by a
token of ours (MAIL.md 3); the rest is set aside, visibly. A report marks an address only where that very
address was written to.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mailgate.domain.action import Plan
from mailgate.domain.address import fold, split
from mailgate.domain.bounces.read import bounce_of
from mailgate.domain.bounces.reasons import Failure
from mailgate.domain.bounces.report import BouncedReport, ReportKind
from mailgate.domain.effects import AddEntry, ClearFailing, EntryKind, MarkFailing, SetAside
from mailgate.domain.facts import MailClass
from mailgate.domain.ports import SentView, TicketView
from mailgate.domain.token import Token, meant_for, read

# A ticket's history shows this much of a report's text; the whole stays in the stored mail.
TEXT_LIMIT: Final = 16 * 1024
# More ids than this no report on one mail of ours names.
MOST_IDS: Final = 20
_ARRIVED: Final = frozenset({"delivered", "displayed", "expanded"})


@dataclass(frozen=True, slots=True)
class Tie:
    """What a machine's mail is about: the ticket, the mail of ours, the token that shows it, the report.

    `token` stands alone where the mail of ours is gone from the outbox already.
    """

    ticket: TicketView | None = None
    sent: SentView | None = None
    token: Token | None = None
    report: BouncedReport | None = None

    @property
    def known(self) -> bool:
        """Whether it is about a mail of ours."""
        return self.sent is not None or self.token is not None


def tie(plan: Plan, rule: str) -> str:
    """Tie a bounce or an automatic answer to the mail of ours that it is about, else set it aside."""
    found = tied(plan)
    address = _written_to(plan, found)
    if address:
        _count(plan, found.report, address)
    if found.ticket is None:
        return _aside(plan, found)
    plan.ticket = found.ticket
    _entry(plan, found.ticket, found.report, rule)
    plan.words.append(f"ticket={found.ticket.number}")
    return {MailClass.OWN: "returned", MailClass.BOUNCE: "bounce"}.get(plan.mail_class, "automatic")


def tied(plan: Plan) -> Tie:
    """Return what a machine's mail is about; nothing changes by asking."""
    view = plan.mail.view
    report = bounce_of(view) if plan.mail_class is MailClass.BOUNCE else None
    ids = list(dict.fromkeys(_ids(plan, report)))[:MOST_IDS]
    sent = next((one for one in map(plan.reader.sent, ids) if one is not None), None)
    if sent is not None:
        ticket = plan.reader.ticket(sent.ticket_id) if sent.ticket_id else None
        return Tie(ticket, sent, None, report)
    # The outbox forgets after a while and a token never does; it stands in our plus-address, too.
    detail = split(plan.mail.recipient.address)[0].partition(plan.catalogue.recipient_delimiter or "+")[2]
    token = next((one for text in (*ids, detail) if text and (one := read(plan.policy.keys, text))), None)
    ticket = plan.reader.ticket(token.ticket_id) if token is not None and token.ticket_id else None
    return Tie(ticket, None, token, report)


def tied_ticket(plan: Plan) -> TicketView | None:
    """Return the ticket that a returned or automatic mail is about."""
    return tied(plan).ticket


def _ids(plan: Plan, report: BouncedReport | None) -> Iterator[str]:
    """Yield the ids that may be ours, the surest first."""
    view = plan.mail.view
    if report is not None:
        if report.original_message_id:
            yield report.original_message_id
        yield from report.mentioned
    yield from view.references
    if plan.mail_class is MailClass.OWN and view.message_id:
        # Mail of ours that somebody sent back is named by its own Message-ID.
        yield view.message_id


def _written_to(plan: Plan, found: Tie) -> str:
    """Return the address of ours that a report speaks about, "" where that is not proven."""
    if found.sent is not None:
        return found.sent.to_address
    if found.token is None or found.report is None:
        return ""
    named = (found.report.original_recipient, found.report.recipient)
    return next((one for one in named if one and meant_for(plan.policy.keys, found.token, one)), "")


def _count(plan: Plan, report: BouncedReport | None, address: str) -> None:
    """Count a failure against the address that we wrote to, or take back what was counted."""
    if plan.mail_class is MailClass.AUTOMATIC:
        plan.add(ClearFailing(address))  # whoever answers has got it
    if report is None or plan.mail_class is not MailClass.BOUNCE:
        return
    if report.kind is ReportKind.DISPOSITION or report.action in _ARRIVED:
        plan.add(ClearFailing(address))
    elif report.hard:
        plan.add(MarkFailing(address, report.status))
    elif report.failure in {Failure.FULL, Failure.SOFT}:
        plan.add(MarkFailing(address, report.status, soft=True))


def _entry(plan: Plan, ticket: TicketView, report: BouncedReport | None, rule: str) -> None:
    """Add the mail in hand to the history; a report begins with what it says, in a plain sentence."""
    text = plan.mail.view.main_text(TEXT_LIMIT)
    if report is not None:
        text = f"{report.sentence}.\n\n{text}"
    bounce = plan.mail_class is MailClass.BOUNCE
    plan.add(
        AddEntry(
            entry_id=plan.reader.allocate("entry"),
            ticket_id=ticket.ticket_id,
            session_id=ticket.session_id,
            kind=EntryKind.BOUNCE if bounce else EntryKind.AUTOMATIC,
            author=plan.author,
            text=text,
            with_message=True,
            touches_session=False,
            message_id=plan.mail.view.message_id,
            rule=rule,
            report=report_json(report) if report is not None else "",
        )
    )


def report_json(report: BouncedReport) -> str:
    """Return a report as `entry.report` keeps it; keys that say nothing are left out."""
    said = {
        "kind": report.kind.value,
        "recipient": report.recipient,
        "original_recipient": ""
        if fold(report.original_recipient) == fold(report.recipient)
        else report.original_recipient,
        "recipients": list(report.recipients) if len(report.recipients) > 1 else [],
        "action": report.action,
        "status": report.status,
        "code": report.code,
        "failure": report.failure.value,
        "hard": report.hard,
        "reason": report.reason,
        "diagnostic": report.diagnostic,
    }
    kept = {name: value for name, value in said.items() if value not in ("", 0, []) or name == "hard"}
    return json.dumps(kept, ensure_ascii=False)


def _aside(plan: Plan, found: Tie) -> str:
    """Keep it visible with its reason; nothing is dropped."""
    known = "is about a mail of ours without a ticket" if found.known else "has no tie to a mail of ours"
    what = f": {found.report.sentence}" if found.report is not None else ""
    plan.add(SetAside("Aside", f"{plan.mail_class.value} ({plan.class_reason}) {known}{what}"))
    plan.words.append("folder=Aside")
    return "aside"
