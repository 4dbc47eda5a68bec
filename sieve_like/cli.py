"""The command line `sieve-like`: what is needed to write, try and test scripts, without a mail server.

Each command is a module of `sieve_like/commands/` that adds itself here.
"""

import argparse
import io
import os
import sys
from collections.abc import Sequence

from sieve_like.commands import check, extensions, fmt, lint, run, test
from sieve_like.commands.files import WRONG_CALL, UnreadableError

COMMANDS = (check, lint, fmt, run, test, extensions)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names and mails hold characters that not every terminal has.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(argv)
    try:
        status = int(options.command(options))
        sys.stdout.flush()
    except UnreadableError as error:
        print(f"sieve-like: {error}", file=sys.stderr)
        return WRONG_CALL
    except BrokenPipeError:
        # The reader of a pipe (`head`) has seen enough; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130  # what shells say about a program that was interrupted
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sieve-like",
        description="Check, tidy, try and test Sieve scripts (RFC 5228 and its extensions).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for module in COMMANDS:
        module.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
