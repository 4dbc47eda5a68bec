"""Setting what a ticket has: status, priority, queue, agent and the rest; closing and opening again (T11)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mailgate.domain.access import What, require
from mailgate.domain.desk.ground import Ground, thing
from mailgate.domain.deskerror import DeskError, require_known
from mailgate.domain.effects import AddEntry, ChangeTicket, Effect, EntryKind, ShareOut
from mailgate.domain.helpdesk import Role, StatusKind, closing_status, first_status, status_kind
from mailgate.domain.ports import TicketState, TicketView
from mailgate.domain.session import Event, State, join, plan_move

# A longer subject is a text in the wrong place.
SUBJECT_LENGTH: Final = 500
LISTS: Final = ("categories", "tags")
# An answer of ours among the last mails of a ticket locks its subject.
MOST_MAILS: Final = 100
# Whoever shares out the work decides (G15).
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class ListChange:
    """What becomes of a list: all of it, words added, or words taken away."""

    words: tuple[str, ...]
    how: Literal["set", "add", "remove"] = "set"


Wish = str | ListChange


def set_fields(
    ground: Ground, number: str, wishes: Iterable[tuple[str, Wish]], *, version: int | None = None
) -> list[Effect]:
    """Return what sets these fields; nothing for those that are so already.

    A status of another kind closes the session or brings it to life. Raises DeskError for names that there
    are not.
    """
    ticket = ground.find(number, version)
    effects: list[Effect] = []
    for field, wish in wishes:
        effects += _set(ground, ticket, field, wish)
    return effects


def _set(ground: Ground, ticket: TicketState, field: str, wish: Wish) -> list[Effect]:
    if isinstance(wish, ListChange):
        if field not in LISTS:
            raise DeskError(f"the field {field!r} is no list")
        words = [_word(field, word) for word in wish.words]
        return [ChangeTicket(ticket.ticket_id, field, ",".join(words), ground.by, wish.how)]
    check = CHECKS.get(field)
    if check is None:
        raise DeskError(f"a ticket has no field {field!r} to set; there are {', '.join((*CHECKS, *LISTS))}")
    value = wish.strip()
    if value == getattr(ticket, field):
        return []
    check(ground, ticket, value)
    change = ChangeTicket(ticket.ticket_id, field, value, ground.by)
    if field != "status":
        return [change]
    return [*session_for(ground, ticket, value), change]


def give(ground: Ground, number: str, to: str, *, version: int | None = None) -> list[Effect]:
    """Return what gives a ticket to an agent, to nobody (""), or to whomever the queue's rules choose."""
    if to != AUTO:
        return set_fields(ground, number, [("agent", to)], version=version)
    ticket = ground.find(number, version)
    require(ground.actor, What.HAND_ON_TICKET, thing(ticket))
    return [ShareOut(ticket.ticket_id, ground.by)]


def _word(field: str, text: str) -> str:
    word = " ".join(text.split())
    if not word or "," in word:
        raise DeskError(f"{text!r} is no word for {field}: it must not be empty or hold a comma")
    return word


def session_for(ground: Ground, ticket: TicketState, status: str) -> list[Effect]:
    """Return what a new status does to the session: closed with it, and alive again with it."""
    statuses = ground.catalogue.statuses
    before = status_kind(statuses, ticket.status) is StatusKind.CLOSED
    after = status_kind(statuses, status) is StatusKind.CLOSED
    if before == after:
        return []
    return close_session(ground, ticket) if after else revive_session(ground, ticket)


def close_session(ground: Ground, ticket: TicketState | TicketView) -> list[Effect]:
    """Return the move of a ticket's session to closed; nothing where it is."""
    state = State(ticket.session_state)
    if state is State.CLOSED:
        return []
    return list(plan_move(ticket.session_id, state, Event.CLOSE, ground.by))


def revive_session(ground: Ground, ticket: TicketState) -> list[Effect]:
    """Return what brings a session to life: it is opened again, or a new one begins (G12)."""
    state = State(ticket.session_state)
    if state is State.RESOLVED:
        return list(plan_move(ticket.session_id, state, Event.OPEN, ground.by))
    if state is not State.CLOSED:
        return []
    effects, _ = in_session(ground, ticket, Event.OUTGOING)
    return effects


def in_session(ground: Ground, ticket: TicketState, event: Event) -> tuple[list[Effect], TicketView]:
    """Return what activity does to the session (G12), and the ticket as it is then."""
    return join(
        view(ticket),
        event,
        ground.now_ms,
        ground.catalogue.desk,
        lambda: ground.reader.allocate("session"),
        ground.by,
    )


def view(ticket: TicketState) -> TicketView:
    """Return a ticket as rules see it."""
    return TicketView(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        queue=ticket.queue,
        agent=ticket.agent,
        contact_id=ticket.contact_id,
        session_id=ticket.session_id,
        session_state=ticket.session_state,
        session_ms=ticket.session_ms,
    )


