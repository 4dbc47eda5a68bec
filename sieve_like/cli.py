"""The command line `sieve-like`: check scripts, run one against a mail, show every step of a run.

The only file of the language that reads files, prints and asks the clock.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Diagnostic, Severity, render
from sieve_like.host import Catalogue, DefaultHost
from sieve_like.message import Envelope, PlainMessage
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.result import Action, Result, TraceStep

WRONG_SCRIPT = 1  # a script does not compile, or its run failed
WRONG_CALL = 2  # a file can't be read, an option makes no sense; argparse uses the same


class UnreadableError(Exception):
    """A file that can't be read; the text is the one line that is shown."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(argv)
    try:
        return int(options.command(options))
    except UnreadableError as error:
        print(f"sieve-like: {error}", file=sys.stderr)
        return WRONG_CALL
    except BrokenPipeError:
        # The reader of a pipe (`head`) has seen enough; nothing more may be written, not even at exit.
        sys.stdout = None
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sieve-like", description="Check and run Sieve scripts.")
    commands = parser.add_subparsers(required=True, metavar="check|run|trace")
    check = commands.add_parser("check", help="compile scripts and show what is wrong with them")
    check.add_argument("scripts", nargs="+", metavar="FILE")
    check.add_argument(
        "--format", choices=("text", "gcc", "json"), default="text", help="how complaints look"
    )
    check.set_defaults(command=_check)
    for name, command, text in (
        ("run", _run, "run a script against a mail and show what becomes of it"),
        ("trace", _trace, "the same, with every test and command that ran"),
    ):
        one = commands.add_parser(name, help=text)
        one.add_argument("script", metavar="SCRIPT")
        one.add_argument("mails", nargs="+", metavar="MAIL", help="file with one mail; - is standard input")
        one.add_argument(
            "--from", dest="sender", metavar="ADDRESS", help="envelope sender; '' is the null sender"
        )
        one.add_argument("--to", dest="recipient", metavar="ADDRESS", help="envelope recipient")
        one.add_argument(
            "--orig-to", dest="original", default="", metavar="ADDRESS", help="recipient before aliases"
        )
        one.add_argument(
            "--at", type=_instant, metavar="TIME", help="the clock of the run, as 2026-11-22T10:00:00Z"
        )
        one.add_argument("--json", action="store_true", help="one JSON object per mail")
        one.set_defaults(command=command)
    return parser


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{name}: {error.strerror or error}") from None


# --- check -------------------------------------------------------------------------------------


def _check(options: argparse.Namespace) -> int:
    registry = Registry.standard()
    sources = [(name, _read(name)) for name in options.scripts]
    found = {name: complaints(title(name), source, registry) for name, source in sources}
    report(found, options.format)
    return WRONG_SCRIPT if any(map(refused, found.values())) else 0


def complaints(
    name: str, source: bytes | str, registry: Registry, catalogue: Catalogue | None = None
) -> Sequence[Diagnostic]:
    """Return everything that the compiler says about a script, warnings too."""
    try:
        return compile_script(source, name=name, registry=registry, catalogue=catalogue).warnings
    except CompileErrors as errors:
        return errors.diagnostics


def refused(diagnostics: Sequence[Diagnostic]) -> bool:
    """Whether a script with these complaints does not compile."""
    return any(one.severity is Severity.ERROR for one in diagnostics)


def report(found: Mapping[str, Sequence[Diagnostic]], form: str) -> None:
    """Print complaints by file (or script): as `text` for people, `gcc` for editors, or `json`."""
    plain: list[dict[str, object]] = []
    for name, diagnostics in found.items():
        match form:
            case "json":
                plain += [{"file": name, **_plain(one)} for one in diagnostics]
            case "gcc":
                for one in diagnostics:
                    print(one.gcc(name))
            case _ if diagnostics:
                print(render(title(name), diagnostics))
    if form == "json":
        print(json.dumps(plain, ensure_ascii=False))


def title(name: str) -> str:
    """Return the name of a script as other engines say it: the file's, without its ending."""
    return Path(name).stem or name


def _plain(one: Diagnostic) -> dict[str, object]:
    span = one.span
    return {
        "severity": one.severity.value, "message": one.message, "line": span.line, "column": span.column,
        "end_line": span.end_line, "end_column": span.end_column,
    }  # fmt: skip


# --- run and trace -----------------------------------------------------------------------------


def _run(options: argparse.Namespace) -> int:
    return _each_mail(options, trace=False)


def _trace(options: argparse.Namespace) -> int:
    return _each_mail(options, trace=True)


def _each_mail(options: argparse.Namespace, *, trace: bool) -> int:
    source = _read(options.script)
    mails = [(name, _read(name)) for name in options.mails]
    try:
        program = compile_script(source, name=title(options.script), registry=Registry.standard())
    except CompileErrors as errors:
        print(errors, file=sys.stderr)
        return WRONG_SCRIPT
    failed = False
    for name, octets in mails:
        result = _one_mail(program, octets, options, trace=trace)
        failed |= result.error is not None
        if options.json:
            print(json.dumps({"mail": name, **_as_data(result)}, ensure_ascii=False, default=str))
        else:
            if len(mails) > 1:
                print(f"{name}:")
            print("\n".join([*map(step_line, result.trace), *_outcome(program, result)]))
    return WRONG_SCRIPT if failed else 0


def _one_mail(program: Program, octets: bytes, options: argparse.Namespace, *, trace: bool) -> Result:
    mail = PlainMessage(octets)
    sender = options.sender if options.sender is not None else _first(mail, "return-path", "sender", "from")
    recipient = options.recipient or _first(mail, "envelope-to", "to") or "recipient@example.com"
    envelope = Envelope(sender, recipient, options.original)
    now = options.at or datetime.now(UTC)
    return program.run(mail, envelope, DefaultHost(), now=now, trace=trace)


def _first(mail: PlainMessage, *names: str) -> str:
    """Return the first valid address of the first field that has one: the envelope is not in the file."""
    return next((one.address for name in names for one in mail.addresses(name) if one.valid), "")


def _outcome(program: Program, result: Result) -> list[str]:
    lines = [_action_line(action) for action in result.performed]
    if result.error is not None:
        place = f"line {result.error.line}: " if result.error.line else ""
        lines.append(f"{program.name}: {place}error: {result.error.text}. The mail is kept.")
    if result.implicit_keep:
        lines.append("implicit keep")
    return lines or ["nothing"]


def _action_line(action: Action) -> str:
    details = [
        f"{name.rstrip('_')}={value!r}"
        for name, value in _details(action).items()
        if value not in ("", (), False, None)
    ]
    return f"line {action.span.line}: {action.name} {' '.join(details)}".rstrip()


def _details(action: Action) -> Mapping[str, object]:
    return {one.name: getattr(action, one.name) for one in fields(action) if one.name != "span"}


def _as_data(result: Result) -> dict[str, object]:
    data: dict[str, object] = {
        "actions": [{"name": a.name, "line": a.span.line, **_details(a)} for a in result.performed],
        "implicit_keep": result.implicit_keep,
        "steps": result.steps,
    }
    if result.error is not None:
        data["error"] = {"line": result.error.line, "text": result.error.text}
    if result.trace:
        data["trace"] = list(result.trace)
    return data


def step_line(step: TraceStep) -> str:
    """Return one step of a trace as a line for people."""
    place = f"{step['line']!s:>4}: " if step["line"] else "      "
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
            text = str(what)
    return place + text


if __name__ == "__main__":
    sys.exit(main())
