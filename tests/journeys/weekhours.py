"""Business hours and service times for the week's model, counted minute by minute, as one would by hand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = 60_000
HOUR = 60 * MINUTE
BERLIN = ZoneInfo("Europe/Berlin")
# Berlin's public holidays of 2030 from spring on, copied from a calendar on the wall.
HOLIDAYS = frozenset(date(2030, month, day) for month, day in ((5, 1), (5, 30), (6, 10), (10, 3)))
OPENS, CLOSES = 9, 17
SATURDAY = 5
# Hours of open time of the priority "high": until an answer, until it is done, and how long before that it warns.
REACTION, EXECUTION, WARNING = 2, 8, 2


@lru_cache(maxsize=200_000)
def is_open(queue: str, at: int) -> bool:
    """Whether somebody works then: support has office hours, all others are always open."""
    if queue != "support":
        return True
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(BERLIN)
    if local.weekday() >= SATURDAY or local.date() in HOLIDAYS:
        return False
    return OPENS <= local.hour < CLOSES


@dataclass(frozen=True)
class Times:
    """A ticket's times as its row has them; 0 is none."""

    reaction: int = 0
    warning: int = 0
    execution: int = 0
    alarm: str = ""
    alarm_at: int = 0


NO_TIMES = Times()


def _after(queue: str, start: int, hours: int, waits: list[tuple[int, int]]) -> int:
    """Return when so many hours of open time without the waits are over; 0 while a wait that has no end holds it up."""
    left, at = hours * 60, start
    while True:
        wait = next((one for one in waits if one[0] <= at and (not one[1] or at < one[1])), None)
        if wait is not None:
            if not wait[1]:
                return 0
            at = wait[1]
            continue
        left -= is_open(queue, at)
        at += MINUTE
        if not left:
            return at


def _before(queue: str, end: int, hours: int) -> int:
    """Return from when on so many hours of open time remain until then."""
    left, at = hours * 60, end
    while left:
        at -= MINUTE
        left -= is_open(queue, at)
    return at


def times(
    queue: str, start: int, waits: list[tuple[int, int]], *, now: int, answered: bool, over: bool
) -> Times:
    """Return the times of a ticket of the priority "high", and the worst alarm that is on."""
    reaction = _after(queue, start, REACTION, [])
    execution = _after(queue, start, EXECUTION, waits)
    warning = max(_before(queue, execution, WARNING), start) if execution else 0
    if over:
        return Times(reaction, warning, execution)
    clocks = [
        ("execution late", execution),
        ("reaction late", 0 if answered else reaction),
        ("execution due soon", warning),
    ]
    on = [n for n, (_, at) in enumerate(clocks) if 0 < at <= now]
    worse = clocks[: on[0]] if on else clocks
    alarm_at = min((at for _, at in worse if at > now), default=0)
    return Times(reaction, warning, execution, clocks[on[0]][0] if on else "", alarm_at)
