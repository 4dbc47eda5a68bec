"""Who may do what (W2): the one place that commands, desk and API ask. `docs/access.md` is drawn from it.

    may(actor, What.CHANGE_TICKET, TicketThing(queue="support", agent="anna", owner_group=""))

An agent reaches the tickets of the queues that it works on (by itself or by a team), those of its teams as
owner groups, and its own. A supervisor commands its queues; an administrator everything. An automation is
its creator's, unless teams are granted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailgate.domain.deskerror import DeskError
from mailgate.domain.helpdesk import Automation, Role
from mailgate.domain.routing import Agent, Catalogue
from mailgate.domain.staff import queues_of, teams_of

# Long enough that nobody guesses it, short enough for a sentence that a person remembers.
SHORTEST_PASSWORD: Final = 12
# What is longer was pasted by mistake, and would only cost time.
LONGEST_PASSWORD: Final = 1000


class NotAllowed(DeskError):  # noqa: N818  it names what is wrong
    """Somebody has no right to that; nothing is changed."""


class What(StrEnum):
    """What somebody wants to do; the words stand in `docs/access.md` and in refusals."""

    SEE_TICKET = "see a ticket"
    CHANGE_TICKET = "answer, comment or change a ticket"
    TAKE_TICKET = "take a ticket that nobody has"
    HAND_ON_TICKET = "give a ticket to another agent"
    SEE_CONTACT = "see contacts and companies"
    CHANGE_CONTACT = "change contacts and companies"
    MERGE_CONTACT = "merge, import or remove contacts"
    SEE_QUEUE = "see a queue and its numbers"
    SET_QUEUE = "change a queue's settings"
    MAKE_QUEUE = "add or remove queues"
    SEE_AGENT = "see agents and teams"
    SET_PRESENCE = "say that an agent is present or away"
    SET_PASSWORD = "change an agent's password"  # noqa: S105  a sentence
    SET_AGENT = "add, change or remove agents, give roles and login links"
    SET_TEAM = "add, change or remove teams"
    USE_AUTOMATION = "see and use an automation"
    SET_AUTOMATION = "change an automation"
    SET_INSTALLATION = "change addresses, rules, templates, workflows, statuses, priorities, settings"


class Within(StrEnum):
    """How far a right goes."""

    NOTHING = "no"
    OWN = "its own"
    REACH = "of its queues and teams, and its own"
    QUEUES = "in its queues"
    STAFF = "of agents in its queues, and its own"
    GRANTED = "made by it, or granted to its team"
    ALL = "yes"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts: an agent with what follows from where it works, or the system's administrator.

    `name` is "" for whoever runs commands on the machine: that is an administrator.
    """

    name: str
    role: Role
    queues: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    enabled: bool = True


