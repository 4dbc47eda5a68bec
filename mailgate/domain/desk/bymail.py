"""An agent answers by mail (T10): what becomes of a mail that shows a token meant for an agent.

    author is an agent, and shows a token of ours -> is it that agent's, beyond doubt? -> plan of the desk

Asked in `rules/decide.py` before any script runs: agents' mail is no customer's. It goes to the customer only
with the agent's own token and a sender that somebody vouches for (MAIL.md 4, 5). Whatever else comes with
such a token becomes a comment that agents alone see, and the agent is told why. Nothing is lost, and nothing
is sent by mistake.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final, cast

from mailgate.domain.access import What, actor_of, may
from mailgate.domain.action import Plan
from mailgate.domain.address import fold, split
from mailgate.domain.desk.ground import Ground, thing
from mailgate.domain.desk.mailcommands import plan_orders, read_orders
from mailgate.domain.desk.mailtext import ENTRY_TEXT, enclosed, own_words
from mailgate.domain.desk.talk import Words
from mailgate.domain.deskerror import DeskError
from mailgate.domain.effects import AddEntry, Drop, Effect, EntryKind, Remember, Send, SetAside
from mailgate.domain.facts import MailClass
from mailgate.domain.mail import Mail
from mailgate.domain.notice import Letter, notice, tagged
from mailgate.domain.notify import DIGEST, answerable
from mailgate.domain.ports import DeskReader, Reader, TicketState
from mailgate.domain.routing import Agent
from mailgate.domain.session import State
from mailgate.domain.thread import authors_of, ticket_of, token_texts
from mailgate.domain.token import meant_for, read, seat

# What the gate, the log and the history name as the cause of notices and refusals.
RULE: Final = "by-mail"
# One mail that comes for several of our addresses, or twice, is one answer; as long as Postfix may try.
COPIES: Final = "agent-mail"
COPY_FOR: Final = timedelta(days=14)


class Became(StrEnum):
    """What an agent's mail became: the action of its delivery, and a label of the metrics."""

    ANSWER = "agent_answer"
    COMMENT = "agent_comment"
    CHANGE = "agent_change"
    MISTAKE = "agent_mistake"
    REFUSED = "agent_refused"
    AUTOMATIC = "agent_automatic"
    COPY = "agent_copy"
    ASIDE = "agent_aside"


class Place(StrEnum):
    """Whose token a mail shows."""

    OWN = "own"  # the author's own seat
    OTHER = "another agent's"
    PLAIN = "not one to answer by"  # a mail of ours that does not invite an answer to the customer


@dataclass(frozen=True, slots=True)
class Claim:
    """A mail that says it is from an agent, and shows a token; `ticket` is None where that has none."""

    agent: Agent
    place: Place
    ticket: TicketState | None


def agent_mail(plan: Plan) -> Became | None:
    """Plan an agent's mail; None where it is none, and the rules decide as about any other."""
    mail, delimiter = plan.mail, plan.catalogue.recipient_delimiter
    # Most mail opens a ticket, and ends here.
    if not mail.view.references and delimiter not in mail.recipient.address:
        return None
    if plan.mail_class in {MailClass.OWN, MailClass.BOUNCE}:
        return None
    claim = _claim(plan)
    if claim is None:
        return None
    became = _plan(plan, claim)
    number = claim.ticket.number if claim.ticket is not None else ""
    plan.words += [f"ticket={number}"] if number else []
    plan.words.append(f"agent={claim.agent.name}")
    return became


def _claim(plan: Plan) -> Claim | None:
    agent = plan.catalogue.agent_at(plan.author) if plan.catalogue.staff else None
    # A mail with two authors is neither's, and an address in look-alike letters nobody's.
    if agent is None or authors_of(plan.mail) != (plan.author,):
        return None
    reader = _desk(plan.reader)
    if reader is None:
        return None
    for text in token_texts(plan.mail, plan.catalogue.recipient_delimiter):
        token = read(plan.policy.keys, text)
        if token is None:
            continue
        place = Place.PLAIN
        if meant_for(plan.policy.keys, token, seat(agent.address)):
            place = Place.OWN
        elif any(
            meant_for(plan.policy.keys, token, seat(one.address)) for one in plan.catalogue.agents.values()
        ):
            place = Place.OTHER
        found = ticket_of(reader, token, text)
        ticket = reader.ticket_state(found.ticket_id) if found is not None else None
        if place is Place.PLAIN and not _is_staff(plan, reader, agent, ticket):
            return None
        return Claim(agent, place, ticket)
    if any(one.startswith(DIGEST) and _is_ours(reader, one, agent) for one in plan.mail.view.in_reply_to):
        return Claim(agent, Place.PLAIN, None)
    return None


def _is_ours(reader: Reader, message_id: str, agent: Agent) -> bool:
    """Whether a mail of ours went to an agent."""
    sent = reader.sent(message_id)
    return sent is not None and fold(sent.to_address) == fold(agent.address)


