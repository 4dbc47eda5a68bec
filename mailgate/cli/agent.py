"""`mailgate agent`: the people who answer; rules notify them and give them tickets by their names."""

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business, _staff
from mailgate.cli._as import as_option, author, check
from mailgate.cli._options import Call, CommandError, json_option, pass_call, print_json
from mailgate.cli._store import reading, when, writing

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.routing import Agent

HEADERS = ("name", "full_name", "role", "address", "queues", "teams", "enabled", "present", "file")


@click.group("agent")
def agent() -> None:
    """Look at and change the agents: who they are, what they may do, whether they are there."""


def _values(found: "Present", one: "Agent", until: datetime | None) -> dict[str, Any]:
    """Return what is told of an agent; `present` is until when, "" for away."""
    from mailgate.domain.staff import teams_of  # noqa: PLC0415  --help must not pay for it

    return {
        **{key: getattr(one, key) for key in ("name", "full_name", "role", "address", "queues")},
        "teams": sorted(teams_of(one.name, found.catalogue)),
        "enabled": one.enabled,
        "present": f"{until:%Y-%m-%dT%H:%M:%SZ}" if until is not None else "",
        "file": found.origins["agent", one.name],
    }


@agent.command("list")
@click.option("--present", "only_present", is_flag=True, help="Only those who are present.")
@json_option
@pass_call
def list_(call: Call, *, only_present: bool, as_json: bool) -> None:
    r"""Show all agents, their queues and teams, until when they are present, and which file says so.

    \b
    mailgate agent list --present
    """
    found, there = _business.present(call), _staff.presences(call)
    rows = [
        tuple(_values(found, one, there.get(name)).values())
        for name, one in found.catalogue.agents.items()
        if name in there or not only_present
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


@agent.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    r"""Show one agent: also its teams' queues, its active sessions, and whether it has a password.

    \b
    mailgate agent show anna
    """
    from mailgate.cli._items import users  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.staff import queues_of  # noqa: PLC0415
    from mailgate.store.access import has_password  # noqa: PLC0415
    from mailgate.store.assignment import load_of  # noqa: PLC0415

    found = _business.present(call)
    _business.named(found, "agent", name)
    one = found.catalogue.agents[name]
    values = _values(found, one, _staff.presences(call).get(name))
    with reading(call) as (_store, connection):
        password, (active, last) = has_password(connection, name), load_of(connection, name)
    values |= {
        "language": one.language,
        "works_on": sorted(queues_of(one, found.catalogue)),
        "active": active,
        "last_assigned": when(last),
        "password": password,
        "used_by": users("agent", name, found.catalogue, found.business.addresses),
    }
    _business.show_one(values, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.how_options,
        click.option("--enabled/--disabled", default=None, help="Whether notices and tickets go there."),
        click.option("--team", "teams", multiple=True, help="A team to put the agent into."),
        click.option("--queue", "queues", multiple=True, help="A queue that the agent works on; '' is none."),
        click.option("--language", help="The language of the agent's notices, as `de`."),
        click.option("--role", help="What the agent may do: agent, supervisor or administrator."),
        click.option("--full-name", help="The name that customers read."),
        click.option("--address", help="The address that notices go to."),
    ):
        function = option(function)
    return function


def _joined(call: Call, name: str, teams: tuple[str, ...], how: _business.How) -> None:
    """Put an agent into teams that it is not in yet."""
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    for team in teams:

        def make(found: "Present", team: str = team) -> Any:
            there: Any = _business.named(found, "team", team)
            return replace(there, members=tuple(dict.fromkeys((*there.members, name))))

        _business.put(call, make, how)


def _teams_are_there(call: Call, teams: tuple[str, ...]) -> None:
    """Raise CommandError for a team that there is not, before anything is changed."""
    found = _business.present(call) if teams else None
    for team in teams:
        if found is not None:
            _business.named(found, "team", team)


@agent.command("add")
@click.argument("name")
@_options
@pass_call
def add(
    call: Call,
    /,
    name: str,
    *,
    teams: tuple[str, ...],
    how: _business.How,
    **said: Any,
) -> None:
    r"""Add an agent. For an administrator a link is printed that lets it in once.

    \b
    mailgate agent add anna --address anna@example.com --queue support --full-name "Anna Amsel"
    mailgate agent add eva --role administrator
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import Role  # noqa: PLC0415
    from mailgate.domain.routing import Agent  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_AGENT)
    _teams_are_there(call, teams)
    one = _staff.changed(Agent(name), said)
    changes = _business.add(call, one, how)
    if changes and not how.dry_run:
        _joined(call, name, teams, how)
        if one.role == Role.ADMINISTRATOR and one.enabled:
            _staff.tell_link(call, name, how.who)


@agent.command("set")
@click.argument("name")
@_options
@pass_call
def set_(
    call: Call,
    /,
    name: str,
    *,
    teams: tuple[str, ...],
    how: _business.How,
    **said: Any,
) -> None:
    r"""Change an agent; what is not said stays as it is.

    \b
    mailgate agent set anna --disabled
    mailgate agent set anna --role supervisor --team first-level
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    def make(found: "Present") -> Any:
        return _staff.changed(_business.named(found, "agent", name), said)

    _staff.require(call, how.who, What.SET_AGENT)
    _teams_are_there(call, teams)
    if not teams or any(value not in (None, ()) for value in said.values()):
        _business.put(call, make, how)
    _joined(call, name, teams, how)


@agent.command()
@click.argument("name")
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, how: _business.How) -> None:
    """Remove an agent whom no script and no team names; tickets keep the name."""
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.store.access import forget  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_AGENT)
    if _business.remove(call, "agent", name, how) and not how.dry_run:
        with writing(call) as (_store, writer):
            writer.submit(lambda tx: forget(tx, name)).result()


