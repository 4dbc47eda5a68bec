"""The timers of sessions (G12): what they move, once, whatever the clock does and whoever stops when."""

import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "store"))
from sessionkit import SessionDesk
from storekit import Clock, make_database, new_options, postgresql_options

from mailgate.domain.effects import ChangeTicket
from mailgate.domain.events import EventKind
from mailgate.domain.session import Event
from mailgate.jobs.sessions import JOB
from mailgate.registry import discover
from mailgate.store.db import open_store
from mailgate.store.writer import Writer


@pytest.fixture
def options(tmp_path):
    made = new_options(tmp_path)
    make_database(made)
    return made


@pytest.fixture
def desk(options):
    store, clock = open_store(options), Clock()
    store.close()
    writer = Writer(store, clock=clock)
    writer.start()
    yield SessionDesk(store, writer, clock)
    assert writer.stop(30)
    store.close()


def each_state(desk: SessionDesk) -> None:
    """Have sessions 1 to 6: unopened, active, paused, resolved, closed, reopened."""
    for number in range(1, 7):
        desk.mail()
        for event in ((), ("open",), ("pause",), ("resolve",), ("close",), ("resolve", "open"))[number - 1]:
            desk.event(number, Event(event))
    assert desk.states() == ["unopened", "active", "paused", "resolved", "closed", "reopened"]


def test_it_is_found_and_runs_every_minute():
    """The gateway finds it in the folder of jobs."""
    assert JOB in discover("mailgate.jobs", "JOB").values()
    assert JOB.every_s == 60


def test_each_timer_moves_its_own(desk):
    """30 days: active and reopened pause, resolved close; 60 days: paused close. Nothing before."""
    each_state(desk)
    desk.clock.move(days=30, seconds=-1)
    assert desk.timers() == {}
    desk.clock.move(seconds=1)
    assert desk.timers() == {"resolved_to_closed": 1, "active_to_paused": 2}
    assert desk.states() == ["unopened", "paused", "paused", "closed", "closed", "paused"]
    desk.clock.move(days=30)
    assert desk.timers() == {"paused_to_closed": 1}
    desk.clock.move(days=30)
    assert desk.timers() == {"paused_to_closed": 2}
    assert desk.states() == ["unopened", "closed", "closed", "closed", "closed", "closed"]


def test_activity_begins_the_time_anew(desk):
    """A mail or an answer a day before the end gives the session all its days again."""
    each_state(desk)
    desk.clock.move(days=29)
    desk.answer(2)
    desk.mail(answers=6)
    desk.clock.move(days=29)
    assert desk.timers() == {"resolved_to_closed": 1}
    assert desk.states()[1] == "active"
    assert desk.states()[5] == "reopened"


def test_a_switch_that_is_off_moves_nothing(desk):
    """Each timer by its own switch, and by its own days."""
    each_state(desk)
    desk.set(resolved_to_closed=False, active_to_paused_days=100, paused_to_closed=False)
    desk.clock.move(days=99)
    assert desk.timers() == {}
    desk.clock.move(days=1)
    assert desk.timers() == {"active_to_paused": 2}
    desk.set(resolved_to_closed=True)
    assert desk.timers() == {"resolved_to_closed": 1}


def test_running_again_moves_nothing_more(desk):
    """Idempotent: the second run at the same time finds nothing, and writes nothing."""
    each_state(desk)
    desk.clock.move(days=1000)
    assert sum(desk.timers().values()) == 4
    before = desk.ask("SELECT count(*), max(id) FROM entry"), desk.ask("SELECT count(*) FROM interaction")
    assert desk.timers() == {}
    assert (
        desk.ask("SELECT count(*), max(id) FROM entry"),
        desk.ask("SELECT count(*) FROM interaction"),
    ) == before


def test_a_clock_that_jumps_forward_moves_each_by_one_step(desk):
    """After 1,000 days an active session is paused, not closed: its next timer begins now."""
    desk.mail()
    desk.event(1, Event.OPEN)
    desk.clock.move(days=1000)
    for _ in range(3):
        desk.timers()
    assert desk.states() == ["paused"]
    desk.clock.move(days=60)
    desk.timers()
    assert desk.states() == ["closed"]


def test_a_clock_that_was_set_back_moves_nothing(desk):
    """Neither what was due nor what will be; when the time comes again, all is as it would have been."""
    each_state(desk)
    desk.clock.move(days=-1000)
    assert desk.timers() == {}
    desk.clock.move(days=1030)
    assert desk.timers() == {"resolved_to_closed": 1, "active_to_paused": 2}


