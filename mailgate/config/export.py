"""Business data back into text: the TOML that `mailgate apply` reads."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from mailgate.config.texts import AddressText, AgentText, QueueText, TemplateText
from mailgate.domain.routing import Agent, Queue, Route, Template


def business_toml(
    queues: Iterable[Queue],
    addresses: Iterable[Route],
    templates: Iterable[Template],
    agents: Iterable[Agent] = (),
) -> str:
    """Return all tables, without the values that are defaults anyway."""
    parts = [
        *(_table("queue", asdict(one), QueueText(name="")) for one in queues),
        *(_table("agent", asdict(one), AgentText(name="")) for one in agents),
        *(_table("address", asdict(one), AddressText(address="")) for one in addresses),
        *(_table("template", asdict(one), TemplateText(name="")) for one in templates),
    ]
    return "\n".join(parts)


def _table(kind: str, values: Mapping[str, Any], defaults: object) -> str:
    said = {k: v for k, v in values.items() if v != getattr(defaults, k, None) or k in {"name", "text"}}
    return f"[[{kind}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in said.items())


def _value(value: object) -> str:
    """Return a TOML value; JSON's strings are TOML's basic strings but for the escaped delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
