"""Keywords (flags without a letter of their own) in a Maildir, as Dovecot keeps them: a file has the letters.

`dovecot-keywords` has one line per keyword, its number and its name; number 0 is the letter `a` in a file's
name, 25 is `z`. It is changed under Dovecot's own lock, `dovecot-uidlist.lock`, and replaced as a whole.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

FILE: Final = "dovecot-keywords"
LOCK: Final = "dovecot-uidlist.lock"
# There are no more letters.
MOST: Final = 26
# Dovecot holds its lock for moments; one that is older than its own time-out of 2 minutes was left behind.
WAIT_S: Final = 2.0
STEP_S: Final = 0.02
STALE_S: Final = 120.0


def keyword_letters(folder: Path, keywords: Sequence[str]) -> str:
    """Return the letters of keywords in this folder, new ones added to its list.

    Keywords for which no letter is left, or whose list can't be changed now, have none: the mail is delivered
    without them. Raises OSError where the list can't be read.
    """
    known = read_keywords(folder)
    if any(word.lower() not in known for word in keywords):
        with contextlib.suppress(TimeoutError), _locked(folder):
            known = _added(folder, keywords)
    return "".join(sorted({chr(ord("a") + known[w.lower()]) for w in keywords if w.lower() in known}))


def read_keywords(folder: Path) -> dict[str, int]:
    """Return the numbers of the folder's keywords by their names in lower case (they have no case)."""
    try:
        text = (folder / FILE).read_text("utf-8", "replace")
    except FileNotFoundError:
        return {}
    pairs = (line.partition(" ") for line in text.splitlines())
    return {name.lower(): int(n) for n, _, name in pairs if n.isdecimal() and int(n) < MOST and name}


def _added(folder: Path, keywords: Sequence[str]) -> dict[str, int]:
    """Write the list with the new keywords behind the old ones; returns it."""
    try:
        text = (folder / FILE).read_text("utf-8", "replace")
    except FileNotFoundError:
        text = ""
    known = read_keywords(folder)
    lines = text.splitlines()
    for word in keywords:
        number = max(known.values(), default=-1) + 1
        if word.lower() not in known and number < MOST:
            known[word.lower()] = number
            lines.append(f"{number} {word}")
    temporary = folder / f"{FILE}.{os.getpid()}.tmp"
    temporary.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    temporary.rename(folder / FILE)
    return known


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold Dovecot's lock of the folder; raises TimeoutError where somebody else holds it for too long."""
    lock = folder / LOCK
    ends = time.monotonic() + WAIT_S
    while True:
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - lock.stat().st_mtime > STALE_S:
                    lock.unlink()
            if time.monotonic() > ends:
                raise TimeoutError(f"{lock} is held by somebody else") from None
            time.sleep(STEP_S)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
