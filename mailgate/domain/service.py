"""Service times (T9): until when somebody must have answered, until when it must be done, what is late.

    created or reopened ──reaction──► first answer of an agent
                        ──execution, without the time spent waiting──► closed

All of it follows from the ticket's history, its priority and the hours of its queue, so it is computed anew
whenever one of these changes and comes out the same however often that is done. What comes out is kept in the
ticket's row: lists, metrics and the job that looks for alarms read it there and compute nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.effects import Effect, SetReacted, SetService
from mailgate.domain.events import AUTOMATIC, EventKind, Follower, TicketEvent
from mailgate.domain.helpdesk import Priority, StatusKind, status_kind
from mailgate.domain.hours import Calendar, add_span, add_time, calendar_of, take_span, time_between
from mailgate.domain.notice import Letter, about, in_charge, local_time, notice
from mailgate.domain.ports import CaseView, DeskReader, StatusChange
from mailgate.domain.routing import Catalogue

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Who the history names as the author of an alarm.
AUTHOR: Final = "service times"


class Alarm(StrEnum):
    """Which alarm of a ticket is on; the worst one where several are."""

    NONE = ""
    REACTION = "reaction late"
    SOON = "execution due soon"
    EXECUTION = "execution late"


# From the worst; what is late comes before what will be.
RANKED: Final = (Alarm.EXECUTION, Alarm.REACTION, Alarm.SOON)
# What of a ticket changes its times.
FIELDS: Final = frozenset({"status", "priority", "queue", "merged into"})


@dataclass(frozen=True, slots=True)
class Times:
    """What is kept of a ticket's service times; ms since 1970, 0 for none.

    There is no time of execution while the ticket waits for somebody else. `alarm_at` is when the alarm
    changes next if nothing else happens.
    """

    reaction_due: int = 0
    warning_due: int = 0
    execution_due: int = 0
    alarm: str = Alarm.NONE.value
    alarm_at: int = 0


NO_TIMES: Final = Times()


@dataclass(frozen=True, slots=True)
class Life:
    """What of a ticket's history counts: since when it runs, whether it is over, and when it waited.

    A wait that has not ended yet ends at 0.
    """

    start: int
    over: bool = False
    waits: tuple[tuple[int, int], ...] = ()


def is_timed(priority: Priority | None) -> bool:
    """Whether a priority has service times at all."""
    return priority is not None and bool(priority.reaction or priority.execution)


def life_of(created: int, status: str, changes: Sequence[StatusChange], catalogue: Catalogue) -> Life:
    """Return what counts of a ticket's statuses; `status` is the one of now.

    Whatever was before it was opened again counts no longer.
    """
    statuses = catalogue.statuses
    steps = [(created, changes[0].old if changes else status), *((one.at_ms, one.new) for one in changes)]
    start, kind = created, StatusKind.OPEN
    waits: list[tuple[int, int]] = []
    for at, name in steps:
        before, kind = kind, status_kind(statuses, name)
        if before is StatusKind.CLOSED and kind is not StatusKind.CLOSED:
            start, waits = at, []
        elif before is StatusKind.WAITING and kind is not StatusKind.WAITING:
            waits[-1] = (waits[-1][0], at)
        if kind is StatusKind.WAITING and (before is not StatusKind.WAITING or not waits):
            waits.append((at, 0))
    return Life(start, kind is StatusKind.CLOSED, tuple(waits))


def times_of(priority: Priority | None, calendar: Calendar, life: Life, reacted: int, now: int) -> Times:
    """Return a ticket's times and its alarm as of now; `reacted` is an agent's first answer or 0."""
    if priority is None or not is_timed(priority):
        return NO_TIMES
    reaction = add_span(calendar, life.start, priority.reaction)
    execution = _execution(priority, calendar, life)
    warning = 0
    if execution and priority.warning:
        warning = max(take_span(calendar, execution, priority.warning), life.start)
    answered = reacted >= life.start and reacted > 0
    clocks = {Alarm.REACTION: 0 if answered else reaction, Alarm.SOON: warning, Alarm.EXECUTION: execution}
    alarm, alarm_at = (Alarm.NONE, 0) if life.over else _alarm(clocks, now)
    return Times(reaction, warning, execution, alarm.value, alarm_at)


def _execution(priority: Priority, calendar: Calendar, life: Life) -> int:
    """Return when it must be done: what was left when a wait began is left when it ends; 0 while it waits."""
    due = add_span(calendar, life.start, priority.execution)
    for begin, end in life.waits:
        if due and due > begin:
            due = add_time(calendar, end, time_between(calendar, begin, due)) if end else 0
    return due


def _alarm(clocks: dict[Alarm, int], now: int) -> tuple[Alarm, int]:
    """Return the worst alarm whose time has come, and when the next one's comes."""
    found = next((one for one in RANKED if 0 < clocks[one] <= now), Alarm.NONE)
    worse = RANKED[: RANKED.index(found)] if found else RANKED
    return found, min((clocks[one] for one in worse if clocks[one] > now), default=0)


