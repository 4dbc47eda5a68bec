"""What the commands read: scripts, folders of scripts, mails, standard input, and scripts to include."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

WRONG_SCRIPT: Final = 1  # a script does not compile, or its run failed; a file is not as it should be
WRONG_CALL: Final = 2  # a file can't be read, an option makes no sense; argparse uses the same
SCRIPTS: Final = (".sieve", ".siv")
TESTS: Final = ".svtest"


class UnreadableError(Exception):
    """A file that can't be read; the text is the one line that is shown."""


def read(name: str) -> bytes:
    """Return the octets of a file, of standard input for a dash. Raises UnreadableError."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UnreadableError(f"{name}: {error.strerror or error}") from None


def write(name: str, octets: bytes) -> None:
    """Write a file anew: whole or not at all, with the rights that it had. Raises UnreadableError."""
    path = Path(name).resolve()  # where a link leads, so that it stays a link
    beside = path.with_name(f".{path.name}.new")
    try:
        mode = path.stat().st_mode & 0o777
        beside.write_bytes(octets)
        beside.chmod(mode)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnreadableError(f"{name}: {error.strerror or error}") from None


def scripts(names: Iterable[str], endings: Sequence[str] = SCRIPTS) -> Iterator[str]:
    """Yield the files that names stand for: a folder stands for all scripts in it and below.

    Raises UnreadableError for a folder without one, since whoever names it expects some.
    """
    for name in names:
        folder = Path(name)
        if name == "-" or not folder.is_dir():
            yield name
            continue
        found = sorted(str(path) for ending in endings for path in folder.rglob(f"*{ending}"))
        if not found:
            raise UnreadableError(f"{name}: there is no {' or '.join(endings)} file in this folder")
        yield from found


class Folder:
    """The scripts that one beside them may include (RFC 6609).

    A personal one is `included/NAME.sieve` or `NAME.sieve`, a global one `included-global/NAME.sieve`.
    """

    def __init__(self, script: str) -> None:
        self._folder = Path() if script == "-" else Path(script).parent

    def find(self, name: str) -> bytes:
        """Return the source of an included script of this name, a personal one first; b"" for none."""
        return self.script(name, personal=True) or self.script(name, personal=False) or b""

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return a script's source, None where there is none; a name is never a path."""
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            return None
        folders = ("included", ".") if personal else ("included-global",)
        for folder in folders:
            try:
                return (self._folder / folder / f"{name}.sieve").read_bytes()
            except OSError:
                continue
        return None
