"""Files that a command is given: mails as octets, scripts and templates as text; `-` is standard input."""

import sys
from pathlib import Path
from typing import Final

import click

from mailgate.cli._options import CommandError

FILE: Final = click.Path(path_type=Path, allow_dash=True, dir_okay=False)


def octets_of(file: Path) -> bytes:
    """Return what stands in a file; raises CommandError."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None


def text_of(file: Path) -> str:
    """Return the text that stands in a file, every octet of it; raises CommandError where it is not UTF-8."""
    try:
        return octets_of(file).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(f"{file}: is not UTF-8 text (octet {error.start + 1})") from None