def test_the_history_names_the_timer(desk):
    """Who, from what to what, and why; the interaction says the same."""
    desk.mail()
    desk.event(1, Event.PAUSE)
    desk.clock.move(days=60)
    desk.timers()
    assert list(desk.moves())[-1] == (
        1, "paused", "closed", "timer paused_to_closed", "nothing has happened for 60 days",
    )  # fmt: skip
    assert desk.recorded()[-1][:2] == ("closed", "timer paused_to_closed")


def test_many_go_in_pages(desk):
    """More than one page of them: every one is moved once, the longest idle first."""
    for number in range(1, 24):
        desk.mail()
        desk.event(number, Event.PAUSE)
    desk.clock.move(days=60)
    assert desk.timers(batch=5) == {"paused_to_closed": 23}
    moved = [row[0] for row in desk.moves() if row[2] == "closed"]
    assert moved == list(range(1, 24))


def test_a_restart_loses_nothing(desk, options):
    """What was due while nobody ran is moved by the next run, by another process on the same files."""
    desk.mail()
    desk.event(1, Event.PAUSE)
    clock = Clock()
    clock.now = desk.clock.now
    clock.move(days=61)
    store = open_store(options)
    store.close()
    other = SessionDesk(store, Writer(store, clock=clock), clock)
    other.writer.start()
    assert other.timers() == {"paused_to_closed": 1}
    assert other.writer.stop(30)
    assert desk.states() == ["closed"]


def test_others_hear_of_it(desk):
    """Workflows get the event with both states and the timer's name, in the same transaction."""
    heard = []

    def follower(event, reader, catalogue, now):
        heard.append((event.kind, event.old, event.new, event.by))
        return [ChangeTicket(event.ticket_id, "priority", "low", "workflow")] if event.new == "closed" else []

    desk.mail()
    desk.event(1, Event.PAUSE)
    desk.followers = (follower,)
    desk.clock.move(days=60)
    desk.timers()
    assert heard[0] == (EventKind.SESSION, "paused", "closed", "timer paused_to_closed")
    assert desk.ask("SELECT priority FROM ticket") == [("low",)]


def test_one_that_fails_does_not_stop_the_others(desk, caplog):
    """What fails for one session is undone for that one, logged, and the rest are moved."""
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON session WHEN new.id = 2 BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    for number in (1, 2, 3):
        desk.mail()
        desk.event(number, Event.PAUSE)
    desk.writer.submit(lambda tx: tx.execute(refuse) and None).result(30)
    desk.clock.move(days=60)
    with caplog.at_level(logging.ERROR, "mailgate.jobs"):
        assert desk.timers(batch=1) == {"paused_to_closed": 2}
    assert desk.states() == ["closed", "paused", "closed"]
    assert "session 2: the timer paused_to_closed could not move it" in caplog.text
    desk.writer.submit(lambda tx: tx.execute("DROP TRIGGER refuse") and None).result(30)
    assert desk.timers() == {"paused_to_closed": 1}


@pytest.mark.peer("postgresql")
def test_two_gateways_on_postgresql_move_each_once(postgres, tmp_path):
    """Both run at the same moment: each session is moved by one of them, and the history has it once."""
    options = postgresql_options(postgres, tmp_path)
    store, clock = open_store(options), Clock()
    store.close()
    one, two = (SessionDesk(store, Writer(store, clock=clock), clock) for _ in range(2))
    for house in (one, two):
        house.writer.start()
    for number in range(1, 31):
        one.mail()
        one.event(number, Event.PAUSE)
    one.answer(1)
    clock.move(days=60)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        moved = list(pool.map(lambda house: house.timers(batch=7), (one, two)))
    assert sum(sum(m.values()) for m in moved) == 30
    assert one.states() == ["paused"] + ["closed"] * 29
    assert sum(row[3].startswith("timer") for row in one.moves()) == 30
    assert one.recorded(1)[-1][:2] == ("paused", "timer active_to_paused")
    assert all(house.writer.stop(30) for house in (one, two))
    store.close()


def test_days_may_change_at_any_time(desk):
    """A shorter time holds at once for what has been idle so long."""
    desk.mail()
    desk.event(1, Event.PAUSE)
    desk.clock.move(days=10)
    assert desk.timers() == {}
    desk.desk = replace(desk.desk, paused_to_closed_days=10)
    assert desk.timers() == {"paused_to_closed": 1}
