"""Whom the words of a template or a workflow mean: `contact`, `agent`, `group` (S9); `team`, `owner` (N4)."""

from collections.abc import Sequence
from typing import Final

from mailgate.domain.notice import owners, team
from mailgate.domain.ports import TicketState
from mailgate.domain.routing import Catalogue

# Whom a template is for that does not say it.
DEFAULT: Final = ("contact",)


def own_people(word: str, state: TicketState, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the addresses of our own people that a word means; a word that is an address means itself.

    `group` is the team that owns the ticket, where none does the agents of its queue. Who is disabled or has
    no address is nobody.
    """
    match word:
        case "agent":
            agent = catalogue.agents.get(state.agent)
            return (agent.address,) if agent is not None and agent.enabled and agent.address else ()
        case "team":
            return tuple(one.address for one in team(state, catalogue))
        case "owner":
            return tuple(one.address for one in owners(state, catalogue))
        case "group":
            return tuple(one.address for one in owners(state, catalogue) or team(state, catalogue))
        case _:
            return (word,)


def addresses(
    words: Sequence[str], state: TicketState, contact: str, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return everybody whom the words mean, each once; `contact` is the customer's address, "" for none.

    No words mean nobody: whoever has none takes `DEFAULT`.
    """
    found = [
        one
        for word in words
        for one in ((contact,) if word == "contact" else own_people(word, state, catalogue))
    ]
    return tuple(dict.fromkeys(filter(None, found)))
