"""What the clock removes: blobs that no row names, stale spool files, keys and counts whose time is over.

The sweep takes a file only if it is older than the grace period, no row names it, and nobody is just
putting it there again (`blobs.lock`).
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from peewee import SQL

from mailgate.domain.gate import ANSWERED_LATELY
from mailgate.store.blobs import LOCK, Blobs
from mailgate.store.connection import Connection
from mailgate.store.counts import HOUR, MINUTE
from mailgate.store.editions import is_named as edition_named
from mailgate.store.models.mail import Attempt, Message, Seen
from mailgate.store.models.outgoing import GateCount, Remembered
from mailgate.store.templatefiles import is_named as file_named
from mailgate.store.transaction import Transaction
from mailgate.store.workflows import CLOCK

# Far longer than any mail takes from its first octet to its row.
GRACE_S: Final = 86400.0
# Crashes of a delivery are forgotten when Postfix has long given up.
ATTEMPTS_FOR_MS: Final = 14 * 86400 * 1000
# Buckets are kept a little longer than the longest window that is asked of them: an hour; 30 days for
# mailings; a year where a setting may forbid a second answer for so long.
KEEP_MINUTES_S: Final = 2 * 3600
KEEP_HOURS_S: Final = 32 * 86400
KEEP_ANSWERED_S: Final = 367 * 86400


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files went, and their octets."""

    blobs: int = 0
    spool: int = 0
    octets: int = 0


def _old(path: Path, before: float) -> int | None:
    """Return the size of a file that is older than `before`, None for a younger one or none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_size if found.st_mtime < before else None


def _blob_files(folder: Path) -> Iterator[Path]:
    for prefix in sorted(folder.iterdir()):
        if prefix.is_dir():
            yield from sorted(prefix.iterdir())


def _is_named(connection: Connection, path: Path) -> bool:
    """Whether a row names this blob; a file with another kind of name is none of ours and stays."""
    try:
        digest = bytes.fromhex(path.name)
    except ValueError:
        return True
    query = Message.select(Message.id).where((Message.sha256 == digest) & (Message.stored == SQL("'file'")))
    sql, values = query.limit(1).sql()
    if connection.execute(sql, tuple(values)).fetchone() is not None:
        return True
    return edition_named(connection, digest) or file_named(connection, digest)


def sweep(
    connection: Connection, blobs: Blobs, *, grace_s: float = GRACE_S, clock: Callable[[], float] = time.time
) -> Swept:
    """Remove blobs without a row and spool files that nobody finished; safe while mail comes in."""
    before = clock() - grace_s
    count = octets = 0
    for path in _blob_files(blobs.folder):
        if _old(path, before) is None or _is_named(connection, path):
            continue
        with blobs.lock(exclusive=True):
            # Asked again under the lock: the same octets may just have come in once more.
            size = _old(path, before)
            if size is not None and not _is_named(connection, path):
                path.unlink()
                count, octets = count + 1, octets + size
    stale = [
        (p, s) for p in blobs.incoming.iterdir() if (s := _old(p, before)) is not None and p.name != LOCK
    ]
    for path, _size in stale:
        path.unlink(missing_ok=True)
    return Swept(count, len(stale), octets + sum(size for _path, size in stale))


def _hours_before(seconds: int) -> Any:
    return (GateCount.width == HOUR) & (GateCount.bucket < seconds // HOUR)


def prune(tx: Transaction) -> int:
    """Forget keys, tries, counts and memories whose time is over; returns how many rows went."""
    seconds = tx.now_ms // 1000
    conditions: tuple[tuple[Any, Any], ...] = (
        (Seen, Seen.until < tx.now_ms),
        (Attempt, Attempt.last_at < tx.now_ms - ATTEMPTS_FOR_MS),
        # A workflow's clock whose time is over is about to run, and must not be new again.
        (Remembered, (Remembered.until < tx.now_ms) & (Remembered.scope != CLOCK)),
        (GateCount, (GateCount.width == MINUTE) & (GateCount.bucket < (seconds - KEEP_MINUTES_S) // MINUTE)),
        (GateCount, _hours_before(seconds - KEEP_HOURS_S) & (GateCount.scope != ANSWERED_LATELY)),
        (GateCount, _hours_before(seconds - KEEP_ANSWERED_S)),
    )
    return sum(tx.query(model.delete().where(condition)).rowcount for model, condition in conditions)
