"""Files that go along with answers, from a disk or a mail into the store of blobs (G20)."""

import hashlib
import mmap
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mailgate.domain.attach import (
    MOST_OCTETS,
    clean_file_name,
    file_complaint,
    mime_type,
    room_complaint,
)
from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment
from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.store.blobs import Blobs
from mailgate.store.faults import system_fault

PIECE: Final = 1024 * 1024


def keep_file(blobs: Blobs, path: Path, made: Attachment) -> None:
    """Keep a file of this machine, that `described` has checked, as a blob.

    Raises DeskError where it is another one by now, and DiskFull or HouseFault where it can't be kept. A row
    must name the blob within a day, before the sweep comes.
    """
    with opened(path, made.size) as content:
        if _digest(content) != made.blob:
            raise DeskError(f"{path} was changed meanwhile, try again")
        spool = _copied(blobs, content, made.blob)
    blobs.keep(Octets(made.size, bytes.fromhex(made.blob), path=spool))


def keep_octets(
    blobs: Blobs, octets: bytes, name: str, *, inline: bool = False, beside: Iterable[Attachment] = ()
) -> Attachment:
    """Check a file that lies in memory, and keep it as a blob: `described` and `keep_file` in one.

    `inline` is an image that HTML shows by `cid:` and its name.
    """
    made = described(octets, name, inline=inline, beside=beside)
    blobs.keep(Octets(made.size, bytes.fromhex(made.blob), data=octets))
    return made


@contextmanager
def opened(path: Path, most: int = MOST_OCTETS) -> Iterator[bytes | mmap.mmap]:
    """Give the octets of a file, mapped; DeskError where it can't be read or has more than `most`."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if wrong := room_complaint(path.name, size, (), inline=False, most=most):
                raise DeskError(wrong)
            if not size:
                yield b""
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                yield content
    except (OSError, ValueError) as error:
        raise DeskError(
            f"{path}: {getattr(error, 'strerror', None) or 'is no file that can be read'}"
        ) from error


def described(
    content: bytes | mmap.mmap,
    name: str,
    *,
    inline: bool,
    beside: Iterable[Attachment] = (),
    most: int = MOST_OCTETS,
) -> Attachment:
    """Return what a draft says of a file, which is checked but not kept; raises DeskError.

    `beside` are the files that go along already, `most` octets go along of its kind.
    """
    if wrong := file_complaint(name, content, beside, inline=inline, most=most):
        raise DeskError(wrong)
    shown = clean_file_name(name)
    kind = mime_type(shown, content)
    return Attachment(shown, kind, blob=_digest(content), size=len(content), cid=shown if inline else "")


def _digest(content: bytes | mmap.mmap) -> str:
    digest = hashlib.sha256()
    for at in range(0, len(content), PIECE):
        digest.update(content[at : at + PIECE])
    return digest.hexdigest()


def _copied(blobs: Blobs, content: bytes | mmap.mmap, name: str) -> Path:
    """Copy a file beside the blobs, from where it can be put in its place at once."""
    spool = blobs.incoming / f"{name}.{os.getpid()}.file"
    try:
        with spool.open("wb") as file:
            for at in range(0, len(content), PIECE):
                file.write(content[at : at + PIECE])
    except OSError as error:
        spool.unlink(missing_ok=True)
        raise (system_fault(error) or HouseFault()) from error
    return spool
