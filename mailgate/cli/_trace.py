"""The trace of one decision in the words of a rule author: place in the script, test, values, outcome.

The trace itself is plain data that `sieve_like` and `rules/decide.py` wrote; the script's own lines are shown
beside it as long as the script is still the one that ran.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from mailgate.cli._tables import cut

Step = dict[str, Any]

# Roundcube and other editors name the rule that follows like this; forms do it with a number.
NAMED: Final = re.compile(r'^\s*# rule(?::\[(.*)\]| [0-9]+ "(.*)")\s*$')
# How wide a line of the script is shown.
SOURCE_WIDTH: Final = 100


def trace_lines(trace: dict[str, Any], source: str | None) -> Iterator[str]:
    """Yield the trace; `source` is the script as it ran, None where it has changed since or is unknown."""
    name, steps = trace.get("script"), trace.get("steps") or ()
    if trace.get("road"):
        yield f"{trace['road']}: an agent's mail, no script was run (docs/agents-by-mail.md)"
    elif not name:
        yield "no script: the mail is kept"
    elif not steps and not trace.get("error"):
        yield f"{name}: no test could be true"
    lines = source.splitlines() if source is not None else []
    yield from _steps(str(name), steps, lines)
    if name and source is None and steps:
        yield f"(the script {name} has changed since, so its lines are not shown)"
    if trace.get("error"):
        yield f"error: {trace['error']}; the script's own actions are void"
    match trace.get("implicit_keep"):
        case True:
            yield "implicit keep: yes, no action took its place"
        case False:
            yield "implicit keep: no, an action took its place"
    for note in trace.get("notes") or ():
        yield from _note(note)


def _steps(script: str, steps: Sequence[Step], source: Sequence[str]) -> Iterator[str]:
    """Yield each step below the line of the script that it belongs to."""
    place, named = "", ""
    for step in steps:
        line = int(step.get("line") or 0)
        rule = _rule_name(source, line)
        if rule and rule != named:
            named = rule
            yield f"rule {rule!r}"
        here = f"{script}:{line}" if line else script
        if here != place:
            place = here
            yield f"{here}  {cut(source[line - 1], SOURCE_WIDTH)}" if 0 < line <= len(source) else here
        yield f"  {step_text(step)}"


def _rule_name(source: Sequence[str], line: int) -> str:
    """Return the name that an editor gave to the rule in which this line stands."""
    for text in reversed(source[: max(line - 1, 0)]):
        found = NAMED.match(text)
        if found:
            return found[1] or found[2] or ""
    return ""


def step_text(step: Step) -> str:
    """Return one step: what was compared with what and how that ended, or what was done."""
    match step.get("what"):
        case "test":
            return f"{step['name']} {_compared(step)}: {'true' if step['result'] else 'false'}"
        case "action":
            return f"action {step['text']}{' (as one with an earlier one)' if step.get('merged') else ''}"
        case "set" | "namespace":
            return f"{step['what']} {step['name']} = {step['value']!r}"
        case "ask":
            return f"{step['question']}: {step['answer']}"
        case "error":
            return f"error: {step['text']}"
        case what:
            return str(what)


def _compared(step: Step) -> str:
    """Return how a test compared: its match type, what the mail has, what the script asks for."""
    if "values" in step:
        how = str(step.get("match", "")).removesuffix(" i;ascii-casemap")
        return f"{how} mail has {_words(step['values'])}, asked for {_words(step['keys'])}".strip()
    given = step.get("keys") or step.get("args")
    return _words(given) if given else ""


def _words(values: object) -> str:
    if isinstance(values, list | tuple):
        return ", ".join(f'"{one}"' for one in values) or "nothing"
    if isinstance(values, dict):
        return ", ".join(f"{key}={one}" for key, one in values.items())
    return str(values)


def _note(note: dict[str, Any]) -> Iterator[str]:
    what = str(note.get("what", ""))
    plain = {k: v for k, v in note.items() if k not in {"what", "tried"} and v not in ("", None, 0)}
    yield f"{what}: {', '.join(f'{key} {value}' for key, value in plain.items())}"
    for one in note.get("tried") or ():
        yield f"  tried {_words(one) if isinstance(one, dict) else one}"
