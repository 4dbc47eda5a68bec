"""After effects were applied: what happened is told to the followers, and what they want is applied too.

A consequence that fails is undone by itself and noted: no workflow, queue or priority that somebody has
broken keeps a mail out, nor undoes what a person did.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from mailgate.domain.effects import AddEntry, Effect, EntryKind
from mailgate.domain.events import DEEPEST, MOST, Follower, TicketEvent
from mailgate.domain.routing import Catalogue
from mailgate.domain.workflow import PREFIX, RunNote
from mailgate.errors import DiskFull, HouseFault
from mailgate.store.application import Application
from mailgate.store.faults import Abandoned, system_fault
from mailgate.store.pack import clean

log: Final = logging.getLogger("mailgate.store")
Apply = Callable[[Iterable[Effect], Application], None]
# The log has all of an error, the history its beginning.
ERROR_LENGTH: Final = 200


def follow(
    app: Application,
    followers: Sequence[Follower],
    catalogue: Catalogue,
    apply: Apply,
) -> None:
    """Hand every event to every follower until nothing new happens; consequences are one level deeper.

    A chain that does not end is cut at `DEEPEST`, one that branches out after `MOST`, with a line in the log
    and a note in the ticket's history: a workflow must not become a loop.
    """
    consequences = 0
    while app.events:
        event = app.events.pop(0)
        consequences += event.depth > 0
        if event.depth >= DEEPEST or consequences > MOST:
            log.warning("ticket %d: a chain of workflows was cut at %s", event.ticket_id, event.kind.value)
            apply((_cut(event, app),), app)
            if consequences > MOST:
                app.events.clear()
            continue
        for follower in followers:
            before = len(app.events)
            _hear(event, follower, app, catalogue, apply)
            deeper = [replace(one, depth=event.depth + 1) for one in app.events[before:]]
            app.events[before:] = deeper


def _hear(
    event: TicketEvent, follower: Follower, app: Application, catalogue: Catalogue, apply: Apply
) -> None:
    """Let one follower hear of an event and apply what it wants; what fails is noted, by workflow."""
    try:
        groups = _groups(follower(event, app.reader, catalogue, app.tx.now))
    except Exception as error:  # noqa: BLE001  it is noted
        _note_failure(event, error, app, apply)
        return
    for group in groups:
        try:
            _apply_apart(group, app, apply)
        except Exception as error:  # noqa: BLE001  the same
            _note_failure(event, error, app, apply)


def _groups(wanted: Iterable[Effect]) -> list[list[Effect]]:
    """Return effects in groups that stand or fall together: those of each workflow, which its note begins."""
    groups: list[list[Effect]] = []
    for one in wanted:
        if not groups or isinstance(one, RunNote):
            groups.append([])
        groups[-1].append(one)
    return groups


def _note_failure(event: TicketEvent, error: Exception, app: Application, apply: Apply) -> None:
    """Write into log and history what failed; raises it if it is no fault of the follower's."""
    if _is_the_house(error, app):
        raise error
    log.error("ticket %d: what follows from %s failed", event.ticket_id, event.kind.value, exc_info=error)
    apply((_failed(event, error, app),), app)


def _apply_apart(wanted: Iterable[Effect], app: Application, apply: Apply) -> None:
    """Apply all of it or, if it raises, nothing."""
    before = len(app.events), len(app.suppressed), len(app.alarms), app.outbox_rows
    try:
        with app.tx.savepoint():
            apply(wanted, app)
            runs = [one.rule.removeprefix(PREFIX) for one in wanted if isinstance(one, RunNote)]
            app.tx.happened.extend(("workflow_runs", name) for name in runs)
    except Exception:
        del app.events[before[0] :], app.suppressed[before[1] :], app.alarms[before[2] :]
        app.outbox_rows = before[3]
        raise


def _is_the_house(error: Exception, app: Application) -> bool:
    """Whether the database, the disk or another gateway is behind it: then the whole unit comes again."""
    if isinstance(error, Abandoned | HouseFault | DiskFull) or system_fault(error) is not None:
        return True
    return app.tx.is_broken_by(error)


def _failed(event: TicketEvent, error: Exception, app: Application) -> AddEntry:
    """Return the note that something could not be done; nothing comes of it."""
    said = clean(f"{type(error).__name__}: {error}".replace("\n", " "))[:ERROR_LENGTH].rstrip(": ")
    what = f"{event.kind.value} {event.field}".rstrip()
    return _note(event, app, f"what follows from {what} failed: {said}")


def _cut(event: TicketEvent, app: Application) -> AddEntry:
    """Return the note that a chain was cut; notes are no events, so nothing comes of it."""
    return _note(event, app, f"a chain of workflows was cut at: {event.kind.value} {event.field}".rstrip())


def _note(event: TicketEvent, app: Application, text: str) -> AddEntry:
    return AddEntry(
        entry_id=app.tx.allocate("entry"),
        ticket_id=event.ticket_id,
        session_id=event.session_id,
        kind=EntryKind.NOTE,
        author="workflow",
        text=text,
        touches_session=False,
    )
