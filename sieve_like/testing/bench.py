"""The state of one test file while it runs: blocks and their outcome, the result, settings, compiled scripts.

The test file itself is an ordinary script with its own `Run`; its actions are the result that `test_result_*`
look at, and the runs of other scripts add to the same lists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, ScriptFailure, Span
from sieve_like.host import Catalogue, Host, Library
from sieve_like.interpreter import Run
from sieve_like.limits import Limits
from sieve_like.message import Envelope, Message, PlainMessage
from sieve_like.outgoing.fields import Origin
from sieve_like.outgoing.settings import HOST, postmaster
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.result import Action, Reject, Vacation
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.testing.settings import SUITE_LIMITS, both_names, limits_of, of_extension
from sieve_like.testing.world import World

CAPABILITY = "vnd.dovecot.testsuite"


class TestFailedError(Exception):
    """`test_fail`: ends the block it is in, or the script of a sub-test."""

    __test__ = False  # the name looks like a test class to pytest

    def __init__(self, reason: str, span: Span) -> None:
        self.reason, self.span = reason, span
        super().__init__(reason)


class AbortedError(Exception):
    """What ends the whole file: a command of the test language that can't be carried out."""

    def __init__(self, reason: str, span: Span) -> None:
        self.reason, self.span = reason, span
        super().__init__(reason)


