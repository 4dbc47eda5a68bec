"""Who takes part in a ticket, and who is reminded of it (W6)."""

from datetime import datetime

from mailgate.domain.access import What
from mailgate.domain.action import PlanPolicy
from mailgate.domain.address import fold, sendable
from mailgate.domain.desk.ground import Ground
from mailgate.domain.desk.talk import copyable
from mailgate.domain.deskerror import DeskError, NotThere, require_known
from mailgate.domain.effects import (
    AddFollowUp,
    Effect,
    EndFollowUp,
    RemoveParticipant,
    SetParticipant,
)
from mailgate.domain.notice import Letter, notice
from mailgate.domain.ports import DeskReader, FollowUpView, TicketState
from mailgate.domain.routing import Catalogue

# Whom copies of answers go to.
CC = "cc"


def add_participant(ground: Ground, number: str, address: str, *, version: int | None = None) -> list[Effect]:
    """Return what makes somebody take part: a Cc who gets copies of answers, and may write."""
    ticket = ground.find(number, version)
    if not sendable(address):
        raise DeskError(f"{address!r} is no address that mail can be sent to")
    if fold(address) == fold(ground.contact_address(ticket.contact_id)):
        raise DeskError(f"{address} is the contact of {ticket.number}, and gets every answer anyway")
    return [SetParticipant(ticket.ticket_id, address, CC, confirmed=True, by=ground.by)]


def confirm_participant(
    ground: Ground, number: str, address: str, *, version: int | None = None
) -> list[Effect]:
    """Return what says that somebody who wrote by a token alone takes part; NotThere for a stranger."""
    ticket = ground.find(number, version)
    _require_part(ground, ticket, address)
    return [SetParticipant(ticket.ticket_id, address, CC, confirmed=True, by=ground.by)]


def remove_participant(
    ground: Ground, number: str, address: str, *, version: int | None = None
) -> list[Effect]:
    """Return what ends somebody's part."""
    ticket = ground.find(number, version)
    _require_part(ground, ticket, address)
    return [RemoveParticipant(ticket.ticket_id, address, ground.by)]


def _require_part(ground: Ground, ticket: TicketState, address: str) -> None:
    there = {fold(one.address): one.address for one in ground.reader.participants(ticket.ticket_id)}
    if fold(address) not in there:
        known = f"; there are {', '.join(there.values())}" if there else ""
        raise NotThere(f"{address} takes no part in {ticket.number}{known}")


def add_follow_up(
    ground: Ground, number: str, at: datetime, agent: str = "", note: str = "", *, version: int | None = None
) -> list[Effect]:
    """Return a reminder for an agent: the named one, else whoever acts, else the ticket's own."""
    ticket = ground.find(number, version)
    name = agent or ground.actor.name or ticket.agent
    if not name:
        raise DeskError(f"nobody has {ticket.number}; say which agent is to be reminded")
    require_known("agent", name, ground.catalogue.agents)
    if at <= ground.now:
        raise DeskError(f"{at:%Y-%m-%d %H:%M} UTC has passed; a reminder is for later")
    return [AddFollowUp(ticket.ticket_id, name, at, " ".join(note.split()), ground.by)]


def end_follow_up(ground: Ground, follow_up_id: int) -> list[Effect]:
    """Return what ends a reminder before or after its agent was told."""
    found = ground.reader.follow_up(follow_up_id)
    ticket = ground.reader.ticket_state(found.ticket_id) if found is not None else None
    if found is None or ticket is None:
        raise NotThere(f"there is no follow-up {follow_up_id}; `mailgate ticket show` names them")
    ground.find(ticket.number, what=What.CHANGE_TICKET)
    return [EndFollowUp(found.follow_up_id, found.ticket_id, ground.by)]


def remind(
    found: FollowUpView, reader: DeskReader, catalogue: Catalogue, policy: PlanPolicy, by: str
) -> list[Effect]:
    """Return what a due reminder comes to: told once, in the history, and by mail where the agent has one."""
    effects: list[Effect] = [EndFollowUp(found.follow_up_id, found.ticket_id, by, told=True)]
    agent = catalogue.agents.get(found.agent)
    ticket = reader.ticket_state(found.ticket_id)
    if agent is None or ticket is None or not agent.enabled or not agent.address:
        return effects
    link = copyable(catalogue.desk.link_url, ticket.number, ticket.ticket_id)
    lines = (found.note, f"{ticket.number}: {ticket.subject}", link)
    letter = Letter(
        to_address=agent.address,
        subject=f"{ticket.number}: {found.note or 'follow-up'}",
        text="\n".join(line for line in lines if line) + "\n",
        unique=f"follow-up {found.follow_up_id}",
    )
    return [*effects, notice(letter, ticket, catalogue, policy, by)]
