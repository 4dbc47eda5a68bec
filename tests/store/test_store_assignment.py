"""Sharing out work in the database (G15): who gets it, what is written, what waits, several writers at once."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from assignkit import AGENTS, FAR, QUEUES, change, mail, move, office, opening, replayed, rules_of, set_up
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from officemodel import Office
from storekit import START, postgresql_options

from mailgate.domain.effects import OpenSession, ShareOut
from mailgate.domain.session import MOVES, State
from mailgate.jobs.assign import give_out
from mailgate.store import queries
from mailgate.store.db import open_store
from mailgate.store.deskunit import perform
from mailgate.store.models.access import Presence
from mailgate.store.models.outgoing import Remembered
from mailgate.store.models.tickets import Assignment, Session, Ticket
from mailgate.store.transaction import Transaction
from mailgate.store.workload import workloads
from mailgate.store.writer import Writer


def agents_of_tickets(ask) -> list[str]:
    return [row[0] for row in ask("SELECT agent FROM ticket ORDER BY id")]


def waits(ask) -> list[str]:
    return [row[0] for row in ask("SELECT key FROM remembered WHERE scope LIKE 'assign %' ORDER BY key")]


def test_a_new_ticket_goes_to_whoever_is_next(writer, store, ask):
    """Ticket and session have the agent, the assignment is written, the history says why."""
    rules = set_up(writer, store, office())
    assert [mail(writer, rules, n) for n in range(4)] == ["T-1", "T-2", "T-3", "T-4"]
    assert agents_of_tickets(ask) == ["anna", "bert", "cora", "anna"]
    assert ask("SELECT agent FROM session ORDER BY id") == [("anna",), ("bert",), ("cora",), ("anna",)]
    assert ask("SELECT agent, queue, ticket_id, session_id FROM assignment ORDER BY id")[3] == (
        "anna",
        "support",
        4,
        4,
    )
    assert ask("SELECT author, old, new, text FROM entry WHERE field = 'agent' AND ticket_id = 4") == [
        ("assignment", "", "anna", "assigned to anna (fewest: anna 1, bert 1, cora 1)")
    ]


def test_sessions_that_rest_do_not_count(writer, store, ask):
    """Paused, resolved and closed are no work; reopened is (G15)."""
    rules = set_up(writer, store, office())
    for n in range(3):
        mail(writer, rules, n)
    move(writer, rules, 2, "resolved")
    move(writer, rules, 3, "closed")
    mail(writer, rules, 3)  # bert and cora have none, bert was given something longer ago
    move(writer, rules, 3, "reopened")
    mail(writer, rules, 4)  # all have one, anna was given something longest ago
    assert agents_of_tickets(ask)[3:] == ["bert", "anna"]


def test_what_is_given_within_one_moment_keeps_its_order(writer, store, ask):
    """Ties of the same millisecond are told by the order of the assignments."""
    rules = set_up(writer, store, office(agents=("anna", "bert")))
    mail(writer, rules, 0)  # anna
    mail(writer, rules, 1)  # bert
    move(writer, rules, 1, "closed")
    mail(writer, rules, 2)  # anna has none
    move(writer, rules, 2, "active")
    assert agents_of_tickets(ask) == ["anna", "bert", "anna"]
    mail(writer, rules, 3)  # one each; bert was given something before anna
    assert agents_of_tickets(ask)[3] == "bert"
    mail(writer, rules, 4, opening(agent="cora"))  # a rule has said who: nothing is shared out
    assert ask("SELECT count(*) FROM assignment") == [(4,)]


def test_a_limit_holds_for_the_queues_day(writer, store, ask, clock):
    """Then it waits; at midnight of the queue's zone the job gives it out."""
    rules = set_up(writer, store, office(assign_limit=1, timezone="Europe/Berlin"))
    for n in range(5):
        mail(writer, rules, n)
    assert agents_of_tickets(ask) == [*AGENTS, "", ""]
    assert [int(key) for key in waits(ask)] == [4, 5]
    give = lambda: writer.submit(lambda tx: give_out(tx, queue="support", rules=rules)).result(30)  # noqa: E731
    assert give() == (0, False)
    clock.move(hours=14)  # 23:00 UTC is midnight there
    assert give() == (2, False)
    assert agents_of_tickets(ask) == [*AGENTS, "anna", "bert"]
    assert waits(ask) == []


def test_only_who_is_present_gets_work(writer, store, ask, clock):
    """Presence ends by itself; with `assign_absent` it does not matter."""
    rules = set_up(writer, store, office(), present=())
    mail(writer, rules, 0)
    until = int(clock.now.timestamp() * 1000) + 60_000
    writer.submit(lambda tx: tx.query(Presence.insert(agent="bert", since=0, until=until)) and None).result(
        30
    )
    mail(writer, rules, 1)
    clock.move(minutes=1)
    mail(writer, rules, 2)
    assert agents_of_tickets(ask) == ["", "bert", ""]
    rules = set_up(writer, store, office(assign_absent=True), present=())
    mail(writer, rules, 3)
    assert agents_of_tickets(ask)[3] == "anna"