def _subject(ground: Ground, ticket: TicketState, value: str) -> None:
    """G2: once an answer has left with the number in its subject, agents leave the subject as it is."""
    locking = ground.catalogue.desk.subjects == "number" and ground.actor.role is Role.AGENT
    if locking and any(
        one.kind == EntryKind.ANSWER for one in ground.reader.conversation(ticket.ticket_id, MOST_MAILS)
    ):
        raise DeskError(
            f"the subject of {ticket.number} is locked, an answer has left with it; a supervisor may change "
            "it, and with `mailgate helpdesk set subjects edit` agents too"
        )
    if not value or not value.isprintable() or len(value) > SUBJECT_LENGTH:
        raise DeskError(f"a subject is one line of 1 to {SUBJECT_LENGTH} printable characters")


def _status(ground: Ground, _ticket: TicketState, value: str) -> None:
    require_known("status", value, ground.catalogue.statuses)


def _priority(ground: Ground, _ticket: TicketState, value: str) -> None:
    require_known("priority", value, ground.catalogue.priorities)


def _queue(ground: Ground, _ticket: TicketState, value: str) -> None:
    require_known("queue", value, ground.catalogue.queues)


def _agent(ground: Ground, ticket: TicketState, value: str) -> None:
    """Whoever takes what nobody has needs less of a right than whoever gives it away."""
    takes = value == ground.actor.name and not ticket.agent
    require(ground.actor, What.TAKE_TICKET if takes else What.HAND_ON_TICKET, thing(ticket))
    if not value:
        return
    require_known("agent", value, ground.catalogue.agents)
    if not ground.catalogue.agents[value].enabled:
        raise DeskError(f"agent {value!r} is disabled; tickets go to agents who are enabled")


def _group(ground: Ground, _ticket: TicketState, value: str) -> None:
    if value:
        require_known("team", value, ground.catalogue.teams)


def _workflow(ground: Ground, _ticket: TicketState, value: str) -> None:
    if value:
        require_known("workflow", value, ground.catalogue.workflows)


CHECKS: Final[Mapping[str, Callable[[Ground, TicketState, str], None]]] = {
    "subject": _subject,
    "status": _status,
    "priority": _priority,
    "queue": _queue,
    "agent": _agent,
    "owner_group": _group,
    "workflow": _workflow,
}


def close(ground: Ground, number: str, note: str = "", *, version: int | None = None) -> list[Effect]:
    """Return what closes a ticket and its session, with a comment if there is one."""
    ticket = ground.find(number, version)
    statuses = ground.catalogue.statuses
    effects: list[Effect] = [comment_on(ground, ticket, note)] if note.strip() else []
    effects += close_session(ground, ticket)
    if status_kind(statuses, ticket.status) is not StatusKind.CLOSED:
        effects.append(ChangeTicket(ticket.ticket_id, "status", closing_status(statuses), ground.by))
    return effects


def reopen(ground: Ground, number: str, *, version: int | None = None) -> list[Effect]:
    """Return what opens a closed ticket again; DeskError where it is open."""
    ticket = ground.find(number, version)
    statuses = ground.catalogue.statuses
    if status_kind(statuses, ticket.status) is not StatusKind.CLOSED:
        raise DeskError(f"ticket {ticket.number} is {ticket.status}; only a closed one can be opened again")
    status = first_status(statuses, StatusKind.OPEN)
    return [*revive_session(ground, ticket), ChangeTicket(ticket.ticket_id, "status", status, ground.by)]


def comment(ground: Ground, number: str, text: str, *, version: int | None = None) -> list[Effect]:
    """Return a comment that agents alone see (T10)."""
    return [comment_on(ground, ground.find(number, version), text)]


def comment_on(ground: Ground, ticket: TicketState, text: str) -> AddEntry:
    """Return a comment on a ticket that was found; raises DeskError for an empty one."""
    if not text.strip():
        raise DeskError("there is nothing to say: the text is empty")
    return AddEntry(
        entry_id=ground.reader.allocate("entry"),
        ticket_id=ticket.ticket_id,
        session_id=ticket.session_id,
        kind=EntryKind.COMMENT,
        author=ground.by,
        text=text.strip(),
        touches_session=False,
    )


def words_of(texts: Sequence[str]) -> list[ListChange]:
    """Return what `+a -b` or `a b` make of a list: words added or taken away, or all; "" empties it."""
    if tuple(texts) == ("",):
        return [ListChange(())]
    added = tuple(text[1:] for text in texts if text.startswith("+"))
    gone = tuple(text[1:] for text in texts if text.startswith("-"))
    plain = tuple(text for text in texts if text[:1] not in {"+", "-"})
    found = (ListChange(plain), ListChange(added, "add"), ListChange(gone, "remove"))
    return [one for one in found if one.words]
