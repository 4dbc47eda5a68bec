"""Business hours of a queue: what a person writes, and counting time in them (G15, G19, T9).

    Mon-Fri 09:00-12:00 13:00-17:00, Sat 10:00-13:00

Days are the first three letters of their English names, a range may run over the end of the week; times are
local to the queue's time zone, whose data is handed in. On a holiday it is closed all day. A queue without
hours is always open.

Moments that are counted with are milliseconds since 1970, as rows keep them. A local time that a change of
the clocks skips never comes, one that it repeats comes twice: open is always what the clock on the wall says.
"""

import re
from collections.abc import Container, Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final

from mailgate.domain.routing import Queue

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = re.compile(r"([a-z]{3})[a-z]*(?:\s*-\s*([a-z]{3})[a-z]*)?")
TIMES: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
MIDNIGHT: Final = 24 * 60
# Nobody's week has more; what is longer was not written by hand.
LONGEST: Final = 500

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
# No place is further from UTC than 14 hours, and no clock change moves a day by more than another one.
FAR_MS: Final = 15 * 60 * MINUTE_MS
# Eleven years: where nothing opens for so long, nothing ever will.
FARTHEST_DAYS: Final = 4000
# A year of each of some twenty queues.
KEPT_DAYS: Final = 8192
# What comes out where a queue never opens again.
NEVER: Final = 0

Interval = tuple[int, int]
SPAN_TEXT: Final = re.compile(r"([0-9]{1,5})([mhd])")
UNIT_MS: Final = {"m": MINUTE_MS, "h": 60 * MINUTE_MS}


class BadHours(ValueError):  # noqa: N818  it names what is wrong
    """A text that says no hours; the message says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """Open on `weekday` (Monday is 0) from minute `start` of the day up to minute `end`."""

    weekday: int
    start: int
    end: int


@lru_cache(maxsize=256)
def parse_hours(text: str) -> tuple[Span, ...]:
    """Return the spans of a text, () for an empty one; raises BadHours."""
    if len(text) > LONGEST:
        raise BadHours(f"is longer than {LONGEST} characters")
    return tuple(
        span for piece in re.split(r"[,;]", text.lower()) if piece.strip() for span in _piece(piece.strip())
    )


def _piece(text: str) -> list[Span]:
    """Return the spans of one piece: days and their times."""
    days = DAY.match(text)
    if days is None:
        raise BadHours(f"{text!r} begins with no day, write it as 'Mon-Fri 09:00-17:00'")
    found = list(TIMES.finditer(text, days.end()))
    rest = TIMES.sub("", text[days.end() :]).strip()
    if rest or not found:
        raise BadHours(f"{text!r} has no times, write them as 'Mon-Fri 09:00-17:00'")
    return [Span(day, *_minutes(one)) for one in found for day in _days(days)]


def _days(found: re.Match[str]) -> list[int]:
    for word in (found[1], found[2] or found[1]):
        if word not in DAYS:
            raise BadHours(f"{word!r} is no day; days are {', '.join(day.title() for day in DAYS)}")
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    return [(first + n) % 7 for n in range((last - first) % 7 + 1)]


def _minutes(found: re.Match[str]) -> tuple[int, int]:
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if int(found[2]) > 59 or int(found[4]) > 59 or end > MIDNIGHT or start >= end:  # noqa: PLR2004  minutes
        raise BadHours(f"{found[0]!r} is no time of a day; what runs over midnight is two pieces")
    return start, end


def hours_complaint(text: str) -> str:
    """Return what is wrong with hours that a person wrote, "" where nothing is."""
    try:
        parse_hours(text)
    except BadHours as bad:
        return str(bad)
    return ""


def holiday_complaint(text: str) -> str:
    """Return what is wrong with a holiday, "" where it is a date: 2026-12-25, or 12-25 of every year."""
    try:
        _holiday(text, 2024)  # a leap year: 02-29 is a day of some years
    except ValueError:
        return f"{text!r} is no date, write it as '2026-12-25', or '12-25' for every year"
    return ""


def _holiday(text: str, year: int) -> date:
    return date.fromisoformat(text if len(text) > len("12-25") else f"{year:04}-{text}")


@dataclass(frozen=True, eq=False)
class Calendar:
    """When one queue is open; a queue that is always open has no spans. Days are kept per calendar."""

    spans: tuple[Span, ...]
    zone: tzinfo
    holidays: tuple[str, ...]
    closed: Container[date]

    def is_holiday(self, day: date) -> bool:
        """Whether a date is one of the queue's or of its region's holidays."""
        iso = day.isoformat()
        return any(one in (iso, iso[len("2026-") :]) for one in self.holidays) or day in self.closed


def calendar_of(queue: Queue | None) -> Calendar:
    """Return the calendar of a queue; the same one for the same hours. No queue at all is always open."""
    if queue is None:
        return ALWAYS
    zone = queue.zone if queue.zone is not None else UTC
    if isinstance(queue.closed, Hashable):
        return _calendar(queue.hours, zone, queue.holidays, queue.closed)
    return _new_calendar(queue.hours, zone, queue.holidays, queue.closed)


def _new_calendar(hours: str, zone: tzinfo, holidays: tuple[str, ...], closed: Container[date]) -> Calendar:
    try:
        spans = parse_hours(hours)
    except BadHours:
        spans = ()  # they were checked when they were written; nobody waits because of a mistake in them
    return Calendar(spans, zone, holidays, closed)


_calendar = lru_cache(maxsize=512)(_new_calendar)
ALWAYS: Final = Calendar((), UTC, (), frozenset())


def is_open(queue: Queue, at: datetime) -> bool:
    """Whether a moment (aware) lies within a queue's hours, in its own time zone; without hours always."""
    calendar = calendar_of(queue)
    if not calendar.spans:
        return True
    local = at.astimezone(calendar.zone)
    if calendar.is_holiday(local.date()):
        return False
    minute = local.hour * 60 + local.minute
    return any(one.weekday == local.weekday() and one.start <= minute < one.end for one in calendar.spans)


