"""`sieve-like lint`: what is valid in scripts and most likely wrong."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from sieve_like.commands.files import WRONG_CALL, WRONG_SCRIPT, Folder, read, scripts
from sieve_like.commands.options import registry
from sieve_like.lint.linter import Report, lint_script
from sieve_like.lint.page import explained, page
from sieve_like.reporting import FORMS, plain_diagnostic, report

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands

EVERY = "all"


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "lint",
        help="find what is valid and most likely wrong",
        description="Find what is valid in scripts and most likely wrong. Exit status: 0 nothing found, "
        "1 something found or a script does not compile, 2 a file can't be read.",
    )
    parser.add_argument("scripts", nargs="*", metavar="FILE|FOLDER", help="- is standard input")
    parser.add_argument(
        "--format", choices=FORMS, default="text", help="for people (text), for editors (gcc), for programs"
    )
    parser.add_argument(
        "--address", action="append", default=[], metavar="ADDRESS",
        help="an address whose mail comes to the scripts: redirects to it are found; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--explain", metavar="CODE", help=f"say what a code means and what to write instead; '{EVERY}': all"
    )
    parser.set_defaults(command=_lint)


def _lint(options: argparse.Namespace) -> int:
    if options.explain is not None:
        return _explain(options.explain)
    if not options.scripts:
        print("sieve-like lint: name a file, or - for standard input", file=sys.stderr)
        return WRONG_CALL
    sources = [(name, read(name)) for name in scripts(options.scripts)]
    found = {
        name: lint_script(source, registry=registry(name), library=Folder(name), own=options.address)
        for name, source in sources
    }
    for line in shown(found, options.format):
        print(line)
    return WRONG_SCRIPT if any(one.diagnostics for one in found.values()) else 0


def _explain(code: str) -> int:
    text = page() if code == EVERY else explained(code)
    if not text:
        print(f"sieve-like lint: there is no code {code!r}; '--explain {EVERY}' shows them", file=sys.stderr)
        return WRONG_CALL
    print(text, end="")
    return 0


def shown(found: dict[str, Report], form: str) -> list[str]:
    """Return the lines that show reports by file, in one of the FORMS; JSON has the code by itself."""
    if form != "json":
        return report({name: one.diagnostics for name, one in found.items()}, form)
    plain: list[dict[str, object]] = []
    for name, one in found.items():
        plain += [{"file": name, **plain_diagnostic(said), "code": ""} for said in one.complaints]
        plain += [
            {"file": name, **plain_diagnostic(said), "code": finding.code, "message": finding.message}
            for finding, said in one.findings
        ]
    return [json.dumps(plain, ensure_ascii=False)]
