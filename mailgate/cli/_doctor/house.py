"""Checks of the machine: database, folders, owners, secrets, disk, clock."""

import os
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from mailgate.cli._doctor.finding import Finding, Patient, counted
from mailgate.config.inspect import look_around
from mailgate.config.secret import Secret
from mailgate.store import queries
from mailgate.store.checkup import faults, hasty_damage
from mailgate.store.mounts import network_reason
from mailgate.store.schema import status as migrations

# A mail server's clock may be off by that much before windows, dates and tokens begin to look wrong.
CLOCK_SLACK_S: Final = 300
# 2026-01-01: no installation of this program is older than that.
EARLIEST: Final = 1_767_225_600
LATEST: Final = EARLIEST + 20 * 365 * 86400
# Below a twentieth of the disk, the next busy day may fill it.
PERCENT: Final = 5
# The pages of a database of some gigabytes are read in that time; a larger one needs `--full`.
HASTE_S: Final = 10.0
# The writer cuts the log back at 64 MiB whenever it is idle, so eight times that means that it can't.
LOG_MAX: Final = 512 * 1024 * 1024
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def surroundings(patient: Patient) -> Iterator[Finding]:
    """Check that the files, folders, users and groups are there that the settings name."""
    found = look_around(patient.settings)
    for one in found:
        advice = "`mailgate config explain` says what it means"
        yield Finding("surroundings", "fail" if one.fatal else "warn", f"{one.key}: {one.message}", advice)
    if not found:
        yield Finding("surroundings", "ok", "files, folders, users and groups are as the settings name them")


def schema(patient: Patient) -> Iterator[Finding]:
    """Check that every migration of this program is applied (else the database would not have opened)."""
    applied = [one for one in migrations(patient.store.backend) if one.applied is not None]
    yield Finding("migrations", "ok", f"{len(applied)} applied, none pending")


