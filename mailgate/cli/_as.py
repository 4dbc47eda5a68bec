"""In whose name a command acts: `--as AGENT` has that agent's rights, else the administrator's."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mailgate.cli._options import CommandError

if TYPE_CHECKING:
    from mailgate.domain.access import Actor, Thing, What
    from mailgate.domain.routing import Catalogue

F = TypeVar("F", bound=Callable[..., Any])


def as_option(function: F) -> F:
    """Add `--as AGENT`; the command gets `agent`, "" where nothing was said."""
    return click.option(
        "--as",
        "agent",
        default="",
        metavar="AGENT",
        help="Do it in the name of this agent, with no more rights than that.",
    )(function)


def acting(catalogue: "Catalogue", agent: str) -> "Actor":
    """Return who acts: the named agent, else the system's administrator.

    Raises CommandError where there is no such agent.
    """
    from mailgate.domain.access import SYSTEM, actor_of  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.deskerror import DeskError, require_known  # noqa: PLC0415

    if not agent:
        return SYSTEM
    try:
        return actor_of(catalogue.agents[require_known("agent", agent, catalogue.agents)], catalogue)
    except DeskError as wrong:
        raise CommandError(str(wrong)) from None


def check(catalogue: "Catalogue", agent: str, what: "What", thing: "Thing" = None) -> "Actor":
    """Return who acts, if that may be done; raises CommandError with a sentence where it may not (W2).

    Plans that read the thing in their transaction ask `domain/access.require` themselves.
    """
    from mailgate.domain.access import require  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.deskerror import DeskError  # noqa: PLC0415

    actor = acting(catalogue, agent)
    try:
        require(actor, what, thing)
    except DeskError as wrong:
        raise CommandError(str(wrong)) from None
    return actor


def author(actor: "Actor") -> str:
    """Return who the history and the audit name: the agent, else the user of the shell."""
    from mailgate.cli._who import who  # noqa: PLC0415  --help must not pay for it

    return actor.name or who()
