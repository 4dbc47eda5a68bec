"""Service times as rows: set when a ticket is opened, kept right by whatever changes, raised by the jobs (T9)."""

from dataclasses import replace

import pytest
from servicekit import BOTH, TIMED, House, on_either
from storekit import START

from mailgate.domain.helpdesk import Priority
from mailgate.domain.routing import Queue
from mailgate.jobs.alarms import run_alarms
from mailgate.jobs.retime import retime
from mailgate.store import queries
from mailgate.store import service as stored
from mailgate.store.transaction import millis

HOUR = 3_600_000
OPENED = millis(START)


@pytest.fixture
def house(store, writer, clock):
    one = House(store, writer, clock)
    one.apply(TIMED)
    return one


@pytest.fixture(params=BOTH)
def either(request, tmp_path):
    """Make the same house on both databases."""
    with on_either(request, tmp_path, House) as one:
        one.apply(TIMED)
        yield one


def again(house: House, **parts) -> int:
    return retime(house.store, house.writer, house.rules(), **parts)


def alarms(house: House, ticket: int) -> list[tuple[str, str]]:
    return house.history(ticket, "alarm")


def test_due_times_are_written_with_the_ticket(house):
    """In hours from its opening; a priority without times has none."""
    row = house.row(house.open())
    assert (row["reaction_due"], row["warning_due"], row["execution_due"], row["alarm_at"]) == (
        OPENED + 2 * HOUR, OPENED + 6 * HOUR, OPENED + 10 * HOUR, OPENED + 2 * HOUR,
    )  # fmt: skip
    row = house.row(house.open(priority="normal"))
    assert (row["reaction_due"], row["execution_due"], row["alarm_at"]) == (0, 0, 0)


def test_alarms_are_raised_in_their_turn(either):
    """Reaction late, then execution late; each once, in the history, with a notice to the queue's agents."""
    house = either
    ticket = house.open()
    assert run_alarms(house.writer, house.rules) == 0
    for hours, alarm in ((2, "reaction late"), (8, "execution late")):
        house.clock.move(hours=hours)
        assert run_alarms(house.writer, house.rules) == 1
        assert run_alarms(house.writer, house.rules) == 0
        assert house.row(ticket)["alarm"] == alarm
    assert alarms(house, ticket) == [("", "reaction late"), ("reaction late", "execution late")]
    with queries.reading(house.store) as connection:
        assert stored.alarm_counts(connection)["execution late"] == 1
    sent = house.sent()
    assert sorted(one["to_address"] for one in sent) == sorted(["anna@example.org", "bert@example.org"] * 2)
    assert {one["rule"] for one in sent} == {"service times"}


def test_alarms_that_go_on_are_counted(store, make_writer, clock):
    """Those that go off are not: the metrics hear of each one once, after the commit."""
    reports = []
    house = House(store, make_writer(observe=reports.append), clock)
    house.apply(TIMED)
    house.open()
    house.clock.move(hours=2)
    run_alarms(house.writer, house.rules)
    run_alarms(house.writer, house.rules)
    assert [one for report in reports for one in report.happened] == [("service_alarms", "reaction late")]


def test_the_agent_of_the_ticket_alone_is_told(house):
    """Who has it needs no help from others to hear of it."""
    house.open(agent="bert")
    house.clock.move(hours=2)
    run_alarms(house.writer, house.rules)
    (sent,) = house.sent()
    draft = sent["draft"]
    assert sent["to_address"] == "bert@example.org"
    assert draft["subject"] == "T-1: reaction late: help"
    assert "due at 2026-03-02 11:00 UTC" in draft["text"]
    assert ["Auto-Submitted", "auto-generated"] in draft["headers"]


def test_an_answer_ends_the_reaction_and_only_an_agents(house):
    """An automatic one does not; the alarm that was on goes off."""
    ticket = house.open()
    house.answer(ticket, "support:12", touches_session=False)
    assert house.row(ticket)["reacted_at"] == 0
    house.clock.move(hours=3)
    run_alarms(house.writer, house.rules)
    house.answer(ticket)
    row = house.row(ticket)
    assert (row["reacted_at"], row["alarm"], row["alarm_at"]) == (OPENED + 3 * HOUR, "", OPENED + 6 * HOUR)
    assert alarms(house, ticket) == [("", "reaction late"), ("reaction late", "")]
    house.answer(ticket)
    assert house.row(ticket)["reacted_at"] == OPENED + 3 * HOUR


def test_the_first_answer_is_kept_without_service_times_too(house):
    """A priority that has times may come later."""
    ticket = house.open(priority="normal")
    house.answer(ticket)
    assert house.row(ticket)["reacted_at"] == OPENED
    house.set(ticket, "priority", "high")
    assert house.row(ticket)["alarm_at"] == OPENED + 6 * HOUR


