"""When to try again, and when to stop: the schedule of the outbox, as plain arithmetic.

Mail of ours is given up in the end, with the reason kept. Mail that somebody entrusted to us (deliver,
redirect) is never given up: it is held with an alarm, for a person to decide. Nothing is ever bounced.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from mailgate.domain.target import Failed, JobKind, Outcome, Retry, Sent

MINUTE: Final = 60.0
# Seconds between tries: a restart of the other side is over in a minute, an outage in hours; the last one is
# repeated, as often as other mailers try at most.
WAITS: Final = tuple(minutes * MINUTE for minutes in (1, 5, 15, 30, 60, 120, 240))
# As long as Postfix keeps a mail by default.
GIVE_UP_AFTER: Final = timedelta(days=5)
# Up to a tenth earlier or later, so that what failed together does not come back together.
SPREAD: Final = 0.1

State = Literal["sent", "waiting", "held", "given_up"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The seconds between tries, of which the last is repeated, and how long it goes on."""

    waits: tuple[float, ...] = WAITS
    give_up_after: timedelta = GIVE_UP_AFTER

    @property
    def tries(self) -> int:
        """How many tries fill the time: 36 for five days.

        Tries are counted, not hours: what a person releases gets the whole schedule again, and an outage of
        our own does not use up a mail's time.
        """
        left, count = self.give_up_after.total_seconds(), 1
        for wait in self.waits[:-1]:
            if left < wait:
                return count
            left, count = left - wait, count + 1
        return count + int(left // self.waits[-1])

    def delay(self, attempts: int, jitter: float) -> timedelta:
        """Return how long to wait after the try that made it `attempts` (from 1); `jitter` is from 0 to 1."""
        wait = self.waits[min(attempts, len(self.waits)) - 1]
        return timedelta(seconds=wait * (1 - SPREAD + 2 * SPREAD * jitter))


USUAL: Final = Schedule()


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a row; `due` is set for waiting only, `alarm` when somebody must be told."""

    state: State
    due: datetime | None = None
    reason: str = ""
    alarm: bool = False


def next_step(
    kind: JobKind,
    attempts: int,
    outcome: Outcome,
    now: datetime,
    jitter: float,
    schedule: Schedule = USUAL,
) -> Step:
    """Return what becomes of a row after a try; `attempts` counts the tries before this one."""
    match outcome:
        case Sent():
            return SENT
        case Failed(reply):
            return _stop(kind, f"refused: {reply}")
        case Retry(reply):
            if attempts + 1 >= schedule.tries:
                return _stop(kind, f"tried {attempts + 1} times in vain: {reply}")
            return Step("waiting", now + schedule.delay(attempts + 1, jitter), reply)


SENT: Final = Step("sent")


def _stop(kind: JobKind, reason: str) -> Step:
    if kind in ("send", "call"):
        return Step("given_up", reason=reason, alarm=True)
    return Step("held", reason=reason, alarm=True)
