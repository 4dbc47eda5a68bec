"""Service times of open tickets after hours, holidays, priorities or statuses have changed (T9).

What the times follow from is kept as a digest. While it is the same, a run asks one row. Where it is another
one, all tickets that are not closed are brought up to date, a bounded page in each transaction, so that mail
goes on; a restart on the way begins anew. Two gateways at once do the same work, with the same result.
"""

import hashlib
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Final

from mailgate.domain.helpdesk import StatusKind
from mailgate.domain.routing import Catalogue
from mailgate.domain.service import is_timed
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.jobs.alarms import BATCH, bring_up_to_date
from mailgate.store.db import Store
from mailgate.store.service import (
    computed_with,
    forget_computed,
    has_computed,
    keep_computed,
    lists_of,
    timed_page_of,
)
from mailgate.store.transaction import Transaction
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer

MINUTE: Final = 60.0
# Longer than any installation lives with the same business hours.
KEPT: Final = timedelta(days=36500)


def digest(catalogue: Catalogue) -> str:
    """Return a digest of everything that due times follow from, "" where no priority has times."""
    if not any(map(is_timed, catalogue.priorities.values())):
        return ""
    priorities = sorted((p.name, p.reaction, p.warning, p.execution) for p in catalogue.priorities.values())
    hours = sorted((q.name, q.hours, q.timezone, q.holidays, q.region) for q in catalogue.queues.values())
    kinds = sorted((s.name, s.kind) for s in catalogue.statuses.values())
    return hashlib.sha256(repr((priorities, hours, kinds)).encode()).hexdigest()


def retime(store: Store, writer: Writer, rules: UnitRules, batch: int = BATCH) -> int:
    """Bring open tickets up to date if need be; returns how many were looked at."""
    wanted = digest(rules.catalogue)
    with closing(store.reader()) as connection:
        if computed_with(connection, wanted) if wanted else not has_computed(connection):
            return 0
        over = [one.name for one in rules.catalogue.statuses.values() if one.kind == StatusKind.CLOSED]
        places = lists_of(connection, over)
    writer.submit(forget_computed).result()
    timed = [p.name for p in rules.catalogue.priorities.values() if is_timed(p)]
    total = sum(_list(store, writer, rules, place, timed, batch) for place in places)
    if wanted:
        writer.submit(lambda tx: keep_computed(tx, wanted, tx.now + KEPT)).result()
    return total


def _list(
    store: Store, writer: Writer, rules: UnitRules, place: tuple[str, str], timed: list[str], batch: int
) -> int:
    """Bring the tickets of one queue in one status up to date."""
    total, last = 0, 0
    while True:
        with closing(store.reader()) as connection:
            page = timed_page_of(connection, place, timed, last, batch)
        if not page:
            return total
        writer.submit(partial(_do, page=page, rules=rules)).result()
        total, last = total + len(page), page[-1]


def _do(tx: Transaction, page: list[int], rules: UnitRules) -> int:
    return sum(bring_up_to_date(tx, ticket_id, rules) for ticket_id in page)


def run(context: JobContext) -> dict[str, object]:
    """Look whether anything has changed that due times follow from."""
    done = retime(context.store, context.writer, context.rules())
    return {"tickets": done} if done else {}


JOB = JobSpec("retime", MINUTE, run)
