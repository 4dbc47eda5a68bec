"""`sieve-like fmt`: scripts in one layout; prints them, or writes, checks or shows what would change."""

import argparse
import sys
from difflib import unified_diff
from typing import TYPE_CHECKING

from sieve_like.commands.files import SCRIPTS, TESTS, WRONG_SCRIPT, read, scripts, write
from sieve_like.errors import CompileErrors, render
from sieve_like.fmt import FormatError, format_script
from sieve_like.reporting import title

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "fmt",
        help="put scripts into one layout; comments and meaning stay",
        description="Put scripts into one layout; comments and meaning stay. Without an option the outcome "
        "is printed. A script with errors is left as it is. Exit status: 0 done, 1 a script has errors or "
        "(--check, --diff) is not in the layout, 2 a file can't be read.",
    )
    parser.add_argument("scripts", nargs="+", metavar="FILE|FOLDER", help="- is standard input")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("-w", "--write", action="store_true", help="write the files anew, where they change")
    how.add_argument("--check", action="store_true", help="only name the files that would change")
    how.add_argument("--diff", action="store_true", help="only show what would change")
    parser.set_defaults(command=_fmt)


def _fmt(options: argparse.Namespace) -> int:
    failed = False
    for name in scripts(options.scripts, (*SCRIPTS, TESTS)):
        source = read(name)
        try:
            laid = format_script(source, name=title(name))
        except CompileErrors as errors:
            print(render(title(name), errors.diagnostics), file=sys.stderr)
            failed = True
        except FormatError as error:
            print(f"{name}: {error}; it is left as it is", file=sys.stderr)
            failed = True
        else:
            failed |= _shown(options, name, source, laid)
    return WRONG_SCRIPT if failed else 0


def _shown(options: argparse.Namespace, name: str, source: bytes, laid: bytes) -> bool:
    """Do with one script what was asked for; whether that speaks against it."""
    changed = source != laid
    if options.check:
        if changed:
            print(f"{name}: would be changed")
        return changed
    if options.diff:
        before, after = (octets.decode("utf-8").splitlines() for octets in (source, laid))
        for line in unified_diff(before, after, name, f"{name} in the layout", lineterm=""):
            print(line)
        return changed
    if not options.write or name == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(laid)
    elif changed:
        write(name, laid)
        print(f"{name}: changed")
    return False
