"""An e-mail session: the states that it can be in, what happens to it, and where that leads (G7, G12).

All moves stand in one table; `docs/sessions.md` is drawn from it. Timers only look at the clock and then tell
one of these events; the table itself knows no time.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a session stands."""

    UNOPENED = "unopened"
    ACTIVE = "active"
    PAUSED = "paused"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"


class Event(StrEnum):
    """What happens to a session."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    OPEN = "open"
    PAUSE = "pause"
    RESOLVE = "resolve"
    CLOSE = "close"
    IDLE = "idle"
    EXPIRE = "expire"


class Interaction(StrEnum):
    """What a session records about itself (G7)."""

    QUEUED = "queued"
    ANSWERED = "answered"
    MOVED = "moved to another queue"
    REASSIGNED = "answered by another agent"
    RESOLVED = "resolved"


class NoSuchMove(ValueError):  # noqa: N818  it names what is wrong
    """This cannot happen in that state."""


STATE_MEANS: Final[Mapping[State, str]] = {
    State.UNOPENED: "mail has come in, no agent has looked at it",
    State.ACTIVE: "an agent is at it",
    State.PAUSED: "set aside, or nothing has happened for a while",
    State.RESOLVED: "an agent says that it is done",
    State.CLOSED: "over",
    State.REOPENED: "was resolved or over, and has come to life again",
}

EVENT_MEANS: Final[Mapping[Event, str]] = {
    Event.INCOMING: "the customer writes",
    Event.OUTGOING: "an agent's answer leaves",
    Event.OPEN: "an agent opens it",
    Event.PAUSE: "an agent pauses it",
    Event.RESOLVE: "an agent resolves it",
    Event.CLOSE: "an agent closes it",
    Event.IDLE: "nothing has happened for as long as the timer of active sessions says",
    Event.EXPIRE: "nothing has happened for as long as the timer of paused or resolved sessions says",
}

# What is not listed cannot happen. A session counts as work of its agent while unopened, active or reopened.
MOVES: Final[Mapping[tuple[State, Event], State]] = {
    (State.UNOPENED, Event.INCOMING): State.UNOPENED,
    (State.UNOPENED, Event.OUTGOING): State.ACTIVE,
    (State.UNOPENED, Event.OPEN): State.ACTIVE,
    (State.UNOPENED, Event.PAUSE): State.PAUSED,
    (State.UNOPENED, Event.RESOLVE): State.RESOLVED,
    (State.UNOPENED, Event.CLOSE): State.CLOSED,
    (State.ACTIVE, Event.INCOMING): State.ACTIVE,
    (State.ACTIVE, Event.OUTGOING): State.ACTIVE,
    (State.ACTIVE, Event.OPEN): State.ACTIVE,
    (State.ACTIVE, Event.PAUSE): State.PAUSED,
    (State.ACTIVE, Event.RESOLVE): State.RESOLVED,
    (State.ACTIVE, Event.CLOSE): State.CLOSED,
    (State.ACTIVE, Event.IDLE): State.PAUSED,
    (State.PAUSED, Event.INCOMING): State.ACTIVE,
    (State.PAUSED, Event.OUTGOING): State.ACTIVE,
    (State.PAUSED, Event.OPEN): State.ACTIVE,
    (State.PAUSED, Event.RESOLVE): State.RESOLVED,
    (State.PAUSED, Event.CLOSE): State.CLOSED,
    (State.PAUSED, Event.EXPIRE): State.CLOSED,
    (State.RESOLVED, Event.INCOMING): State.REOPENED,
    (State.RESOLVED, Event.OUTGOING): State.REOPENED,
    (State.RESOLVED, Event.OPEN): State.REOPENED,
    (State.RESOLVED, Event.CLOSE): State.CLOSED,
    (State.RESOLVED, Event.EXPIRE): State.CLOSED,
    (State.CLOSED, Event.INCOMING): State.REOPENED,
    (State.CLOSED, Event.OUTGOING): State.REOPENED,
    (State.REOPENED, Event.INCOMING): State.REOPENED,
    (State.REOPENED, Event.OUTGOING): State.ACTIVE,
    (State.REOPENED, Event.OPEN): State.ACTIVE,
    (State.REOPENED, Event.PAUSE): State.PAUSED,
    (State.REOPENED, Event.RESOLVE): State.RESOLVED,
    (State.REOPENED, Event.CLOSE): State.CLOSED,
    (State.REOPENED, Event.IDLE): State.PAUSED,
}

# The states in which a session counts when work is shared out.
WORK: Final = frozenset({State.UNOPENED, State.ACTIVE, State.REOPENED})


def move(state: State, event: Event) -> State:
    """Return the state after an event; raises NoSuchMove for what cannot happen."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise NoSuchMove(f"a session that is {state.value} cannot meet: {event.value}") from None


def answered_as(before: str, agent: str) -> Interaction:
    """Return how an agent's answer is recorded; `before` is who had answered or owned the session, or ""."""
    return Interaction.REASSIGNED if before and before != agent else Interaction.ANSWERED


def render() -> str:
    """Return `docs/sessions.md`: the states, the events, and the table of moves."""
    return "\n".join(
        (
            "# Sessions",
            "",
            "A ticket's e-mail conversation runs in sessions. This page is drawn from the table in",
            "`mailgate/domain/session.py`; a test compares them. See also [threading](threading.md).",
            "",
            *_meanings("state", STATE_MEANS),
            "",
            *_meanings("event", EVENT_MEANS),
            "",
            "## Moves",
            "",
            "A dash is what cannot happen: it is refused, and nothing changes.",
            "",
            f"| state | {' | '.join(event.value for event in Event)} |",
            f"|---|{'---|' * len(Event)}",
            *(f"| **{state.value}** | {' | '.join(_cells(state))} |" for state in State),
            "",
            f"A session is work of its agent while {' or '.join(s.value for s in State if s in WORK)}.",
            "It records: " + "; ".join(one.value for one in Interaction) + ".",
            "",
        )
    )


def _meanings(head: str, table: Mapping[State, str] | Mapping[Event, str]) -> list[str]:
    return [
        f"| {head} | meaning |",
        "|---|---|",
        *(f"| {one.value} | {text} |" for one, text in table.items()),
    ]


def _cells(state: State) -> list[str]:
    return [MOVES[state, event].value if (state, event) in MOVES else "-" for event in Event]