def test_what_no_longer_waits_goes_off_the_list(writer, store, ask):
    """Taken by hand, moved to another queue, closed, merged: the job leaves it alone."""
    rules = set_up(writer, store, office(), present=())
    for n in range(5):
        mail(writer, rules, n)
    change(writer, rules, 1, "agent", "dora")
    assert [int(key) for key in waits(ask)] == [2, 3, 4, 5]
    change(writer, rules, 1, "agent", "")
    change(writer, rules, 2, "queue", "orders")
    move(writer, rules, 3, "closed")
    change(writer, rules, 4, "merged_into", "5")
    rules = set_up(writer, store, office())
    given = writer.submit(lambda tx: give_out(tx, queue="support", rules=rules)).result(30)
    assert given == (1, False)
    assert agents_of_tickets(ask) == ["", "", "", "", "anna"]
    assert waits(ask) == []


def test_what_is_over_waits_no_longer_also_when_it_comes_back(writer, store, ask):
    """Off the list at once, not when the job comes by: closed and opened again, moved and moved back by hand."""
    rules = set_up(writer, store, office(), present=())
    for n in range(3):
        mail(writer, rules, n)
    for state in ("closed", "reopened"):
        move(writer, rules, 1, state)
    change(writer, rules, 2, "queue", "orders")
    assert [int(key) for key in waits(ask)] == [3]


def test_batches_are_bounded(writer, store, ask):
    """A batch gives out so many, and says that there is more."""
    rules = set_up(writer, store, office(), present=())
    for n in range(5):
        mail(writer, rules, n)
    rules = set_up(writer, store, office())
    give = lambda: writer.submit(lambda tx: give_out(tx, queue="support", rules=rules, batch=2)).result(30)  # noqa: E731
    assert [give(), give(), give()] == [(2, True), (2, True), (1, False)]
    assert agents_of_tickets(ask) == ["anna", "bert", "cora", "anna", "bert"]


def test_the_session_follows_the_ticket(writer, store, ask):
    """An agent set by hand; a new session of a ticket with an agent; one that is closed keeps who had it."""
    rules = set_up(writer, store, office(assignment="off"))
    mail(writer, rules, 0)
    change(writer, rules, 1, "agent", "bert")
    move(writer, rules, 1, "closed")
    effects = (OpenSession(7, 1, "again"),)
    writer.submit(lambda tx: perform(tx, lambda reader, now: effects, rules)).result(30)
    change(writer, rules, 1, "agent", "cora")
    assert ask("SELECT id, agent FROM session ORDER BY id") == [(1, "bert"), (7, "cora")]


def test_a_rule_may_ask_in_a_queue_that_does_not_share_out(writer, store, ask):
    """`ticket :assign "auto"` (W6, G15)."""
    rules = set_up(writer, store, office(assignment="off"))
    mail(writer, rules, 0)
    decide = opening(lambda reader, ticket_id, session_id: ShareOut(ticket_id, "t:1"))
    mail(writer, rules, 1, decide)
    assert agents_of_tickets(ask) == ["", "anna"]


def test_all_numbers_are_found_by_indexes(store):
    """No table is walked: sessions by agent and state, assignments by agent and time, presence by agent."""
    connection = store.reader()
    try:
        tx = Transaction(store.backend, connection, store.hot, START)
        seen = []
        real = tx.run
        tx.run = lambda sql, parameters=(): (seen.append((sql, parameters)), real(sql, parameters))[1]
        workloads(tx, ["anna", "bert"], "support", 0)
        ((sql, parameters),) = [one for one in seen if "SELECT" in one[0]]
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()]
    finally:
        connection.close()
    assert not [line for line in plan if line.startswith("SCAN")], plan
    assert any("session_agent" in line for line in plan), plan
    assert any("assignment_agent_at (agent=? AND at>?)" in line for line in plan), plan


