"""Tells agents of a customer's mail, in a notice that they can answer (T10; `Queue.notify`).

A follower of events: a mail has joined or opened a ticket, and its queue says who is to hear of it. The
notice's Message-ID and the address that answers go to hold a token that is meant for this agent alone
(`token.seat`); `desk/bymail.py` takes the answer. Nobody is told of bounces, of mail of ours that came back
and of automatic answers: these make no such event.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.address import fold, split
from mailgate.domain.effects import Effect, EntryKind, Send
from mailgate.domain.events import EventKind, TicketEvent
from mailgate.domain.notice import Letter, about, in_charge, notice, tagged, team
from mailgate.domain.ports import DeskReader, EntryView, TicketState
from mailgate.domain.replymark import reply_above
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.token import detail, seat

OFF: Final = "off"
TEAM: Final = "team"
# How the Message-ID of a digest begins: it is about several tickets, so an answer to it is about none.
DIGEST: Final = "<digest."
# How the last lines of a notice begin, by which one is known that stands in an answer.
HOW: Final = "Your answer above the line goes to the customer"
# Who the gate and the log name as the cause.
RULE: Final = "notify"
# Behind the mail that is told of there may be automatic answers to it already.
LATEST: Final = 5
# More than this nobody reads in a notice; the ticket has the whole.
TEXT_LIMIT: Final = 20_000
# RFC 5321 4.5.3.1.1: what is longer may be refused on its way back; then the Message-ID alone must do.
LOCAL_PART: Final = 64


class Notifier:
    """The follower, for one version of the catalogue; where no queue notifies, nothing is asked."""

    __slots__ = ("_on", "_policy")

    def __init__(self, catalogue: Catalogue, policy: PlanPolicy) -> None:
        self._policy = policy
        self._on = any(queue.notify != OFF for queue in catalogue.queues.values())

    def __call__(
        self, event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime
    ) -> Iterable[Effect]:
        """Return the notices about a customer's mail."""
        del now  # they say when they were written themselves
        if not self._on or event.kind is not EventKind.INCOMING:
            return ()
        state = reader.ticket_state(event.ticket_id)
        queue = catalogue.queues.get(state.queue) if state is not None else None
        if state is None or queue is None or queue.notify == OFF:
            return ()
        entry = _newest(reader, state)
        if entry is None:
            return ()
        told = (one for one in recipients(state, queue, catalogue) if fold(one.address) != fold(entry.author))
        name = _name(reader, entry.author)
        return tuple(self._notice(one, state, queue, catalogue, entry, name) for one in told)

    def _notice(
        self,
        agent: Agent,
        state: TicketState,
        queue: Queue,
        catalogue: Catalogue,
        entry: EntryView,
        name: str,
    ) -> Send:
        text = entry.text[:TEXT_LIMIT].rstrip() or "(the mail has no text)"
        unconfirmed = "; the sender is not confirmed" if entry.unverified else ""
        said = f"{name} has written{unconfirmed}:\n\n{text}\n\n{about(state, catalogue)}"
        subject = tagged(state.subject, state.number)
        letter = answerable(agent, state, queue, catalogue, self._policy, subject, said)
        letter = replace(letter, unique=f"{RULE} {entry.entry_id} {agent.name}")
        return notice(letter, state, catalogue, self._policy, RULE)


def _newest(reader: DeskReader, state: TicketState) -> EntryView | None:
    """Return the mail that the event is about."""
    mails = reader.conversation(state.ticket_id, LATEST)
    return next((one for one in reversed(mails) if one.kind == EntryKind.INCOMING), None)


def _name(reader: DeskReader, address: str) -> str:
    """Return who has written, as a line of text."""
    contact = reader.contact(address) if address else None
    named = contact.name if contact is not None and contact.name != address else ""
    return f"{' '.join(named.split())} <{address}>" if named else address or "somebody"


def recipients(state: TicketState, queue: Queue, catalogue: Catalogue) -> tuple[Agent, ...]:
    """Return whom a queue tells of a ticket's mail: its agent, else its team; or the team in any case."""
    found = in_charge(state, catalogue)
    if queue.notify == TEAM:
        found = (*found, *team(state, catalogue))
    return tuple({agent.name: agent for agent in found}.values())


def answerable(
    agent: Agent,
    state: TicketState,
    queue: Queue,
    catalogue: Catalogue,
    policy: PlanPolicy,
    subject: str,
    text: str,
) -> Letter:
    """Return a letter that its agent may answer the customer by; one that nobody can where it has no queue.

    `unique` is left to the caller. The first line is the mark above which the answer is written.
    """
    if not queue.address or not agent.address:
        return Letter(agent.address, subject, text, "")
    how = (
        f"{HOW}, from {queue.address}.\n"
        "Lines in front of it are commands: #comment (nothing is sent),\n"
        "#status pending, #assign me, #close.\n"
    )
    return Letter(
        to_address=agent.address,
        subject=subject,
        text=f"{reply_above(agent.language or queue.language)}\n\n{text}\n{how}",
        unique="",
        seat=seat(agent.address),
        reply_to=reply_address(agent, state, queue, policy, catalogue.recipient_delimiter),
        # Nobody has sent this id: it keeps the notices of a ticket together in the agent's mail program.
        references=(f"<ticket-{state.ticket_id}@{policy.hostname}>",),
    )


def reply_address(agent: Agent, state: TicketState, queue: Queue, policy: PlanPolicy, delimiter: str) -> str:
    """Return the queue's plus-address for one agent's answers, "" where that would be too long."""
    local, domain = split(queue.address)
    own = detail(policy.keys, state.ticket_id, state.session_id, seat(agent.address))
    whole = f"{local}{delimiter}{own}"
    usable = delimiter and delimiter not in local and not local.startswith('"') and len(whole) <= LOCAL_PART
    return f"{whole}@{domain}" if usable else ""
