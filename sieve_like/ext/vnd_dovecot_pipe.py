"""Action pipe: give the mail to a program of the administrator, once everything else is done.

The extension vnd.dovecot.pipe. Done: program, arguments, :try, :copy (with "copy"). The program is a constant
name that the administrator listed (a name of the catalogue, kind "program"); it cancels the implicit keep;
the same program twice is a run-time error. Arguments never reach a shell, and hold no control characters.
Not done: filter and execute, which would run programs in the middle of a script.
"""

from sieve_like.actions import Pipe
from sieve_like.declare import action_command
from sieve_like.spec import Extension, Kind, Positional, Tag
from sieve_like.values import Args

MAX_NAME = 128  # characters; names of files are not much longer


def _complain_about_program(value: str | int) -> str:
    name = str(value)
    fits = 0 < len(name) <= MAX_NAME and name.isprintable() and "/" not in name and not name.startswith(".")
    return "" if fits else f"'{name}' can't be the name of a program"


def _complain_about_argument(value: str | int) -> str:
    text = str(value)
    return "" if all(c >= " " and c != "\x7f" for c in text) else "an argument holds a control character"


def _build(args: Args) -> Pipe:
    return Pipe(args.text("program"), args.texts("arguments"), args.flag("try"))


EXTENSION = Extension(
    "vnd.dovecot.pipe",
    commands=(
        action_command(
            "pipe",
            _build,
            tags=(Tag("try"),),
            positionals=(
                Positional("program", constant=True, check=_complain_about_program, names="program"),
                Positional("arguments", Kind.STRINGS, optional=True, check=_complain_about_argument),
            ),
        ),
    ),
    card=__doc__,
)
