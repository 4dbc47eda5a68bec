"""Sharing out work (G15): who gets the next ticket of a queue, and what waits because nobody can take it.

Whoever has the fewest active sessions (unopened, active, reopened) is next; among equals whoever was given
something longest ago, never being longest; then the name decides. A follower of events (`events.py`) asks
for it in the transaction in which the mail came in, `jobs/assign.py` for what had to wait.

    ticket without agent -> may it be shared out now? -> candidates, ranked -> Assign
                                                      -> nobody             -> Wait, kept on the queue's list
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from mailgate.domain.effects import Assign, Effect, KeepWaiting
from mailgate.domain.events import FIRST, EventKind, Follower, TicketEvent
from mailgate.domain.helpdesk import StatusKind
from mailgate.domain.hours import is_open
from mailgate.domain.ports import Reader, TicketView, Workload
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.session import WORK, State
from mailgate.domain.staff import agents_of

# Who the history names as the author.
AUTHOR: Final = "assignment"
OFF: Final = "off"
# The history names so many of the candidates; more would be no help to a reader.
NAMED: Final = 10

CLOSED_HOURS: Final = "outside business hours"
NO_AGENTS: Final = "the queue has no agents"
NOBODY: Final = "nobody is present"
LIMIT: Final = "everybody who is present has had the day's limit"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent who works on the queue, and what counts when work is shared out.

    `active` are sessions that are unopened, active or reopened. `turn` grows with each assignment: the number
    of the agent's last one, 0 for never. `today` counts what the queue has given the agent today.
    """

    name: str
    active: int = 0
    turn: int = 0
    today: int = 0
    present: bool = True
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """Who gets it and why; `agent` is "" where nobody does."""

    agent: str
    reason: str


def rank(candidate: Candidate) -> tuple[int, int, str]:
    """Return what candidates are ordered by: the first one is next (G15)."""
    return (candidate.active, candidate.turn, candidate.name)


def choose(candidates: Sequence[Candidate], queue: Queue, now: datetime) -> Choice:
    """Return who gets the next ticket of a queue by its policy, or why nobody does; `now` is aware."""
    if not queue.assign_closed_hours and not is_open(queue, now):
        return Choice("", CLOSED_HOURS)
    enabled = [one for one in candidates if one.enabled]
    if not enabled:
        return Choice("", NO_AGENTS)
    there = [one for one in enabled if one.present or queue.assign_absent]
    if not there:
        return Choice("", NOBODY)
    free = [one for one in there if not queue.assign_limit or one.today < queue.assign_limit]
    if not free:
        return Choice("", LIMIT)
    ranked = sorted(free, key=rank)
    counts = ", ".join(f"{one.name} {one.active}" for one in ranked[:NAMED])
    more = f" and {len(ranked) - NAMED} more" if len(ranked) > NAMED else ""
    return Choice(ranked[0].name, f"assigned to {ranked[0].name} (fewest: {counts}{more})")


def could_give(queue: Queue, catalogue: Catalogue, present: Container[str], now: datetime) -> bool:
    """Whether somebody may be given something of a queue now, as far as hours and presence say."""
    if not queue.assign_closed_hours and not is_open(queue, now):
        return False
    return any(
        agent.enabled and (queue.assign_absent or agent.name in present)
        for agent in agents_of(queue, catalogue)
    )


def day_start(queue: Queue, now: datetime) -> datetime:
    """Return when the queue's day began: midnight in its time zone, as an aware UTC time."""
    zone = queue.zone or UTC
    return datetime.combine(now.astimezone(zone).date(), time(), zone).astimezone(UTC)


def sharing(catalogue: Catalogue) -> frozenset[str]:
    """Return the queues whose work is shared out by itself."""
    return frozenset(
        queue.name for queue in catalogue.queues.values() if queue.enabled and queue.assignment != OFF
    )


def share_out(ticket_id: int, reader: Reader, catalogue: Catalogue, now: datetime) -> Iterable[Effect]:
    """Return what gives a ticket to whoever is next, or keeps it waiting; nothing where it has an agent.

    Whether the queue shares out by itself is the caller's question: a rule may ask for it in any queue.
    """
    ticket = reader.ticket(ticket_id)
    queue = catalogue.queues.get(ticket.queue) if ticket is not None else None
    if ticket is None or queue is None or not waits(ticket, catalogue):
        return
    agents = agents_of(queue, catalogue)
    loads = reader.workloads([agent.name for agent in agents], queue.name, day_start(queue, now))
    # Asking for workloads keeps other gateways away; one may have been faster until then.
    ticket = reader.ticket(ticket_id)
    if ticket is None or not waits(ticket, catalogue):
        return
    choice = choose(_candidates(agents, loads), queue, now)
    if choice.agent:
        yield Assign(ticket.ticket_id, ticket.session_id, choice.agent, queue.name, AUTHOR, choice.reason)
    else:
        yield KeepWaiting(ticket.ticket_id, queue.name)


def _candidates(agents: Sequence[Agent], loads: Iterable[Workload]) -> list[Candidate]:
    found = {load.agent: load for load in loads}
    return [
        Candidate(agent.name, load.active, load.turn, load.today, load.present, agent.enabled)
        for agent in agents
        if (load := found.get(agent.name)) is not None
    ]


def waits(ticket: TicketView, catalogue: Catalogue) -> bool:
    """Whether a ticket is work that nobody has: no agent, its session alive, its status not a closed one."""
    status = catalogue.statuses.get(ticket.status)
    closed = status is not None and status.kind == StatusKind.CLOSED
    return not ticket.agent and not closed and State(ticket.session_state) in WORK


def follower(catalogue: Catalogue) -> Follower:
    """Return the follower of events that shares out work by the policies of this catalogue.

    Where no queue shares out, it answers only rules that ask for it, and asks the database nothing.
    """
    queues = sharing(catalogue)

    def follow(event: TicketEvent, reader: Reader, catalogue: Catalogue, now: datetime) -> Iterable[Effect]:
        if event.kind is EventKind.ASKED:
            return share_out(event.ticket_id, reader, catalogue, now)
        if not queues or not _is_work(event):
            return ()
        ticket = reader.ticket(event.ticket_id)
        if ticket is None or ticket.agent or ticket.queue not in queues:
            return ()
        if not _wanted(event, ticket, catalogue.queues[ticket.queue]):
            return ()
        return share_out(event.ticket_id, reader, catalogue, now)

    return follow


def _is_work(event: TicketEvent) -> bool:
    """Whether an event can make work: a ticket, an answer, a new session, a move to another queue."""
    match event.kind:
        case EventKind.CREATED:
            return True
        case EventKind.INCOMING:
            return event.new != FIRST
        case EventKind.SESSION:
            return not event.old
        case EventKind.CHANGED:
            return event.field == "queue"
        case _:
            return False


def _wanted(event: TicketEvent, ticket: TicketView, queue: Queue) -> bool:
    """Whether the queue's policy applies: to new mail, and to answers into conversations without an agent.

    An answer into a session that nobody has opened yet changes nothing: it waits already, or is to be taken
    by hand.
    """
    match event.kind:
        case EventKind.CREATED | EventKind.CHANGED:
            return not queue.assign_not_new
        case EventKind.INCOMING if ticket.session_state == State.UNOPENED:
            return False
        case _:
            return not queue.assign_not_answers
