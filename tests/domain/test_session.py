"""The table of a session's moves, and the page that is drawn from it."""

from pathlib import Path

import pytest

from mailgate.domain.session import (
    EVENT_MEANS,
    MOVES,
    STATE_MEANS,
    WORK,
    Event,
    Interaction,
    NoSuchMove,
    State,
    answered_as,
    move,
    render,
)  # fmt: skip

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
