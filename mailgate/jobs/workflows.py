"""Workflows with a clock of their own (N4): `time every 4h`, `time at 08:00 Europe/Berlin`.

When its time has come, a workflow looks at all tickets that are not closed, list by list down their index,
and runs for those whose conditions hold: each ticket once, also when a run was broken off and begins anew.
What was missed while the gateway was off is made up for once. A workflow that is new waits for its next time.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Final

from mailgate.actions._workflows import Ready, ready
from mailgate.domain.effects import Effect, Remember, StartWorkflow
from mailgate.domain.events import EventKind, TicketEvent
from mailgate.domain.helpdesk import StatusKind, status_kind
from mailgate.domain.ports import DeskReader
from mailgate.domain.routing import Catalogue
from mailgate.domain.scene import Scene
from mailgate.domain.workflow import BadWorkflow, holds, next_run
from mailgate.errors import TryLater
from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.db import Store
from mailgate.store.deskunit import perform
from mailgate.store.faults import Abandoned
from mailgate.store.service import lists_of, page_of
from mailgate.store.transaction import Transaction, from_millis, millis
from mailgate.store.unit import UnitRules
from mailgate.store.workflows import looking, wait_until, waits_until
from mailgate.store.writer import Writer

MINUTE: Final = 60.0
# As many as are looked at with one connection, and changed in one transaction at most.
PAGE: Final = 100
BY: Final = "clock"
# Two gateways on one PostgreSQL take turns.
LOCK: Final = "workflow clocks"

log: Final = logging.getLogger("mailgate.jobs")


@dataclass(frozen=True, slots=True)
class House:
    """What a run works with; `zones` finds the data of a time zone."""

    store: Store
    writer: Writer
    rules: UnitRules
    zones: Callable[[str], tzinfo | None]

    @property
    def now(self) -> datetime:
        """The time of the writer's clock."""
        return self.writer.submit(lambda tx: tx.now).result()


def run_timed(house: House, page: int = PAGE) -> dict[str, int]:
    """Run every workflow whose time has come; returns for how many tickets each has run."""
    found: dict[str, int] = {}
    for one in _with_clock(house.rules.catalogue):
        now = millis(house.now)
        until = next_run(one.trigger, now, house.zones(one.trigger.zone))
        with closing(house.store.reader()) as connection:
            waits = waits_until(connection, one.name)
        if waits > now:
            continue
        if waits:
            found[one.name] = sum(_list(house, one, place, until, page) for place in _lists(house, one))
        house.writer.submit(partial(wait_until, name=one.name, until_ms=until)).result()
    return {name: count for name, count in found.items() if count}


def _with_clock(catalogue: Catalogue) -> Iterator[Ready]:
    for workflow in catalogue.workflows.values():
        if workflow.enabled and workflow.event.startswith(EventKind.TIME.value):
            try:
                yield ready(workflow)
            except BadWorkflow as bad:
                log.warning("workflow %s: %s", workflow.name, bad)


def _lists(house: House, one: Ready) -> list[tuple[str, str]]:
    """Return the lists (queue, status) that the workflow's conditions leave; closed tickets are in none."""
    with closing(house.store.reader()) as connection:
        places = lists_of(connection, ())
    return [place for place in places if _may_hold(one, place, house.rules.catalogue)]


def _may_hold(one: Ready, place: tuple[str, str], catalogue: Catalogue) -> bool:
    """Whether conditions about queue and status alone leave anything of a list."""
    queue, status = place
    kind = status_kind(catalogue.statuses, status)
    if kind is StatusKind.CLOSED:
        return False
    known = {"queue": queue, "status": status, "status.kind": kind.value}
    return all(
        any(condition.field not in known or holds(condition, (known[condition.field],)) for condition in line)
        for line in one.conditions
    )


def _list(house: House, one: Ready, place: tuple[str, str], until: int, page: int) -> int:
    """Run a workflow for what holds of one list; returns for how many tickets."""
    done, last = 0, 0
    while True:
        now = house.now
        with closing(house.store.reader()) as connection:
            ids = page_of(connection, place, last, page)
            if not ids:
                return done
            reader, catalogue = looking(house.store, connection, now), house.rules.catalogue
            wanted = [ticket_id for ticket_id in ids if _wants(one, ticket_id, reader, catalogue, now)]
        if wanted:
            work = partial(_do, one=one, ids=wanted, until=until, rules=house.rules)
            done += house.writer.submit(work).result()
        last = ids[-1]


def _wants(one: Ready, ticket_id: int, reader: DeskReader, catalogue: Catalogue, now: datetime) -> bool:
    case = reader.case(ticket_id)
    if case is None:
        return False
    event = TicketEvent(EventKind.TIME, ticket_id, case.state.session_id, BY, new=one.name)
    return Scene(event, case, reader, catalogue, now).all_hold(one.conditions)


def _do(tx: Transaction, one: Ready, ids: list[int], until: int, rules: UnitRules) -> int:
    """Run it for these tickets, each in a savepoint of its own; returns for how many that went well."""
    for word in (*rules.locks, LOCK):
        tx.lock(word)
    return sum(_one(tx, one, ticket_id, until, rules) for ticket_id in ids)


def _one(tx: Transaction, one: Ready, ticket_id: int, until: int, rules: UnitRules) -> bool:
    """Run it for one ticket, unless it has run for it already since its time came."""
    planned: list[Effect] = []

    def plan(reader: DeskReader, _now: datetime) -> Iterable[Effect]:
        if not reader.remembered(one.rule, str(ticket_id)):
            planned.append(Remember(one.rule, str(ticket_id), from_millis(until)))
            planned.append(StartWorkflow(ticket_id, one.name, BY, timed=True))
        return planned

    try:
        perform(tx, plan, rules)
    except (Abandoned, TryLater):
        raise
    except Exception:
        log.exception("ticket %d: workflow %s could not run", ticket_id, one.name)
        return False
    return bool(planned)


def run(context: JobContext) -> dict[str, object]:
    """Run what is due, and say for how many tickets."""
    return dict(run_timed(House(context.store, context.writer, context.rules(), context.policy.zones)))


JOB = JobSpec("workflows", MINUTE, run)
