"""Who may do what (W2): the whole matrix, spelled out here once more, and the page that is drawn from it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.domain.access import (
    RIGHTS,
    SYSTEM,
    Actor,
    AgentThing,
    NotAllowed,
    QueueThing,
    TicketThing,
    What,
    actor_of,
    may,
    password_complaint,
    reach,
    render,
    require,
)
from mailgate.domain.helpdesk import Automation, Role, Team
from mailgate.domain.routing import Agent, Catalogue, Queue
from mailgate.domain.staff import agents_of, hints, queues_of

CATALOGUE = Catalogue(
    queues={
        "support": Queue("support"),
        "sales": Queue("sales", teams=("sellers",)),
        "orders": Queue("orders"),
    },
    teams={"sellers": Team("sellers", ("anna", "susi")), "others": Team("others", ("bert",))},
    agents={
        "anna": Agent("anna", queues=("support", "gone")),
        "bert": Agent("bert", queues=("orders",)),
        "susi": Agent("susi", queues=("support",), role="supervisor"),
        "eva": Agent("eva", role="administrator"),
        "olaf": Agent("olaf", role="administrator", enabled=False),
        "odd": Agent("odd", role="king"),
    },
)
ACTORS = {name: actor_of(agent, CATALOGUE) for name, agent in CATALOGUE.agents.items()}

# What stands in the columns: who may do it with this thing. a = anna, s = susi, e = eva.
TICKETS = {
    "in one of the queues": (TicketThing("support", "bert"), "a s e", "a s e", "a s e", "s e"),
    "in a queue of the team": (TicketThing("sales"), "a s e", "a s e", "a s e", "s e"),
    "of the owner group": (TicketThing("orders", "bert", "sellers"), "a s e", "a s e", "a s e", "s e"),
    "anna's own elsewhere": (TicketThing("orders", "anna"), "a e", "a e", "a e", "a e"),
    "somebody else's": (TicketThing("orders", "bert", "others"), "e", "e", "e", "e"),
    "without anything": (TicketThing(""), "e", "e", "e", "e"),
}
TICKET_RIGHTS = (What.SEE_TICKET, What.CHANGE_TICKET, What.TAKE_TICKET, What.HAND_ON_TICKET)
MINE, TEAMS, OTHERS = (
    Automation("m", creator="anna"),
    Automation("t", creator="eva", teams=("sellers",)),
    Automation("o", creator="bert", teams=("others",)),
)
THINGS = [
    (What.SEE_CONTACT, None, "a s e"),
    (What.CHANGE_CONTACT, None, "a s e"),
    (What.MERGE_CONTACT, None, "s e"),
    (What.SEE_QUEUE, QueueThing("support"), "a s e"),
    (What.SEE_QUEUE, QueueThing("orders"), "e"),
    (What.SET_QUEUE, QueueThing("support"), "s e"),
    (What.SET_QUEUE, QueueThing("sales"), "s e"),
    (What.SET_QUEUE, QueueThing("orders"), "e"),
    (What.MAKE_QUEUE, None, "e"),
    (What.SEE_AGENT, AgentThing("bert"), "a s e"),
    (What.SET_PRESENCE, AgentThing("anna", frozenset({"support"})), "a s e"),
    (What.SET_PRESENCE, AgentThing("susi", frozenset({"support"})), "s e"),
    (What.SET_PRESENCE, AgentThing("bert", frozenset({"orders"})), "e"),
    (What.SET_PASSWORD, AgentThing("anna", frozenset({"support"})), "a e"),
    (What.SET_PASSWORD, AgentThing("susi", frozenset({"support"})), "s e"),
    (What.SET_AGENT, AgentThing("anna"), "e"),
    (What.SET_AGENT, None, "e"),
    (What.SET_TEAM, None, "e"),
    (What.USE_AUTOMATION, MINE, "a e"),
    (What.USE_AUTOMATION, TEAMS, "a s e"),
    (What.USE_AUTOMATION, OTHERS, "e"),
    (What.SET_AUTOMATION, MINE, "a e"),
    (What.SET_AUTOMATION, TEAMS, "a s e"),
    (What.SET_AUTOMATION, OTHERS, "e"),
    (What.SET_INSTALLATION, None, "e"),
    *(
        (what, thing, allowed[n])
        for thing, *allowed in TICKETS.values()
        for n, what in enumerate(TICKET_RIGHTS)
    ),
]


@pytest.mark.parametrize(("what", "thing", "allowed"), THINGS)
def test_the_matrix(what, thing, allowed):
    """Each right with each kind of thing, for an agent, a supervisor and an administrator."""
    found = [letter for letter, name in zip("ase", ("anna", "susi", "eva"), strict=True) if may(ACTORS[name], what, thing)]  # fmt: skip
    assert found == allowed.split()
    assert may(SYSTEM, what, thing)
    assert not may(ACTORS["olaf"], what, thing)


def test_every_right_is_in_the_matrix():
    """None was forgotten, here or there."""
    assert {what for what, _thing, _allowed in THINGS} == set(What) == set(RIGHTS)


def test_a_role_that_is_none_is_the_least():
    """Whatever the database says."""
    assert ACTORS["odd"].role is Role.AGENT


def test_a_refusal_says_who_may_not_what():
    """A sentence that a person understands; who may passes silently."""
    with pytest.raises(NotAllowed) as refused:
        require(ACTORS["anna"], What.HAND_ON_TICKET, TicketThing("support", "bert"))
    assert str(refused.value) == (
        "agent anna may not give a ticket to another agent (only its own); this is in queue support, of agent bert"
    )
    with pytest.raises(NotAllowed, match=r"^agent anna may not add or remove queues$"):
        require(ACTORS["anna"], What.MAKE_QUEUE)
    with pytest.raises(NotAllowed, match="agent olaf is disabled"):
        require(ACTORS["olaf"], What.SEE_CONTACT)
    require(ACTORS["eva"], What.MAKE_QUEUE)


things = st.builds(
    TicketThing,
    queue=st.sampled_from(["", "support", "sales", "orders"]),
    agent=st.sampled_from(["", "anna", "bert", "susi", "eva"]),
    owner_group=st.sampled_from(["", "sellers", "others"]),
)


@given(st.sampled_from([*ACTORS.values(), SYSTEM]), things)
def test_a_listing_shows_what_one_may_see(actor, thing):
    """`reach` and `may` never disagree."""
    found = reach(actor)
    listed = found.everything or (
        thing.queue in found.queues
        or thing.owner_group in found.groups
        or (bool(found.agent) and thing.agent == found.agent)
    )
    assert listed == may(actor, What.SEE_TICKET, thing)


def test_nobody_owns_what_nobody_has():
    """An actor without a name is not the agent of a ticket without one."""
    nameless = Actor("", Role.AGENT)
    assert not may(nameless, What.SEE_TICKET, TicketThing("support"))
    assert not may(nameless, What.SET_AUTOMATION, Automation("x"))


def test_without_a_thing_the_question_is_whether_any_may_be():
    """A menu asks so: an agent may change some tickets, and no queue."""
    assert may(ACTORS["anna"], What.CHANGE_TICKET)
    assert not may(ACTORS["anna"], What.SET_QUEUE)


def test_the_page_is_drawn_from_the_table():
    """docs/access.md says what the code does."""
    page = Path(__file__).parents[2] / "docs" / "access.md"
    assert page.read_text(encoding="utf-8") == render()


# -- who works where --------------------------------------------------------------------------------------------


def test_agents_work_on_queues_by_themselves_or_by_a_team():
    """T7 and G14: many to many; a queue that is gone is none."""
    assert queues_of(CATALOGUE.agents["anna"], CATALOGUE) == {"support", "sales"}
    assert [one.name for one in agents_of(CATALOGUE.queues["sales"], CATALOGUE)] == ["anna", "susi"]
    assert [one.name for one in agents_of(CATALOGUE.queues["support"], CATALOGUE)] == ["anna", "susi"]


def test_what_a_queue_lacks():
    """G13: only enabled addresses and agents count, and nothing is missed of a queue that is off."""
    from mailgate.domain.routing import Route

    queue, routes = CATALOGUE.queues["orders"], [Route("orders@example.org", queue="orders")]
    assert hints(queue, CATALOGUE, routes) == ()
    assert hints(queue, CATALOGUE, [Route("o@example.org", queue="orders", enabled=False)]) == (
        "no address assigned",
    )
    assert hints(Queue("new"), CATALOGUE, routes) == ("no address assigned", "no agents assigned")
    assert hints(Queue("new", enabled=False), CATALOGUE, []) == ()


@pytest.mark.parametrize("field", ["answer_new", "answer_closed", "answer_paused", "answer_inactive"])
def test_a_queue_that_answers_lacks_a_script_that_makes_tickets(field):
    """G18: without one a mail is only kept, and the answer that the queue names is never sent."""
    from mailgate.domain.routing import Route
    from mailgate.domain.staff import NO_SCRIPT

    queue = Queue("orders", **{field: "received"})
    route = Route("orders@example.org", queue="orders")
    assert NO_SCRIPT in hints(queue, CATALOGUE, [route])
    assert NO_SCRIPT in hints(Queue("orders", notify="agent"), CATALOGUE, [route])
    assert NO_SCRIPT not in hints(Queue("orders"), CATALOGUE, [route])
    assert NO_SCRIPT not in hints(queue, CATALOGUE, [replace(route, script="orders")])


# -- passwords --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("correct horse battery", ""),
        ("elevenchars", "has 11 characters, and needs 12 at least"),
        ("AnnaAnnaAnna1", "is little more than the name, or a few characters again and again"),
        ("aaaaaaaaaaaab", "is little more than the name, or a few characters again and again"),
        ("x" * 1001, "is longer than 1000 characters"),
    ],
)
def test_passwords_have_a_policy(password, complaint):
    """At least 12 characters, and not the name."""
    assert password_complaint("anna", password) == complaint