def test_priority_queue_and_status_compute_anew(house):
    """None, then some; waiting takes the execution away, closing all, reopening begins anew."""
    ticket = house.open(priority="normal")
    house.set(ticket, "priority", "high")
    assert house.row(ticket)["execution_due"] == OPENED + 10 * HOUR
    house.set(ticket, "status", "pending")
    assert house.row(ticket)["execution_due"] == 0
    house.clock.move(hours=5)
    house.set(ticket, "status", "open")
    assert house.row(ticket)["execution_due"] == OPENED + 15 * HOUR
    house.answer(ticket)
    house.set(ticket, "status", "solved")
    row = house.row(ticket)
    assert (row["alarm_at"], row["execution_due"]) == (0, OPENED + 15 * HOUR)
    house.clock.move(hours=1)
    house.set(ticket, "status", "open")
    row = house.row(ticket)
    assert (row["reacted_at"], row["reaction_due"], row["alarm_at"]) == (
        0,
        OPENED + 8 * HOUR,
        OPENED + 8 * HOUR,
    )


def test_another_queue_has_other_hours(house):
    """Moved into a queue that opens tomorrow, it is due tomorrow."""
    house.apply(replace(TIMED, queues=(TIMED.queues[0], Queue("orders", hours="Tue 08:00-12:00"))))
    ticket = house.open()
    house.set(ticket, "queue", "orders")
    assert house.row(ticket)["reaction_due"] == OPENED + 25 * HOUR


def test_hours_that_change_are_followed_by_the_job(either):
    """Not at once, but with the next run, in pages, once; also when they change back."""
    house = either
    tickets = [house.open() for _ in range(5)]
    closed = house.open(status="closed")
    assert again(house, batch=2) == 5
    assert again(house) == 0
    other = replace(TIMED, queues=(replace(TIMED.queues[0], hours="Tue 08:00-12:00"), TIMED.queues[1]))
    for wanted, due in ((other, 25), (TIMED, 2)):
        house.apply(wanted)
        assert again(house, batch=2) == 5
        assert {house.row(one)["reaction_due"] for one in tickets} == {OPENED + due * HOUR}
        assert again(house, batch=2) == 0
    assert house.row(closed)["reaction_due"] == OPENED + 2 * HOUR


def test_priorities_that_lose_their_times_let_go_of_tickets(house):
    """What was late is late no longer, and nothing is looked at again."""
    ticket = house.open()
    house.clock.move(hours=3)
    run_alarms(house.writer, house.rules)
    again(house)
    house.apply(replace(TIMED, priorities=(Priority("normal"), Priority("high"))))
    assert again(house) == 1
    row = house.row(ticket)
    assert (row["alarm"], row["alarm_at"], row["reaction_due"]) == ("", 0, 0)
    assert again(house) == 0


def test_nothing_is_looked_at_where_there_never_were_times(house, ask):
    """An installation without service times has no work from them, and no row."""
    house.apply(replace(TIMED, priorities=()))
    house.open(priority="normal")
    assert again(house) == 0
    assert ask("SELECT COUNT(*) FROM remembered") == [(0,)]


def test_a_missed_week_raises_the_last_alarm_only(house):
    """The gateway was off: one look, one alarm, and the clock may jump."""
    ticket = house.open()
    house.clock.move(days=7)
    assert run_alarms(house.writer, house.rules) == 1
    assert alarms(house, ticket) == [("", "execution late")]
    assert house.row(ticket)["alarm_at"] == 0


def test_many_are_due_at_once_and_all_are_done(house):
    """In pages, also where all are due in the same millisecond."""
    tickets = [house.open() for _ in range(7)]
    house.clock.move(hours=2)
    assert run_alarms(house.writer, house.rules, batch=3) == 7
    assert {house.row(one)["alarm"] for one in tickets} == {"reaction late"}


def test_one_that_fails_does_not_stop_the_others(house, ask):
    """A ticket whose session is gone cannot be computed."""
    broken, whole = house.open(), house.open()
    house.writer.submit(lambda tx: tx.execute("DELETE FROM session WHERE ticket_id = ?", (broken,))).result(9)
    house.clock.move(hours=2)
    run_alarms(house.writer, house.rules)
    assert house.row(whole)["alarm"] == "reaction late"


def test_what_is_due_is_found_by_index(house, ask):
    """Neither the job nor the counts ever walk over all tickets."""
    plans = " ".join(
        str(row)
        for row in ask(
            "EXPLAIN QUERY PLAN SELECT alarm_at, id FROM ticket WHERE alarm_at > 0 AND alarm_at <= 5 ORDER BY alarm_at"
        )
    )
    assert "ticket_alarm_at" in plans
