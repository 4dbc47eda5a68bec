"""Service times: when a ticket is due, which alarm is on, and that it all follows from its history."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain import hours, service
from mailgate.domain.helpdesk import Priority
from mailgate.domain.ports import StatusChange
from mailgate.domain.routing import Catalogue, Queue
from mailgate.domain.service import NO_TIMES, Alarm, Life, life_of, times_of

HOUR = 3_600_000
CATALOGUE = Catalogue()
PRIORITY = Priority("high", reaction="2h", warning="4h", execution="10h")
START = 1_000 * HOUR


def times(now: int, *, reacted: int = 0, changes=(), priority=PRIORITY, calendar=hours.ALWAYS, status="open"):
    life = life_of(START, status, changes, CATALOGUE)
    return times_of(priority, calendar, life, reacted, now)


def changed(*steps) -> tuple[StatusChange, ...]:
    """Return the changes of a ticket that is opened as open: (hours after its opening, new status)."""
    before, found = "open", []
    for at, new in steps:
        found.append(StatusChange(START + round(at * HOUR), before, new))
        before = new
    return tuple(found)


def test_the_alarms_of_a_ticket_that_nobody_touches():
    """Nothing, then reaction late, then execution late: the worst that is on, and when the next one comes."""
    steps = [
        (0, "", 2),
        (1.9, "", 2),
        (2, "reaction late", 10),
        (6, "reaction late", 10),
        (10, "execution late", 0),
    ]
    for after, alarm, then in steps:
        found = times(START + round(after * HOUR))
        assert (found.alarm, found.alarm_at) == (alarm, START + then * HOUR if then else 0), after


def test_an_agents_answer_ends_the_time_of_reaction():
    """What is left is the warning before the execution, and the execution."""
    reacted = START + HOUR
    found = [times(START + after * HOUR, reacted=reacted) for after in (1, 6, 10)]
    assert [one.alarm for one in found] == ["", "execution due soon", "execution late"]
    assert [one.alarm_at for one in found] == [START + 6 * HOUR, START + 10 * HOUR, 0]


def test_waiting_stops_the_clock_of_the_execution():
    """Three hours of waiting come on top; while it waits there is no time of execution, but one of reaction."""
    waiting = times(START + 5 * HOUR, changes=changed((4, "pending")), status="pending", reacted=START + HOUR)
    assert (waiting.execution_due, waiting.warning_due, waiting.alarm, waiting.alarm_at) == (0, 0, "", 0)
    after = times(START + 8 * HOUR, changes=changed((4, "pending"), (7, "open")), reacted=START + HOUR)
    assert (after.warning_due, after.execution_due) == (START + 9 * HOUR, START + 13 * HOUR)
    assert times(START + 5 * HOUR, changes=changed((1, "pending")), status="pending").alarm == "reaction late"


def test_what_was_late_before_it_waited_stays_late():
    """Waiting does not take back what was not kept."""
    found = times(START + 12 * HOUR, changes=changed((11, "pending")), status="pending", reacted=START + HOUR)
    assert found.alarm == Alarm.EXECUTION


def test_a_closed_ticket_has_no_alarm_and_keeps_its_times():
    """Whether it was done in time can still be told."""
    found = times(START + 99 * HOUR, changes=changed((3, "solved")), status="solved")
    assert (found.alarm, found.alarm_at) == ("", 0)
    assert found.execution_due == START + 10 * HOUR


def test_a_reopened_ticket_starts_anew():
    """From the moment it was opened again, its waits and answers of before forgotten."""
    changes = changed((1, "pending"), (2, "solved"), (50, "open"))
    found = times(START + 50 * HOUR, changes=changes, reacted=START + HOUR)
    assert (found.reaction_due, found.execution_due) == (START + 52 * HOUR, START + 60 * HOUR)
    assert times(START + 53 * HOUR, changes=changes, reacted=START + HOUR).alarm == Alarm.REACTION
    assert times(START + 53 * HOUR, changes=changes, reacted=START + 51 * HOUR).alarm == Alarm.NONE


def test_due_times_are_in_the_hours_of_the_queue():
    """Opened on Friday at 16:00: two hours later is Monday 10:00."""
    zone = ZoneInfo("Europe/Berlin")
    queue = Queue("q", hours="Mon-Fri 09:00-17:00", zone=zone)
    opened = round(datetime(2026, 3, 6, 16, tzinfo=zone).timestamp() * 1000)
    found = service.at_opening(
        Catalogue(queues={"q": queue}, priorities={"high": PRIORITY}), "q", "high", "open", opened
    )
    assert datetime.fromtimestamp(found.reaction_due / 1000, zone) == datetime(2026, 3, 9, 10, tzinfo=zone)


def test_a_warning_longer_than_the_execution_is_on_at_once():
    """It never comes before the ticket itself."""
    found = times(START, priority=Priority("p", execution="1h", warning="4h"))
    assert (found.warning_due, found.alarm) == (START, Alarm.SOON)


@pytest.mark.parametrize("priority", [None, Priority("low"), Priority("odd", warning="1h")])
def test_a_priority_without_times_has_none(priority):
    """A warning alone warns of nothing."""
    assert times(START, priority=priority) == NO_TIMES


STATUSES = ("open", "pending", "solved", "closed", "a word that was removed")


@given(
    st.lists(st.tuples(st.integers(1, 2000), st.sampled_from(STATUSES)), max_size=8),
    st.integers(0, 20_000),
    st.integers(0, 20_000),
)
def test_the_alarm_changes_when_it_says_and_at_no_other_time(steps, reacted, later):
    """For any history: nothing changes before `alarm_at`, and the next look never comes too late."""
    minute, at, changes = 60_000, START, []
    before = "open"
    for gap, new in steps:
        at += gap * minute
        changes.append(StatusChange(at, before, new))
        before = new
    life = life_of(START, before, changes, CATALOGUE)
    answered = START + reacted * minute if reacted else 0
    found = times_of(PRIORITY, hours.ALWAYS, life, answered, at)
    then = times_of(PRIORITY, hours.ALWAYS, life, answered, at + later * minute)
    assert then.execution_due == found.execution_due
    if found.alarm_at == 0 or at + later * minute < found.alarm_at:
        assert then.alarm == found.alarm
    if found.alarm_at:
        assert times_of(PRIORITY, hours.ALWAYS, life, answered, found.alarm_at).alarm != found.alarm
        assert found.alarm_at > at
    if life.over:
        assert found.alarm == ""


@given(st.lists(st.integers(1, 300), min_size=1, max_size=7))
def test_execution_is_the_open_time_that_was_not_spent_waiting(gaps):
    """Against a model that counts the minutes in which the clock runs."""
    minute, waits, at = 60_000, [], START
    for index, gap in enumerate(gaps):
        begin, at = at, at + gap * minute
        if index % 2:
            waits.append((begin, at))
    left, now = 10 * 60, START
    while left:
        left -= not any(begin <= now < end for begin, end in waits)
        now += minute
    found = times_of(PRIORITY, hours.ALWAYS, Life(START, waits=tuple(waits)), START, START)
    assert found.execution_due == now
    assert datetime.fromtimestamp(now / 1000, UTC)
