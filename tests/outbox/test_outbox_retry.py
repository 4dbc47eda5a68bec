"""The schedule: when the next try is, and what becomes of a mail that can't be delivered."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.outbox.retry import USUAL, WAITS, Schedule, next_step

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MIDDLE = 0.5


def test_tries_are_close_at_first_and_then_every_four_hours():
    """1, 5, 15, 30 minutes, 1 and 2 hours, then 4 hours each."""
    waits = [USUAL.delay(n, MIDDLE) / timedelta(minutes=1) for n in range(1, 9)]
    assert waits == [1, 5, 15, 30, 60, 120, 240, 240]


@given(st.integers(1, 100), st.floats(0, 1))
def test_jitter_moves_a_try_by_a_tenth_at_most(attempt, jitter):
    """What failed together comes back spread out, but not much earlier or later."""
    assert 0.89 <= USUAL.delay(attempt, jitter) / USUAL.delay(attempt, MIDDLE) <= 1.11


def test_five_days_are_36_tries():
    """The schedule ends within the five days, and less than one wait before their end."""
    whole = sum((USUAL.delay(n, MIDDLE) for n in range(1, USUAL.tries)), timedelta())
    assert USUAL.tries == 36
    assert timedelta(days=5) - timedelta(seconds=WAITS[-1]) < whole <= timedelta(days=5)


def test_a_short_time_to_give_up_has_few_tries():
    """An hour has room for the tries after 1, 5, 15 and 30 minutes."""
    assert Schedule(give_up_after=timedelta(hours=1)).tries == 5


def test_what_was_sent_is_sent():
    """A positive reply ends the row."""
    assert next_step("send", 3, Sent("250 ok"), NOW, MIDDLE).state == "sent"


def test_a_temporary_failure_waits():
    """The row waits for its next try, with the reason."""
    step = next_step("deliver", 1, Retry("451 later"), NOW, MIDDLE)
    assert (step.state, step.due, step.reason) == ("waiting", NOW + timedelta(minutes=5), "451 later")
    assert not step.alarm


@pytest.mark.parametrize(("kind", "state"), [("send", "given_up"), ("deliver", "held"), ("redirect", "held")])
@pytest.mark.parametrize(("attempts", "outcome"), [(0, Failed("550 no")), (35, Retry("451 later"))])
def test_only_mail_of_ours_is_ever_given_up(kind, state, attempts, outcome):
    """Refused for good or tried for five days: ours ends with its reason, what was entrusted to us is held."""
    step = next_step(kind, attempts, outcome, NOW, MIDDLE)
    assert step.state == state
    assert step.alarm
    assert outcome.reply in step.reason


def test_a_schedule_of_ones_own_repeats_its_last_wait():
    """Two waits and an hour: after 5 minutes, then every 10 while there is room."""
    own = Schedule((300.0, 600.0), timedelta(hours=1))
    assert [own.delay(n, MIDDLE) / timedelta(minutes=1) for n in range(1, 4)] == [5, 10, 10]
    assert own.tries == 7
    step = next_step("send", 6, Retry("451 later"), NOW, MIDDLE, own)
    assert (step.state, step.reason) == ("given_up", "tried 7 times in vain: 451 later")
