"""`sieve-like check`: compile scripts and show all that is wrong with them, at once."""

import argparse
from typing import TYPE_CHECKING

from sieve_like.commands.files import WRONG_SCRIPT, Folder, read, scripts
from sieve_like.commands.options import registry
from sieve_like.reporting import FORMS, complaints, refused, report, title

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "check",
        help="compile scripts and show all that is wrong with them",
        description="Compile scripts and show all that is wrong with them. Exit status: 0 all compile, "
        "1 one does not, 2 a file can't be read.",
    )
    parser.add_argument("scripts", nargs="+", metavar="FILE|FOLDER", help="- is standard input")
    parser.add_argument(
        "--format", choices=FORMS, default="text", help="for people (text), for editors (gcc), for programs"
    )
    parser.add_argument("--strict", action="store_true", help="a warning counts as an error")
    parser.set_defaults(command=_check)


def _check(options: argparse.Namespace) -> int:
    sources = [(name, read(name)) for name in scripts(options.scripts)]
    found = {
        name: complaints(title(name), source, registry(name), library=Folder(name))
        for name, source in sources
    }
    for line in report(found, options.format):
        print(line)
    wrong = any(found.values()) if options.strict else any(map(refused, found.values()))
    return WRONG_SCRIPT if wrong else 0
