"""What a rule changes on the ticket that the mail belongs to, one field at a time, each with its outcome.

Shared by the commands in `ticket.py`. None of them says where the mail goes, and none opens a ticket: where
the mail belongs to none, the outcome is "no-ticket" and nothing happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from mailgate.actions._current import current_ticket, set_current
from mailgate.domain.action import Plan
from mailgate.domain.effects import AddEntry, ChangeTicket, EntryKind, LinkTickets, MoveSession, ShareOut
from mailgate.domain.helpdesk import closing_status
from mailgate.domain.ports import TicketView
from mailgate.domain.session import MOVES, Event, State
from sieve_like.result import Action

NO_TICKET: Final = "no-ticket"
CHANGED: Final = "changed"
UNCHANGED: Final = "unchanged"
AUTO: Final = "auto"  # whoever shares out the work decides (G15)


@dataclass(frozen=True, slots=True)
class TicketChange(Action):
    """One change of the mail's ticket: `what` is the command, `values` its argument."""

    name: ClassVar[str] = "ticket_change"

    what: str
    values: tuple[str, ...] = ()
    remove: bool = False
    note: str = ""

    def describe(self) -> str:
        """Return the command with what it was given."""
        return f"{self.what} {', '.join(self.values)}".rstrip()


def plan_change(plan: Plan, action: object) -> str:
    """Add the change; returns changed, unchanged, no-ticket or what was wrong with the name."""
    assert isinstance(action, TicketChange)
    ticket = current_ticket(plan)
    if ticket is None:
        plan.note(action.what, refused="the mail belongs to no ticket")
        return NO_TICKET
    return CHANGES[action.what](plan, ticket, action)


def _set(plan: Plan, ticket: TicketView, action: TicketChange, field: str, value: str) -> str:
    """Set a field that rules can read back."""
    if getattr(ticket, field) == value:
        return UNCHANGED
    plan.add(ChangeTicket(ticket.ticket_id, field, value, plan.rule(action.span.line)))
    after = {"status": replace(ticket, status=value), "queue": replace(ticket, queue=value)}
    set_current(plan, after.get(field) or replace(ticket, agent=value))
    return CHANGED


def _status(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    return _set(plan, ticket, action, "status", action.values[0])


def _assign(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Give the ticket to an agent; "" takes it from whoever has it, "auto" finds one if nobody has it."""
    if action.values[0] == AUTO:
        return _share_out(plan, ticket, action)
    name = action.values[0]
    if name and plan.catalogue.agents and name not in plan.catalogue.agents:
        plan.note(action.what, unknown=name)
        return "no-such-agent"
    return _set(plan, ticket, action, "agent", name)


def _share_out(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Let the queue's policy find an agent (G15), also where the queue does not share out by itself."""
    if ticket.agent:
        return UNCHANGED
    plan.add(ShareOut(ticket.ticket_id, plan.rule(action.span.line)))
    return CHANGED


def _queue(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    if action.values[0] not in plan.catalogue.queues:
        plan.note(action.what, unknown=action.values[0])
        return "no-such-queue"
    return _set(plan, ticket, action, "queue", action.values[0])


def _tag(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Add tags, or take them away; a comma parts two, so none is part of one."""
    tags = [tag.strip() for text in action.values for tag in text.split(",") if tag.strip()]
    if not tags:
        return UNCHANGED
    by = plan.rule(action.span.line)
    how = ChangeTicket(ticket.ticket_id, "tags", ",".join(tags), by, "remove" if action.remove else "add")
    plan.add(how)
    return CHANGED


def _note(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Add a note that agents alone see (S8)."""
    text = "\n".join(action.values).strip()
    if not text:
        return UNCHANGED
    _add_note(plan, ticket, text, plan.rule(action.span.line))
    return CHANGED


def _add_note(plan: Plan, ticket: TicketView, text: str, by: str) -> None:
    plan.add(
        AddEntry(
            entry_id=plan.reader.allocate("entry"),
            ticket_id=ticket.ticket_id,
            session_id=ticket.session_id,
            kind=EntryKind.NOTE,
            author=by,
            text=text,
            touches_session=False,
            rule=by,
        )
    )


def _link(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Tie the ticket to another one, named by its number (T10)."""
    other = plan.reader.ticket_by_number(action.values[0].strip().lstrip("[#").rstrip("]"))
    if other is None:
        plan.note(action.what, unknown=action.values[0])
        return "no-such-ticket"
    if other.ticket_id == ticket.ticket_id:
        return UNCHANGED
    plan.add(
        LinkTickets(
            ticket.ticket_id, ticket.number, other.ticket_id, other.number, plan.rule(action.span.line)
        )
    )
    return CHANGED


def _close(plan: Plan, ticket: TicketView, action: TicketChange) -> str:
    """Close ticket and session, with a note if the rule has one."""
    by = plan.rule(action.span.line)
    if action.note:
        _add_note(plan, ticket, action.note, by)
    after = MOVES.get((State(ticket.session_state), Event.CLOSE))
    if after is not None:
        plan.add(MoveSession(ticket.session_id, after.value, f"closed by {by}", by))
        ticket = replace(ticket, session_state=after.value)
        set_current(plan, ticket)
    changed = _set(plan, ticket, action, "status", closing_status(plan.catalogue.statuses))
    return CHANGED if after is not None else changed


CHANGES: Final[Mapping[str, Callable[[Plan, TicketView, TicketChange], str]]] = {
    "ticket_status": _status,
    "ticket_assign": _assign,
    "ticket_queue": _queue,
    "ticket_tag": _tag,
    "ticket_note": _note,
    "ticket_link": _link,
    "ticket_close": _close,
}
