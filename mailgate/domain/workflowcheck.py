"""What is wrong with a workflow that a person wrote (N4): every name is looked up, with a suggestion."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from mailgate.domain.address import sendable
from mailgate.domain.events import EventKind
from mailgate.domain.helpdesk import StatusKind, Workflow
from mailgate.domain.routing import Catalogue
from mailgate.domain.service import RANKED
from mailgate.domain.session import State
from mailgate.domain.templatenames import template_names
from mailgate.domain.workflow import (
    AUTO,
    LONGEST_TEXT,
    MOST_LINES,
    NOBODY,
    PEOPLE,
    BadWorkflow,
    Condition,
    Step,
    Trigger,
    near,
    parse_event,
    read_conditions,
    read_steps,
    step_complaints,
)

# Where a complaint belongs: the event, line 0 of the conditions, a part of action 1, all of the actions.
Where = tuple[str | int, ...]
# Operators that compare with whole words; what is only contained may be any text.
WHOLE: Final = frozenset({"is", "is not"})


def complaints(
    workflow: Workflow, catalogue: Catalogue, zones: Collection[str] = ()
) -> Iterator[tuple[Where, str]]:
    """Yield (where, message) of everything that is wrong; `catalogue` is the business as it will be.

    `zones` are the time zones that this machine has.
    """
    try:
        trigger = parse_event(workflow.event)
        if trigger.zone not in {"UTC", *zones}:
            yield ("event",), f"{trigger.zone!r} is no time zone, write it as 'Europe/Berlin'"
        conditions, steps = read_conditions(workflow.conditions), read_steps(workflow.actions)
    except BadWorkflow as bad:
        yield ("event",), str(bad)
        return
    if not steps:
        yield ("action",), "is missing: a workflow does something"
    if max(len(conditions), len(steps)) > MOST_LINES:
        yield ("action",), f"are too many: at most {MOST_LINES} conditions and actions"
    for index, line in enumerate(conditions):
        for one in line:
            yield from ((("when", index), text) for text in _of_condition(one, trigger, catalogue))
    for index, step in enumerate(steps):
        wrong = list(step_complaints(step)) or list(_of_step(step, catalogue))
        yield from ((("action", index, part), text) for part, text in wrong)


def _known(trigger: Trigger, catalogue: Catalogue) -> Mapping[str, Collection[str]]:
    """Return the words that fields may have, where they are few."""
    known: dict[str, Collection[str]] = {
        "status": catalogue.statuses,
        "priority": catalogue.priorities,
        "queue": catalogue.queues,
        "agent": catalogue.agents,
        "owner_group": catalogue.teams,
        "workflow": catalogue.workflows,
        "alarm": [one.value for one in RANKED],
        "session": [one.value for one in State],
        "status.kind": [one.value for one in StatusKind],
        "contact.vip": ["yes", "no"],
        "hours": ["open", "closed"],
    }
    changing = {EventKind.ALARM: "alarm", EventKind.SESSION: "session"}.get(trigger.kind, trigger.field)
    if changing in known:
        known["old"] = known["new"] = known[changing]
    return known


def _of_condition(one: Condition, trigger: Trigger, catalogue: Catalogue) -> Iterator[str]:
    known = _known(trigger, catalogue).get(one.field)
    if known is None or one.operator not in WHOLE:
        return
    for value in one.values:
        if value and value.casefold() not in {word.casefold() for word in known}:
            yield f"there is no {one.field} {value!r}{near(value, known)}"


def _of_step(step: Step, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    among: Mapping[str, tuple[str, Collection[str]]] = {
        "status": ("status", catalogue.statuses),
        "priority": ("priority", catalogue.priorities),
        "queue": ("queue", catalogue.queues),
        "owner_group": ("team", catalogue.teams),
    }
    match step.do:
        case "set" if step.field in among:
            kind, known = among[step.field]
            may_be_empty = step.field == "owner_group" and not step.value
            if not may_be_empty:
                yield from _named("value", kind, step.value, known)
        case "set" if step.field == "subject" and not step.value.strip():
            yield "value", "a ticket needs a subject"
        case "assign" if step.agent not in {AUTO, NOBODY}:
            yield from _named("agent", "agent", step.agent, catalogue.agents)
        case "follow_up" if step.agent:
            yield from _named("agent", "agent", step.agent, catalogue.agents)
        case "start":
            yield from _named("value", "workflow", step.value, catalogue.workflows)
        case "webhook":
            yield from _named("target", "webhook", step.target, catalogue.listed.get("webhook", ()))
        case "mail":
            yield from _named("template", "template", step.template, template_names(catalogue))
            for one in step.to:
                if one not in PEOPLE and not sendable(one):
                    words = f"{one!r} is neither an address nor one of {', '.join(PEOPLE)}"
                    yield "to", f"{words}{near(one, PEOPLE)}"
    if len(step.text) > LONGEST_TEXT:
        yield "text", f"is longer than {LONGEST_TEXT} characters"


def _named(part: str, kind: str, name: str, known: Collection[str]) -> Iterator[tuple[str, str]]:
    if name not in known:
        yield part, f"there is no {kind} {name!r}{near(name, known)}"


def users(kind: str, name: str, workflows: Mapping[str, Workflow], catalogue: Catalogue) -> list[str]:
    """Return the workflows that name a status, queue, agent, template … of a catalogue that has it no longer.

    `catalogue` is the one without it; `kind` and `name` are in the complaint.
    """
    word = f"{name!r}"
    return [
        f"workflow {one.name}"
        for one in workflows.values()
        if (kind, name) != ("workflow", one.name)
        and any(word in text and kind in text for _where, text in complaints(one, catalogue))
    ]