@agent.command()
@click.argument("name")
@click.option("--for", "span", default="", metavar="TIME", help="How long: 30m, 8h, 2d.")
@as_option
@pass_call
def present(call: Call, name: str, *, span: str, agent: str) -> None:
    r"""Say that an agent is at work; without `--for` as long as the helpdesk's presence_minutes say.

    Work that waits is given out within seconds. The desk says the same while its window is open.

    \b
    mailgate agent present anna --for 8h
    """
    from mailgate.domain.helpdesk import read_span  # noqa: PLC0415  --help must not pay for it

    minutes = _business.present(call).catalogue.desk.presence_minutes
    try:
        seconds = read_span(span) or minutes * 60
    except ValueError as bad:
        raise CommandError(f"--for: {bad}") from None
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    _staff.say_present(call, name, agent, until)
    click.echo(f"agent {name} is present until {until:%Y-%m-%d %H:%M} UTC")


@agent.command()
@click.argument("name")
@as_option
@pass_call
def away(call: Call, name: str, *, agent: str) -> None:
    r"""Say that an agent is away; what it has stays with it.

    \b
    mailgate agent away anna
    """
    before = _staff.say_present(call, name, agent, None)
    click.echo(f"agent {name} is away" if before else f"agent {name} was away already")


@agent.command()
@click.argument("name")
@as_option
@json_option
@pass_call
def link(call: Call, name: str, *, agent: str, as_json: bool) -> None:
    r"""Make a link that lets an agent in once; older ones end.

    It is shown only now: the database has no more than its SHA-256.

    \b
    mailgate agent link anna
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, agent, What.SET_AGENT)
    if not as_json:
        _staff.tell_link(call, name, agent)
        return
    url, until, _note = _staff.new_link(call, name, agent)
    print_json({"agent": name, "url": url, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"})


@agent.command()
@click.argument("name")
@as_option
@pass_call
def password(call: Call, name: str, *, agent: str) -> None:
    r"""Set an agent's password, asked for or read from standard input; never from the command line.

    \b
    mailgate agent password anna
    pass show desk/anna | mailgate agent password anna
    """
    from mailgate.domain.access import AgentThing, What, password_complaint  # noqa: PLC0415  --help pays nothing
    from mailgate.store.access import hash_password, set_password  # noqa: PLC0415

    found = _business.present(call)
    _business.named(found, "agent", name)
    who = author(check(found.catalogue, agent, What.SET_PASSWORD, AgentThing(name)))
    if sys.stdin.isatty():
        said = click.prompt(f"new password of {name}", hide_input=True, confirmation_prompt="once more")
    else:
        said = sys.stdin.readline().rstrip("\r\n")
    if wrong := password_complaint(name, said):
        raise CommandError(f"the password {wrong}")
    hashed = hash_password(said)
    with writing(call) as (_store, writer):
        writer.submit(lambda tx: set_password(tx, name, hashed, who)).result()
    click.echo(f"agent {name} has a new password")


COMMAND = agent
