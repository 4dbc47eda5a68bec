"""Large mails as files named by their digest, `blobs/ab/<sha256>`; on disk, with folders, before any row.

Order of a large mail: write (by the intake), fsync the file, rename it into place, fsync the folder, then
the row that names it. So a crash leaves at most a file without a row, and the sweep takes those after a
grace period.
"""

import fcntl
import mmap
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.store.faults import system_fault
from mailgate.store.options import StoreOptions

Hook = Callable[[str], None]

# A file in the folder serves the lock between adopting and sweeping, also among processes.
LOCK: Final = ".lock"


def no_hook(_point: str) -> None:
    """Do nothing at the named points; crash tests hand in something else."""


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Blobs:
    """The blob folder and the incoming folder beside it; safe to use from several threads and processes."""

    def __init__(self, options: StoreOptions, hooks: Hook = no_hook) -> None:
        self.folder = options.blobs
        self.incoming = options.incoming
        self._inline_max = options.inline_max
        self._reserve = options.reserve
        self._hooks = hooks

    def path(self, sha256: bytes) -> Path:
        """Return where the octets with this digest lie; derived from the digest alone."""
        name = sha256.hex()
        return self.folder / name[:2] / name

    def adopt(self, octets: Octets) -> Octets:
        """Make the octets safe to be named by a row; raises DiskFull or HouseFault, then nothing is named.

        Small ones are read into memory for the row, and their spool file goes. Large ones become a blob.
        Call it from a worker thread when `octets.path` is set: it waits for the disk.
        """
        try:
            return self._adopt(octets)
        except OSError as error:
            raise (system_fault(error) or HouseFault()) from error

    def keep(self, octets: Octets) -> Octets:
        """Make the octets a blob whatever their size, for rows that name it; raises as `adopt` does."""
        try:
            return self._place(octets)
        except OSError as error:
            raise (system_fault(error) or HouseFault()) from error

    def _adopt(self, octets: Octets) -> Octets:
        if octets.size <= self._inline_max:
            if octets.path is None:
                return octets
            data = octets.path.read_bytes()
            octets.path.unlink()
            return replace(octets, data=data, path=None)
        return self._place(octets)

    def _place(self, octets: Octets) -> Octets:
        source = octets.path or self._spill(octets)
        self._hooks("blob-written")
        with source.open("rb") as file:
            os.fsync(file.fileno())
        self._hooks("blob-fsynced")
        place = self.path(octets.sha256)
        with self.lock(exclusive=False):
            if not place.parent.is_dir():
                place.parent.mkdir(mode=0o750, exist_ok=True)
                sync_folder(self.folder)
            # The sweep goes by age: a file that was long there without a row is young again.
            os.utime(source)
            source.rename(place)
        self._hooks("blob-named")
        sync_folder(place.parent)
        self._hooks("blob-synced")
        return replace(octets, data=None, path=place)

    def _spill(self, octets: Octets) -> Path:
        """Write octets that came in memory, though too large for a row, to a file."""
        assert octets.data is not None
        path = self.incoming / f"{octets.sha256.hex()}.{os.getpid()}.{id(octets)}"
        path.write_bytes(octets.data)
        return path

    def file(self, name: str, size: int) -> Octets:
        """Return the blob of this digest (hexadecimal), to be read later; HouseFault if it is not whole."""
        try:
            digest = bytes.fromhex(name)
            path = self.path(digest)
            found = path.stat().st_size
        except (ValueError, OSError) as error:
            raise HouseFault(f"file {name} cannot be read") from error
        if found != size:
            raise HouseFault(f"file {name} has {found} octets and should have {size}")
        return Octets(size, digest, path=path)

    def load(self, sha256: bytes) -> bytes | mmap.mmap:
        """Return the octets of a blob, mapped; raises HouseFault if there is no such file."""
        try:
            return open_file(self.path(sha256))
        except OSError as error:
            raise HouseFault(f"blob {sha256.hex()} cannot be read") from error

    @contextmanager
    def lock(self, *, exclusive: bool) -> Iterator[None]:
        """Hold the folder's lock: shared while a file is put in place, exclusive while one is swept away."""
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def reserve_ok(self, size: int = 0) -> bool:
        """Whether a mail of this size still leaves the reserve free (RFC 5321 6.1: said before the data)."""
        try:
            return shutil.disk_usage(self.incoming).free - size >= self._reserve
        except OSError:
            return False


def open_file(path: Path) -> bytes | mmap.mmap:
    """Return a file's octets, mapped for reading; empty files cannot be mapped and are b""."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def open_buffer(octets: Octets) -> bytes | mmap.mmap:
    """Return the octets as one buffer: the bytes in memory, or the spool file mapped; raises HouseFault.

    The mapping stays valid after the file was renamed or unlinked; close it by letting it go.
    """
    if octets.data is not None:
        return octets.data
    assert octets.path is not None
    try:
        return open_file(octets.path)
    except OSError as error:
        raise HouseFault from error
