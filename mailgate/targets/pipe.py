"""A program of this machine that gets a mail on its standard input, after the commit (vnd.dovecot.pipe).

Only what the administrator lists runs, no shell looks at its arguments, and what it says goes nowhere but
into the outcome. Exit status 0 is done, 75 (EX_TEMPFAIL of sysexits.h) later, everything else never; so is a
time-out, after which the whole process group is killed.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailgate.domain.target import Failed, Job, Outcome, Retry, Sent, TargetKind
from mailgate.errors import MailError

EX_TEMPFAIL: Final = 75
# One call takes one mail after the other; another call waits for nobody.
BATCH: Final = 4
# What a program says of itself that a log line and a table can hold.
SAID_MAX: Final = 300
# Read from a program at most; it may say more, into nothing.
READ_MAX: Final = 64 * 1024
PATH: Final = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class PipeOptions:
    """The program with its first arguments; how long it may take (seconds); how many run at once."""

    command: tuple[str, ...]
    timeout_s: float = 60.0
    parallel: int = 2


class PipeTarget:
    """The target: its options."""

    def __init__(self, options: PipeOptions) -> None:
        self._options = options
        self.parallel = options.parallel
        self.batch = BATCH

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Run the program once per mail."""
        return [await self._run(job) for job in jobs]

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def _run(self, job: Job) -> Outcome:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._options.command,
                *job.arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(job),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            # It is not there or may not run: that can be put right, and says nothing about the mail.
            return Retry(f"cannot start: {error}")
        try:
            async with asyncio.timeout(self._options.timeout_s):
                said, _ = await asyncio.gather(_read(process), _feed(process, job))
                status = await process.wait()
        except TimeoutError:
            return _failed(job, f"took longer than {self._options.timeout_s:g} s")
        except MailError as error:
            return Retry(f"local problem: {error}")
        finally:
            await _end(process)
        return _outcome(job, status, said)


def _environment(job: Job) -> dict[str, str]:
    """Return what the program is told: nothing of ours, and who wrote to whom."""
    facts = {"SENDER": job.envelope_from, "RECIPIENT": job.to_address, "MAIL_NAME": job.name}
    return {
        "PATH": PATH,
        "LC_ALL": "C.UTF-8",
        **{key: value.replace("\0", "") for key, value in facts.items()},
    }


async def _feed(process: asyncio.subprocess.Process, job: Job) -> None:
    """Write the mail; a program that has heard enough may close its input."""
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        for piece in job.content.plain():
            process.stdin.write(piece)
            await process.stdin.drain()
    process.stdin.close()


async def _read(process: asyncio.subprocess.Process) -> str:
    """Return the beginning of what the program says on its standard error."""
    assert process.stderr is not None
    kept = b""
    while piece := await process.stderr.read(READ_MAX):
        kept = (kept + piece)[:READ_MAX]
    line = " ".join(kept.decode("utf-8", "replace").split())
    return "".join(c for c in line if c.isprintable())[:SAID_MAX]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nobody behind: what the program started belongs to its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _outcome(job: Job, status: int, said: str) -> Outcome:
    text = f"exit status {status}{f': {said}' if said else ''}"
    match status:
        case 0:
            return Sent(f"done{f': {said}' if said else ''}")
        case 75:
            return Retry(text)
        case _:
            return _failed(job, text)


def _failed(job: Job, text: str) -> Outcome:
    """Return what a failure means: nothing to anybody, where the rule takes it lightly (`:try`)."""
    return Sent(f"failed, as the rule allows: {text}") if job.lenient else Failed(text)


TARGET = TargetKind("pipe", PipeOptions, PipeTarget)