# Whoever can run commands on the machine can read the database too.
SYSTEM: Final = Actor("", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class TicketThing:
    """What of a ticket decides who may see it."""

    queue: str
    agent: str = ""
    owner_group: str = ""


@dataclass(frozen=True, slots=True)
class QueueThing:
    """A queue by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class AgentThing:
    """An agent by its name, and the queues that it works on."""

    name: str
    queues: frozenset[str] = frozenset()


Thing = TicketThing | QueueThing | AgentThing | Automation | None

# For each right: agent, supervisor, administrator.
RIGHTS: Final[Mapping[What, tuple[Within, Within, Within]]] = {
    What.SEE_TICKET: (Within.REACH, Within.REACH, Within.ALL),
    What.CHANGE_TICKET: (Within.REACH, Within.REACH, Within.ALL),
    What.TAKE_TICKET: (Within.REACH, Within.REACH, Within.ALL),
    What.HAND_ON_TICKET: (Within.OWN, Within.REACH, Within.ALL),
    What.SEE_CONTACT: (Within.ALL, Within.ALL, Within.ALL),
    What.CHANGE_CONTACT: (Within.ALL, Within.ALL, Within.ALL),
    What.MERGE_CONTACT: (Within.NOTHING, Within.ALL, Within.ALL),
    What.SEE_QUEUE: (Within.QUEUES, Within.QUEUES, Within.ALL),
    What.SET_QUEUE: (Within.NOTHING, Within.QUEUES, Within.ALL),
    What.MAKE_QUEUE: (Within.NOTHING, Within.NOTHING, Within.ALL),
    What.SEE_AGENT: (Within.ALL, Within.ALL, Within.ALL),
    What.SET_PRESENCE: (Within.OWN, Within.STAFF, Within.ALL),
    What.SET_PASSWORD: (Within.OWN, Within.OWN, Within.ALL),
    What.SET_AGENT: (Within.NOTHING, Within.NOTHING, Within.ALL),
    What.SET_TEAM: (Within.NOTHING, Within.NOTHING, Within.ALL),
    What.USE_AUTOMATION: (Within.GRANTED, Within.GRANTED, Within.ALL),
    What.SET_AUTOMATION: (Within.GRANTED, Within.GRANTED, Within.ALL),
    What.SET_INSTALLATION: (Within.NOTHING, Within.NOTHING, Within.ALL),
}
ROLES: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


def actor_of(agent: Agent, catalogue: Catalogue) -> Actor:
    """Return an agent as somebody who acts; a role that is none counts as the least."""
    role = Role(agent.role) if agent.role in set(Role) else Role.AGENT
    return Actor(
        agent.name, role, queues_of(agent, catalogue), teams_of(agent.name, catalogue), agent.enabled
    )


def may(actor: Actor, what: What, thing: Thing = None) -> bool:
    """Whether somebody may do that to a thing; without a thing, whether it may be done to any at all.

    Who is disabled may nothing.
    """
    if not actor.enabled:
        return False
    match within(actor, what):
        case Within.ALL:
            return True
        case Within.NOTHING:
            return False
        case scope:
            return thing is None or _covers(scope, actor, thing)


def require(actor: Actor, what: What, thing: Thing = None) -> None:
    """Raise NotAllowed with a sentence that says who may not do what to what, and how far the right goes."""
    if may(actor, what, thing):
        return
    if not actor.enabled:
        raise NotAllowed(f"agent {actor.name} is disabled, and may do nothing")
    scope = within(actor, what)
    far = "" if scope is Within.NOTHING else f" (only {scope.value})"
    named = _named(thing)
    about = f"; this is {named}" if far and named else ""
    raise NotAllowed(f"{actor.role.value} {actor.name} may not {what.value}{far}{about}")


def _named(thing: Thing) -> str:
    match thing:
        case TicketThing():
            return f"in queue {thing.queue or '-'}, of agent {thing.agent or '-'}"
        case QueueThing():
            return f"queue {thing.name}"
        case AgentThing():
            return f"agent {thing.name}"
        case Automation():
            return f"automation {thing.name} of {thing.creator or 'nobody'}"
        case _:
            return ""


def within(actor: Actor, what: What) -> Within:
    """Return how far somebody's right goes."""
    return RIGHTS[what][ROLES.index(actor.role)]


def _covers(scope: Within, actor: Actor, thing: Thing) -> bool:
    """Whether a right that does not go everywhere goes as far as this thing."""
    match thing:
        case TicketThing():
            mine = bool(actor.name) and thing.agent == actor.name
            if scope is Within.OWN:
                return mine
            return mine or thing.queue in actor.queues or thing.owner_group in actor.teams
        case QueueThing():
            return scope is Within.QUEUES and thing.name in actor.queues
        case AgentThing():
            mine = thing.name == actor.name
            return mine or (scope is Within.STAFF and not actor.queues.isdisjoint(thing.queues))
        case Automation():
            mine = bool(actor.name) and thing.creator == actor.name
            return scope is Within.GRANTED and (mine or not actor.teams.isdisjoint(thing.teams))
        case _:
            return False


@dataclass(frozen=True, slots=True)
class Reach:
    """Which tickets somebody sees, for a listing: any of these must hold; `everything` needs no look."""

    everything: bool
    queues: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    agent: str = ""


def reach(actor: Actor) -> Reach:
    """Return the tickets that somebody sees, as conditions for a listing; it agrees with `may`."""
    if not actor.enabled:
        return Reach(everything=False)
    if within(actor, What.SEE_TICKET) is Within.ALL:
        return Reach(everything=True)
    return Reach(everything=False, queues=actor.queues, groups=actor.teams, agent=actor.name)


def password_complaint(name: str, password: str) -> str:
    """Return what is wrong with a password, "" where nothing is: at least 12 characters, not the name."""
    if len(password) < SHORTEST_PASSWORD:
        return f"has {len(password)} characters, and needs {SHORTEST_PASSWORD} at least"
    if len(password) > LONGEST_PASSWORD:
        return f"is longer than {LONGEST_PASSWORD} characters"
    rest = password.casefold().replace(name.casefold(), "") if name else password
    if len(set(rest)) < SHORTEST_PASSWORD // 3:
        return "is little more than the name, or a few characters again and again"
    return ""


def render() -> str:
    """Return `docs/access.md`: roles, rights, and how far they go."""
    return "\n".join(
        (
            "# Who may do what",
            "",
            "This page is drawn from the table in `mailgate/domain/access.py`; a test compares them. The",
            "[helpdesk](helpdesk.md#who-may-do-what) says how roles and teams are given.",
            "",
            "| what | agent | supervisor | administrator |",
            "|---|---|---|---|",
            *(
                f"| {what.value} | {' | '.join(one.value for one in scopes)} |"
                for what, scopes in RIGHTS.items()
            ),
            "",
            "* *Its queues* are those that the agent names, and those of its teams.",
            "* *Of its queues and teams* are tickets that lie in one of its queues, or whose owner group is",
            "  one of its teams; *its own* are those that it has.",
            "* Whoever runs commands on the machine is an administrator, unless `--as AGENT` is said.",
            "* Who is disabled may nothing. What is not allowed is refused before anything is changed.",
            "",
        )
    )
