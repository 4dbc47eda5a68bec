"""`mailgate priority`: the priorities of tickets and their service times (T9)."""

from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business, _staff, _ticketwords
from mailgate.cli._options import Call, CommandError, json_option, pass_call
from mailgate.cli._store import reading, tell

if TYPE_CHECKING:
    from mailgate.domain.helpdesk import Priority

HEADERS = ("name", "reaction", "warning", "execution", "file")


@click.group("priority")
def priority() -> None:
    """Look at and change the priorities of tickets and their service times."""


@priority.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all priorities in their order, their times, and which file says so.

    \b
    mailgate priority list
    """
    found = _business.present(call)
    rows = [
        (one.name, one.reaction, one.warning, one.execution, found.origins.get(("priority", name), ""))
        for name, one in _ticketwords.in_force(found, "priority").items()
    ]
    _business.show_list(HEADERS, rows, as_json=as_json)


def _options(function: Any) -> Any:
    for option in (
        _business.how_options,
        click.option("--execution", help="Until when it must be done: `10h`, `2d`; '' is none."),
        click.option("--warning", help="How long before that a warning is given; '' is none."),
        click.option("--reaction", help="Until when somebody must have answered; '' is none."),
    ):
        function = option(function)
    return function


def _changed(one: "Priority", said: dict[str, Any]) -> "Priority":
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    return replace(one, **{key: value for key, value in said.items() if value is not None})


@priority.command("add")
@click.argument("name")
@_options
@pass_call
def add(call: Call, /, name: str, *, how: _business.How, **said: Any) -> None:
    r"""Add a priority behind the others. `h` and `m` are business hours, `d` working days.

    \b
    mailgate priority add critical --reaction 30m --execution 4h --warning 1h
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it
    from mailgate.domain.helpdesk import Priority  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_INSTALLATION)

    def make(found: Any) -> "Priority":
        there = _ticketwords.in_force(found, "priority")
        made = _changed(Priority(name, position=there[name].position if name in there else 0), said)
        if name in there and there[name] != made:
            raise CommandError(f"the priority {name!r} is there already; `mailgate priority set` changes it")
        return made

    _ticketwords.put(call, "priority", make, how)


@priority.command("set")
@click.argument("name")
@_options
@pass_call
def set_(call: Call, /, name: str, *, how: _business.How, **said: Any) -> None:
    r"""Change a priority's times; what is not said stays. Open tickets get theirs within minutes.

    \b
    mailgate priority set high --reaction 4h --execution 2d --warning 4h
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_INSTALLATION)
    _ticketwords.put(
        call,
        "priority",
        lambda found: _changed(_ticketwords.named(found, "priority", name), said),
        how,
    )


@priority.command()
@click.argument("name")
@_ticketwords.replace_option
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, instead: str, how: _business.How) -> None:
    r"""Remove a priority that nothing names; refused while tickets have it.

    \b
    mailgate priority remove urgent --replace-with high
    """
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_INSTALLATION)
    _ticketwords.remove(call, "priority", name, instead, how)


@priority.command()
@json_option
@pass_call
def alarms(call: Call, *, as_json: bool) -> None:
    r"""Show how many tickets are late, or will soon be; `mailgate ticket list` finds them.

    \b
    mailgate priority alarms
    """
    from mailgate.store.service import alarm_counts  # noqa: PLC0415  --help must not pay for it

    with reading(call) as (_store, connection):
        counts = alarm_counts(connection)
    _business.show_list(("alarm", "tickets"), list(counts.items()), as_json=as_json)


@priority.command("run-alarms")
@pass_call
def run_alarms(call: Call) -> None:
    r"""Raise what has come due, as the running gateway does every half minute.

    Where hours, holidays or times have changed, open tickets are computed anew first.

    \b
    mailgate priority run-alarms
    """
    from mailgate.cli._desk import changing  # noqa: PLC0415  --help must not pay for it
    from mailgate.jobs.alarms import run_alarms as run  # noqa: PLC0415
    from mailgate.jobs.retime import retime  # noqa: PLC0415

    with reading(call) as (store, _connection), changing(call) as desk:
        anew = retime(store, desk.writer, desk.rules)
        due = run(desk.writer, lambda: desk.rules)
    tell(call, "wake")
    click.echo(f"computed anew: {anew:,}, due: {due:,}")


COMMAND = priority