def modes(patient: Patient) -> Iterator[Finding]:
    """Check that a commit is on the disk before anybody is told 250."""
    connection = patient.store.connection()
    wanted: Mapping[str, tuple[object, ...]]
    if patient.store.backend.name == "sqlite":
        asked, wanted = "PRAGMA", {"journal_mode": ("wal",), "synchronous": (2, 3)}
    else:
        sure = ("on", "local", "remote_write", "remote_apply")
        asked, wanted = "SHOW", {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": sure}
    said = {name: connection.execute(f"{asked} {name}").fetchone()[0] for name in wanted}
    for name, value in said.items():
        if value not in wanted[name]:
            text = f"{name} is {value}: an acknowledged mail can be lost when the power fails"
            yield Finding("durability", "fail", text, f"set {name} to {wanted[name][0]}")
    if all(said[name] in wanted[name] for name in wanted):
        words = ", ".join(f"{name}={value}" for name, value in said.items())
        yield Finding("durability", "ok", words)


def integrity(patient: Patient) -> Iterator[Finding]:
    """Check that the database is whole; with `thorough` also indexes, the partners of rows, large mails."""
    found: list[str] = []
    said = ["its server answers"]
    with queries.reading(patient.store) as connection:
        sqlite = patient.store.backend.name == "sqlite"
        if patient.thorough:
            found += faults(connection, patient.store.blobs, sqlite=sqlite)
            said = ["whole"] if sqlite else said
            said.append("every row has its partner, every large mail its file")
        elif sqlite:
            quick = hasty_damage(connection, HASTE_S)
            said = ["whole"] if quick is not None else [f"nothing wrong in {HASTE_S:.0f} s, --full reads on"]
            found += quick or []
    for text in found:
        advice = "stop mailgate, keep the file, `mailgate db restore` the last backup"
        yield Finding("integrity", "fail", text, advice)
    if not found:
        yield Finding("integrity", "ok", ", ".join(said))


def log_size(patient: Patient) -> Iterator[Finding]:
    """Check that SQLite's log is moved into the database as it should be."""
    size = patient.store.backend.log_size()
    if size > LOG_MAX:
        text = f"the database's log has {size // 1024**2} MiB: a reader keeps it from being moved"
        yield Finding("log", "warn", text, "look for programs of your own that read the database for long")


def _folders(patient: Patient) -> dict[str, Path]:
    settings = patient.settings
    found = {"spool": settings.spool_path, "large mails": settings.blob_path}
    if settings.database.sqlite:
        found["database"] = patient.store.options.path.parent
    return found


def network_folders(patient: Patient) -> Iterator[Finding]:
    """Check that nothing lies on a network file system."""
    reasons = [reason for folder in _folders(patient).values() if (reason := network_reason(folder))]
    for reason in reasons:
        yield Finding("file system", "fail", reason, "put it on a local disk")
    if not reasons:
        yield Finding("file system", "ok", "database and mails lie on local disks")


def space(patient: Patient) -> Iterator[Finding]:
    """Check that mail can come in: the disks have room above the reserve."""
    disks = {folder.stat().st_dev: (name, folder) for name, folder in _folders(patient).items()}
    reserve = patient.settings.spool.reserve
    for name, folder in disks.values():
        usage, files = shutil.disk_usage(folder), os.statvfs(folder)
        text = f"{folder} ({name}): {usage.free / 1024**3:.1f} GiB free"
        if usage.free < reserve:
            text += f", below spool.reserve {reserve / 1024**3:.1f} GiB: mail is answered 452"
            yield Finding("space", "fail", text, "make room; nothing has to be restarted")
        elif usage.free < 2 * reserve or 100 * usage.free < PERCENT * usage.total:
            yield Finding("space", "warn", text, "make room")
        elif files.f_files and 100 * files.f_favail < PERCENT * files.f_files:
            yield Finding("space", "warn", f"{folder} ({name}): few inodes are left", "make room")
        else:
            yield Finding("space", "ok", text)


def _state_files(patient: Patient) -> list[Path]:
    """Everything that the service writes to."""
    settings = patient.settings
    found = [settings.state_path("."), settings.keys_path, settings.spool_path, settings.blob_path]
    if settings.database.sqlite:
        path = patient.store.options.path
        found += [path, Path(f"{path}-wal"), Path(f"{path}-shm")]
    return [one for one in dict.fromkeys(found) if one.exists()]


def owners(patient: Patient) -> Iterator[Finding]:
    """Check that all belongs to the service, also after a command that was run as root."""
    files = _state_files(patient)
    uid = _service_uid(patient)
    strange = [one for one in files if one.stat().st_uid != uid]
    # root may write everywhere, so a service that runs as root has no such trouble.
    if uid == 0 or not strange:
        yield Finding("owners", "ok", f"{counted(len(files), 'file')} and folders belong to the service")
        return
    for one in strange:
        text = f"{one} belongs to user {one.stat().st_uid}, not to the service's user {uid}"
        yield Finding("owners", "fail", text, f"chown {uid} {one}")


def _service_uid(patient: Patient) -> int:
    """Return the user of the running gateway, else the owner of the state folder."""
    if patient.status is not None:
        process = Path(f"/proc/{patient.status['pid']}")
        if process.exists():
            return process.stat().st_uid
    return patient.settings.state_path(".").stat().st_uid


def privacy(patient: Patient) -> Iterator[Finding]:
    """Check that nobody else of this machine can read mails or keys."""
    open_ones = [str(one) for one in _state_files(patient) if _others_can_read(one)]
    if open_ones:
        text = f"every user of this machine can read {', '.join(open_ones)}"
        yield Finding("privacy", "warn", text, f"chmod o-rwx {patient.settings.state_path('.')}")
    else:
        yield Finding("privacy", "ok", "no other user of this machine can read mails or keys")


def _others_can_read(path: Path) -> bool:
    path = path.resolve()
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents):
        return False
    return bool(path.stat().st_mode & stat.S_IROTH)


def secrets(patient: Patient) -> Iterator[Finding]:
    """Check that files with secrets are their owner's alone."""
    files = [Path(one.reference[7:-1]) for one in _secrets(patient.settings) if "{file:" in one.reference]
    for path in files:
        if not path.exists():
            yield Finding("secrets", "fail", f"{path} is not there", "put the secret into it, mode 0400")
        elif path.stat().st_mode & OTHERS:
            yield Finding("secrets", "fail", f"{path} can be read by others", f"chmod 400 {path}")
        else:
            yield Finding("secrets", "ok", f"{path} is its owner's alone")


def _secrets(value: Any) -> Iterator[Secret]:
    """Yield every secret that the settings name."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _secrets(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _secrets(one)
    else:
        for name in getattr(value, "__struct_fields__", ()):
            yield from _secrets(getattr(value, name))


def clock(patient: Patient) -> Iterator[Finding]:
    """Check that the clock is sane, and not before what is stored already."""
    now = time.time()
    with queries.reading(patient.store) as connection:
        newest = next(iter(queries.list_deliveries(connection, limit=1)), None)
    if not EARLIEST < now < LATEST:
        yield Finding("clock", "fail", "the system's clock is far off", "timedatectl set-ntp true")
    elif newest is not None and newest["at"] / 1000 > now + CLOCK_SLACK_S:
        text = "the newest mail came later than now: the clock was set back"
        yield Finding("clock", "warn", text, "timedatectl set-ntp true; periods and delays count wrongly")
    else:
        yield Finding("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))
