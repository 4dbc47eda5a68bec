"""Looks at the machine for what the settings name: files, folders, sockets, users.

It is what `mailgate config check` does beyond the text of the settings; nothing is created or changed.
"""

import grp
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailgate.config.listener import Listener
from mailgate.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the settings say; a `fatal` one keeps the gateway from working."""

    key: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.key}: {'' if self.fatal else 'warning: '}{self.message}"


def look_around(settings: Settings) -> list[Finding]:
    """Return everything that is found wrong or doubtful, in the order of the settings."""
    return [
        *_instance(settings),
        *(finding for index, item in enumerate(settings.listener) for finding in _listener(index, item)),
        *_database(settings),
        *_writable("spool.folder", settings.spool_path),
        *_writable("spool.blob_folder", settings.blob_path),
        *_one_disk(settings),
        *_relay(settings),
        *_dkim(settings),
        *_log(settings),
        *_writable("control.socket", settings.control_path.parent),
    ]


def _instance(settings: Settings) -> Iterator[Finding]:
    yield from _writable("instance.state_folder", settings.state_path("."))
    yield from _writable("instance.run_folder", Path(settings.instance.run_folder))
    if "." not in settings.instance.effective_hostname():
        yield Finding("instance.hostname", "this machine's own name has no domain, set it here", fatal=False)
    keys = settings.keys_path
    if keys.exists():
        yield from _readable("instance.keys_file", keys)
        if keys.stat().st_mode & 0o077:
            yield Finding("instance.keys_file", f"{keys} can be read by others, make it 0600")
    else:
        yield from _writable("instance.keys_file", keys.parent)


def _listener(index: int, listener: Listener) -> Iterator[Finding]:
    key = f"listener[{index + 1}]"
    if listener.address.startswith("unix:"):
        yield from _writable(f"{key}.address", Path(listener.address.removeprefix("unix:")).parent)
    if listener.starttls:
        yield from _readable(f"{key}.tls_certificate", Path(listener.tls_certificate))
        yield from _readable(f"{key}.tls_key", Path(listener.tls_key))
    if listener.group and not _known(listener.group, grp.getgrnam):
        yield Finding(f"{key}.group", f"there is no group {listener.group!r} here")
    for user in listener.trusted_users:
        if listener.address.startswith("unix:") and not _known(user, pwd.getpwnam):
            yield Finding(f"{key}.trusted_users", f"there is no user {user!r} here", fatal=False)


def _known(name: str, lookup: object) -> bool:
    if name.isdecimal():
        return True
    try:
        lookup(name)  # type: ignore[operator]
    except KeyError:
        return False
    return True


def _database(settings: Settings) -> Iterator[Finding]:
    if not settings.database.sqlite:
        return
    file = Path(settings.database_url.removeprefix("sqlite:"))
    # SQLite makes its log beside the file, so the folder counts as much as the file.
    yield from _writable("database.url", file.parent)
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        yield Finding("database.url", f"{file} can't be written by this user")


def _one_disk(settings: Settings) -> Iterator[Finding]:
    spool, blobs = _existing(settings.spool_path), _existing(settings.blob_path)
    if spool.stat().st_dev != blobs.stat().st_dev:
        yield Finding("spool.blob_folder", "is on another file system than spool.folder: mail can't be moved")


def _relay(settings: Settings) -> Iterator[Finding]:
    relay = settings.relay
    if relay.ca_file:
        yield from _readable("relay.ca_file", Path(relay.ca_file))
    if relay.tls == "none" and not relay.host.startswith(("127.", "::1", "localhost")):
        yield Finding("relay.tls", "mail leaves this machine in the clear", fatal=False)


def _dkim(settings: Settings) -> Iterator[Finding]:
    """Yield keys that work and that some receivers count for nothing; broken ones are mistakes already."""
    if not settings.dkim:
        return
    from mailgate.domain.dkimkey import GOOD_BITS, read_key  # noqa: PLC0415  only who signs loads the library

    for index, part in enumerate(settings.dkim):
        key = read_key(part.key.reveal())
        if key.kind == "rsa" and key.bits < GOOD_BITS:
            text = f"{key.bits} bits are few, make one with {GOOD_BITS} (mailgate dkim genkey)"
            yield Finding(f"dkim[{index + 1}].key", text, fatal=False)


def _log(settings: Settings) -> Iterator[Finding]:
    path = settings.log_path
    if path is None:
        return
    if path.exists():
        if not os.access(path, os.W_OK):
            yield Finding("log.file", f"{path} can't be written by this user")
    else:
        yield from _writable("log.file", path.parent)


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _writable(key: str, folder: Path) -> Iterator[Finding]:
    """Yield what keeps this user from writing in a folder, or from making it where it is missing."""
    there = _existing(folder)
    if not there.is_dir():
        yield Finding(key, f"{there} is no folder")
    elif not os.access(there, os.W_OK | os.X_OK):
        what = "can't be written" if there == folder else f"can't be made in {there}"
        yield Finding(key, f"{folder} {what} by this user")


def _readable(key: str, path: Path) -> Iterator[Finding]:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        yield Finding(key, f"can't read {path}: {error.strerror}")
