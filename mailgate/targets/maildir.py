"""Delivery into Maildirs on this machine, with Maildir++ subfolders.

Each batch: all files are written below tmp/ and synced, then renamed, then each folder is synced once. A
file's name is made of the job's name, so a try that is repeated after a crash finds what it did before.
"""

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from mailgate.domain.target import Failed, Job, Outcome, Retry, Sent, TargetKind
from mailgate.errors import MailError
from mailgate.targets._folders import CONTROL, PARTS, BadFolder, Encoding, Folders, maildir, sync
from mailgate.targets._keywords import keyword_letters

# The letters of flags in a file's name, in the order that the format asks for; others are keywords.
LETTERS: Final = {
    "\\draft": "D", "\\flagged": "F", "$forwarded": "P", "\\answered": "R", "\\seen": "S", "\\deleted": "T",
}  # fmt: skip
# So many files are open at once while a batch is written.
BATCH: Final = 128
# One batch is written while another one waits for the disk.
PARALLEL: Final = 2
# Waiting for the disk in several threads lets it take several files in one go: twice as many here with four.
SYNC_THREADS: Final = 4
# What may stand in a name besides the two separators ":" and ","; everything else becomes "_".
UNSAFE: Final = re.compile(r"[^A-Za-z0-9._=-]")
# Up to this size a mail is written with one call.
JOIN_MAX: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class MaildirOptions:
    """Where the Maildirs are: in `path`, {local} and {domain} stand for the recipient's address.

    `hostname` stands in the files' names; `recipient_delimiter` ends the local part ("" = none).
    """

    path: str
    hostname: str = "localhost"
    create_folders: bool = True
    folder_names: Encoding = "mutf7"
    recipient_delimiter: str = "+"


@dataclass(slots=True)
class Letter:
    """One job of a batch on its way to `folder`; it is over as soon as it has an outcome."""

    job: Job
    base: str
    folder: Path = Path()
    remark: str = ""
    letters: str = ""
    descriptor: int = -1
    outcome: Outcome | None = None

    @property
    def temporary(self) -> str:
        """Where it is written; as text, since a Path would be a third of the work for a mail."""
        return f"{self.folder}/{PARTS[0]}/{self.base}.{os.getpid()}"

    @property
    def part(self) -> str:
        """Where it will be: mail with flags counts as looked at, and lies in cur/."""
        return "cur" if self.letters else "new"

    @property
    def place(self) -> str:
        """Its file there."""
        name = f"{self.base}:2,{self.letters}" if self.letters else self.base
        return f"{self.folder}/{self.part}/{name}"


def flag_letters(flags: Iterable[str]) -> str:
    """Return the letters of IMAP flags, sorted, each once."""
    return "".join(sorted({LETTERS[flag.lower()] for flag in flags if flag.lower() in LETTERS}))


def keywords(flags: Iterable[str]) -> list[str]:
    r"""Return the flags that are keywords: no letter is theirs, and no backslash (`\Recent` is not set)."""
    return [flag for flag in flags if flag.lower() not in LETTERS and not flag.startswith("\\")]


def header(job: Job) -> bytes:
    """Return what the final delivery adds in front (RFC 5321 4.4)."""
    sender, recipient = (
        CONTROL.sub("?", address).encode("utf-8") for address in (job.envelope_from, job.to_address)
    )
    return b"Return-Path: <" + sender + b">\r\nDelivered-To: " + recipient + b"\r\n"


