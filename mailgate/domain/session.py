"""An e-mail session: the states that it can be in, what happens to it, and where that leads (G7, G12).

All moves stand in one table, the timers in another; `docs/sessions.md` is drawn from both. A timer only looks
at the clock and then tells one of the events; the table of moves itself knows no time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mailgate.domain.deskerror import DeskError
from mailgate.domain.effects import Effect, MoveSession, OpenSession
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.ports import TicketView

DAY_MS: Final = 86_400_000


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
    PAUSED = "paused"
    CLOSED = "closed"
    REOPENED = "reopened"
    ASSIGNED = "given to an agent"


class NoSuchMove(DeskError, ValueError):  # noqa: N818  it names what is wrong
    """This cannot happen in that state; the text names what can."""


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


# Every change of state that some event makes: whatever writes states writes no other.
PAIRS: Final = frozenset((before.value, after.value) for (before, _), after in MOVES.items())


@dataclass(frozen=True, slots=True)
class Timer:
    """A move that the clock makes (G12): what happens to a session after so many days without activity.

    `name` is the switch in `DeskPolicy`; the days stand there under `name_days`.
    """

    state: State
    event: Event
    name: str

    @property
    def days_name(self) -> str:
        """The name of the days in `DeskPolicy`."""
        return f"{self.name}_days"

    @property
    def after(self) -> State:
        """The state that it leads to, by the table of moves."""
        return MOVES[self.state, self.event]

    @property
    def author(self) -> str:
        """What the history names as who did it."""
        return f"timer {self.name}"

    def on(self, desk: DeskPolicy) -> bool:
        """Whether its switch is on."""
        return bool(getattr(desk, self.name))

    def days(self, desk: DeskPolicy) -> int:
        """Return after how many days it moves a session, 1 to 1,000."""
        return int(getattr(desk, self.days_name))

    def before_ms(self, desk: DeskPolicy, now_ms: int) -> int:
        """Return until when something must have happened last in a session that is due now, in epoch ms."""
        return now_ms - self.days(desk) * DAY_MS

    def reason(self, desk: DeskPolicy) -> str:
        """Return what the history says."""
        days = self.days(desk)
        return f"nothing has happened for {days} day{'' if days == 1 else 's'}"


# The order in which they run; whatever has just been moved is due for no other.
TIMERS: Final = (
    Timer(State.PAUSED, Event.EXPIRE, "paused_to_closed"),
    Timer(State.RESOLVED, Event.EXPIRE, "resolved_to_closed"),
    Timer(State.ACTIVE, Event.IDLE, "active_to_paused"),
    Timer(State.REOPENED, Event.IDLE, "active_to_paused"),
)

# What a session records when it comes into a state, whoever brought it there.
RECORDED: Final[Mapping[State, Interaction]] = {
    State.PAUSED: Interaction.PAUSED,
    State.RESOLVED: Interaction.RESOLVED,
    State.CLOSED: Interaction.CLOSED,
    State.REOPENED: Interaction.REOPENED,
}


def move(state: State, event: Event) -> State:
    """Return the state after an event; raises NoSuchMove for what cannot happen."""
    try:
        return MOVES[state, event]
    except KeyError:
        can = ", ".join(event_.value for event_ in possible(state))
        text = f"a session that is {state.value} cannot meet {event.value!r}; what can happen to it: {can}"
        raise NoSuchMove(text) from None


def possible(state: State) -> tuple[Event, ...]:
    """Return what can happen to a session in a state."""
    return tuple(event for event in Event if (state, event) in MOVES)


def activity(state: State, event: Event, last_ms: int, now_ms: int, desk: DeskPolicy) -> State | None:
    """Return where a mail leads (G12), INCOMING or OUTGOING; None: the ticket needs a new session.

    `last_ms` is when something last happened in the session, its closing included, in epoch ms (0: unknown).
    A session that was closed for longer than it may be reopened, or with that switched off, stays closed.
    """
    if state is State.CLOSED and over_for_good(last_ms, now_ms, desk):
        return None
    return move(state, event)


def over_for_good(last_ms: int, now_ms: int, desk: DeskPolicy) -> bool:
    """Whether nothing has happened in a closed session for longer than it may be reopened."""
    if not desk.reopen:
        return True
    return bool(last_ms) and now_ms - last_ms >= desk.reopen_days * DAY_MS


def join(
    ticket: TicketView, event: Event, now_ms: int, desk: DeskPolicy, new_id: Callable[[], int], by: str
) -> tuple[list[Effect], TicketView]:
    """Return what a mail, INCOMING or OUTGOING, does to its ticket's session, and the ticket as it is then.

    Where the session is over for good, `new_id` gives the id of the one that begins (G12). `by` is the agent
    who answers, or the rule that has taken the customer's mail.
    """
    state = State(ticket.session_state)
    after = activity(state, event, ticket.session_ms, now_ms, desk)
    does = EVENT_MEANS[event]
    effects: list[Effect] = []
    if after is None:
        number = new_id()
        effects.append(OpenSession(number, ticket.ticket_id, f"{does} after the time for reopening", by))
        state, after = State.UNOPENED, move(State.UNOPENED, event)
        ticket = replace(ticket, session_id=number)
    if after is not state:
        effects.append(MoveSession(ticket.session_id, after.value, does, by))
    return effects, replace(ticket, session_state=after.value, session_ms=now_ms)


def plan_move(session_id: int, state: State, event: Event, by: str, reason: str = "") -> list[MoveSession]:
    """Return what moves a session because of an event; nothing where it stays as it is.

    `by` is an agent, a rule or a timer, for the history. Raises NoSuchMove.
    """
    after = move(state, event)
    if after is state:
        return []
    return [MoveSession(session_id, after.value, reason or EVENT_MEANS[event], by)]


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
            *_timers(),
            "",
        )
    )


def _timers() -> list[str]:
    """Return the section on what the clock does (G12)."""
    desk = DeskPolicy()
    return [
        "## Timers",
        "",
        "Each has a switch (on unless it is switched off) and 1 to 1,000 days; `mailgate helpdesk set` sets",
        "both. A timer begins anew with whatever happens in the session, a move included: so one run of the",
        "timers moves a session by one step.",
        "",
        "| in state | event | leads to | switch | days | default |",
        "|---|---|---|---|---|---|",
        *(
            f"| {t.state.value} | {t.event.value} | {t.after.value} "
            f"| `{t.name}` | `{t.days_name}` | {t.days(desk)} |"
            for t in TIMERS
        ),
        "",
        f"Mail in or out reopens a closed session within `reopen_days` (default {desk.reopen_days}) of",
        "the last thing that happened in it, its closing included. Later, or with `reopen` off, it starts",
        "a new session of the same ticket, and the earlier one stays closed.",
    ]


def _meanings(head: str, table: Mapping[State, str] | Mapping[Event, str]) -> list[str]:
    return [
        f"| {head} | meaning |",
        "|---|---|",
        *(f"| {one.value} | {text} |" for one, text in table.items()),
    ]


def _cells(state: State) -> list[str]:
    return [MOVES[state, event].value if (state, event) in MOVES else "-" for event in Event]
