"""Changes of business data as a person reads them: what each value was, and what it becomes."""

import json
from collections.abc import Iterator
from difflib import unified_diff
from typing import TYPE_CHECKING, Any, Final

from mailgate.cli._options import clean

if TYPE_CHECKING:
    from mailgate.store.business import Change

# A longer difference of a script or a template is cut: whoever wants all of it has the file.
LONGEST: Final = 40
# What the columns are called in front of people, where the word of the database is another one.
WORDS: Final = {"origin": "file", "position": "place"}
# What is kept as JSON, and is read line by line.
FORMS: Final = frozenset({"rules", "conditions", "actions"})


def lines_of(change: "Change") -> Iterator[str]:
    """Yield the lines for one change: what is done, then each value that differs, from what to what."""
    yield clean(f"{change.action} {change.kind} {change.name}")
    if change.action == "remove":
        return
    for column, before, after in change.differences():
        word = WORDS.get(column, column)
        old, new = (_indented(before), _indented(after)) if column in FORMS else (before, after)
        if "\n" in f"{old}{new}":
            yield f"  {word}:"
            yield from (f"    {clean(line)}" for line in _difference(str(old), str(new)))
        else:
            yield clean(f"  {word}: {_shown(column, old)} -> {_shown(column, new)}")


def as_json(change: "Change") -> dict[str, Any]:
    """Return one change for programs: `fields` are the names, `old` and `new` the values of a changed row."""
    differing = change.differences()
    return {
        "action": change.action,
        "kind": change.kind,
        "name": change.name,
        "fields": list(change.fields),
        "old": {column: old for column, old, _new in differing},
        "new": {column: new for column, _old, new in differing},
    }


def _shown(column: str, value: Any) -> str:
    match value:
        case True:
            return "on"
        case False:
            return "off"
        case "" | ():
            return "by hand" if column == "origin" else "nothing"
        case tuple():
            return ", ".join(value)
        case int() if column == "position":
            return str(value + 1)
        case _:
            return str(value)


def _indented(text: str) -> str:
    """Return a JSON text with a line for each value, so that one that differs is one line."""
    return json.dumps(json.loads(text), indent=1, ensure_ascii=False) if text else ""


def _difference(old: str, new: str) -> list[str]:
    """Return the lines that go and come with the one before and after them, without the heads of files."""
    found = list(unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))[2:]
    more = len(found) - LONGEST
    return [*found[:LONGEST], f"... {more} lines more"] if more > 1 else found