@lru_cache(maxsize=KEPT_DAYS)
def _open_on(calendar: Calendar, day: int) -> tuple[Interval, ...]:
    """Return when it is open on a local day (an ordinal), in ms since 1970: apart and in their order."""
    that = date.fromordinal(day)
    spans = [one for one in calendar.spans if one.weekday == that.weekday()]
    if not spans or calendar.is_holiday(that):
        return ()
    midnight = (day - EPOCH_DAY) * DAY_MS
    found = [
        (
            max(begin, midnight + one.start * MINUTE_MS - offset),
            min(end, midnight + one.end * MINUTE_MS - offset),
        )
        for begin, end, offset in _offsets(calendar.zone, midnight - FAR_MS, midnight + DAY_MS + FAR_MS)
        for one in spans
    ]
    return _joined(sorted(one for one in found if one[0] < one[1]))


def _joined(intervals: list[Interval]) -> tuple[Interval, ...]:
    """Return intervals with those made one that touch or overlap."""
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def _offsets(zone: tzinfo, begin: int, end: int) -> list[tuple[int, int, int]]:
    """Return (from, to, offset from UTC) of a time of a few days, cut where the clocks change."""
    middle = (begin + end) // 2
    if _offset(zone, begin) == _offset(zone, middle) == _offset(zone, end):
        return [(begin, end, _offset(zone, begin))]
    edges = [begin, *range(begin + 60 * MINUTE_MS, end, 60 * MINUTE_MS), end]
    pieces: list[tuple[int, int, int]] = []
    for one, other in pairwise(edges):
        before, after = _offset(zone, one), _offset(zone, other)
        cut = other if before == after else _change(zone, one, other)
        pieces += [(one, cut, before), *([(cut, other, after)] if cut < other else [])]
    return pieces


def _change(zone: tzinfo, before: int, after: int) -> int:
    """Return the second at which the clocks change, somewhere after `before` up to `after`."""
    old = _offset(zone, before)
    while after - before > 1000:  # noqa: PLR2004  a second
        middle = (before + after) // 2000 * 1000
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: tzinfo, at: int) -> int:
    """Return how far local time is ahead of UTC, in ms."""
    found = datetime.fromtimestamp(at / 1000, zone).utcoffset()
    return 0 if found is None else found // timedelta(milliseconds=1)


def _local_day(calendar: Calendar, at: int) -> int:
    """Return the ordinal of the date that a calendar on the wall shows."""
    return datetime.fromtimestamp(at / 1000, calendar.zone).toordinal()


def _onward(calendar: Calendar, at: int) -> Iterator[Interval]:
    """Yield the open times from a moment on, the first cut at it."""
    # The night may belong to the day before where clocks were put back over midnight.
    first = _local_day(calendar, at) - 1
    for day in range(first, first + FARTHEST_DAYS):
        for start, end in _open_on(calendar, day):
            if end > at:
                yield max(start, at), end


