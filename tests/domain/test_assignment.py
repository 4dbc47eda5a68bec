"""Sharing out work (G15): who is next, proven against a model that knows nothing of keys and sorting."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from domainworld import World
from hypothesis import given, settings
from hypothesis import strategies as st
from officemodel import Office

from mailgate.domain import assignment
from mailgate.domain.assignment import Candidate, choose, day_start
from mailgate.domain.effects import Assign, KeepWaiting
from mailgate.domain.events import FIRST, EventKind, TicketEvent
from mailgate.domain.ports import Workload
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.session import State

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
QUEUE = Queue("support", assignment="fewest")

candidates = st.lists(
    st.builds(
        Candidate,
        name=st.sampled_from("abcdefgh"),
        active=st.integers(0, 3),
        turn=st.integers(0, 3),
        today=st.integers(0, 3),
        present=st.booleans(),
        enabled=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.name,
)


def beats(one, other) -> bool:
    """Return whether the model gives work to `one` rather than to `other`."""
    if one.active != other.active:
        return one.active < other.active
    if one.turn != other.turn:
        return one.turn < other.turn
    return one.name < other.name


@given(candidates, st.integers(0, 3), st.booleans())
def test_whoever_is_chosen_beats_everybody_who_could_be(everybody, limit, absent):
    """Enabled, there (unless that does not matter), below the limit; and nobody like that stands before."""
    queue = replace(QUEUE, assign_limit=limit, assign_absent=absent)
    able = [c for c in everybody if c.enabled and (c.present or absent) and not (limit and c.today >= limit)]
    choice = choose(everybody, queue, MONDAY)
    if not able:
        assert choice.agent == ""
        return
    (winner,) = [c for c in able if c.name == choice.agent]
    assert all(beats(winner, c) for c in able if c is not winner)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("mail"), st.just(0)),
        st.tuples(st.just("mail"), st.just(0)),
        st.tuples(
            st.sampled_from(["closed", "paused", "reopened", "resolved", "active"]), st.integers(0, 30)
        ),
        st.tuples(st.sampled_from(["comes", "goes"]), st.integers(0, 3)),
        st.tuples(st.just("midnight"), st.just(0)),
    ),
    max_size=60,
)


def as_candidates(office) -> list[Candidate]:
    """Return what the store would say of this office."""
    turns = {agent: number for number, (_day, agent) in enumerate(office.given, 1)}
    today = [agent for day, agent in office.given if day == office.day]
    return [
        Candidate(n, office.load(n), turns.get(n, 0), today.count(n), n in office.here) for n in office.names
    ]


@settings(max_examples=300)
@given(steps, st.integers(0, 4))
def test_whole_days_go_as_the_model_says(steps, limit):
    """Sessions open, rest, come back and close, agents come and go, days end: each mail goes to the same one."""
    office, queue = Office("abcd"), replace(QUEUE, assign_limit=limit)
    for what, number in steps:
        match what:
            case "mail":
                chosen = choose(as_candidates(office), queue, MONDAY).agent
                assert chosen == office.mail(limit)
            case "comes":
                office.here.add("abcd"[number])
            case "goes":
                office.here.discard("abcd"[number])
            case "midnight":
                office.day += 1
            case state if office.sessions:
                office.sessions[number % len(office.sessions)][1] = state


def test_the_reason_says_how_many_each_had():
    """The history explains the choice; why nobody was chosen has a word too."""
    three = [Candidate("anna", 3), Candidate("bert", 4), Candidate("cora", 3, turn=9)]
    assert choose(three, QUEUE, MONDAY).reason == "assigned to anna (fewest: anna 3, cora 3, bert 4)"
    assert choose([], QUEUE, MONDAY).reason == assignment.NO_AGENTS
    away = [replace(one, present=False) for one in three]
    assert choose(away, QUEUE, MONDAY).reason == assignment.NOBODY
    limited = replace(QUEUE, assign_limit=1)
    assert choose([replace(three[0], today=1)], limited, MONDAY).reason == assignment.LIMIT


@pytest.mark.parametrize(
    ("hour", "anyhow", "agent"), [(10, False, "anna"), (20, False, ""), (20, True, "anna")]
)
def test_only_in_business_hours_unless_it_says_otherwise(hour, anyhow, agent):
    """G15: outside of the queue's hours its inbox keeps the work."""
    queue = replace(QUEUE, hours="Mon-Fri 09:00-17:00", assign_closed_hours=anyhow)
    assert choose([Candidate("anna")], queue, MONDAY.replace(hour=hour)).agent == agent


def test_a_day_begins_at_the_queues_midnight():
    """Also on the day whose clocks change, and for a queue without a zone."""
    berlin = replace(QUEUE, timezone="Europe/Berlin", zone=ZoneInfo("Europe/Berlin"))
    assert day_start(berlin, datetime(2026, 3, 1, 23, 30, tzinfo=UTC)) == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert day_start(berlin, datetime(2026, 3, 29, 12, tzinfo=UTC)) == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert day_start(QUEUE, MONDAY) == MONDAY.replace(hour=0)


