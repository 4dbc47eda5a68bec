"""Mails of ours about a ticket that no mail in hand leads to: alarms, workflows, reminders (T9, N4).

They are planned like every other mail and pass the gate; notices to our own people are gathered into digests
where they are too many.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from mailgate.domain.action import PlanPolicy
from mailgate.domain.address import fold
from mailgate.domain.automatic import automatic_entry, automatic_headers
from mailgate.domain.draft import Attachment, Draft, MailKind
from mailgate.domain.effects import Send
from mailgate.domain.ports import TicketState
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.staff import agents_of
from mailgate.domain.ticket import subject_tag
from mailgate.domain.token import LOOP_HEADER, loop_mark, message_id


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said, and to whom; `unique` is a text that no other mail about this ticket has.

    `seat` (`token.seat`) stands in the token where the recipient may answer the customer by answering this,
    `reply_to` is where that answer goes.
    """

    to_address: str
    subject: str
    text: str
    unique: str
    html: str = ""
    seat: str = ""
    reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = ()


def in_charge(state: TicketState, catalogue: Catalogue) -> tuple[Agent, ...]:
    """Return whom a notice about a ticket is for: its agent, else the agents of its queue."""
    agent = catalogue.agents.get(state.agent)
    if agent is not None and agent.address and agent.enabled:
        return (agent,)
    return team(state, catalogue)


def team(state: TicketState, catalogue: Catalogue) -> tuple[Agent, ...]:
    """Return the agents of a ticket's queue whom a mail can reach."""
    queue = catalogue.queues.get(state.queue)
    found = agents_of(queue, catalogue) if queue is not None else ()
    return tuple(agent for agent in found if agent.address and agent.enabled)


def owners(state: TicketState, catalogue: Catalogue) -> tuple[Agent, ...]:
    """Return the members of the team that owns a ticket whom a mail can reach."""
    found = catalogue.teams.get(state.owner_group)
    members = [catalogue.agents.get(name) for name in found.members] if found is not None else []
    return tuple(one for one in members if one is not None and one.address and one.enabled)


def notice(letter: Letter, state: TicketState, catalogue: Catalogue, policy: PlanPolicy, rule: str) -> Send:
    """Return a notice to one of our people; from their own address where the queue has none."""
    # MAIL.md 3: notices say that a machine wrote them, and may be answered by a person.
    headers = (
        ("Auto-Submitted", "auto-generated"),
        (LOOP_HEADER, loop_mark(policy.keys, policy.instance)),
    )
    sender = _sender(state, catalogue) or letter.to_address
    draft = _draft(letter, state, catalogue, policy, headers, sender)
    return Send(MailKind.NOTICE, draft, "", rule, ticket_id=state.ticket_id)


def _sender(state: TicketState, catalogue: Catalogue) -> str:
    queue = catalogue.queues.get(state.queue)
    return queue.address if queue is not None else ""


def answer(
    letter: Letter, state: TicketState, catalogue: Catalogue, policy: PlanPolicy, rule: str, entry_id: int
) -> Send | None:
    """Return an automatic mail to the customer, with its entry in the history.

    It comes from where the queue's automatic answers do (S10), and answers to it go to the queue. None where
    the queue has no address.
    """
    home = _sender(state, catalogue)
    queue = catalogue.queues.get(state.queue)
    sender = (queue.answer_from if queue is not None else "") or home
    if not sender:
        return None
    if home and fold(home) != fold(sender):
        letter = replace(letter, reply_to=letter.reply_to or home)
    headers = automatic_headers(policy, "auto-generated")
    draft = _draft(letter, state, catalogue, policy, headers, sender)
    entry = automatic_entry(entry_id, state.ticket_id, state.session_id, draft, rule)
    mailbox = catalogue.queues[state.queue].mailbox
    return Send(MailKind.ANSWER, draft, "", rule, ticket_id=state.ticket_id, entry=entry, through=mailbox)


def tagged(subject: str, number: str) -> str:
    """Return a subject with the ticket's tag, so that answers find the ticket (S9)."""
    tag = subject_tag(number)
    return subject if tag in subject else f"{tag} {subject}"


def _draft(
    letter: Letter,
    state: TicketState,
    catalogue: Catalogue,
    policy: PlanPolicy,
    headers: tuple[tuple[str, str], ...],
    sender: str,
) -> Draft:
    queue = catalogue.queues.get(state.queue)
    own_id = message_id(
        policy.keys,
        state.ticket_id,
        state.session_id,
        letter.seat or letter.to_address,
        letter.unique,
        policy.hostname,
    )
    return Draft(
        from_address=sender,
        from_name=queue.from_name if queue is not None else "",
        to_address=letter.to_address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        message_id=own_id,
        references=letter.references,
        reply_to=letter.reply_to,
        headers=headers,
        attachments=letter.files,
    )


def about(state: TicketState, catalogue: Catalogue) -> str:
    """Return the lines that tell an agent what a notice is about."""
    said = {
        "ticket": f"{state.number} {state.subject}",
        "queue": state.queue,
        "agent": state.agent or "nobody",
        "status": state.status,
        "priority": state.priority,
        "link": catalogue.desk.link_url.replace("{number}", state.number),
    }
    return "".join(f"{name}: {value}\n" for name, value in said.items() if value)


def local_time(at_ms: int, queue: Queue | None) -> str:
    """Return a moment as the queue's clock shows it."""
    zone = queue.zone if queue is not None and queue.zone is not None else UTC
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