class Files(Library, Protocol):
    """Reads the files beside a test file."""

    def read(self, name: str) -> bytes | None:
        """Return the octets of a file, named relative to the folder of the test file; None without one."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """One block: its number from 1, its name, and why it failed ("" where it did not), with the line."""

    number: int
    name: str
    failed: bool = False
    reason: str = ""
    line: int = 0

    def text(self) -> str:
        """Return the line that is printed for it: one, also where name or reason have several."""
        start = f"{self.number:>2}: Test '{_one_line(self.name)}'"
        if not self.failed:
            return f"{start} SUCCEEDED"
        place = f" (line {self.line})" if self.line else ""
        return f"{start} FAILED: {_one_line(self.reason)}{place}"


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


# Carries out an action that only a host knows; returns whether it could.
Perform = Callable[["Bench", Action], bool]


@dataclass(frozen=True, slots=True)
class Setup:
    """What the tests run with: the extensions (with the test language), names, host, and foreign actions.

    `host` makes the host of one test file from its world; `perform` carries out actions that this package
    does not know, None means that they have no effect.
    """

    registry: Registry
    host: Callable[[World], Host]
    catalogue: Catalogue | None = None
    perform: Perform | None = None
    # Tells a host which run is under way (the test file's, a script's, then the test file's again).
    enter: Callable[[Host, Run], None] | None = None
    # Makes the files beside a test file from its folder; None takes those on the disk.
    files: Callable[[Path], Files] | None = None


@dataclass(slots=True)
class Bench:
    """Everything one test file changes, apart from what its `Run` holds (message, envelope, variables)."""

    setup: Setup
    files: Files
    folder: str
    now: datetime
    world: World = field(default_factory=World)
    outcomes: list[Outcome] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lines: list[tuple[str, str]] = field(default_factory=list)  # what scripts wrote for people
    said: dict[str, str] = field(default_factory=dict)  # what test_config_set noted
    effective: dict[str, str] = field(default_factory=dict)  # what was reloaded since
    settings: Settings = NO_SETTINGS
    limits: Limits = SUITE_LIMITS
    program: Program | None = None
    binaries: dict[str, Program] = field(default_factory=dict)
    executed: list[Action] = field(default_factory=list)  # actions that were carried out already
    voided: list[Action] = field(default_factory=list)  # actions of a run that failed: never carried out
    kept: bool = False  # whether the implicit keep was carried out already
    failed: bool = False  # whether a script of this result failed
    block: str | None = None  # the name of the block that runs
    depth: int = 0  # of runs of other scripts
    host: Host | None = None
    written: int = 0  # mails that were composed
    user: str = "user"  # who is logged in, unless a test says otherwise
    echo: bool = False  # whether each block shows the error log and what scripts wrote

    def __post_init__(self) -> None:
        self.host = self.setup.host(self.world)

    # --- blocks ---------------------------------------------------------------------------------------------

    def begin(self, name: str) -> None:
        """Note that a block starts."""
        self.block = name

    def end(self, failure: str | None = None, line: int = 0) -> None:
        """Note how the block ended: with success, or with the reason of its failure."""
        outcome = Outcome(len(self.outcomes) + 1, self.block or "", failure is not None, failure or "", line)
        self.block = None
        self.outcomes.append(outcome)
        self.output.append(outcome.text())
        if self.echo:
            self.output += [f"    | {text}" for text in self.errors]
            self.output += [f"    | {level}: {text}" for level, text in self.lines]
        self.lines.clear()

    # --- runs ---------------------------------------------------------------------------------------------

    def start(self, message: Message, envelope: Envelope) -> Run:
        """Return the run of the test file."""
        assert self.host is not None
        run = Run(message, envelope, self.host, self.now, self.limits, trace=False, settings=self.settings)
        run.state[CAPABILITY] = self
        run.log = self.lines
        self.enter(run)
        return run

    def enter(self, run: Run) -> None:
        """Tell the host which run asks from now on."""
        if self.setup.enter is not None and self.host is not None:
            self.setup.enter(self.host, run)

    def compile(self, source: bytes, name: str) -> Program:
        """Compile a script with all extensions and the settings of now. Raises CompileErrors."""
        return compile_script(
            source,
            name=name,
            registry=self.setup.registry,
            limits=self.limits,
            catalogue=self.setup.catalogue,
            library=self.files,
            settings=self.settings,
        )

    def compile_file(self, name: str) -> Program | None:
        """Compile a file beside the test; what is wrong is logged, None where anything is."""
        source = self.files.read(name)
        if source is None:
            self.errors.append(f"script '{name}' not found")
            return None
        try:
            return self.compile(source, name)
        except CompileErrors as errors:
            self.errors += errors.logged()
            return None

    def run(self, base: Run, program: Program) -> bool:
        """Run another script on the message of the test; its actions go into the result. False if it failed.

        It has its own variables; the flags variable and the edited message belong to the result.
        """
        run = Run(
            base.message, base.envelope, base.host, base.now, self.limits, trace=False, settings=self.settings
        )
        run.state[CAPABILITY] = self
        run.log = self.lines
        _share_message(base, run)
        run.flags = base.flags
        run.actions, run.performed, run.kept = base.actions, base.performed, base.kept
        before, kept = list(base.performed), base.kept
        self.depth += 1
        self.enter(run)
        try:
            program.prepare()(run)
        except TestFailedError:
            return False
        except (ScriptFailure, RecursionError) as failure:
            text = failure.text if isinstance(failure, ScriptFailure) else "the script is nested too deeply"
            self.errors.append(text)
            self.failed, run.kept = True, kept
            self.voided += [one for one in base.performed if one not in before]
            base.performed[:] = before
            return False
        finally:
            self.depth -= 1
            self._take_over(base, run)
            self.enter(base)
        return True

    def _take_over(self, base: Run, run: Run) -> None:
        base.kept, base.flags = run.kept, run.flags
        _share_message(run, base)
        self.drop_repeated(base)

    def drop_repeated(self, base: Run) -> None:
        """Take out what an executed action stands for already: it is not carried out a second time."""
        targets = {one.target() for one in self.executed} - {None}
        # A sender who was answered or refused gets no second mail.
        answered = any(isinstance(one, Vacation | Reject) for one in self.executed)
        left = [
            one.reduced(self.executed)
            for one in base.performed
            if one.target() not in targets and not (answered and isinstance(one, Vacation | Reject))
        ]
        base.performed[:] = [one for one in left if one is not None]

    def origin(self) -> Origin:
        """Return who writes the next mail: each has a message id of its own."""
        self.written += 1
        host = self.settings.text("hostname") or HOST
        message_id = f"<{self.now:%Y%m%d%H%M%S}.{self.written}.sieve@{host}>"
        return Origin(self.now, message_id, host, postmaster(self.settings, host))

    # --- the result -----------------------------------------------------------------------------------------

    def result(self, base: Run) -> Sequence[Action]:
        """Return all actions of the result, executed ones first, also those that an error made void."""
        self.drop_repeated(base)
        return (*self.executed, *self.voided, *base.performed)

    def reset(self, base: Run) -> None:
        """Drop the result: actions, flags, edits of the message (not the outbox)."""
        base.actions.clear()
        base.performed.clear()
        base.kept, base.flags = True, ()
        self.executed.clear()
        self.voided.clear()
        self.kept = self.failed = False
        if base.edition:
            base.edited(base.original)
            base.edition = 0

    # --- settings -------------------------------------------------------------------------------------------

    def reload(self, base: Run, capability: str | None) -> None:
        """Make the settings of one extension (None: of the core) effective."""
        kept = {name: v for name, v in self.effective.items() if not of_extension(name, capability)}
        fresh = {name: v for name, v in self.said.items() if of_extension(name, capability)}
        self.effective = kept | fresh
        self.settings = both_names(self.effective)
        self.limits = limits_of(self.settings)
        base.settings, base.limits = self.settings, self.limits
        base.facts.clear()


def _share_message(source: Run, target: Run) -> None:
    """Let a run go on with the message of another one, as it is edited there, and its envelope."""
    target.message = source.message
    target.original, target.unenclosed, target.edition = source.original, source.unenclosed, source.edition
    target.envelope = source.envelope
    target.facts.clear()


def new_message(run: Run, octets: bytes) -> None:
    """Make octets the current message: nothing of the old one, or of its edits, is left."""
    set_message(run, PlainMessage(octets))


def set_message(run: Run, message: Message) -> None:
    """Make a mail the current message."""
    run.message = run.original = message
    run.facts.clear()
    run.edition = 0
