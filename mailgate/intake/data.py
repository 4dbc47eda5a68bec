"""The octets of one mail as they stream in: dots unstuffed, digest taken, small in memory, large in a file.

Only CRLF.CRLF ends a mail (RFC 5321 4.1.1.4): a bare LF or CR around the dot is content, so no second mail
can be smuggled in behind one. Whatever stands between is stored octet by octet, NUL and 8-bit included.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from mailgate.domain.envelope import Octets
from mailgate.errors import DiskFull, HouseFault, MailError, TooBig
from mailgate.store.faults import system_fault

DOT_LINE: Final = b"\r\n."
CRLF: Final = b"\r\n"


class Unstuffer:
    """Finds the end and takes the stuffed dots out, over any chunking; cost linear in the octets.

    The mail is read as if a CRLF stood before it, so that a dot in its first place is treated like all
    others.
    """

    __slots__ = ("_held", "_started")

    def __init__(self) -> None:
        self._held = CRLF
        self._started = False

    def feed(self, chunk: bytes) -> tuple[list[bytes], bytes | None]:
        """Return the pieces of content, and None, or, when the mail has ended, what stands behind it."""
        data = self._held + chunk
        pieces: list[bytes] = []
        start = 0
        while True:
            at = data.find(DOT_LINE, start)
            if at < 0:
                keep = _held_back(data, start)
                self._keep(pieces, data, start, keep)
                return pieces, None
            after = data[at + 3 : at + 5]
            if after == CRLF:
                self._keep(pieces, data, start, at + 2)
                return pieces, data[at + 5 :]
            if len(after) < 2 and CRLF.startswith(after):  # noqa: PLR2004  too short to tell
                self._keep(pieces, data, start, at)
                return pieces, None
            self._keep(pieces, data, start, at + 2)
            start = at + 3

    def _keep(self, pieces: list[bytes], data: bytes, start: int, end: int) -> None:
        """Pass on data[start:end] without the CRLF that stood before the mail; hold back what follows."""
        self._held = data[end:]
        if not self._started and end >= len(CRLF):
            self._started = True
            start = len(CRLF)
        if end > start:
            pieces.append(data[start:end])


def _held_back(data: bytes, start: int) -> int:
    """Return where the octets begin that may be the start of CRLF and a dot."""
    if data.endswith(CRLF) and len(data) - 2 >= start:
        return len(data) - 2
    if data.endswith(b"\r") and len(data) - 1 >= start:
        return len(data) - 1
    return len(data)


class Spool:
    """Takes the content of one mail; after a fault or above the limit it goes on counting only."""

    __slots__ = ("_chunks", "_digest", "_file", "_folder", "_inline_max", "_limit", "_name", "error", "size")

    def __init__(self, folder: Path, name: str, *, inline_max: int, limit: int) -> None:
        self._folder, self._name = folder, name
        self._inline_max = inline_max
        self._limit = limit
        self._chunks: list[bytes] = []
        self._digest = sha256()
        self._file: IO[bytes] | None = None
        self.error: MailError | None = None
        self.size = 0

    @property
    def _path(self) -> Path:
        """Where a large mail lies; hardly any needs it."""
        return self._folder / self._name

    def write(self, piece: bytes) -> None:
        """Take one piece; never raises, see `error`."""
        self.size += len(piece)
        if self.error is not None:
            return
        if self.size > self._limit:
            self.fail(TooBig(f"message bigger than {self._limit} octets"))
            return
        self._digest.update(piece)
        try:
            self._store(piece)
        except OSError as error:
            fault = system_fault(error) or HouseFault()
            fault.__cause__ = error
            self.fail(fault)

    def _store(self, piece: bytes) -> None:
        if self._file is not None:
            self._file.write(piece)
            return
        self._chunks.append(piece)
        if self.size > self._inline_max:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            self._file = os.fdopen(descriptor, "wb", buffering=1 << 16)
            self._file.writelines(self._chunks)
            self._chunks = []

    def fail(self, error: MailError) -> None:
        """Keep nothing of this mail, and why."""
        self.error = error
        self._chunks = []
        self.drop()

    def drop(self) -> None:
        """Close and remove the file, if there is one."""
        file, self._file = self._file, None
        if file is None:
            return
        with suppress(OSError):  # what could not be flushed is thrown away anyhow
            file.close()
        self._path.unlink(missing_ok=True)

    def finish(self) -> Octets:
        """Return the octets; raise the error that stopped the keeping, or DiskFull if the flush failed."""
        if self.error is None and self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self.fail(system_fault(error) or DiskFull())
            else:
                self._file = None
                return Octets(self.size, self._digest.digest(), path=self._path)
        if self.error is not None:
            raise self.error
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Octets(self.size, self._digest.digest(), data=data)
