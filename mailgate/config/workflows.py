"""Workflows as text (N4): what `[[workflow]]` tables of `mailgate apply` say, and how they are written back.

[[workflow]]
name = "late"
event = "alarm"
when = ["new is execution late", "contact.vip is yes or priority is high, urgent"]

[[workflow.action]]
do = "mail"
to = ["agent", "boss@example.org"]
template = "too-late"
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Annotated

from msgspec import structs

from mailgate.config.section import Section, note
from mailgate.domain.helpdesk import Workflow
from mailgate.domain.workflow import (
    EVENTS,
    PARTS,
    BadWorkflow,
    Line,
    Step,
    conditions_json,
    parse_event,
    parse_line,
    read_conditions,
    read_steps,
    show_line,
    steps_json,
)


class ActionText(Section, frozen=True, kw_only=True):
    """One action of a workflow; which keys it takes depends on `do`."""

    do: Annotated[str, note(f"What is done: {', '.join(PARTS)}.")]
    field: Annotated[str, note("The field that is set, added to or taken from.")] = ""
    value: Annotated[
        str, note("The value; for start the workflow, for session open, pause, resolve, close.")
    ] = ""
    text: Annotated[str, note("The words of a note, a reminder or for a webhook.")] = ""
    to: Annotated[
        tuple[str, ...],
        note("Whom a mail goes to: contact, agent, team, owner, addresses; none: whom its template says."),
    ] = ()
    template: Annotated[str, note("The template of a mail.")] = ""
    target: Annotated[str, note("The webhook, as the settings list it.")] = ""
    agent: Annotated[str, note("The agent; for assign also auto and nobody.")] = ""
    after: Annotated[str, note("When a reminder is due.", examples=["3d"])] = ""


class WorkflowText(Section, frozen=True, kw_only=True):
    """On an event, if all conditions hold, do the actions in order."""

    name: Annotated[str, note("The workflow's name, as rules and the history use it.", unique=True)]
    event: Annotated[
        str,
        note(f"What it listens to: {', '.join(EVENTS)}.", examples=["changed status", "time every 4h"]),
    ]
    when: Annotated[
        tuple[str, ...], note("What must hold, a line each; in a line one side of an `or` is enough.")
    ] = ()
    description: Annotated[str, note("What it is for.")] = ""
    enabled: Annotated[bool, note("Whether it runs.")] = True
    action: Annotated[tuple[ActionText, ...], note("What is done, in this order.")] = ()


def workflow_of(text: WorkflowText) -> Workflow:
    """Return the workflow that a text means; lines that are no conditions are left out (see `mistakes`)."""
    return Workflow(
        name=text.name,
        event=text.event,
        conditions=conditions_json(line for _, line, _ in _lines(text) if line is not None),
        actions=steps_json(Step(**structs.asdict(one)) for one in text.action),
        description=text.description,
        enabled=text.enabled,
    )


def mistakes(text: WorkflowText) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield (place, message) of what cannot be read as an event or a condition."""
    try:
        parse_event(text.event)
    except BadWorkflow as bad:
        yield ("event",), str(bad)
    yield from ((("when", index), wrong) for index, line, wrong in _lines(text) if line is None)


def _lines(text: WorkflowText) -> Iterator[tuple[int, Line | None, str]]:
    for index, one in enumerate(text.when):
        try:
            yield index, parse_line(one), ""
        except BadWorkflow as bad:
            yield index, None, str(bad)


def workflow_values(workflow: Workflow) -> dict[str, object]:
    """Return what the table of a workflow says, without defaults; a row that cannot be read says less."""
    try:
        lines, steps = read_conditions(workflow.conditions), read_steps(workflow.actions)
    except BadWorkflow:
        lines, steps = (), ()
    said: dict[str, object] = {
        "name": workflow.name,
        "event": workflow.event,
        "description": workflow.description,
        "when": [show_line(line) for line in lines],
    }
    if not workflow.enabled:
        said["enabled"] = False
    return {
        **{key: value for key, value in said.items() if value or key == "enabled"},
        "action": [_action_values(step) for step in steps],
    }


def _action_values(step: Step) -> dict[str, object]:
    said = {one.name: getattr(step, one.name) for one in fields(Step)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in said.items() if v}
