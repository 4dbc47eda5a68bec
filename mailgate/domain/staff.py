"""Who works where: agents of queues, by themselves or by a team, and what a queue lacks (G13, G14, T7)."""

from collections.abc import Iterable

from mailgate.domain.routing import Agent, Catalogue, Queue, Route

NO_ADDRESS = "no address assigned"
NO_AGENTS = "no agents assigned"


def teams_of(name: str, catalogue: Catalogue) -> frozenset[str]:
    """Return the teams that an agent is in."""
    return frozenset(team.name for team in catalogue.teams.values() if name in team.members)


def queues_of(agent: Agent, catalogue: Catalogue) -> frozenset[str]:
    """Return the queues that an agent works on: those that it names, and those of its teams."""
    teams = teams_of(agent.name, catalogue)
    by_team = (queue.name for queue in catalogue.queues.values() if not teams.isdisjoint(queue.teams))
    return frozenset((*(name for name in agent.queues if name in catalogue.queues), *by_team))


def agents_of(queue: Queue, catalogue: Catalogue) -> tuple[Agent, ...]:
    """Return the agents who work on a queue, by name; those who are disabled are among them."""
    members = {
        name for team in queue.teams if team in catalogue.teams for name in catalogue.teams[team].members
    }
    return tuple(
        agent
        for name, agent in sorted(catalogue.agents.items())
        if queue.name in agent.queues or name in members
    )


def hints(queue: Queue, catalogue: Catalogue, addresses: Iterable[Route]) -> tuple[str, ...]:
    """Return what a queue lacks to be of use (G13); nothing for one that is switched off."""
    if not queue.enabled:
        return ()
    served = any(route.queue == queue.name and route.enabled for route in addresses)
    staffed = any(agent.enabled for agent in agents_of(queue, catalogue))
    return (*(() if served else (NO_ADDRESS,)), *(() if staffed else (NO_AGENTS,)))
