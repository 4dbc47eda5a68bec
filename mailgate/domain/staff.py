"""Who works where: agents of queues, by themselves or by a team, and what a queue lacks (G13, G14, T7)."""

from collections.abc import Iterable

from mailgate.domain.ports import TicketView
from mailgate.domain.routing import Agent, Catalogue, Queue, Route

NO_ADDRESS = "no address assigned"
NO_AGENTS = "no agents assigned"
# G18: a mail without a script is only kept; only what a rule makes a ticket is answered, and told to agents.
NO_SCRIPT = "its addresses have no script, so its mail becomes no ticket and is not answered"
# S10: what is answered to it would go somewhere else, or nowhere.
NOT_RECEIVED = "its mail comes from {address}, which is no address that mail is taken for"


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
    """Return what a queue lacks to be of use (G13, S10); nothing for one that is switched off."""
    if not queue.enabled:
        return ()
    doors = [r for r in addresses if r.queue == queue.name and r.enabled and not r.send_only]
    staffed = any(agent.enabled for agent in agents_of(queue, catalogue))
    return (
        *(() if doors else (NO_ADDRESS,)),
        *((NO_SCRIPT,) if _acts(queue) and doors and not any(_scripted(r, catalogue) for r in doors) else ()),
        *(() if staffed else (NO_AGENTS,)),
        *(NOT_RECEIVED.format(address=one) for one in _not_received(queue, catalogue)),
    )


def _acts(queue: Queue) -> bool:
    """Whether a queue is to answer its mail by itself, or to tell agents of it."""
    answers = (queue.answer_new, queue.answer_closed, queue.answer_paused, queue.answer_inactive)
    return any(answers) or queue.notify != "off"


def _scripted(route: Route, catalogue: Catalogue) -> bool:
    automated = any(one.address == route.address for one in catalogue.automations.values())
    return bool(route.script) or automated


def _not_received(queue: Queue, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the addresses that a queue sends from and nobody takes mail for; send-only ones are meant so."""
    senders = dict.fromkeys(one for one in (queue.address, queue.answer_from) if one)
    return tuple(one for one in senders if catalogue.route(one) is None and not catalogue.sends_only(one))


def works_on(catalogue: Catalogue, address: str, ticket: TicketView) -> bool:
    """Whether an address is that of an agent who has a ticket or works on its queue (MAIL.md 5)."""
    agent = catalogue.agent_at(address)
    if agent is None or not agent.enabled:
        return False
    return agent.name == ticket.agent or ticket.queue in queues_of(agent, catalogue)