def at_opening(catalogue: Catalogue, queue: str, priority: str, status: str, now: int) -> Times:
    """Return the times of a ticket that is opened now; costs two look-ups where its priority has none."""
    found = catalogue.priorities.get(priority)
    if not is_timed(found):
        return NO_TIMES
    calendar = calendar_of(catalogue.queues.get(queue))
    return times_of(found, calendar, life_of(now, status, (), catalogue), 0, now)


def times_now(case: CaseView, changes: Sequence[StatusChange], catalogue: Catalogue, now: int) -> Times:
    """Return the times of a ticket as its history and the catalogue say now; none for one that was merged."""
    state = case.state
    priority = catalogue.priorities.get(state.priority)
    if state.merged_into or not is_timed(priority):
        return NO_TIMES
    calendar = calendar_of(catalogue.queues.get(state.queue))
    life = life_of(case.created_ms, state.status, changes, catalogue)
    return times_of(priority, calendar, life, case.reacted_ms, now)


def kept(case: CaseView) -> Times:
    """Return the times that the ticket's row has."""
    return Times(case.reaction_due, case.warning_due, case.execution_due, case.alarm, case.alarm_at)


def plan_times(
    ticket_id: int, reader: DeskReader, catalogue: Catalogue, now: int, *, reacted: int | None = None
) -> Iterator[Effect]:
    """Yield what brings a ticket's row up to date, nothing where it is.

    `reacted` is the time of an agent's first answer where the row has another one as yet.
    """
    case = reader.case(ticket_id)
    if case is None:
        return
    if reacted is not None:
        case = replace(case, reacted_ms=reacted)
    timed = is_timed(catalogue.priorities.get(case.state.priority))
    times = times_now(case, reader.status_changes(ticket_id) if timed else (), catalogue, now)
    if times != kept(case):
        yield SetService(
            ticket_id, times.reaction_due, times.warning_due, times.execution_due, times.alarm, times.alarm_at
        )


def follower(catalogue: Catalogue, policy: PlanPolicy) -> Follower:
    """Return the follower of events that keeps the times of tickets right.

    A new ticket's times are written with its row (`at_opening`). Where no priority of this catalogue has
    times, the database is asked nothing. When an alarm goes on, whoever is in charge is told by mail.
    """
    timed = any(map(is_timed, catalogue.priorities.values()))

    def follow(
        event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime
    ) -> Iterable[Effect]:
        if event.kind is EventKind.ANSWERED and event.new != AUTOMATIC:
            return _answered(event, reader, catalogue, now, timed=timed)
        if event.kind is EventKind.CHANGED and event.field in FIELDS:
            return _changed(event, reader, catalogue, now, timed=timed)
        if event.kind is EventKind.ALARM and event.new:
            return _notices(event, reader, catalogue, policy)
        return ()

    return follow


def _answered(
    event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime, *, timed: bool
) -> Iterator[Effect]:
    """Yield what an agent's answer leads to: the first one ends the time of reaction."""
    case = reader.case(event.ticket_id)
    if case is None or case.reacted_ms:
        return
    yield SetReacted(event.ticket_id)
    if timed:
        now_ms = _millis(now)
        yield from plan_times(event.ticket_id, reader, catalogue, now_ms, reacted=now_ms)


def _changed(
    event: TicketEvent, reader: DeskReader, catalogue: Catalogue, now: datetime, *, timed: bool
) -> Iterator[Effect]:
    """Yield what another status, priority or queue leads to; a reopened ticket waits for an answer again."""
    reopened = event.field == "status" and _is_reopened(event, catalogue)
    if reopened:
        yield SetReacted(event.ticket_id, reacted=False)
    if timed:
        now_ms = _millis(now)
        yield from plan_times(event.ticket_id, reader, catalogue, now_ms, reacted=0 if reopened else None)


def _notices(
    event: TicketEvent, reader: DeskReader, catalogue: Catalogue, policy: PlanPolicy
) -> Iterator[Effect]:
    """Yield a notice for each of those in charge; the gate gathers what is too much."""
    case = reader.case(event.ticket_id)
    if case is None:
        return
    state = case.state
    due = {Alarm.REACTION.value: case.reaction_due}.get(event.new, case.execution_due)
    when = local_time(due, catalogue.queues.get(state.queue))
    text = f"{event.new}: due at {when}\n\n{about(state, catalogue)}"
    for agent in in_charge(state, catalogue):
        subject = f"{state.number}: {event.new}: {state.subject}"
        letter = Letter(agent.address, subject, text, unique=f"{event.new} {due}")
        yield notice(letter, state, catalogue, policy, AUTHOR)


def _is_reopened(event: TicketEvent, catalogue: Catalogue) -> bool:
    before, after = (status_kind(catalogue.statuses, one) for one in (event.old, event.new))
    return before is StatusKind.CLOSED and after is not StatusKind.CLOSED


def _millis(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)
