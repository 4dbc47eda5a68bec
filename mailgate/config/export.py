"""Business data back into text: the TOML that `mailgate apply` reads."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from mailgate.config.section import Section
from mailgate.config.texts import (
    AddressText,
    AgentText,
    PriorityText,
    QueueText,
    StatusText,
    TeamText,
    TemplateText,
)
from mailgate.config.workflows import workflow_values
from mailgate.domain.helpdesk import Automation

# Each kind of table with the text that has its defaults, in the order in which a person reads them.
TABLES: Final[Mapping[str, Section]] = {
    "queue": QueueText(name=""),
    "agent": AgentText(name=""),
    "team": TeamText(name=""),
    "status": StatusText(name=""),
    "priority": PriorityText(name=""),
    "address": AddressText(address=""),
    "template": TemplateText(name=""),
}


NOTHING: Final[Mapping[str, Any]] = {}


def business_toml(
    things: Mapping[str, Iterable[Any]],
    settings: Mapping[str, Any],
    along: Mapping[str, Mapping[str, Any]] = NOTHING,
) -> str:
    """Return all tables, without the values that are defaults anyway; `things` are dataclasses by kind.

    `along` are the `files` and `images` of templates, by the template.
    """
    parts = (
        ["[helpdesk]\n" + "".join(f"{k} = {_value(v)}\n" for k, v in settings.items())] if settings else []
    )
    for kind, defaults in TABLES.items():
        more = along if kind == "template" else NOTHING
        parts += [
            _table(kind, {**asdict(one), **(more.get(one.name, NOTHING) if more else NOTHING)}, defaults)
            for one in things.get(kind, ())
        ]
    parts += [
        f"[[automation]]\n{automation_toml(automation_values(one), ('automation',))}"
        for one in things.get("automation", ())
    ]
    parts += [
        f"[[workflow]]\n{automation_toml(workflow_values(one), ('workflow',))}"
        for one in things.get("workflow", ())
    ]
    return "\n".join(parts)


def _table(kind: str, values: Mapping[str, Any], defaults: object) -> str:
    known = {k: v for k, v in values.items() if hasattr(defaults, k)}
    said = {k: v for k, v in known.items() if v != getattr(defaults, k) or k in {"name", "text"}}
    return f"[[{kind}]]\n" + "".join(f"{key} = {_long(value)}\n" for key, value in said.items())


def automation_values(automation: Automation) -> dict[str, Any]:
    """Return an automation as its text says it, without what is a default."""
    head = {
        "name": automation.name,
        "address": automation.address,
        "description": automation.description,
        "creator": automation.creator,
        "teams": list(automation.teams),
    }
    off = {} if automation.enabled else {"enabled": False}
    rules = json.loads(automation.rules) if automation.rules else []
    return {**{key: value for key, value in head.items() if value}, **off, "rule": rules}


def automation_toml(values: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Return nested tables as TOML: plain values first, then each list of tables under its own `[[…]]`."""
    lines = [f"{key} = {_long(value)}\n" for key, value in values.items() if not _is_tables(value)]
    for key, value in values.items():
        for one in value if _is_tables(value) else ():
            name = ".".join((*path, key))
            lines.append(f"\n[[{name}]]\n{automation_toml(one, (*path, key))}")
    return "".join(lines)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _long(value: object) -> str:
    """Return a value; a text of several lines as people write it."""
    if not isinstance(value, str) or "\n" not in value:
        return _value(value)
    text = "\n".join(_value(line)[1:-1] for line in value.split("\n"))
    if '"""' not in value and not value.endswith('"'):
        text = text.replace('\\"', '"')
    return f'"""\n{text}"""'


def _value(value: object) -> str:
    """Return a TOML value; JSON's strings are TOML's basic strings but for the escaped delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