def _backward(calendar: Calendar, at: int) -> Iterator[Interval]:
    """Yield the open times before a moment, the latest first, which is cut at it."""
    first = _local_day(calendar, at) + 1
    for day in range(first, first - FARTHEST_DAYS, -1):
        for start, end in reversed(_open_on(calendar, day)):
            if start < at:
                yield start, min(end, at)


def next_open(calendar: Calendar, at: int) -> int:
    """Return the moment itself if it is open then, else when it opens next; NEVER if it does not."""
    if not calendar.spans:
        return at
    return next((start for start, _ in _onward(calendar, at)), NEVER)


def add_time(calendar: Calendar, at: int, duration: int) -> int:
    """Return when so many ms of open time have passed since a moment; NEVER where they never will."""
    if not calendar.spans:
        return at + duration
    left = duration
    for start, end in _onward(calendar, at):
        if end - start >= left:
            return start + left
        left -= end - start
    return NEVER


def take_time(calendar: Calendar, at: int, duration: int) -> int:
    """Return the latest moment from which so much open time remains before `at`; NEVER as in `add_time`."""
    if not calendar.spans:
        return at - duration
    left = duration
    for start, end in _backward(calendar, at):
        if end - start >= left:
            return end - left
        left -= end - start
    return NEVER


def time_between(calendar: Calendar, begin: int, end: int) -> int:
    """Return how many ms of open time lie between two moments; 0 where the second is not later."""
    if not calendar.spans or end <= begin:
        return max(end - begin, 0)
    total = 0
    for start, stop in _onward(calendar, begin):
        if start >= end:
            break
        total += min(stop, end) - start
    return total


def _is_working_day(calendar: Calendar, day: int) -> bool:
    if calendar.spans:
        return bool(_open_on(calendar, day))
    return not calendar.is_holiday(date.fromordinal(day))


def add_days(calendar: Calendar, at: int, days: int) -> int:
    """Return the same time of day so many working days later, or if it is closed then, when it opens next.

    Counting begins at the moment if it is open then, else when it opens next. A working day is one on which
    it is open at all; a queue that is always open counts every day.
    """
    start = next_open(calendar, at)
    if start == NEVER:
        return NEVER
    return _same_time(calendar, start, days, 1)


def take_days(calendar: Calendar, at: int, days: int) -> int:
    """Return the same time of day so many working days earlier; the mirror of `add_days`."""
    found = _same_time(calendar, at, days, -1)
    return min(found, at)


def _same_time(calendar: Calendar, at: int, days: int, step: int) -> int:
    local = datetime.fromtimestamp(at / 1000, calendar.zone)
    day, left = local.toordinal(), days
    for _ in range(FARTHEST_DAYS):
        if not left:
            break
        day += step
        left -= not calendar.spans or _is_working_day(calendar, day)
    moved = datetime.combine(date.fromordinal(day), local.time(), calendar.zone)
    return NEVER if left else next_open(calendar, round(moved.timestamp() * 1000))


@lru_cache(maxsize=256)
def _span(text: str) -> tuple[int, int]:
    """Return (ms, days) of a service time as a person writes it; (0, 0) for "" and for what is none."""
    found = SPAN_TEXT.fullmatch(text)
    if found is None:
        return 0, 0
    number, unit = int(found[1]), found[2]
    return (0, number) if unit == "d" else (number * UNIT_MS[unit], 0)


def add_span(calendar: Calendar, at: int, text: str) -> int:
    """Return when a service time is over that begins now: `30m` and `8h` are open time, `2d` working days.

    NEVER for "" and where the queue does not open for so long.
    """
    duration, days = _span(text)
    if days:
        return add_days(calendar, at, days)
    return add_time(calendar, at, duration) if duration else NEVER


def take_span(calendar: Calendar, at: int, text: str) -> int:
    """Return when a service time must begin to be over at a moment; NEVER as in `add_span`."""
    duration, days = _span(text)
    if days:
        return take_days(calendar, at, days)
    return take_time(calendar, at, duration) if duration else NEVER


def next_working_date(queue: Queue | None, at: datetime) -> date:
    """Return the next date after today (in the queue's zone) on which it works (G19).

    A queue without hours works every day but on its holidays; where no day is one, that is tomorrow.
    """
    calendar = calendar_of(queue)
    today = at.astimezone(calendar.zone).toordinal()
    days = range(today + 1, today + FARTHEST_DAYS)
    return date.fromordinal(next((day for day in days if _is_working_day(calendar, day)), today + 1))
