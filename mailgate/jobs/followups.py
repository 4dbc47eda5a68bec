"""Reminders of tickets that are due (W6): the agent is told once, by mail where it has an address.

Every minute, by the gateway's clock. What is due is found by index, a bounded page at a time, whatever the
number of reminders; each is told in a savepoint of its own, together with its entry in the ticket's history
and what its event leads to, so a restart neither forgets nor repeats one.
"""

import logging
from collections.abc import Callable
from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.desk.people import remind
from mailgate.domain.effects import Effect
from mailgate.domain.ports import DeskReader, FollowUpView
from mailgate.errors import TryLater
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.deskunit import perform
from mailgate.store.faults import Abandoned
from mailgate.store.followups import Place, due_follow_ups
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer

MINUTE: Final = 60.0
# A mail waits at most this many reminders' time for its answer.
BATCH: Final = 100
# Two gateways on one PostgreSQL take turns.
LOCK: Final = "follow-ups"
# What the history names as who did it.
BY: Final = "timer follow-up"

log: Final = logging.getLogger("mailgate.jobs")


def tell_due(writer: Writer, rules: Callable[[], UnitRules], policy: PlanPolicy, batch: int = BATCH) -> int:
    """Tell every agent of what is due now; returns how many reminders that were.

    One that fails is left for the next run, with a line in the log. Raises MailError where the database
    cannot be written.
    """
    told = 0
    place: Place | None = (0, 0)
    while place is not None:
        count, place = writer.submit(_page(place, rules, policy, batch)).result()
        told += count
    return told


def _page(
    place: Place, rules: Callable[[], UnitRules], policy: PlanPolicy, batch: int
) -> Callable[[Transaction], tuple[int, Place | None]]:
    """Return the work of one transaction: how many it told, and where to go on (None: the end)."""

    def work(tx: Transaction) -> tuple[int, Place | None]:
        now = rules()
        for word in (*now.locks, LOCK):
            tx.lock(word)
        found = due_follow_ups(tx, batch, place)
        told = sum(_tell(tx, one, now, policy) for one in found)
        last = found[-1] if len(found) == batch else None
        return told, (last.at_ms, last.follow_up_id) if last is not None else None

    return work


def _tell(tx: Transaction, found: FollowUpView, rules: UnitRules, policy: PlanPolicy) -> bool:
    """Tell of one reminder; whether it was told."""

    def plan(reader: DeskReader, _now: object) -> list[Effect]:
        return remind(found, reader, rules.catalogue, policy, BY)

    try:
        perform(tx, plan, rules)
    except (Abandoned, TryLater):
        raise
    except Exception:
        log.exception("follow-up %d could not be told", found.follow_up_id)
        return False
    return True


def run(context: JobContext) -> dict[str, object]:
    """Tell of all that is due."""
    told = tell_due(context.writer, context.rules, context.policy)
    return {"told": told} if told else {}


JOB = JobSpec("follow-ups", MINUTE, run)
