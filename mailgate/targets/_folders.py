"""Folders of a Maildir++: what a rule wrote becomes the name of one directory, or a reason why not."""

import os
import re
from base64 import b64encode
from pathlib import Path
from typing import Final, Literal

from mailgate.domain.address import fold, split

Encoding = Literal["mutf7", "utf8"]

INBOX: Final = "INBOX"
PARTS: Final = ("tmp", "new", "cur")
# Control characters, and what can't be written at all.
CONTROL: Final = re.compile(r"[\0-\x1f\x7f-\x9f\ud800-\udfff]")
# The longest name that common file systems take, in octets.
NAME_MAX: Final = 255


class BadFolder(ValueError):  # noqa: N818  the mail goes elsewhere, nothing is broken
    """A folder's name that can be no directory; the text says why."""


def directory(folder: str, encoding: Encoding) -> str:
    """Return the directory of a folder below the Maildir, "" for the inbox itself; raises BadFolder.

    Levels are separated by dots (`Lists.Python` is `.Lists.Python`); a first level INBOX is the Maildir
    itself, as Courier and Cyrus call it.
    """
    levels = folder.split(".")
    if levels[0].upper() == INBOX:
        levels = levels[1:]
        if not levels:
            return ""
    if not all(levels):
        raise BadFolder("a level of the folder's name is empty")
    name = "".join("." + _level(level, encoding) for level in levels)
    if len(name.encode("utf-8")) > NAME_MAX:
        raise BadFolder(f"the folder's name is longer than {NAME_MAX} octets")
    return name


def _level(level: str, encoding: Encoding) -> str:
    if "/" in level:
        raise BadFolder("a folder's name can't contain a slash")
    if CONTROL.search(level):
        raise BadFolder("a folder's name can't contain control characters")
    return modified_utf7(level) if encoding == "mutf7" else level


def modified_utf7(text: str) -> str:
    """Return a mailbox name as IMAP servers write it on disk (RFC 3501 5.1.3)."""
    parts: list[str] = []
    foreign = ""
    for character in [*text, ""]:
        plain = not character or " " <= character <= "~"
        if plain and foreign:
            octets = b64encode(foreign.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            parts.append(f"&{octets.decode('ascii')}-")
            foreign = ""
        if not plain:
            foreign += character
        else:
            parts.append("&-" if character == "&" else character)
    return "".join(parts)


def maildir(path: str, address: str, delimiter: str) -> Path:
    """Return the Maildir of a recipient: {local} and {domain} in `path` are taken from the address.

    The local part ends at the delimiter. Raises BadFolder for an address that names no folder.
    """
    if "{" not in path:
        return Path(path)
    local, domain = split(fold(address))
    if delimiter:
        local = local.partition(delimiter)[0]
    for word, value in (("{local}", local), ("{domain}", domain)):
        if word in path:
            if not value or value.startswith(".") or "/" in value or CONTROL.search(value):
                raise BadFolder("no folder's name can be made of the recipient's address")
            path = path.replace(word, value)
    return Path(path)


def folder_exists(path: str, address: str, delimiter: str, folder: str, encoding: Encoding) -> bool:
    """Whether a recipient's Maildir has a folder; the inbox always is there, since it is made."""
    try:
        name = directory(folder, encoding)
        return not name or (maildir(path, address, delimiter) / name / "cur").is_dir()
    except (BadFolder, OSError):
        return False


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, and make their names durable."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        sync(path.parent)


class Folders:
    """Finds and makes folders, and looks into them; for one batch, so that it is never out of date."""

    def __init__(self, create: bool, encoding: Encoding) -> None:  # noqa: FBT001
        self._create = create
        self._encoding = encoding
        self._found: dict[tuple[Path, str, bool], tuple[Path, str]] = {}
        self._ready: set[Path] = set()
        self._names: dict[Path, set[str]] = {}
        self._left: dict[Path, dict[str, str]] = {}

    def find(self, root: Path, folder: str, *, create: bool) -> tuple[Path, str]:
        """Return the directory of a folder, or the inbox's and why; raises OSError."""
        key = (root, folder, create)
        if key not in self._found:
            self._found[key] = self._find(root, folder, create=create)
        return self._found[key]

    def _find(self, root: Path, folder: str, *, create: bool) -> tuple[Path, str]:
        self._make(root)
        try:
            name = directory(folder or INBOX, self._encoding)
        except BadFolder as bad:
            return root, f" ({bad})"
        place = root / name
        if place not in self._ready:
            if not (create or self._create or (place / "cur").is_dir()):
                return root, f" (there is no folder {folder})"
            self._make(place)
            # Maildir++: tells a delivery agent that this is a folder, not a whole Maildir.
            (place / "maildirfolder").touch(mode=0o600)
        return place, ""

    def _make(self, place: Path) -> None:
        if place not in self._ready:
            for part in PARTS:
                make_folder(place / part)
            self._ready.add(place)

    def present(self, place: Path, base: str) -> bool:
        """Whether a file of this name lies in a folder already, whatever became of it there since.

        What a try that died has left below tmp/ is taken away.
        """
        if place not in self._names:
            self._names[place] = {unique(name) for part in ("new", "cur") for name in names(place / part)}
            self._left[place] = {unique(name): name for name in names(place / "tmp")}
        left = self._left[place].get(unique(base))
        if left is not None:
            (place / "tmp" / left).unlink(missing_ok=True)
        return unique(base) in self._names[place]


def unique(name: str) -> str:
    """Return what tells a file from all others: its name without sizes and flags, which servers rewrite."""
    return name.partition(":")[0].partition(",")[0]


def names(folder: Path) -> list[str]:
    """Return the names in a folder, as text: an object per file would cost ten times as much."""
    return os.listdir(folder)  # noqa: PTH208
