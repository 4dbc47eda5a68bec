"""What follows when a mail of ours is given up: a note in its ticket, and a notice to whoever is in charge.

Planned in the transaction that records the end of the mail, so neither can be lost. Notices and mailings
lead to nothing here: what tells of mail that did not arrive must not itself become mail that does not arrive.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.draft import MailKind
from mailgate.domain.effects import AddEntry, Effect, EntryKind, MarkFailing
from mailgate.domain.notice import Letter, about, in_charge, notice
from mailgate.domain.ports import DeskReader, TicketState
from mailgate.domain.routing import Agent, Catalogue

# Who is named as the author of the note, and as the rule of the notice.
AUTHOR: Final = "outbox"
# Kinds of mail whose end is told at all.
TOLD: Final = frozenset({MailKind.AGENT, MailKind.ANSWER})


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One mail that was given up; `by` is who or what sent it, `said` the last words about it.

    `refused`: for good, at once; else it was tried as long as the settings say. `nobody`: there is no such
    mailbox.
    """

    outbox_id: int
    ticket_id: int
    kind: str
    to_address: str
    by: str
    tries: int
    said: str
    refused: bool
    nobody: bool


def undelivered(
    mail: Undelivered, reader: DeskReader, catalogue: Catalogue, policy: PlanPolicy
) -> list[Effect]:
    """Return what follows: the note, the notices, and that the address fails where nobody is there."""
    if mail.kind not in TOLD:
        return []
    effects: list[Effect] = [MarkFailing(mail.to_address, mail.said)] if mail.nobody else []
    ticket = reader.ticket(mail.ticket_id) if mail.ticket_id else None
    state = reader.ticket_state(ticket.ticket_id) if ticket is not None else None
    if state is None:
        return effects
    effects.append(_note(mail, state, reader))
    # Automatic answers to addresses that somebody made up are refused all the time: nobody needs to hear it.
    if mail.kind == MailKind.AGENT or not mail.refused:
        effects += [_notice(mail, agent, state, catalogue, policy) for agent in _told(mail, state, catalogue)]
    return effects


def _what(mail: Undelivered) -> str:
    sender = f"the answer of {mail.by}" if mail.kind == MailKind.AGENT else "the automatic answer"
    return f"{sender} to {mail.to_address}"


def _why(mail: Undelivered) -> str:
    return "it was refused" if mail.refused else f"given up after {mail.tries} tries"


def _note(mail: Undelivered, state: TicketState, reader: DeskReader) -> AddEntry:
    return AddEntry(
        entry_id=reader.allocate("entry"),
        ticket_id=state.ticket_id,
        session_id=state.session_id,
        kind=EntryKind.NOTE,
        author=AUTHOR,
        text=f"{_what(mail)} did not arrive: {_why(mail)}: {mail.said}",
        touches_session=False,
        rule=f"outbox {mail.outbox_id}",
    )


def _told(mail: Undelivered, state: TicketState, catalogue: Catalogue) -> Iterable[Agent]:
    """Return the agents in charge, and who wrote it if that was somebody else."""
    found = {agent.name: agent for agent in in_charge(state, catalogue)}
    author = catalogue.agents.get(mail.by)
    if author is not None and author.address and author.enabled:
        found.setdefault(author.name, author)
    return found.values()


def _notice(
    mail: Undelivered, agent: Agent, state: TicketState, catalogue: Catalogue, policy: PlanPolicy
) -> Effect:
    text = (
        f"{_what(mail)} did not arrive.\n\n"
        f"why: {_why(mail)}\nlast words: {mail.said}\nrow of the outbox: {mail.outbox_id}\n"
        f"{about(state, catalogue)}\n"
        f"Send it again with `mailgate queue release {mail.outbox_id}`, or to another address with "
        f"`mailgate queue redirect {mail.outbox_id} ADDRESS`.\n"
    )
    letter = Letter(
        agent.address,
        f"Not delivered: {state.number} {state.subject}",
        text,
        f"undelivered {mail.outbox_id} {mail.tries} {agent.name}",
    )
    return notice(letter, state, catalogue, policy, AUTHOR)
