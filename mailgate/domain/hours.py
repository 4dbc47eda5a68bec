"""Business hours of a queue: what a person writes, and whether a moment lies within (G15, G19).

    Mon-Fri 09:00-12:00 13:00-17:00, Sat 10:00-13:00

Days are the first three letters of their English names, a range may run over the end of the week; times are
local to the queue's time zone, whose data is handed in. On a holiday it is closed all day. A queue without
hours is always open.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from mailgate.domain.routing import Queue

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY: Final = re.compile(r"([a-z]{3})[a-z]*(?:\s*-\s*([a-z]{3})[a-z]*)?")
TIMES: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
MIDNIGHT: Final = 24 * 60
# Nobody's week has more; what is longer was not written by hand.
LONGEST: Final = 500


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


def is_open(queue: Queue, at: datetime) -> bool:
    """Whether a moment (aware) lies within a queue's hours, in its own time zone; without hours always."""
    if not queue.hours:
        return True
    local = at.astimezone(queue.zone) if queue.zone is not None else at
    if _is_holiday(queue.holidays, local.date()):
        return False
    minute = local.hour * 60 + local.minute
    try:
        spans = parse_hours(queue.hours)
    except BadHours:
        return True  # they were checked when they were written; nobody waits because of a mistake in them
    return any(one.weekday == local.weekday() and one.start <= minute < one.end for one in spans)


def _is_holiday(holidays: tuple[str, ...], day: date) -> bool:
    iso = day.isoformat()
    return any(one in (iso, iso[len("2026-") :]) for one in holidays)
