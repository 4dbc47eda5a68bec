"""What commands share: the settings of this call, how output looks, and the exit codes.

0 done, 1 failed, 2 wrong usage, 75 try again later (EX_TEMPFAIL), 78 the settings are wrong (EX_CONFIG).
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from mailgate.config.settings import Settings

FAILED: Final = 1
USAGE: Final = 2
TRY_LATER: Final = 75  # EX_TEMPFAIL of sysexits.h
BAD_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h

DEFAULT_CONFIG: Final = "/etc/mailgate/mailgate.toml"

F = TypeVar("F", bound=Callable[..., Any])


class CommandError(Exception):
    """A command could not do its work: the text goes to standard error, `exit_code` to the shell."""

    def __init__(self, text: str, exit_code: int = FAILED) -> None:
        super().__init__(text)
        self.exit_code = exit_code


@dataclass(slots=True)
class Call:
    """One call of the command line; settings are read when they are first asked for."""

    config: Path
    _settings: "dict[bool, Settings]" = field(default_factory=dict)

    def settings(self, *, resolve_secrets: bool = False) -> "Settings":
        """Return the settings. Raises SettingsError, which ends the command with exit code 78.

        Only the service can read its credentials, so secrets are not read unless the command needs them.
        """
        from mailgate.config.settings import load  # noqa: PLC0415  --help must not pay for it

        if resolve_secrets not in self._settings:
            self._settings[resolve_secrets] = load(self.config, resolve_secrets=resolve_secrets)
        return self._settings[resolve_secrets]

    def ask(self, command: str, *, timeout: float = 60.0, **args: object) -> Any:
        """Ask the running gateway and wait for so many seconds at most.

        Raises control.ControlError, which ends the command with 75 if none is running, else with 1.
        """
        from mailgate.control import call  # noqa: PLC0415  --help must not pay for it

        return call(self.settings().control_path, command, timeout=timeout, **args)


pass_call = click.make_pass_decorator(Call)


def json_option(function: F) -> F:
    """Add `--json`, which every listing has; the command gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(function)


def print_json(value: object) -> None:
    """Print plain data as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns; what strangers chose is made printable first."""
    table = [[clean(str(cell)) for cell in row] for row in rows]
    lines = [[header.upper() for header in headers], *table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    for line in lines:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def clean(text: str) -> str:
    """Return the text without anything that could move the cursor of a terminal or break a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
