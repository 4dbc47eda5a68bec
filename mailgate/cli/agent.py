"""`mailgate agent`: the people who answer; rules notify them and give them tickets by their names."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, json_option, pass_call

if TYPE_CHECKING:
    from mailgate.domain.routing import Agent

HEADERS = ("name", "address", "queues", "enabled", "file")


@click.group("agent")
def agent() -> None:
    """Look at and change the agents."""


@agent.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all agents, their queues, and which file says so."""
    found = _business.present(call)
    rows = [
        (*(getattr(one, key) for key in HEADERS[:4]), found.origins["agent", name])
        for name, one in found.all("agent").items()
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.change_options,
        click.option("--enabled/--disabled", default=None, help="Whether notices and tickets go there."),
        click.option("--queue", "queues", multiple=True, help="A queue that the agent works on."),
        click.option("--address", help="The address that notices go to."),
    ):
        function = option(function)
    return function


def _changed(one: "Agent", said: dict[str, Any]) -> "Agent":
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    return replace(one, **{key: value for key, value in said.items() if value not in (None, ())})


@agent.command("add")
@click.argument("name")
@_options
@pass_call
def add(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Add an agent.

    \b
    mailgate agent add anna --address anna@example.com --queue support
    """
    from mailgate.domain.routing import Agent  # noqa: PLC0415  --help must not pay for it

    _business.add(call, _changed(Agent(name), said), _business.How(dry_run, take_over))


@agent.command("set")
@click.argument("name")
@_options
@pass_call
def set_(call: Call, /, name: str, *, dry_run: bool, take_over: bool, **said: Any) -> None:
    r"""Change an agent; what is not said stays as it is.

    \b
    mailgate agent set anna --disabled
    """

    def make(found: Any) -> Any:
        return _changed(_business.named(found, "agent", name), said)  # type: ignore[arg-type]

    _business.put(call, make, _business.How(dry_run, take_over))


@agent.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove an agent whom no script names; tickets keep the name."""
    _business.remove(call, "agent", name, _business.How(dry_run, take_over))


COMMAND = agent
