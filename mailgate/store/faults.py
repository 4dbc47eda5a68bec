"""Whose fault an error is: the house's (451, never counted as a try) or the processing of one mail's.

The house: database, disk, memory. Everything else that a unit raises is the processing's.
"""

import errno
import sqlite3
from typing import Final

from mailgate.errors import DiskFull, HouseFault, TryLater

# EDQUOT is a full disk for this one user.
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

# SQLite result codes (primary ones) that speak of one statement's values: too big, a broken constraint, a
# wrong type, a parameter out of range. Every other code speaks of the database or the disk.
VALUE_CODES: Final = frozenset({
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
})  # fmt: skip

# After these the connection itself is not to be trusted: it is opened again before the next batch.
LOST_CODES: Final = frozenset({
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_ERROR,
})  # fmt: skip

# What an administrator can do about it; the other codes only we can explain.
BLOCKED: Final = "another process holds the database: let it finish or end it"
NO_ACCESS: Final = "look whether the database file is there, at its owner and rights, and at its folder's"
ADVICE: Final = {
    sqlite3.SQLITE_BUSY: BLOCKED,
    sqlite3.SQLITE_LOCKED: BLOCKED,
    sqlite3.SQLITE_FULL: "make space on the disk of the database",
    sqlite3.SQLITE_READONLY: NO_ACCESS,
    sqlite3.SQLITE_PERM: NO_ACCESS,
    sqlite3.SQLITE_CANTOPEN: NO_ACCESS,
    sqlite3.SQLITE_IOERR: "look at the disk, then run `mailgate doctor`",
    sqlite3.SQLITE_CORRUPT: "stop the gateway, look at the disk, and restore a backup: `mailgate db restore`",
    sqlite3.SQLITE_NOTADB: "stop the gateway and restore a backup: `mailgate db restore`",
}

# Extended result codes carry the primary one in their lowest byte.
PRIMARY: Final = 0xFF
# An error of ours has one of the driver behind it, which may have one of the system's.
CAUSES: Final = 4


def code_of(error: BaseException) -> int | None:
    """Return SQLite's primary result code of an error, None where there is none."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & PRIMARY


def sqlite_fault(error: BaseException) -> TryLater | None:
    """Return what to answer if SQLite failed, None where the statement's values did."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = code_of(error)
    if code is None:
        # Raised by the Python module itself: a closed connection is ours, an unsupported value the
        # statement's.
        return HouseFault() if "closed" in str(error) else None
    if code == sqlite3.SQLITE_FULL:
        return DiskFull()
    return None if code in VALUE_CODES else HouseFault()


def advice(error: BaseException | None) -> str:
    """Return what an administrator can do about an error or what caused it; "" where that is not known."""
    seen = 0
    while error is not None and seen < CAUSES:
        code = code_of(error)
        if code in ADVICE:
            return ADVICE[code]
        if isinstance(error, OSError) and error.errno in FULL:
            return ADVICE[sqlite3.SQLITE_FULL]
        before = None if error.__suppress_context__ else error.__context__
        error, seen = error.__cause__ or before, seen + 1
    return ""


def system_fault(error: BaseException) -> TryLater | None:
    """Return what to answer if the operating system failed us, None for every other error."""
    if isinstance(error, OSError):
        return DiskFull() if error.errno in FULL else HouseFault()
    return HouseFault() if isinstance(error, MemoryError) else None


class Abandoned(Exception):  # noqa: N818  it is a state of the batch, not a mistake
    """The whole transaction is lost; `reply_with` is what everybody in the batch is told."""

    def __init__(self, reply_with: TryLater) -> None:
        super().__init__(str(reply_with))
        self.reply_with = reply_with


class Unwritten(Abandoned):
    """Rows that were gathered could not be written, and it is no fault of the house: one of them is wrong.

    Which mail it belongs to shows when the batch is done once more with each row written at once.
    """

    def __init__(self) -> None:
        super().__init__(HouseFault())