steps = st.lists(
    st.one_of(
        st.tuples(st.just("mail"), st.just(0)),
        st.tuples(st.just("mail"), st.just(0)),
        st.tuples(st.sampled_from(["closed", "reopened", "paused", "resolved", "active"]), st.integers(0, 3)),
        st.tuples(st.just("closed and reopened"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["comes", "goes"]), st.integers(0, 2)),
        st.tuples(st.just("midnight"), st.just(0)),
    ),
    min_size=10,
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, st.sampled_from([0, 2]))
def test_whole_days_in_the_database_go_as_the_model_says(writer, store, ask, clock, steps, limit):
    """Sessions open, rest, come back and close, agents come and go, days end: the rows say what the model says."""
    rules = set_up(writer, store, office(assign_limit=limit, assignment="fewest"))
    writer.submit(empty).result(30)
    model = Office(AGENTS)
    for what, number in steps:
        match what:
            case "mail":
                model.mail(limit)
                mail(writer, rules, clock.move(seconds=1).timestamp())
            case "comes" | "goes":
                name = AGENTS[number]
                (model.here.add if what == "comes" else model.here.discard)(name)
                until = FAR if what == "comes" else 0
                writer.submit(lambda tx, n=name, u=until: tx.query(Presence.update(until=u).where(Presence.agent == n)) and None).result(30)  # fmt: skip
            case "midnight":
                model.day += 1
                clock.move(days=1)
            case states if model.sessions:
                place = number % len(model.sessions)
                for state in states.split(" and "):
                    if travel(writer, rules, ask, place, state):
                        model.sessions[place][1] = state
        assert [row[0] for row in ask("SELECT agent FROM ticket ORDER BY id")] == [
            a for a, _ in model.sessions
        ]


def empty(tx) -> None:
    """Take all tickets away: hypothesis goes on in the same database."""
    for model in (Ticket, Session, Assignment, Remembered):
        tx.query(model.delete())


def travel(writer, rules, ask, place: int, state: str) -> bool:
    """Move the session at this place to a state, if the table of sessions has such a move."""
    session, now = ask("SELECT id, state FROM session ORDER BY id")[place]
    if State(state) not in {after for (before, _), after in MOVES.items() if before == now} or state == now:
        return False
    move(writer, rules, session, state)
    return True


# -- several writers --------------------------------------------------------------------------------------------


def race(url: str, folder: Path, ask, store, writer, *, limit: int, writers: int, mails: int) -> None:
    """Let gateways open tickets at the same time; what they did must be what one alone would have done."""
    names = ("anna", "bert", "cora", "dora")
    set_up(writer, store, office(assign_limit=limit, agents=names), present=names)
    line = [sys.executable, str(Path(__file__).with_name("assignkit.py")), url, str(folder)]
    here = Path(__file__).parent
    running = [
        subprocess.Popen(
            [*line, str(n), str(mails)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=here, text=True
        )
        for n in range(writers)
    ]
    for one in running:
        assert one.stdout.readline() == "ready\n"
    for one in running:
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.wait(120) for one in running] == [0] * writers
    for one in running:
        one.stdin.close()
        one.stdout.close()
    given = ask("SELECT agent, queue FROM assignment ORDER BY id")
    assert [agent for agent, _queue in given] == replayed(given, limit, names)
    tickets = Counter(QUEUES[(n + number) % 2] for n in range(writers) for number in range(mails))
    expected = {queue: min(count, 4 * limit) if limit else count for queue, count in tickets.items()}
    assert Counter(queue for _agent, queue in given) == expected
    left = writers * mails - sum(expected.values())
    assert len(waits(ask)) == left
    assert ask("SELECT count(*) FROM ticket WHERE agent = ''") == [(left,)]
    assert ask("SELECT count(*) FROM ticket t JOIN session s ON s.id = t.session_id WHERE s.agent <> t.agent") == [(0,)]  # fmt: skip


@pytest.mark.parametrize("limit", [0, 5])
def test_several_processes_share_out_as_one_would(limit, options, store, ask, tmp_path):
    """On SQLite: nobody beyond the limit, and the order is that of the model."""
    writer = Writer(store)
    writer.start()
    try:
        race(options.url, tmp_path, ask, store, writer, limit=limit, writers=3, mails=15)
    finally:
        assert writer.stop(60)


@pytest.mark.peer("postgresql")
@pytest.mark.parametrize("limit", [0, 5])
def test_several_gateways_on_postgresql_share_out_as_one_would(limit, postgres, tmp_path):
    """READ COMMITTED shows a gateway what the other has committed; the lock keeps them from choosing at once."""
    options = postgresql_options(postgres, tmp_path)
    store = open_store(options)
    writer = Writer(store)
    writer.start()

    def ask(sql):
        with queries.reading(store) as connection:
            return connection.execute(sql.replace("%", "%%")).fetchall()

    try:
        race(options.url, tmp_path, ask, store, writer, limit=limit, writers=3, mails=15)
        rules = rules_of(store)
        writer.submit(lambda tx: tx.query(Presence.update(until=FAR)) and None).result(60)
        loose = {name: replace(one, assign_limit=0) for name, one in rules.catalogue.queues.items()}
        rules = replace(rules, catalogue=replace(rules.catalogue, queues=loose))
        for queue in QUEUES:
            while writer.submit(lambda tx, q=queue: give_out(tx, queue=q, rules=rules)).result(60)[1]:
                pass
        assert ask("SELECT count(*) FROM ticket WHERE agent = ''") == [(0,)]
    finally:
        assert writer.stop(60)
        store.close()
