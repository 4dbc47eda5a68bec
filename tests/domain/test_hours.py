"""Business hours: what people may write, and whether a moment lies within."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailgate.domain.hours import Span, holiday_complaint, hours_complaint, is_open, parse_hours
from mailgate.domain.routing import Queue

MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a moment of the week that begins on a Monday (day 0)."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def test_days_and_times_may_be_several():
    """A range of days, two times of a day, pieces parted by commas or semicolons, any case."""
    assert parse_hours("Mon-Tue 09:00-12:00 13:00-17:00; SATURDAY 10:00-24:00") == (
        Span(0, 540, 720), Span(1, 540, 720), Span(0, 780, 1020), Span(1, 780, 1020), Span(5, 600, 1440),
    )  # fmt: skip
    assert parse_hours("") == ()


def test_a_range_may_run_over_the_end_of_the_week():
    """From Saturday to Monday are three days."""
    assert sorted(span.weekday for span in parse_hours("Sat-Mon 08:00-09:00")) == [0, 5, 6]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("09:00-17:00", "begins with no day"),
        ("Mon", "has no times"),
        ("Mon 9-17", "has no times"),
        ("Mon-Fry 09:00-17:00", "'fry' is no day"),
        ("Mon 17:00-09:00", "is no time of a day"),
        ("Mon 09:60-17:00", "is no time of a day"),
        ("Mon 09:00-24:01", "is no time of a day"),
        ("Mon 09:00-17:00 lunch", "has no times"),
        ("Mon 09:00-17:00," * 50, "longer than"),
    ],
)
def test_what_makes_no_sense_is_named(text, why):
    """The complaint says what would be understood."""
    assert why in hours_complaint(text)


@pytest.mark.parametrize(("text", "fine"), [("2026-12-24", True), ("12-25", True), ("02-29", True), ("13-01", False), ("x", False), ("2026-02-29", False)])  # fmt: skip
def test_holidays_are_dates(text, fine):
    """Of one year, or of every year."""
    assert (holiday_complaint(text) == "") is fine


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(at(0, 8, 59), False), (at(0, 9), True), (at(4, 16, 59), True), (at(4, 17), False), (at(5, 12), False)],
)
def test_the_end_does_not_belong_to_it(moment, expected):
    """From the first minute up to, but not with, the last."""
    assert is_open(Queue("q", hours="Mon-Fri 09:00-17:00"), moment) is expected


def test_hours_are_local_to_the_zone():
    """09:00 in New York is 14:00 UTC in winter; a holiday begins at its own midnight."""
    queue = Queue("q", hours="Mon-Sun 09:00-23:59", holidays=("11-24",), zone=ZoneInfo("America/New_York"))
    assert not is_open(queue, at(0, 13, 59))
    assert is_open(queue, at(0, 14))
    assert is_open(queue, at(1, 3))
    assert not is_open(queue, at(1, 14))


def test_hours_that_were_damaged_close_nobody_out():
    """They were checked when they were written; a mistake in the database leaves the queue open."""
    assert is_open(Queue("q", hours="nonsense"), MONDAY)