# -- the follower ---------------------------------------------------------------------------------------------


class Busy(World):
    """A world that knows how much work agents have."""

    def workloads(self, agents, queue, since):
        self.asked = (queue, since)
        return [Workload(name, present=True) for name in agents]


@pytest.fixture
def world():
    return Busy()


def catalogue(**changes) -> Catalogue:
    queue = replace(QUEUE, **changes)
    agents = {"anna": Agent("anna", queues=("support",)), "bert": Agent("bert", queues=("orders",))}
    return Catalogue(queues={"support": queue, "orders": Queue("orders")}, agents=agents)


def told(world, event, **changes):
    """Return what the follower wants after an event of ticket 7."""
    found = catalogue(**changes)
    return list(assignment.follower(found)(event, world, found, MONDAY))


def event(kind, **more) -> TicketEvent:
    return TicketEvent(EventKind(kind), 7, 107, **more)


NEW = event("created")
ANSWER = event("incoming")
LATE = event("session", new="unopened")


@pytest.mark.parametrize(
    ("one", "state", "policy", "given"),
    [
        (NEW, "unopened", {}, True),
        (NEW, "unopened", {"assign_not_new": True}, False),
        (NEW, "unopened", {"assignment": "off"}, False),
        (NEW, "unopened", {"enabled": False}, False),
        (event("incoming", new=FIRST), "unopened", {}, False),
        (ANSWER, "active", {}, True),
        (ANSWER, "reopened", {}, True),
        (ANSWER, "reopened", {"assign_not_answers": True}, False),
        (ANSWER, "active", {"assign_not_new": True}, True),
        (ANSWER, "unopened", {}, False),
        (LATE, "unopened", {}, True),
        (LATE, "unopened", {"assign_not_answers": True}, False),
        (event("session", old="active", new="paused"), "paused", {}, False),
        (event("changed", field="queue", old="orders", new="support"), "unopened", {}, True),
        (event("changed", field="agent", old="anna", new=""), "unopened", {}, False),
        (event("commented"), "active", {}, False),
        (event("asked"), "unopened", {"assignment": "off"}, True),
    ],
)
def test_which_events_are_work(world, one, state, policy, given):
    """New mail, answers into conversations without an agent, a move to the queue, and whoever asks for it."""
    world.add_ticket(7, "ann@example.net")
    world.tickets[7] = replace(world.tickets[7], session_state=state)
    effects = told(world, one, **policy)
    assert [type(effect) for effect in effects] == ([Assign] if given else [])


def test_the_effect_names_agent_queue_and_reason(world):
    """Only who works on the queue is a candidate; the day is the queue's."""
    world.add_ticket(7, "ann@example.net")
    (one,) = told(world, NEW)
    assert one == Assign(7, 107, "anna", "support", "assignment", "assigned to anna (fewest: anna 0)")
    assert world.asked == ("support", MONDAY.replace(hour=0))


def test_who_has_it_keeps_it(world):
    """A ticket with an agent, one whose status is closed or whose session rests, and one that is gone."""
    world.add_ticket(7, "ann@example.net", agent="bert")
    assert told(world, ANSWER) == []
    world.add_ticket(7, "ann@example.net", status="solved")
    assert told(world, event("asked")) == []
    world.add_ticket(7, "ann@example.net")
    world.tickets[7] = replace(world.tickets[7], session_state=State.PAUSED.value)
    assert told(world, event("asked")) == []
    world.tickets.clear()
    assert told(world, event("asked")) == []


def test_where_nobody_can_take_it_it_waits(world):
    """It stands on the queue's list."""
    world.add_ticket(7, "ann@example.net")
    closed = {"hours": "Tue 09:00-17:00"}
    assert told(world, NEW, **closed) == [KeepWaiting(7, "support")]


def test_another_gateway_may_be_faster(world):
    """Whoever has it when the lock is ours keeps it."""
    world.add_ticket(7, "ann@example.net")

    def slow(agents, queue, since):
        world.tickets[7] = replace(world.tickets[7], agent="bert")
        return [Workload(name, present=True) for name in agents]

    world.workloads = slow
    assert told(world, NEW) == []


def test_where_nothing_is_shared_out_nothing_is_asked():
    """Without such a queue a mail costs no look into the database."""
    found = catalogue(assignment="off")
    assert not list(assignment.follower(found)(NEW, None, found, MONDAY))


def test_what_cannot_be_given_is_known_without_workloads():
    """Hours, presence, and whether somebody works there at all."""
    found = catalogue(hours="Mon 09:00-17:00")
    queue = found.queues["support"]
    assert assignment.could_give(queue, found, {"anna"}, MONDAY)
    assert not assignment.could_give(queue, found, {"bert"}, MONDAY)
    assert not assignment.could_give(queue, found, {"anna"}, MONDAY + timedelta(days=1))
    assert assignment.could_give(replace(queue, assign_absent=True), found, set(), MONDAY)