class Delivery:
    """One batch, carried out in a thread."""

    def __init__(self, options: MaildirOptions, jobs: Sequence[Job], pool: ThreadPoolExecutor) -> None:
        self._options = options
        self._pool = pool
        self._folders = Folders(options.create_folders, options.folder_names)
        self._letters = [Letter(job, self._base(job)) for job in jobs]

    def _base(self, job: Job) -> str:
        name, host = UNSAFE.sub("_", job.name), UNSAFE.sub("_", self._options.hostname)
        return f"{name}.{host},S={len(header(job)) + job.content.size}"

    def run(self) -> list[Outcome]:
        """Return one outcome per job, in their order."""
        self._each(self._begin)
        self._each(self._write)
        waiting = [letter for letter in self._letters if letter.descriptor >= 0]
        if len(waiting) > 1:
            list(self._pool.map(partial(self._guarded, self._sync), waiting))
        else:
            self._each(self._sync)
        self._each(self._move)
        self._settle()
        return [letter.outcome or Retry("not done") for letter in self._letters]

    def _each(self, step: Callable[[Letter], None]) -> None:
        for letter in self._letters:
            if letter.outcome is None:
                self._guarded(step, letter)

    def _guarded(self, step: Callable[[Letter], None], letter: Letter) -> None:
        try:
            step(letter)
        except BadFolder as bad:
            letter.outcome = Failed(str(bad))
        except (OSError, MailError) as error:
            # A full disk, missing rights, a blob that can't be read: all that can be put right.
            letter.outcome = Retry(f"local problem: {error}")
            descriptor, letter.descriptor = letter.descriptor, -1
            with contextlib.suppress(OSError):
                os.unlink(letter.temporary)  # noqa: PTH108
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)

    def _begin(self, letter: Letter) -> None:
        job = letter.job
        root = maildir(self._options.path, job.to_address, self._options.recipient_delimiter)
        letter.folder, letter.remark = self._folders.find(root, job.folder, create=job.create_folder)
        words = keywords(job.flags)
        # Capital letters first, as the format sorts them.
        letter.letters = flag_letters(job.flags) + (keyword_letters(letter.folder, words) if words else "")
        if job.repeated and self._folders.present(letter.folder, letter.base):
            letter.outcome = Sent(f"{self._reply(letter)}, by an earlier try")

    def _write(self, letter: Letter) -> None:
        letter.descriptor = os.open(
            letter.temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600
        )
        content = letter.job.content
        pieces = chain((header(letter.job),), content.plain())
        for piece in (b"".join(pieces),) if content.size <= JOIN_MAX else pieces:
            write_all(letter.descriptor, piece)

    def _sync(self, letter: Letter) -> None:
        os.fsync(letter.descriptor)
        os.close(letter.descriptor)
        letter.descriptor = -1

    def _move(self, letter: Letter) -> None:
        os.rename(letter.temporary, letter.place)  # noqa: PTH104
        letter.outcome = Sent(self._reply(letter))

    def _reply(self, letter: Letter) -> str:
        folder = "INBOX" if letter.remark else letter.job.folder or "INBOX"
        return f"stored in {folder}{letter.remark}"

    def _settle(self) -> None:
        """Sync the folders, once each; what is in one that can't be synced must be tried again.

        This covers what an earlier try had left, whose folder may never have been synced.
        """
        done = [letter for letter in self._letters if isinstance(letter.outcome, Sent)]
        parts = {letter.folder / letter.part for letter in done}
        parts |= {letter.folder / name for letter in done if letter.job.repeated for name in ("new", "cur")}
        for part in parts:
            try:
                sync(part)
            except OSError as error:
                for letter in done:
                    if part.parent == letter.folder:
                        letter.outcome = Retry(f"local problem: {error}")


def write_all(descriptor: int, octets: bytes) -> None:
    """Write all of it; a nearly full disk takes a part before it says so."""
    view = memoryview(octets)
    while view:
        view = view[os.write(descriptor, view) :]


class MaildirTarget:
    """The target: its options and its threads."""

    def __init__(self, options: MaildirOptions) -> None:
        self._options = options
        self._batches = ThreadPoolExecutor(PARALLEL, "mailgate-maildir")
        self._syncers = ThreadPoolExecutor(SYNC_THREADS, "mailgate-maildir-sync")
        self.parallel = PARALLEL
        self.batch = BATCH

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """File the mails; they and their names are on the disk when this returns."""
        delivery = Delivery(self._options, jobs, self._syncers)
        return await asyncio.get_running_loop().run_in_executor(self._batches, delivery.run)

    async def close(self) -> None:
        """End the threads."""
        for pool in (self._batches, self._syncers):
            pool.shutdown(wait=True)


TARGET = TargetKind("maildir", MaildirOptions, MaildirTarget)
