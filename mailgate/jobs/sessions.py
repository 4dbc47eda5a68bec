"""The timers of e-mail sessions (G12): paused and resolved ones close, active ones pause, after their days.

Every minute, by the gateway's clock. What is due is found by index, moved by the table of `domain/session.py`
in transactions of a bounded size, each move with its entry in the ticket's history. Nothing is remembered
between two runs, so a restart loses none; a clock that was set back makes nothing due, and one that jumped
forward moves each session by one step, from which its next timer begins.
"""

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final

from mailgate.domain.session import TIMERS, Timer
from mailgate.errors import TryLater
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.deskunit import perform
from mailgate.store.faults import Abandoned
from mailgate.store.sessions import due, plan_timer
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer

MINUTE: Final = 60.0
# A hundred moves take the writer some 30 ms: no mail waits longer than that for its answer.
BATCH: Final = 100
# Two gateways on one PostgreSQL take turns.
LOCK: Final = "session timers"

log: Final = logging.getLogger("mailgate.jobs")


def run_timers(writer: Writer, rules: Callable[[], UnitRules], batch: int = BATCH) -> dict[str, int]:
    """Move every session that is due now; returns how many each timer has moved, those with none left out.

    A session whose move fails is left as it is, with a line in the log; the others go on. Raises MailError
    where the database cannot be written.
    """
    moved: Counter[str] = Counter()
    for timer in TIMERS:
        place: tuple[int, int] | None = (-1, 0)
        while place is not None:
            count, place = writer.submit(_page(timer, place, rules, batch)).result()
            moved[timer.name] += count
    return {name: n for name, n in moved.items() if n}


def _page(
    timer: Timer, place: tuple[int, int], rules: Callable[[], UnitRules], batch: int
) -> Callable[[Transaction], tuple[int, tuple[int, int] | None]]:
    """Return the work of one transaction: how many it moved, and where to go on (None: the end)."""

    def work(tx: Transaction) -> tuple[int, tuple[int, int] | None]:
        now = rules()
        if not timer.on(now.catalogue.desk):
            return 0, None
        for word in (*now.locks, LOCK):
            tx.lock(word)
        found = due(tx, timer, timer.before_ms(now.catalogue.desk, tx.now_ms), batch, place)
        moved = sum(_move(tx, timer, session_id, now) for _last_at, session_id in found)
        return moved, found[-1] if len(found) == batch else None

    return work


def _move(tx: Transaction, timer: Timer, session_id: int, rules: UnitRules) -> bool:
    """Move one session in a savepoint of its own; whether it was moved."""
    try:
        perform(tx, lambda _reader, _now: plan_timer(tx, timer, session_id, rules.catalogue.desk), rules)
    except (Abandoned, TryLater):
        raise
    except Exception:
        log.exception("session %d: the timer %s could not move it", session_id, timer.name)
        return False
    return True


def run(context: JobContext) -> dict[str, object]:
    """Run all timers once, and count what they moved."""
    moved = run_timers(context.writer, context.rules)
    for name, count in moved.items():
        context.metrics.session_timers.inc(name, by=count)
    return dict(moved)


JOB = JobSpec("session_timers", MINUTE, run)
