"""What somebody else has changed meanwhile, out of the lines of a contact's history (the audit)."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from mailgate.domain.deskerror import Difference

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def told(value: object) -> str:
    """Return a value as people read it: lists with commas, switches as yes and no."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case None:
            return ""
        case _:
            return str(value)


def differences(history: Iterable[Mapping[str, Any]]) -> list[Difference]:
    """Return the differences of some lines of the audit (`at` in ms, `who`, `detail`), newest first."""
    found: list[Difference] = []
    for line in history:
        at = EPOCH + timedelta(milliseconds=int(line["at"]))
        for name, was, now in changes(str(line["detail"])):
            found.append(Difference(name, was, now, str(line["who"]), at))
    return found


def changes(detail: str) -> list[tuple[str, str, str]]:
    """Return what a line's detail says: field, value before, value after."""
    try:
        said = json.loads(detail)
        before, after = said["before"], said["after"]
    except (ValueError, KeyError, TypeError):
        return []
    return [(name, told(before.get(name)), told(value)) for name, value in after.items()]
