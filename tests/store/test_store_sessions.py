"""Sessions in the database: what they record, what is due, how they are listed and moved (G7, G12)."""

import pytest
from sessionkit import SessionDesk

from mailgate.domain.session import TIMERS, Event, NoSuchMove
from mailgate.store import queries, sessions
from mailgate.store.transaction import millis


@pytest.fixture
def desk(store, writer, clock) -> SessionDesk:
    return SessionDesk(store, writer, clock)


def test_a_session_records_who_did_what(desk):
    """G7: answered, answered by another agent, moved to another queue, resolved; with who and where."""
    desk.mail()
    desk.answer(1, "anna")
    desk.answer(1, "anna")
    desk.change(1, "queue", "orders")
    desk.answer(1, "ben")
    desk.event(1, Event.RESOLVE, "ben")
    assert desk.recorded() == [
        ("answered", "anna", "support", ""),
        ("answered", "anna", "support", ""),
        ("moved to another queue", "anna", "orders", ""),
        ("answered by another agent", "ben", "orders", ""),
        ("resolved", "ben", "orders", "an agent resolves it"),
    ]


def test_the_first_answer_of_somebody_else_than_the_tickets_agent(desk):
    """G7: it counts as another agent's, since the ticket was somebody's."""
    desk.mail()
    desk.change(1, "agent", "anna", "sue")
    desk.answer(1, "ben")
    assert [row[:2] for row in desk.recorded()] == [
        ("given to an agent", "sue"),
        ("answered by another agent", "ben"),
    ]


def test_paused_closed_and_reopened_are_recorded_too(desk):
    """By whom: an agent, a timer by its name, the rule that took the customer's mail."""
    desk.mail()
    desk.event(1, Event.PAUSE)
    desk.clock.move(days=60)
    assert desk.timers() == {"paused_to_closed": 1}
    desk.mail(answers=1)
    assert [row[:2] for row in desk.recorded()] == [
        ("paused", "anna"),
        ("closed", "timer paused_to_closed"),
        ("reopened", "support:1"),
    ]


def test_incoming_mail_records_nothing(desk):
    """That it was queued is when the session was opened: no row for each mail."""
    desk.mail()
    desk.mail(answers=1)
    assert desk.recorded() == []
    with queries.reading(desk.store) as connection:
        found = sessions.session(connection, 1)
    (queued,) = found["interactions"]
    assert (queued["kind"], queued["queue"], queued["at"]) == ("queued", "support", found["opened_at"])


def test_queued_names_the_queue_that_it_was(desk):
    """After a move the first interaction still tells where the mail came in."""
    desk.mail()
    desk.change(1, "queue", "orders")
    with queries.reading(desk.store) as connection:
        kinds = [(one["kind"], one["queue"]) for one in sessions.session(connection, 1)["interactions"]]
    assert kinds == [("queued", "support"), ("moved to another queue", "orders")]


def test_closing_has_its_time_and_reopening_takes_it_away(desk, clock):
    """closed_at is when it was closed, 0 while it lives."""
    desk.mail()
    at = clock.move(days=1)
    desk.event(1, Event.CLOSE)
    assert desk.ask("SELECT closed_at, last_at FROM session") == [(millis(at), millis(at))]
    desk.mail(answers=1)
    assert desk.ask("SELECT closed_at FROM session") == [(0,)]


def test_what_cannot_happen_changes_nothing(desk):
    """A closed session cannot be paused; no history, no interaction."""
    desk.mail()
    desk.event(1, Event.CLOSE)
    before = list(desk.moves()), desk.recorded()
    with pytest.raises(NoSuchMove):
        desk.event(1, Event.PAUSE)
    assert (list(desk.moves()), desk.recorded()) == before


def test_a_move_that_is_none_is_no_entry(desk):
    """Opening what is active already writes nothing; nor does a move for another state than the one seen."""
    desk.mail()
    desk.event(1, Event.OPEN)
    before = list(desk.moves())
    assert desk.event(1, Event.OPEN) == ("active", "active")
    assert desk.event(1, Event.CLOSE, only_in="paused") == ("active", "active")
    assert desk.event(99, Event.CLOSE) == ("", "")
    assert list(desk.moves()) == before


def test_what_is_due_is_found_by_the_index(desk):
    """No scan, no sort, at any number of sessions; the count too."""

    def plan(tx, timer):
        sql, values = (
            sessions.Session.select(sessions.Session.last_at, sessions.Session.id)
            .where(sessions._due(timer, 0))
            .order_by(sessions.Session.last_at, sessions.Session.id)
            .limit(100)
            .sql()
        )
        return [row[3] for row in tx.execute(f"EXPLAIN QUERY PLAN {sql}", tuple(values)).fetchall()]

    for timer in TIMERS:
        (step,) = desk.run(lambda tx, timer=timer: plan(tx, timer))
        assert "COVERING INDEX session_state_last_at (state=? AND last_at<?)" in step


def test_pages_go_on_where_they_ended(desk, clock):
    """Every session once, in both orders of listings."""
    for _ in range(5):
        desk.mail()
    for number in (3, 1, 5, 2):
        clock.move(minutes=1)
        desk.event(number, Event.PAUSE)
    with queries.reading(desk.store) as connection:
        for state, expected in (("paused", [2, 5, 1, 3]), ("", [5, 4, 3, 2, 1])):
            seen: list[int] = []
            while page := sessions.list_sessions(
                connection, state=state, before_id=seen[-1] if seen else 0, limit=2
            ):
                seen += [row["id"] for row in page]
            assert seen == expected


def test_listings_by_ticket_and_agent(desk, clock):
    """A ticket's sessions with which one is current; an agent's."""
    desk.mail()
    desk.mail()
    desk.event(1, Event.CLOSE)
    clock.move(days=31)
    desk.mail(answers=1)
    desk.change(2, "agent", "ben")
    with queries.reading(desk.store) as connection:
        rows = sessions.list_sessions(connection, ticket="T-1")
        assert [(r["id"], r["state"], bool(r["current"])) for r in rows] == [
            (3, "unopened", True),
            (1, "closed", False),
        ]
        assert [r["id"] for r in sessions.list_sessions(connection, agent="ben", state="unopened")] == [2]
        assert sessions.current_session(connection, "T-1") == 3
        assert sessions.current_session(connection, "T-9") == 0
        assert sessions.session(connection, 9) is None
