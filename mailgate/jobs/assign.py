"""Gives out tickets that had to wait: business hours begin, somebody comes, a day's limit ends (G15).

What waits stands on a list by queue (`store/waiting.py`), so nothing is looked for. A queue that can give out
nothing now costs one look; the rest is done in small transactions, the ticket that was opened first first.
"""

import logging
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Final

from mailgate.domain.assignment import could_give, share_out
from mailgate.domain.effects import Effect, KeepWaiting
from mailgate.domain.ports import Reader
from mailgate.domain.routing import Catalogue
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.assignment import any_waiting, waiting
from mailgate.store.deskunit import perform
from mailgate.store.faults import Abandoned
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.waiting import stop_waiting
from mailgate.store.workload import present_agents

log: Final = logging.getLogger("mailgate.jobs")
# An agent who has just come waits no longer than this for work.
EVERY_S: Final = 5.0
# Tickets of one transaction: some 20 ms, so that mail coming in does not wait for it.
BATCH: Final = 20
# Batches of one run: what is left is given out by the next one.
ROUNDS: Final = 50


def run(context: JobContext) -> dict[str, object]:
    """Give out what can be given out now, queue by queue; returns how many."""
    rules = context.rules()
    with closing(context.store.reader()) as connection:
        queues = any_waiting(connection, rules.catalogue.queues)
    given = sum(_queue(context, rules, name) for name in queues)
    context.metrics.assignments_late.inc(by=given)
    return {"given": given} if given else {}


def _queue(context: JobContext, rules: UnitRules, queue: str) -> int:
    given = 0
    for _ in range(ROUNDS):
        count, more = context.writer.submit(partial(give_out, queue=queue, rules=rules)).result()
        given += count
        if not more:
            break
    return given


def give_out(tx: Transaction, *, queue: str, rules: UnitRules, batch: int = BATCH) -> tuple[int, bool]:
    """Give out the first tickets of a queue's list; returns how many, and whether it is worth going on.

    It ends where nobody can take any more. What no longer waits (taken by hand, moved, closed, merged) goes
    off the list.
    """
    catalogue = rules.catalogue
    if not could_give(catalogue.queues[queue], catalogue, present_agents(tx), tx.now):
        return 0, False
    tickets = waiting(tx, queue, batch)
    given = 0
    for ticket_id in tickets:
        wanted: list[Effect] = []
        try:
            perform(tx, partial(_plan, ticket_id, queue, rules.catalogue, wanted), rules)
        except Abandoned:
            raise
        except Exception:
            # One ticket whose workflows fail never keeps the others waiting.
            log.exception("ticket %d could not be given out", ticket_id)
            continue
        if any(isinstance(effect, KeepWaiting) for effect in wanted):
            return given, False
        given += bool(wanted)
        stop_waiting(tx, queue, ticket_id)
    return given, bool(given) and len(tickets) == batch


def _plan(
    ticket_id: int, queue: str, catalogue: Catalogue, wanted: list[Effect], reader: Reader, now: datetime
) -> Iterable[Effect]:
    ticket = reader.ticket(ticket_id)
    if ticket is not None and ticket.ticket_id == ticket_id and ticket.queue == queue:
        wanted.extend(share_out(ticket_id, reader, catalogue, now))
    return wanted


JOB = JobSpec("assign", EVERY_S, run)
