"""What people and programs read about scripts and runs: complaints in three forms, steps of a trace.

Everything here returns text; who prints it is the command's matter.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import PurePath

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Diagnostic, Severity, Span, render
from sieve_like.host import Catalogue, Library
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.result import Action, Result, TraceStep
from sieve_like.settings import NO_SETTINGS, Settings

FORMS = ("text", "gcc", "json")  # for people, for editors, for programs
SHOWN = 100  # characters of a line of the script that a trace shows
# What an action has that says nothing about the action itself.
UNSHOWN = frozenset({"span", "message"})


def complaints(
    name: str,
    source: bytes | str,
    registry: Registry,
    catalogue: Catalogue | None = None,
    library: Library | None = None,
    settings: Settings = NO_SETTINGS,
) -> Sequence[Diagnostic]:
    """Return everything that the compiler says about a script, warnings too."""
    try:
        return compile_script(
            source, name=name, registry=registry, catalogue=catalogue, library=library, settings=settings
        ).warnings
    except CompileErrors as errors:
        return errors.diagnostics


def refused(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a script with these complaints does not compile."""
    return any(one.severity is Severity.ERROR for one in diagnostics)


def title(name: str) -> str:
    """Return the name of a script as other engines say it: the file's, without its ending."""
    return PurePath(name).stem or name


def report(found: Mapping[str, Sequence[Diagnostic]], form: str) -> list[str]:
    """Return the lines that show complaints, by file (or script), in one of the FORMS."""
    match form:
        case "json":
            plain = [{"file": name, **plain_diagnostic(one)} for name, said in found.items() for one in said]
            return [json.dumps(plain, ensure_ascii=False)]
        case "gcc":
            return [one.gcc(name) for name, said in found.items() for one in said]
        case _:
            return [render(title(name), said) for name, said in found.items() if said]


def plain_place(span: Span) -> dict[str, object]:
    """Return a place as plain data."""
    return {
        "line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column,
    }  # fmt: skip


def plain_diagnostic(one: Diagnostic) -> dict[str, object]:
    """Return a complaint as plain data; "script" names the included script that it is about."""
    plain = {"severity": one.severity.value, "message": one.message, **plain_place(one.span)}
    return {**plain, "script": one.script} if one.script else plain


# --- a run -------------------------------------------------------------------------------------


def outcome(program: Program, result: Result) -> list[str]:
    """Return what became of a mail, a line for each action, and what the script wrote for people."""
    lines = [f"log {level}: {text}" for level, text in result.log]
    lines += map(_action_line, result.performed)
    if result.error is not None:
        place = f"line {result.error.line}: " if result.error.line else ""
        lines.append(f"{program.name}: {place}error: {result.error.text}. The mail is kept.")
    if result.message is not None:
        lines.append("the mail was edited")
    if result.implicit_keep:
        flags = f" with the flags {' '.join(result.keep_flags)}" if result.keep_flags else ""
        lines.append(f"implicit keep{flags}")
    return lines or ["nothing"]


def _action_line(action: Action) -> str:
    details = [
        f"{name.rstrip('_')}={value!r}"
        for name, value in action_details(action).items()
        if value not in ("", (), False, None)
    ]
    return f"line {action.span.line}: {action.name} {' '.join(details)}".rstrip()


def action_details(action: Action) -> Mapping[str, object]:
    """Return what an action says, by the names of its fields."""
    return {one.name: getattr(action, one.name) for one in fields(action) if one.name not in UNSHOWN}


def plain_result(result: Result) -> dict[str, object]:
    """Return the outcome of a run as plain data; values that JSON does not know are left to `default=str`."""
    data: dict[str, object] = {
        "actions": [
            {"name": one.name, "line": one.span.line, **action_details(one)} for one in result.performed
        ],
        "implicit_keep": result.implicit_keep,
        "flags": list(result.keep_flags),
        "edited": result.message is not None,
        "log": [{"level": level, "text": text} for level, text in result.log],
        "steps": result.steps,
    }
    if result.error is not None:
        data["error"] = {"line": result.error.line, "text": result.error.text}
    if result.trace:
        data["trace"] = list(result.trace)
    return data


def trace_lines(result: Result, source: Callable[[str], Sequence[str]]) -> list[str]:
    """Return the trace of a run for people: each line of the script that ran, below it what it did.

    `source` returns the lines of an included script by its name, those of the script itself for "".
    """
    lines: list[str] = []
    place: object = None
    for step in result.trace:
        line, script = step["line"], str(step.get("script", ""))
        if isinstance(line, int) and line and (script, line) != place:
            written = source(script)
            shown = written[line - 1].strip() if line <= len(written) else ""
            lines.append(f"{f'{script}:{line}' if script else line:>4}  {shown[:SHOWN]}".rstrip())
            place = (script, line)
        lines.append(f"        {step_text(step)}")
    return lines


def step_line(step: TraceStep) -> str:
    """Return one step of a trace as a line for people, with the line of the script before it."""
    place = f"{step['line']!s:>4}: " if step["line"] else "      "
    return place + step_text(step)


def step_text(step: TraceStep) -> str:
    """Return one step of a trace: what was compared with what and how that ended, or what was done."""
    match step["what"]:
        case "test":
            compared = f" {step['match']} {step['values']} with {step['keys']}" if "values" in step else ""
            compared = compared or (f" {step.get('keys') or step.get('args') or ''}".rstrip())
            text = f"{step['name']}{compared} -> {'true' if step['result'] else 'false'}"
        case "set" | "namespace":
            text = f"{step['what']} {step['name']} = {step['value']!r}"
        case "ask":
            text = f"ask {step['question']} -> {step['answer']!r}"
        case "action":
            text = f"{step['text']}{' (merged)' if step['merged'] else ''}"
        case "error":
            text = f"error: {step['text']}"
        case what:
            details = [
                f"{name}={value!r}"
                for name, value in step.items()
                if name not in {"line", "column", "what", "script"}
            ]
            text = " ".join([str(what), *details])
    return text
