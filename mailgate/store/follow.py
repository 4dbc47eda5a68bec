"""After effects were applied: what happened is told to the followers, and what they want is applied too."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from mailgate.domain.effects import AddEntry, Effect, EntryKind
from mailgate.domain.events import DEEPEST, MOST, Follower, TicketEvent
from mailgate.domain.routing import Catalogue
from mailgate.store.application import Application

log: Final = logging.getLogger("mailgate.store")


def follow(
    app: Application,
    followers: Sequence[Follower],
    catalogue: Catalogue,
    apply: Callable[[Iterable[Effect], Application], None],
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
            wanted = tuple(follower(event, app.reader, catalogue, app.tx.now))
            if not wanted:
                continue
            apply(wanted, app)
            deeper = [replace(one, depth=event.depth + 1) for one in app.events[before:]]
            app.events[before:] = deeper


def _cut(event: TicketEvent, app: Application) -> AddEntry:
    """Return the note that a chain was cut; notes are no events, so nothing comes of it."""
    return AddEntry(
        entry_id=app.tx.allocate("entry"),
        ticket_id=event.ticket_id,
        session_id=event.session_id,
        kind=EntryKind.NOTE,
        author="workflow",
        text=f"a chain of workflows was cut at: {event.kind.value} {event.field}".rstrip(),
        touches_session=False,
    )