def _desk(reader: Reader) -> DeskReader | None:
    """Return the reader as one that plans of the desk can ask; tests of rules have none, nor agents."""
    return cast("DeskReader", reader) if hasattr(reader, "ticket_state") else None


def _is_staff(plan: Plan, reader: Reader, agent: Agent, ticket: TicketState | None) -> bool:
    """Whether an agent writes as one here: whoever is the customer, or takes part as one, does not."""
    if ticket is None or reader.is_participant(ticket.ticket_id, agent.address):
        return False
    return may(actor_of(agent, plan.catalogue), What.CHANGE_TICKET, thing(ticket))


def _plan(plan: Plan, claim: Claim) -> Became:
    """Return what the mail became, with everything planned."""
    by, why = vouched(plan.mail, claim.agent), ""
    key = _copy_key(plan, claim, by)
    if plan.reader.remembered(COPIES, key):
        plan.note("agent-mail", agent=claim.agent.name, copy="it came before, by another address or twice")
        plan.add(Drop("a second copy of an agent's mail"))
        return Became.COPY
    plan.add(Remember(COPIES, key, plan.now + COPY_FOR))
    if plan.mail_class is not MailClass.PERSON:
        return _automatic(plan, claim)
    if claim.ticket is None:
        return _aside(plan, claim)
    if claim.place is Place.OTHER:
        why = "it answers the notification of another agent; answer your own"
    elif not claim.agent.enabled:
        why = f"the agent {claim.agent.name} is disabled"
    elif not by:
        why = "nobody vouches for its sender: neither DMARC nor an aligned DKIM signature passed"
    elif not may(actor_of(claim.agent, plan.catalogue), What.CHANGE_TICKET, thing(claim.ticket)):
        why = "the agent has no right to this ticket"
    plan.note("agent-mail", agent=claim.agent.name, token=claim.place.value, vouched=by, refused=why)
    if why:
        return _refused(plan, claim, claim.ticket, why)
    if claim.place is Place.PLAIN:
        return _only_kept(plan, claim, claim.ticket)
    return _accepted(plan, claim, claim.ticket)


def _copy_key(plan: Plan, claim: Claim, vouched_by: str) -> str:
    """Return what two copies of a mail share; a forged one never takes the place of the real one."""
    ticket_id = claim.ticket.ticket_id if claim.ticket is not None else 0
    own = plan.mail.view.message_id or plan.mail.received.octets.sha256.hex()
    return f"{ticket_id}|{claim.agent.name}|{'known' if vouched_by else 'unknown'}|{own}"


def vouched(mail: Mail, agent: Agent) -> str:
    """Return who says that a mail really is from an agent's address, "" where nobody does.

    DMARC passed, or a DKIM signature of the From domain or one above it (RFC 7489 3.1.1), by our own check or
    a server that we trust; or it came in from the agent, by its own name and password. SPF alone is not
    enough: it speaks of the envelope.
    """
    known, domain = mail.facts.authentication, split(fold(agent.address))[1]
    if mail.received.origin.authenticated in {agent.name, agent.address}:
        return "password"
    if known.dmarc.result == "fail":
        return ""
    if known.dmarc.result == "pass" and (not known.dmarc.domain or _aligned(domain, known.dmarc.domain)):
        return f"dmarc by {known.source}"
    signed = (one.domain for one in known.dkim if one.result == "pass")
    return f"dkim by {known.source}" if any(_aligned(domain, one) for one in signed) else ""


def _aligned(domain: str, signer: str) -> bool:
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _accepted(plan: Plan, claim: Claim, ticket: TicketState) -> Became:
    """Carry out what the mail says, all of it or nothing."""
    desk = cast("DeskReader", plan.reader)
    actor = actor_of(claim.agent, plan.catalogue)
    ground = Ground(desk, plan.catalogue, plan.now, actor, claim.agent.name)
    text = _words(plan)
    orders = read_orders(text)
    try:
        words = Words("", original=True, files=enclosed(plan.mail.view))
        effects = plan_orders(ground, plan.policy, ticket.number, orders, words)
    except DeskError as wrong:
        return _mistake(plan, claim, ticket, str(wrong))
    plan.add(*_with_mail(effects))
    done = [f"#{line.name} {line.value}".rstrip() for line in orders.lines]
    plan.note("agent-mail", did=", ".join(done))
    if any(isinstance(one, Send) for one in effects):
        return Became.ANSWER
    return Became.COMMENT if orders.silent and orders.text else Became.CHANGE


def _words(plan: Plan) -> str:
    """Return what the agent has written; what it answers is known by its Message-ID."""
    answered = next(iter(plan.mail.view.in_reply_to), "")
    return own_words(plan.mail.view, plan.reader.sent_text(answered) if answered else "")


