"""`mailgate rules`: the scripts in the database, checked and tried with this installation's names."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailgate.cli import _business
from mailgate.cli._options import Call, CommandError, clean, json_option, pass_call
from mailgate.cli.address import users_of

if TYPE_CHECKING:
    from mailgate.domain.effects import Decision
    from mailgate.domain.routing import Catalogue


@click.group("rules")
def rules() -> None:
    """Look at, check, try and change rule scripts."""


@rules.command("list")
@json_option
@pass_call
def list_(call: Call, *, as_json: bool) -> None:
    """Show all scripts, who uses them, and what is wrong with them."""
    found = _business.catalogue(call)
    rows = [
        (
            name,
            source.count("\n"),
            " ".join(users_of(found, "script", name)),
            _first_complaint(found, name, source),
        )
        for name, source in found.scripts.items()
    ]
    _business.show_list(("name", "lines", "used by", "error"), rows, as_json=as_json)


def _first_complaint(found: "Catalogue", name: str, source: str) -> str:
    return next((f"line {line}: {text}" for line, text in _complaints(found, name, source)), "")


def _complaints(found: "Catalogue", name: str, source: str) -> tuple[tuple[int, str], ...]:
    from mailgate.rules.scripts import complaints_of  # noqa: PLC0415  --help must not pay for it
    from mailgate.wiring import language  # noqa: PLC0415

    return complaints_of(name, source, found, language())


@rules.command()
@click.argument("name")
@pass_call
def show(call: Call, name: str) -> None:
    """Print a script as it is stored."""
    click.echo(_source(_business.catalogue(call), name), nl=False)


def _source(found: "Catalogue", name: str) -> str:
    _business.require("script", name, found.scripts)
    return found.scripts[name]


def _read(file: Path) -> str:
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {error}") from None


FILE = click.argument("file", type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))


@rules.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True, dir_okay=False)
)
@pass_call
def check(call: Call, files: tuple[Path, ...]) -> None:
    """Compile scripts with the queues and templates of this installation; exit 1 if one is wrong."""
    found = _business.catalogue(call)
    wrong = [(file, *one) for file in files for one in _complaints(found, file.stem, _read(file))]
    for file, line, text in wrong:
        click.echo(f"{file}:{line}: {text}")
    if wrong:
        raise CommandError(f"{len(wrong)} mistakes")
    click.echo(f"{len(files)} scripts are right")


@rules.command("set")
@click.argument("name")
@FILE
@_business.change_options
@pass_call
def set_(call: Call, name: str, file: Path, *, dry_run: bool, take_over: bool) -> None:
    """Store FILE as script NAME, if it compiles; addresses that use it follow at once."""
    from mailgate.store.business import Script  # noqa: PLC0415  --help must not pay for it

    source = _read(file)
    wrong = _complaints(_business.catalogue(call), name, source)
    if wrong:
        raise CommandError("\n".join(f"{file}:{line}: {text}" for line, text in wrong))
    _business.put(call, Script(name, source), dry_run=dry_run, take_over=take_over)


@rules.command()
@click.argument("name")
@_business.change_options
@pass_call
def remove(call: Call, name: str, *, dry_run: bool, take_over: bool) -> None:
    """Remove a script that no address uses."""
    users = users_of(_business.catalogue(call), "script", name)
    _business.remove(call, "script", name, users, dry_run=dry_run, take_over=take_over)


def _try_options(function: Any) -> Any:
    for option in (
        click.option(
            "--to", "recipient", required=True, metavar="ADDRESS", help="Envelope recipient: whose rules."
        ),
        click.option(
            "--from", "sender", default="", metavar="ADDRESS", help="Envelope sender; none: the null sender."
        ),
        click.option(
            "--script",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            help="Instead of the stored one.",
        ),
        json_option,
    ):
        function = option(function)
    return function


@rules.command()
@FILE
@_try_options
@pass_call
def run(call: Call, file: Path, recipient: str, sender: str, script: Path | None, *, as_json: bool) -> None:
    """Show what would become of the mail in FILE; nothing is written and nothing is sent."""
    _show(_decide(call, file, recipient, sender, script), as_json=as_json, steps=False)


@rules.command()
@FILE
@_try_options
@pass_call
def trace(call: Call, file: Path, recipient: str, sender: str, script: Path | None, *, as_json: bool) -> None:
    """Do the same, and show every test, the values it saw and its outcome."""
    _show(_decide(call, file, recipient, sender, script), as_json=as_json, steps=True)


def _decide(call: Call, file: Path, recipient: str, sender: str, script: Path | None) -> "Decision":
    """Return what the rules decide, with the database as it is now."""
    from mailgate.cli._trial import trial  # noqa: PLC0415  --help must not pay for it

    octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    return trial(
        call, octets, recipient, sender, _read(script) if script is not None else None, datetime.now(UTC)
    )


def _show(decision: "Decision", *, as_json: bool, steps: bool) -> None:
    if as_json:
        plain = {
            "rule": decision.rule, "action": decision.action, "summary": decision.summary,
            "error": decision.error, "effects": [str(one) for one in decision.effects],
        }  # fmt: skip
        click.echo(
            json.dumps({**plain, **({"trace": decision.trace} if steps else {})}, default=str, indent=2)
        )
        return
    for line in _lines(decision, steps=steps):
        click.echo(clean(line))


def _lines(decision: "Decision", *, steps: bool) -> Iterator[str]:
    from sieve_like.cli import step_line  # noqa: PLC0415  --help must not pay for it

    trace: Any = decision.trace
    why = trace.get("class_reason", "") or "nothing speaks against a person"
    yield f"class: {trace.get('class', '')} ({why})"
    if steps:
        for step in trace.get("steps", ()):
            yield f"  {step_line(step)}"
    for note in trace.get("notes", ()):
        details = ", ".join(f"{k}={v}" for k, v in note.items() if k != "what")
        yield f"  note {note.get('what', '')}: {details}"
    yield f"rule: {decision.rule or 'none'}"
    yield f"became: {decision.action} {decision.summary}".rstrip()
    if decision.error:
        yield f"error: {decision.error}"
    for effect in decision.effects:
        yield f"  effect: {type(effect).__name__}"


COMMAND = rules
