"""The `mailgate` command: finds its commands, turns errors into exit codes."""

import sqlite3
from pathlib import Path
from typing import Any

import click

from mailgate.cli._options import BAD_SETTINGS, DEFAULT_CONFIG, FAILED, TRY_LATER, Call
from mailgate.errors import MailError, SettingsError, TryLater
from mailgate.registry import discover, load, module_names

PACKAGE = "mailgate.cli"
EXPORT = "COMMAND"


class Failure(click.ClickException):
    """An error with its exit code, shown without the word "Error" where it brings its own places."""

    def __init__(self, message: str, exit_code: int, *, bare: bool = False) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance
        self.bare = bare

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        if self.bare:
            click.echo(self.format_message(), file=file, err=True)
        else:
            super().show(file)


class Commands(click.Group):
    """A group whose commands are the files of the package; only what is asked for is imported.

    `package` is the folder that is searched.
    """

    def __init__(self, *args: Any, package: str = PACKAGE, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names of all commands. Raises RegistryError if a file is broken."""
        self.commands = {name: _command(found) for name, found in discover(self.package, EXPORT).items()}
        return sorted(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command, importing its file alone where the file has its name."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        module = cmd_name.replace("-", "_")
        if module in module_names(self.package):
            name, found = load(self.package, module, EXPORT)
            if name == cmd_name:
                return _command(found)
        self.list_commands(ctx)  # also fills what "did you mean" chooses from
        return self.commands.get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; errors that know their exit code become a message and that code."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise Failure(str(error), BAD_SETTINGS, bare=True) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # `Exit` carries a code too, and is no error: --help ends with it
        except MailError as error:
            # The database is busy, locked or gone: what the mail's client would be told.
            why = f": {error.__cause__}" if error.__cause__ is not None else ""
            raise Failure(f"{error}{why}", TRY_LATER if isinstance(error, TryLater) else FAILED) from None
        except Exception as error:
            code = getattr(error, "exit_code", None)
            if not isinstance(code, int):
                # A file or a database that can't be read is no bug: nobody wants to see where it was met.
                if not isinstance(error, (OSError, sqlite3.Error)) or isinstance(error, BrokenPipeError):
                    raise
                raise Failure(str(error), FAILED) from None
            raise Failure(str(error), code) from None


def _command(found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise TypeError(f"{EXPORT} must be a click command, not {found!r}")
    _keep_examples(found)
    return found


def _keep_examples(command: click.Command) -> None:
    r"""Let examples keep their lines: `\b` in a raw docstring is what click knows as the character itself."""
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _keep_examples(inner)


def _print_version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's signature
    if value and not ctx.resilient_parsing:
        from mailgate.config.version import program_version  # noqa: PLC0415  --help must not pay for it

        click.echo(f"mailgate {program_version()}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    envvar="MAILGATE_CONFIG",
    default=DEFAULT_CONFIG,
    show_default=True,
    show_envvar=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file with the settings; conf.d/*.toml beside it are read too.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path) -> None:
    """Mail gateway behind Postfix: sorts, tickets and answers mail by rules.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 75 try again later, 78 the settings are wrong.
    """
    ctx.obj = Call(config)
