"""After effects were applied: what happened is told to the followers, and what they want is applied too."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from mailgate.domain.effects import Effect
from mailgate.domain.events import DEEPEST, Follower
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

    A chain that does not end is cut at `DEEPEST`, with a line in the log: a workflow must not become a loop.
    """
    while app.events:
        event = app.events.pop(0)
        if event.depth >= DEEPEST:
            log.warning("ticket %d: a chain of workflows was cut at %s", event.ticket_id, event.kind.value)
            continue
        for follower in followers:
            before = len(app.events)
            apply(follower(event, app.reader, catalogue, app.tx.now), app)
            deeper = [replace(one, depth=event.depth + 1) for one in app.events[before:]]
            app.events[before:] = deeper
