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


def business_toml(things: Mapping[str, Iterable[Any]], settings: Mapping[str, Any]) -> str:
    """Return all tables, without the values that are defaults anyway; `things` are dataclasses by kind."""
    parts = (
        ["[helpdesk]\n" + "".join(f"{k} = {_value(v)}\n" for k, v in settings.items())] if settings else []
    )
    for kind, defaults in TABLES.items():
        parts += [_table(kind, asdict(one), defaults) for one in things.get(kind, ())]
    return "\n".join(parts)


def _table(kind: str, values: Mapping[str, Any], defaults: object) -> str:
    known = {k: v for k, v in values.items() if hasattr(defaults, k)}
    said = {k: v for k, v in known.items() if v != getattr(defaults, k) or k in {"name", "text"}}
    return f"[[{kind}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in said.items())


def _value(value: object) -> str:
    """Return a TOML value; JSON's strings are TOML's basic strings but for the escaped delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
