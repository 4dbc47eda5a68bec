"""`mailgate workflow`: on an event, if conditions hold, do actions (N4); what would one do, and why not."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business, _staff
from mailgate.cli._as import as_option
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call, print_json
from mailgate.cli._store import reading, tell

if TYPE_CHECKING:
    from mailgate.cli._items import Present
    from mailgate.domain.helpdesk import Workflow

HEADERS = ("name", "event", "conditions", "actions", "enabled", "file")


@click.group("workflow")
def workflow() -> None:
    """Look at, change, try out and run workflows."""


@workflow.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    r"""Show all workflows in their order, what each listens to, and which file says so.

    \b
    mailgate workflow list
    """
    from mailgate.config.workflows import workflow_values  # noqa: PLC0415  --help must not pay for it

    found = _business.present(call)
    rows = []
    for name, one in found.catalogue.workflows.items():
        said: dict[str, Any] = workflow_values(one)
        counts = (len(said.get("when", ())), len(said["action"]))
        rows.append((name, one.event, *counts, one.enabled, found.origins["workflow", name]))
    _business.show_list(HEADERS, rows, as_json=as_json)


@workflow.command()
@click.argument("name")
@json_option
@pass_call
def show(call: Call, name: str, *, as_json: bool) -> None:
    """Show one workflow as text, as `mailgate apply` and `mailgate workflow add` read it."""
    from mailgate.config.export import business_toml  # noqa: PLC0415  --help must not pay for it
    from mailgate.config.workflows import workflow_values  # noqa: PLC0415

    found = _business.present(call)
    one: Any = _business.named(found, "workflow", name)
    if as_json:
        print_json({**workflow_values(one), "enabled": one.enabled, "file": found.origins["workflow", name]})
    else:
        click.echo(business_toml({"workflow": (one,)}, {}), nl=False)


@workflow.command("add")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_business.how_options
@pass_call
def add(call: Call, path: Path, *, how: _business.How) -> None:
    r"""Add or change the workflows that PATH, a TOML file with [[workflow]] tables, says.

    \b
    mailgate workflow add late.toml
    All mistakes are printed with their lines, and then nothing is changed (exit 78).
    """
    from mailgate.cli._texts import check  # noqa: PLC0415  --help must not pay for it
    from mailgate.config.texts import read_texts  # noqa: PLC0415
    from mailgate.domain.access import What  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_INSTALLATION)
    texts = read_texts(path)
    if others := [kind for kind in texts.tree.values if kind != "workflow"]:
        text = f"{path}: holds {', '.join(others)} too; `mailgate apply {path}` takes all of it"
        raise CommandError(text)
    wanted = check(texts, call.settings(), _business.present(call).catalogue).workflows
    if not wanted:
        raise CommandError(f"{path}: holds no [[workflow]]")
    _business.change(call, lambda connection, found: _changes(connection, found, wanted, how), how)


def _changes(connection: Any, found: "Present", wanted: "tuple[Workflow, ...]", how: _business.How) -> Any:
    """Return the changes of all of them; new ones go behind those that are there, in their order."""
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.store.business import set_one  # noqa: PLC0415

    changes: list[Any] = []
    for one in wanted:
        _business.require_ours(found, "workflow", one.name, how)
        more = sum(change.action == "add" for change in changes)
        for change in set_one(connection, one, take_over=how.take_over):
            place = change.values["position"] + (more if change.action == "add" else 0)
            changes.append(replace(change, values={**change.values, "position": place}))
    return changes


def _switch(call: Call, name: str, how: _business.How, *, enabled: bool) -> None:
    from dataclasses import replace  # noqa: PLC0415  --help must not pay for it

    from mailgate.domain.access import What  # noqa: PLC0415

    _staff.require(call, how.who, What.SET_INSTALLATION)

    def make(found: "Present") -> Any:
        one: Any = _business.named(found, "workflow", name)
        return replace(one, enabled=enabled)

    _business.put(call, make, how)


@workflow.command()
@click.argument("name")
@_business.how_options
@pass_call
def enable(call: Call, name: str, *, how: _business.How) -> None:
    """Let a workflow run on its event again."""
    _switch(call, name, how, enabled=True)


@workflow.command()
@click.argument("name")
@_business.how_options
@pass_call
def disable(call: Call, name: str, *, how: _business.How) -> None:
    """Let a workflow rest: it runs on no event, and nothing can start it."""
    _switch(call, name, how, enabled=False)


@workflow.command()
@click.argument("name")
@_business.how_options
@pass_call
def remove(call: Call, name: str, *, how: _business.How) -> None:
    """Remove a workflow that no rule and no other workflow names; tickets keep their history."""
    from mailgate.domain.access import What  # noqa: PLC0415  --help must not pay for it

    _staff.require(call, how.who, What.SET_INSTALLATION)
    _business.remove(call, "workflow", name, how)


@workflow.command()
@click.argument("name")
@click.option("--ticket", "number", required=True, help="The ticket that it runs for.")
@as_option
@pass_call
def run(call: Call, name: str, number: str, *, agent: str) -> None:
    r"""Run a workflow for a ticket now, if its conditions hold; the ticket's history says what it did.

    \b
    mailgate workflow run late --ticket T-7
    """
    from mailgate.actions._workflows import ready  # noqa: PLC0415  --help must not pay for it
    from mailgate.cli._as import acting, author  # noqa: PLC0415
    from mailgate.cli._desk import changing  # noqa: PLC0415
    from mailgate.domain.effects import StartWorkflow  # noqa: PLC0415
    from mailgate.domain.events import EventKind, TicketEvent  # noqa: PLC0415
    from mailgate.domain.scene import Scene  # noqa: PLC0415

    with changing(call) as desk:
        there = desk.catalogue.workflows
        if name not in there:
            raise CommandError(_business.absent("workflow", name, dict(there)))
        if not there[name].enabled:
            raise CommandError(
                f"workflow {name!r} is disabled; `mailgate workflow enable {name}` lets it run"
            )
        by = author(acting(desk.catalogue, agent))
        prepared = ready(there[name])
        done: list[tuple[str, bool]] = []

        def plan(reader: Any, now: Any) -> Any:
            ticket = _ticket(reader, number)
            event = TicketEvent(EventKind.STARTED, ticket.ticket_id, by=by, new=name)
            scene = Scene(event, reader.case(ticket.ticket_id), reader, desk.catalogue, now)
            done.append((ticket.number, scene.all_hold(prepared.conditions)))
            return (StartWorkflow(ticket.ticket_id, name, by),)

        desk.perform(plan)
    found, ran = done[-1]
    click.echo(f"{found}: {'done' if ran else 'its conditions do not hold, nothing was done'}")


def _ticket(reader: Any, number: str) -> Any:
    """Return a ticket by its number; raises CommandError where there is none."""
    from mailgate.domain.deskerror import NotThere  # noqa: PLC0415  --help must not pay for it

    found = reader.ticket_named(number)
    if found is None:
        raise NotThere(f"there is no ticket {number!r}; `mailgate ticket list` shows the newest")
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """What a workflow would do for a ticket now."""

    lines: list[dict[str, Any]]
    holds: bool
    actions: list[str]


@workflow.command()
@click.argument("name")
@click.option("--ticket", "number", required=True, help="The ticket that it is tried out on.")
@click.option("--old", default="", help="What the changed field is said to have been before.")
@click.option("--new", default="", help="What it is said to be now.")
@json_option
@pass_call
def test(call: Call, name: str, number: str, *, old: str, new: str, as_json: bool) -> None:
    r"""Show what a workflow would do for a ticket now, condition by condition; nothing is changed.

    \b
    mailgate workflow test late --ticket T-7 --new "execution late"
    """
    found = _business.present(call)
    one: Any = _business.named(found, "workflow", name)
    trial = _tried(call, one, number, (old, new))
    if as_json:
        print_json({"holds": trial.holds, "conditions": trial.lines, "actions": trial.actions})
        return
    for line in trial.lines:
        click.echo(clean(f"{'yes' if line['holds'] else 'no ':<3}  {line['line']}   ({line['now']})"))
    click.echo("it would do:" if trial.holds else "it would do nothing; if all held:")
    for action in trial.actions:
        click.echo(clean(f"  {action}"))


def _tried(call: Call, one: "Workflow", number: str, values: tuple[str, str]) -> Trial:
    from datetime import UTC, datetime  # noqa: PLC0415  --help must not pay for it

    from mailgate.actions._workflows import Run, ready  # noqa: PLC0415
    from mailgate.domain.deskerror import NotThere  # noqa: PLC0415
    from mailgate.domain.events import TicketEvent  # noqa: PLC0415
    from mailgate.domain.scene import Scene  # noqa: PLC0415
    from mailgate.domain.workflow import show_line  # noqa: PLC0415
    from mailgate.store.workflows import looking  # noqa: PLC0415
    from mailgate.wiring import plan_policy  # noqa: PLC0415

    prepared, settings = ready(one), call.settings()
    with reading(call) as (store, connection):
        reader = looking(store, connection, datetime.now(UTC))
        try:
            case = reader.case(_ticket(reader, number).ticket_id)
        except NotThere as absent:
            raise CommandError(str(absent)) from None
        assert case is not None
        kind, field = prepared.trigger.kind, prepared.trigger.field
        event = TicketEvent(kind, case.state.ticket_id, field=field, old=values[0], new=values[1])
        scene = Scene(event, case, reader, _business.present(call).catalogue, datetime.now(UTC))
        lines = [
            {
                "line": show_line(line),
                "holds": any(map(scene.holds, line)),
                "now": "; ".join(f"{c.field} is {scene.shown(c.field)}" for c in line),
            }
            for line in prepared.conditions
        ]
        attempt = Run(prepared, scene, plan_policy(settings, (b"-",)))
        attempt.effects()
    return Trial(lines, all(line["holds"] for line in lines), attempt.said)


@workflow.command("run-timed")
@pass_call
def run_timed(call: Call) -> None:
    r"""Run the workflows whose time has come, as the running gateway does every minute.

    \b
    mailgate workflow run-timed
    """
    from mailgate.cli._desk import changing  # noqa: PLC0415  --help must not pay for it
    from mailgate.jobs.workflows import House  # noqa: PLC0415
    from mailgate.jobs.workflows import run_timed as run_all  # noqa: PLC0415

    with reading(call) as (store, _connection), changing(call) as desk:
        found = run_all(House(store, desk.writer, desk.rules, desk.policy.zones))
    tell(call, "wake")
    for name, count in found.items():
        click.echo(clean(f"{name}: {count:,} tickets"))
    if not found:
        click.echo("no workflow was due, or none had anything to do")


COMMAND = workflow
