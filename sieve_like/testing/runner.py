"""Runs test files: reads them and what lies beside them, and reports each block. The edge that reads files.

`run_file` is what hosts call with their own setup; `run_files` spreads files over processes.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from getpass import getuser
from pathlib import Path
from typing import Final

from sieve_like.errors import CompileErrors, RegistryError, ScriptFailure
from sieve_like.message import PlainMessage
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.testing.bench import CAPABILITY, AbortedError, Bench, Outcome, Setup, TestFailedError
from sieve_like.testing.mailgatesuite import MAILGATE_TESTSUITE
from sieve_like.testing.salvage import ROUNDS, without_errors
from sieve_like.testing.suite import TESTSUITE, derived
from sieve_like.testing.world import SuiteHost

ENDING: Final = ".svtest"
FIRST_MESSAGE: Final = (
    b"From: sender@example.com\r\nTo: recipient@example.org\r\nSubject: Frop!\r\n\r\nFriep!\r\n"
)
# A plain look for blocks, for files that can't be compiled.
BLOCKS: Final = re.compile(r"^[ \t]*test[ \t\n]+\"", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file: its lines of output, the blocks that ran, and why it ended early ("" if not).

    `blocks` is how many there are, also where they can't be run; `broken` says that the file does not
    compile: then it has failed whatever its sound blocks did. `unreadable` says why it could not be read.
    """

    path: Path
    output: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    blocks: int
    aborted: str = ""
    broken: bool = False
    unreadable: str = ""

    @property
    def failures(self) -> int:
        """How many blocks failed; a file that ended early counts as one more, all of one that can't run."""
        failed = sum(one.failed for one in self.outcomes) + bool(self.aborted)
        if not self.broken:
            return failed
        return max(failed, 1) if self.outcomes else max(self.blocks, 1)

    @property
    def total(self) -> int:
        """How many blocks ran, at least the failures."""
        return max(len(self.outcomes), self.failures)


@cache
def standard() -> Setup:
    """Return the setup of the language alone."""
    return Setup(Registry.standard().with_extensions(TESTSUITE, MAILGATE_TESTSUITE), SuiteHost)


class Folder:
    """The files beside a test file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes | None:
        """Return the octets of a file below the folder (or of an absolute path), None without one."""
        try:
            return (self.path / name).read_bytes()
        except (OSError, ValueError):
            return None

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return a script to include: from `included`, global ones from `included-global`."""
        return self.read(f"{'included' if personal else 'included-global'}/{name}.sieve")


def files_of(paths: Iterable[Path]) -> list[Path]:
    """Return the test files: those named, and all below the folders named, in the order of their names."""
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob(f"*{ENDING}")) if path.is_dir() else [path]
    return found


def run_file(path: Path, setup: Setup, *, now: datetime | None = None, echo: bool = False) -> Report:
    """Run one test file from its first to its last line. Raises OSError if it can't be read.

    One that does not compile has failed; its errors are in the output, and its sound blocks are run still.
    """
    source = path.read_bytes()
    blocks = len(BLOCKS.findall(source.decode("utf-8", "replace")))
    user = _user()
    folder, moment = str(path.parent.resolve()), now or datetime.now(UTC).astimezone()
    files = (setup.files or Folder)(path.parent)
    bench = Bench(setup, files, folder, moment, user=user, echo=echo)
    program = _compiled(bench, source, path.stem)
    broken = bool(bench.output)
    if program is not None and not broken and CAPABILITY not in program.capabilities:
        bench.output.append(f"{path.stem}: error: this is no test file: it does not require '{CAPABILITY}'.")
        program = None
    if program is None:
        return Report(path, tuple(bench.output), (), blocks, broken=True)
    aborted = _run(bench, program)
    return Report(path, tuple(bench.output), tuple(bench.outcomes), blocks, aborted, broken)


def _user() -> str:
    """Return who runs the tests: the one who has logged in, as far as scripts can see."""
    try:
        return getuser()
    except (KeyError, OSError):
        return "user"  # a container may run as a user without a name


def _compiled(bench: Bench, source: bytes, name: str) -> Program | None:
    """Return the program; errors go to the output, and what has none is compiled without the rest."""
    for _ in range(ROUNDS):
        try:
            return bench.compile(source, name)
        except CompileErrors as errors:
            if not bench.output:
                bench.output.append(str(errors))
            rest = without_errors(source, errors, bench.limits, bench.setup.registry.capabilities)
            if rest is None:
                return None
            source = rest
    return None


def _run(bench: Bench, program: Program) -> str:
    """Run a compiled test file; returns why it ended early outside of all blocks, "" if it did not."""
    message = PlainMessage(FIRST_MESSAGE)
    run = bench.start(message, derived(message, bench.user))
    try:
        program.prepare()(run)
    except (TestFailedError, AbortedError) as failure:
        return _aborted(bench, failure.reason, failure.span.line)
    except ScriptFailure as failure:
        reason = f"test script execution aborted due to error: {failure.text}"
        return _aborted(bench, reason, failure.span.line)
    return ""


def _aborted(bench: Bench, reason: str, line: int) -> str:
    """Note why a file ended early: in the block that ran, else for the file."""
    if bench.block is not None:
        bench.end(reason, line)
        return ""
    place = f" (line {line})" if line else ""
    bench.output.append(f"Test file FAILED: {reason}{place}")
    return reason


def run_files(
    paths: Sequence[Path], make: Callable[[], Setup], jobs: int, *, echo: bool = False
) -> Iterator[Report]:
    """Yield the reports of several files in their order; `make` is a function of a module.

    One that can't be read has failed, and does not hide the others.
    """
    work = partial(_made, make, echo)
    if jobs <= 1 or len(paths) <= 1:
        yield from map(work, paths)
        return
    with ProcessPoolExecutor(min(jobs, len(paths))) as pool:
        yield from pool.map(work, paths)


def _made(make: Callable[[], Setup], echo: bool, path: Path) -> Report:  # noqa: FBT001 - for partial
    try:
        return run_file(path, make(), echo=echo)
    except RegistryError:
        raise
    except OSError as error:
        reason = str(error.strerror or error)
        text = f"{path.stem}: error: the file can't be read: {reason}."
        return Report(path, (text,), (), 0, broken=True, unreadable=f"{path}: {reason}")
    except Exception as error:  # noqa: BLE001 - a fault of ours must not hide the other files
        text = f"{path.stem}: error: internal error: {type(error).__name__}: {error}."
        return Report(path, (text,), (), len(BLOCKS.findall(path.read_text("utf-8", "replace"))), broken=True)
