"""`mailgate team`: agents under one name, for queues, owner groups and access (W2, G14)."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business, _staff
from mailgate.cli._options import Call, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.cli._items import Present

HEADERS = ("name", "description", "members", "queues", "file")


@click.group("team")
def team() -> None:
    """Look at and change the teams of agents."""


def _values(found: "Present", name: str) -> dict[str, Any]:
    one = found.catalogue.teams[name]
    queues = [queue.name for queue in found.catalogue.queues.values() if name in queue.teams]
    return {
        "name": name,
        "description": one.description,
        "members": one.members,
        "queues": queues,
        "file": found.origins["team", name],
    }


@team.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all teams, their members, the queues that they work on, and which file says so.

    \b
    mailgate team list
    """
    found = _business.present(call)
    rows = [tuple(_values(found, name).values()) for name in found.catalogue.teams]
    _business.show_list(HEADERS, rows, as_json=as_json)


@team.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show one team, and what names it.

    \b
    mailgate team show first
    """
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    _business.named(found, "team", name)
    values = _values(found, name)
    values["used_by"] = users("team", name, found.catalogue, found.business.addresses)
    _business.show_one(values, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.how_options,
        click.option(
            "--member", "members", multiple=True, help="An agent of it; '' is none. Said, it is all of them."
        ),
        click.option("--description", help="What the team is for."),
    ):
        function = option(function)
    return function


@team.command("add")
@click.argument("name")
@_options
@pass_call
def add(call: Call, /, name: str, *, how: _business.How, **said: Any) -> None:
    r"""Add a team.

    \b
    mailgate team add first-level --member anna --member bert --description "Answers first"
    mailgate ticketqueue set support --team first-level
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import Team  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_TEAM)
    _business.add(call, _staff.changed(Team(name), said), how)


@team.command("set")
@click.argument("name")
@click.option("--add", "more", multiple=True, metavar="AGENT", help="An agent to put into it.")
@click.option("--drop", "fewer", multiple=True, metavar="AGENT", help="An agent to take out of it.")
@_options
@pass_call
def set_(
    call: Call,
    /,
    name: str,
    *,
    more: tuple[str, ...],
    fewer: tuple[str, ...],
    how: _business.How,
    **said: Any,
) -> None:
    r"""Change a team; what is not said stays as it is.

    \b
    mailgate team set first-level --add cora --drop bert
    """
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.access import What  # noqa: PLC0415

    def make(found: "Present") -> Any:
        one = _staff.changed(_business.named(found, "team", name), said)
        members = dict.fromkeys((*one.members, *more))
        return replace(one, members=tuple(member for member in members if member not in fewer))

    _staff.require(call, how.who, What.SET_TEAM)
    _business.put(call, make, how)


@team.command()
@click.argument("name")
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, how: _business.How) -> None:
    """Remove a team that no queue and no automation names; tickets keep it as their owner group."""
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_TEAM)
    _business.remove(call, "team", name, how)


COMMAND = team