def _with_mail(effects: Iterable[Effect]) -> list[Effect]:
    """Return the effects with the mail tied to the comment among them, if there is one."""
    return [
        replace(one, with_message=True)
        if isinstance(one, AddEntry) and one.kind is EntryKind.COMMENT
        else one
        for one in effects
    ]


def _keep(plan: Plan, claim: Claim, ticket: TicketState, kind: EntryKind, *, unverified: bool) -> None:
    """Add the mail to the ticket where agents alone see it, with all that it says."""
    plan.add(
        AddEntry(
            entry_id=plan.reader.allocate("entry"),
            ticket_id=ticket.ticket_id,
            session_id=ticket.session_id,
            kind=kind,
            author=claim.agent.address if unverified else claim.agent.name,
            text=plan.mail.view.main_text(ENTRY_TEXT),
            with_message=True,
            unverified=unverified,
            touches_session=False,
            rule=RULE,
        )
    )


def _automatic(plan: Plan, claim: Claim) -> Became:
    """Keep what an agent's machine has answered: nobody is told, the ticket stays as it is."""
    plan.note("agent-mail", agent=claim.agent.name, automatic=plan.class_reason)
    if claim.ticket is None:
        plan.add(SetAside("Aside", f"automatic answer of agent {claim.agent.name}: {plan.class_reason}"))
        return Became.ASIDE
    _keep(plan, claim, claim.ticket, EntryKind.AUTOMATIC, unverified=False)
    return Became.AUTOMATIC


def _refused(plan: Plan, claim: Claim, ticket: TicketState, why: str) -> Became:
    """Keep a mail that may be forged as a comment, and tell the agent at the address that we know."""
    _keep(plan, claim, ticket, EntryKind.COMMENT, unverified=True)
    _tell(
        plan,
        claim,
        ticket,
        f"A mail from your address was not sent to the customer of {ticket.number}, because {why}.\n\n"
        "It is a comment of the ticket, marked as not confirmed. If it was not yours, tell your\n"
        "administrator; if it was, answer at the desk or by `mailgate ticket reply`.\n",
    )
    return Became.REFUSED


def _only_kept(plan: Plan, claim: Claim, ticket: TicketState) -> Became:
    """Keep an agent's answer to a mail of ours that is not to be answered to the customer."""
    _keep(plan, claim, ticket, EntryKind.COMMENT, unverified=False)
    _tell(
        plan,
        claim,
        ticket,
        f"Your mail about {ticket.number} is a comment now, that agents alone see. Nothing was sent: only\n"
        "notifications with a line to write above are answered to the customer.\n",
    )
    return Became.COMMENT


def _mistake(plan: Plan, claim: Claim, ticket: TicketState, why: str) -> Became:
    """Keep what could not be carried out as a comment, and say what was wrong with it."""
    _keep(plan, claim, ticket, EntryKind.COMMENT, unverified=False)
    plan.note("agent-mail", mistake=why)
    text = _words(plan)
    said = (
        f"Nothing was sent and nothing changed in {ticket.number}. This is wrong:\n\n  {why}\n\n"
        f"Answer this mail, without the mistake. You had written (a comment of the ticket now):\n\n{text}\n"
    )
    queue = plan.catalogue.queues.get(ticket.queue)
    subject = tagged(f"not done: {ticket.subject}", ticket.number)
    if queue is None:
        _tell(plan, claim, ticket, said)
        return Became.MISTAKE
    letter = answerable(claim.agent, ticket, queue, plan.catalogue, plan.policy, subject, said)
    _notice(plan, letter, ticket)
    return Became.MISTAKE


def _aside(plan: Plan, claim: Claim) -> Became:
    """Keep an agent's answer to a mail of ours that names no ticket, such as several notices in one."""
    plan.add(SetAside("Aside", f"agent {claim.agent.name} has answered a mail of ours that names no ticket"))
    nowhere = TicketState(
        0, "", "", "", "", plan.route.queue, "", "", (), (), "", 0, 0, State.UNOPENED.value, 0, 0, 0
    )
    text = (
        "Your mail was set aside (folder Aside), and nothing was sent: it answers several notifications at\n"
        "once. Write to the address that stands at the one that you mean, or use the desk.\n"
    )
    _notice(plan, Letter(claim.agent.address, "not sent", text, ""), nowhere)
    return Became.ASIDE


def _tell(plan: Plan, claim: Claim, ticket: TicketState, text: str) -> None:
    if not claim.agent.address:
        return
    subject = tagged("not sent", ticket.number)
    _notice(plan, Letter(claim.agent.address, subject, text, ""), ticket)


def _notice(plan: Plan, letter: Letter, ticket: TicketState) -> None:
    """Add a notice about the mail in hand; the gate has its budgets for these too."""
    unique = f"{RULE} {plan.mail.received.trace_id} {plan.mail.recipient.address}"
    plan.add(notice(replace(letter, unique=unique), ticket, plan.catalogue, plan.policy, RULE))
