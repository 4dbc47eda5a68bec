"""The table of a session's moves, and the page that is drawn from it."""

from dataclasses import fields
from pathlib import Path

import pytest

from mailgate.domain.effects import MoveSession, OpenSession
from mailgate.domain.helpdesk import DeskPolicy
from mailgate.domain.ports import TicketView
from mailgate.domain.session import (
    EVENT_MEANS,
    MOVES,
    STATE_MEANS,
    TIMERS,
    WORK,
    Event,
    Interaction,
    NoSuchMove,
    State,
    answered_as,
    join,
    move,
    plan_move,
    render,
)

PAGE = Path(__file__).parents[2] / "docs" / "sessions.md"


def test_the_page_is_drawn_from_the_table():
    """docs/sessions.md is what `render` returns; `python -c` with it brings the page up to date."""
    assert PAGE.read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("state", State)
def test_mail_may_come_at_any_time(state):
    """The customer can write and an agent can answer in every state."""
    assert move(state, Event.INCOMING) in WORK
    assert move(state, Event.OUTGOING) in WORK


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (State.UNOPENED, Event.INCOMING, State.UNOPENED),
        (State.UNOPENED, Event.OPEN, State.ACTIVE),
        (State.ACTIVE, Event.IDLE, State.PAUSED),  # G12
        (State.PAUSED, Event.EXPIRE, State.CLOSED),  # G12
        (State.RESOLVED, Event.EXPIRE, State.CLOSED),  # G12
        (State.CLOSED, Event.INCOMING, State.REOPENED),  # G12
        (State.CLOSED, Event.OUTGOING, State.REOPENED),  # G12
        (State.PAUSED, Event.INCOMING, State.ACTIVE),
        (State.RESOLVED, Event.INCOMING, State.REOPENED),
        (State.REOPENED, Event.OUTGOING, State.ACTIVE),
    ],
)
def test_moves(state, event, after):
    """The moves that G7 and G12 name are in the table."""
    assert move(state, event) is after


def test_what_cannot_happen_is_refused():
    """A closed session can't be paused, and the error names both."""
    with pytest.raises(NoSuchMove, match=r"closed.*pause"):
        move(State.CLOSED, Event.PAUSE)


def test_every_state_can_be_reached_and_left():
    """No state is a dead end, and each but the first is entered by some move."""
    assert {after for (before, _), after in MOVES.items() if after is not before} == set(State) - {
        State.UNOPENED
    }
    assert {before for (before, _), after in MOVES.items() if after is not before} == set(State)


def test_every_word_is_explained():
    """Each state and each event has its sentence."""
    assert set(STATE_MEANS) == set(State)
    assert set(EVENT_MEANS) == set(Event)


def test_another_agents_answer_is_recorded_as_such():
    """G7: answered, or answered by another agent."""
    assert answered_as("", "anna") is Interaction.ANSWERED
    assert answered_as("anna", "anna") is Interaction.ANSWERED
    assert answered_as("anna", "ben") is Interaction.REASSIGNED


DAY = 86_400_000
NOW = 1_000 * DAY


def ticket(state: State, idle_days: float) -> TicketView:
    """Return a ticket whose session is in a state and in which nothing has happened for so many days."""
    at = int(NOW - idle_days * DAY)
    return TicketView(7, "T-7", "x", "open", "normal", "support", "", 1, 107, state.value, session_ms=at)


def joined(state: State, event: Event, idle_days: float, desk: DeskPolicy = DeskPolicy()):  # noqa: B008  it is frozen
    """Return what a mail does to a session."""
    return join(ticket(state, idle_days), event, NOW, desk, lambda: 108, by="anna")


def test_the_timers_are_those_of_the_feature_list():
    """G12: 60 days paused, 30 resolved, 30 active (and reopened), each with a switch that is on."""
    desk = DeskPolicy()
    found = {(t.state.value, t.after.value): (t.on(desk), t.days(desk)) for t in TIMERS}
    assert found == {
        ("paused", "closed"): (True, 60),
        ("resolved", "closed"): (True, 30),
        ("active", "paused"): (True, 30),
        ("reopened", "paused"): (True, 30),
    }
    assert (desk.reopen, desk.reopen_days) == (True, 30)


def test_a_timer_is_a_move_of_the_table():
    """Each timer's event can happen in its state, and its switch and days are values of the policy."""
    names = {one.name for one in fields(DeskPolicy)}
    for timer in TIMERS:
        assert (timer.state, timer.event) in MOVES
        assert {timer.name, timer.days_name} <= names


@pytest.mark.parametrize("event", [Event.INCOMING, Event.OUTGOING])
def test_activity_reopens_within_its_days(event):
    """G12: in or out, within 30 days the closed session comes to life again."""
    effects, after = joined(State.CLOSED, event, 29.9)
    assert [(type(e), e.session_id, e.state) for e in effects] == [(MoveSession, 107, "reopened")]
    assert (after.session_id, after.session_state) == (107, "reopened")


@pytest.mark.parametrize(
    ("desk", "days"), [(DeskPolicy(), 30), (DeskPolicy(reopen=False), 0), (DeskPolicy(reopen_days=1), 1)]
)
def test_later_or_switched_off_a_new_session_begins(desk, days):
    """G12: the earlier one is not touched; what the customer begins is unopened, what an agent begins active."""
    effects, after = joined(State.CLOSED, Event.INCOMING, days, desk)
    assert [type(e) for e in effects] == [OpenSession]
    assert (after.session_id, after.session_state) == (108, "unopened")
    effects, after = joined(State.CLOSED, Event.OUTGOING, days, desk)
    assert [(type(e), e.session_id) for e in effects] == [(OpenSession, 108), (MoveSession, 108)]
    assert (after.session_id, after.session_state, effects[1].by) == (108, "active", "anna")


def test_only_closed_sessions_know_the_time_for_reopening():
    """However long a resolved session has rested, mail reopens it."""
    effects, _ = joined(State.RESOLVED, Event.INCOMING, 900, DeskPolicy(reopen=False))
    assert [e.state for e in effects] == ["reopened"]


def test_mail_into_a_session_that_lives_changes_nothing():
    """No effect, so no row, no history."""
    assert joined(State.UNOPENED, Event.INCOMING, 900)[0] == []
    assert joined(State.ACTIVE, Event.OUTGOING, 900)[0] == []


def test_a_refused_move_names_what_can_happen():
    """Whoever is refused is told what is possible instead."""
    with pytest.raises(
        NoSuchMove, match="closed cannot meet 'pause'; what can happen to it: incoming, outgoing"
    ):
        plan_move(107, State.CLOSED, Event.PAUSE, "anna")


def test_a_move_says_who_and_why():
    """The history gets the agent and what was done, or the reason that was given."""
    assert plan_move(107, State.ACTIVE, Event.PAUSE, "anna") == [
        MoveSession(107, "paused", EVENT_MEANS[Event.PAUSE], "anna")
    ]
    assert plan_move(107, State.ACTIVE, Event.PAUSE, "anna", "a part is on its way")[0].reason.startswith(
        "a part"
    )
    assert plan_move(107, State.ACTIVE, Event.OPEN, "anna") == []
