"""`sieve-like extensions`: what this engine has, from the cards of the extensions themselves."""

import argparse
import json
from typing import TYPE_CHECKING

from sieve_like.reference import as_data, as_markdown, as_text
from sieve_like.registry import Registry

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "extensions", help="list what a script may require, with commands, tests, tags and RFC"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--markdown", action="store_true", help="the whole page of the documentation")
    how.add_argument("--json", action="store_true", help="all words, for editors and other programs")
    parser.set_defaults(command=_extensions)


def _extensions(options: argparse.Namespace) -> int:
    registry = Registry.standard()
    if options.json:
        print(json.dumps(as_data(registry), ensure_ascii=False))
    else:
        print(as_markdown(registry) if options.markdown else as_text(registry), end="")
    return 0
