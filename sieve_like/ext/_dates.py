"""Dates of header fields, and the parts of a date that a script may ask for (RFC 5260, RFC 5322 3.3 and 4.3).

A moment is kept as UTC with the offset that it is looked at in, so that every offset of RFC 5322 works, those
beyond a day among them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

COMMENT: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|\\.|[()]', re.DOTALL)
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
DATE: Final = re.compile(
    r"\s*+(?:[a-z]{3}\s*+,)?+\s*+([0-9]{1,2})\s*+([a-z]{3,9})\s*+([0-9]{2,4})\s++"
    r"([0-9]{2})\s*+[:.]\s*+([0-9]{2})(?:\s*+[:.]\s*+([0-9]{2}))?+(?:\s++(\S+))?",
    re.IGNORECASE,
)
ZONE: Final = re.compile(r"([+-])([0-9]{2})([0-9]{2})\Z")
# RFC 5322 4.3; all other names are worth nothing, so they count as UTC.
ZONES: Final = {"EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8}
FIRST_YEAR: Final = 1900  # RFC 5322 3.3
CENTURY: Final = 50  # RFC 5322 4.3: two digits below are of this century
THREE_DIGITS: Final = 3
LAST_SECOND: Final = 59
EPOCH: Final = 678576  # 17 November 1858 as Python counts days: day 0 of the Modified Julian Days
MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, `utc` without a zone, seen from `offset` minutes east of Greenwich."""

    utc: datetime
    offset: int = 0

    @property
    def local(self) -> datetime:
        """Return the date and time on a clock there; OverflowError beyond the calendar."""
        return self.utc + timedelta(minutes=self.offset)

    def at(self, offset: int) -> "Moment":
        """Return the same point in time, seen from elsewhere."""
        return replace(self, offset=offset)

    def local_to(self, now: datetime) -> "Moment":
        """Return it as a clock of the zone of `now` shows it: summer time is that of the date itself."""
        try:
            there = self.utc.replace(tzinfo=UTC).astimezone(now.tzinfo or UTC).utcoffset()
        except OverflowError:  # at the ends of the calendar no zone can be looked up
            there = None
        return self.at(int((there or timedelta()).total_seconds()) // MINUTES)


def moment_of(now: datetime) -> Moment:
    """Return a point in time as it was given; without a zone it is UTC."""
    aware = now if now.tzinfo is not None else now.replace(tzinfo=UTC)
    return Moment(aware.astimezone(UTC).replace(tzinfo=None)).local_to(aware)


def parse_offset(text: str) -> int | None:
    """Return the minutes east of Greenwich of `+0530`, None where it is no zone of this form."""
    found = ZONE.match(text)
    if found is None:
        return None
    minutes = int(found[2]) * MINUTES + int(found[3])
    return -minutes if found[1] == "-" else minutes


def parse_date(value: bytes) -> Moment | None:
    """Return the date in the value of a header field, None where it is none.

    What stands before a semicolon is of other use (Received, RFC 5322 3.6.7). Old forms are read as RFC 5322
    4.3 says; an unknown zone is UTC.
    """
    text = _without_comments(value.decode("ascii", "replace")).rpartition(";")[2]
    found = DATE.match(text)
    if found is None or found[2][:3].lower() not in MONTHS:
        return None
    year, month = _year(found[3]), MONTHS.index(found[2][:3].lower()) + 1
    second = min(int(found[6] or 0), LAST_SECOND) if int(found[6] or 0) <= MINUTES else MINUTES
    offset = _offset(found[7] or "")
    if year < FIRST_YEAR:
        return None
    try:
        clock = datetime(year, month, int(found[1]), int(found[4]), int(found[5]), second)  # noqa: DTZ001
        return Moment(clock - timedelta(minutes=offset), offset)
    except (ValueError, OverflowError):
        return None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) < THREE_DIGITS:
        return year + (2000 if year < CENTURY else FIRST_YEAR)
    return year + FIRST_YEAR if len(digits) == THREE_DIGITS else year


def _offset(zone: str) -> int:
    minutes = parse_offset(zone)
    return ZONES.get(zone.upper(), 0) * MINUTES if minutes is None else minutes


def _without_comments(text: str) -> str:
    """Return the text with a blank for each comment; comments nest (RFC 5322 3.2.2)."""
    if "(" not in text:
        return text
    kept: list[str] = []
    depth = at = 0
    for found in COMMENT.finditer(text):
        if found[0] == "(":
            if depth == 0:
                kept.append(text[at : found.start()])
            depth += 1
        elif found[0] == ")" and depth:
            depth -= 1
            at = found.end()
    return " ".join(kept if depth else [*kept, text[at:]])


def _zone(moment: Moment) -> str:
    return _signed(moment, "")


def _signed(moment: Moment, between: str) -> str:
    hours, minutes = divmod(abs(moment.offset), MINUTES)
    return f"{'-' if moment.offset < 0 else '+'}{hours:02d}{between}{minutes:02d}"


def _weekday(moment: Moment) -> int:
    """Return 0 for Sunday to 6 (RFC 5260 4.3)."""
    return moment.local.isoweekday() % 7


def _date(moment: Moment) -> str:
    local = moment.local
    return f"{local.year:04d}-{local.month:02d}-{local.day:02d}"


def _time(moment: Moment) -> str:
    local = moment.local
    return f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"


def _iso8601(moment: Moment) -> str:
    return f"{_date(moment)}T{_time(moment)}{_signed(moment, ':') if moment.offset else 'Z'}"


def _std11(moment: Moment) -> str:
    """Return it as a Date field would hold it (RFC 5322 3.3)."""
    local = moment.local
    month = MONTHS[local.month - 1].capitalize()
    day = DAYS[_weekday(moment)]
    return f"{day}, {local.day:02d} {month} {local.year:04d} {_time(moment)} {_zone(moment)}"


# RFC 5260 4.3.
PARTS: Final[dict[str, Callable[[Moment], str]]] = {
    "year": lambda moment: f"{moment.local.year:04d}",
    "month": lambda moment: f"{moment.local.month:02d}",
    "day": lambda moment: f"{moment.local.day:02d}",
    "date": _date,
    "julian": lambda moment: str(moment.local.toordinal() - EPOCH),
    "hour": lambda moment: f"{moment.local.hour:02d}",
    "minute": lambda moment: f"{moment.local.minute:02d}",
    "second": lambda moment: f"{moment.local.second:02d}",
    "time": _time,
    "iso8601": _iso8601,
    "std11": _std11,
    "zone": _zone,
    "weekday": lambda moment: str(_weekday(moment)),
}


def part_of(moment: Moment, name: str) -> str | None:
    """Return one part of a date, None where there is no such part, or the date is none there."""
    part = PARTS.get(name.lower())
    try:
        return None if part is None else part(moment)
    except OverflowError:
        return None
