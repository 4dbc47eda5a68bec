"""Alarms of service times (T9): what has come due is raised, and whoever is in charge told.

Every half minute, by the gateway's clock. What is due is found by index, in transactions of a bounded size;
the alarm is computed anew from the ticket's history, so a run that was missed, done twice or overtaken by a
jump of the clock makes no difference.
"""

import logging
from collections.abc import Callable
from typing import Final

from mailgate.domain.service import plan_times
from mailgate.errors import TryLater
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.deskunit import perform
from mailgate.store.faults import Abandoned
from mailgate.store.service import BEGINNING, Place, due_alarms
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer

HALF_MINUTE: Final = 30.0
# As many as take the writer some 30 ms: no mail waits longer than that for its answer.
BATCH: Final = 100
# Two gateways on one PostgreSQL take turns.
LOCK: Final = "service times"

log: Final = logging.getLogger("mailgate.jobs")


def run_alarms(writer: Writer, rules: Callable[[], UnitRules], batch: int = BATCH) -> int:
    """Bring every ticket up to date whose alarm may have changed; returns how many there were.

    A ticket that fails is left as it is, with a line in the log; the others go on.
    """
    total, place = 0, BEGINNING
    while True:
        count, after = writer.submit(_page(place, rules, batch)).result()
        total += count
        if after is None:
            return total
        place = after


def _page(
    place: Place, rules: Callable[[], UnitRules], batch: int
) -> Callable[[Transaction], tuple[int, Place | None]]:
    """Return the work of one transaction: how many were done, and where to go on (None: nowhere)."""

    def work(tx: Transaction) -> tuple[int, Place | None]:
        now = rules()
        for word in (*now.locks, LOCK):
            tx.lock(word)
        found = due_alarms(tx, batch, place)
        done = sum(bring_up_to_date(tx, ticket_id, now) for _at, ticket_id in found)
        return done, found[-1] if len(found) == batch else None

    return work


def bring_up_to_date(tx: Transaction, ticket_id: int, rules: UnitRules) -> bool:
    """Compute a ticket's times anew, in a savepoint of its own; whether that went well."""
    try:
        perform(tx, lambda reader, _now: plan_times(ticket_id, reader, rules.catalogue, tx.now_ms), rules)
    except (Abandoned, TryLater):
        raise
    except Exception:
        log.exception("ticket %d: its service times could not be computed", ticket_id)
        return False
    return True


def run(context: JobContext) -> dict[str, object]:
    """Raise what is due."""
    done = run_alarms(context.writer, context.rules)
    return {"tickets": done} if done else {}


JOB = JobSpec("alarms", HALF_MINUTE, run)
