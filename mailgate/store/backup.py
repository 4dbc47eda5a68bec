"""A backup that is consistent while the gateway runs: first the database, then the blobs that it names.

Blobs never change and are only removed when no row names them, so what the copied database names is still
there. The result is a folder with `mailgate.sqlite`, `blobs/` and `manifest.json`; restoring is putting it in
place.
"""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from mailgate.errors import Complaint, SettingsError
from mailgate.store.blobs import Blobs, sync_folder
from mailgate.store.db import Store

DATABASE: Final = "mailgate.sqlite"
MANIFEST: Final = "manifest.json"
# Blobs beside the received mails: beginnings of edited ones, files of templates and of mails that leave.
OTHER_BLOBS: Final = (
    "SELECT hex(sha256) FROM edition WHERE stored = 'file' "
    "UNION SELECT upper(blob) FROM template_file UNION SELECT upper(blob) FROM outbox_file"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: when it was made, the database's digest, and each blob with its size."""

    made_at: str
    database_sha256: str
    messages: int
    blobs: dict[str, int]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def backup(store: Store, folder: Path, now: datetime) -> Manifest:
    """Copy everything into a new folder; raises SettingsError where that can't be done.

    The database is copied in one read transaction: the writer is not held up, but its log grows by what
    comes in meanwhile.
    """
    if store.options.is_postgresql:
        raise SettingsError([Complaint(store.options.url, 0, "database.url", "use pg_dump for PostgreSQL")])
    if folder.exists() and any(folder.iterdir()):
        raise SettingsError([Complaint(str(folder), 0, "", "the folder is not empty")])
    (folder / "blobs").mkdir(mode=0o750, parents=True, exist_ok=True)
    target = folder / DATABASE
    _copy_database(store, target)
    with closing(sqlite3.connect(target)) as copy:
        named = copy.execute("SELECT DISTINCT sha256, size FROM message WHERE stored = 'file'").fetchall()
        (messages,) = copy.execute("SELECT count(*) FROM message").fetchone()
        others = copy.execute(OTHER_BLOBS).fetchall()
    blobs = {bytes(digest).hex(): size for digest, size in named}
    blobs |= {name.lower(): 0 for (name,) in others}
    for name in blobs:
        blobs[name] = _copy_blob(store.blobs, folder, name)
    manifest = Manifest(now.isoformat(), _digest(target), messages, blobs)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", "utf-8")
    sync_folder(folder)
    return manifest


def _copy_database(store: Store, target: Path) -> None:
    source = sqlite3.connect(f"file:{store.options.path.absolute()}?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # One file without a log beside it: simpler to carry away.
        copy.execute("PRAGMA journal_mode = delete")


def _copy_blob(blobs: Blobs, folder: Path, name: str) -> int:
    """Copy one blob; returns its size."""
    place = folder / "blobs" / name[:2]
    place.mkdir(mode=0o750, exist_ok=True)
    return Path(shutil.copy2(blobs.path(bytes.fromhex(name)), place / name)).stat().st_size


def verify(folder: Path) -> list[str]:
    """Return what is wrong with a backup: damage, missing or altered files; nothing where all is well."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    problems = []
    if _digest(folder / DATABASE) != manifest["database_sha256"]:
        problems.append(f"{DATABASE} was altered")
    with closing(sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)) as copy:
        problems += [line for (line,) in copy.execute("PRAGMA integrity_check") if line != "ok"]
    for name in manifest["blobs"]:
        path = folder / "blobs" / name[:2] / name
        if not path.exists():
            problems.append(f"blob {name} is missing")
        elif _digest(path) != name:
            problems.append(f"blob {name} was altered")
    return problems


def restore(folder: Path, database: Path, blobs: Path) -> None:
    """Put a backup in place; the gateway is stopped, and neither a database nor its log may be there."""
    taken = [p for p in (database, Path(f"{database}-wal"), Path(f"{database}-shm")) if p.exists()]
    if taken:
        text = f"is in the way: {', '.join(map(str, taken))}; stop the gateway and move it aside"
        raise SettingsError([Complaint(str(database), 0, "", text)])
    problems = verify(folder)
    if problems:
        raise SettingsError([Complaint(str(folder), 0, "", problem) for problem in problems])
    database.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder / "blobs", blobs, dirs_exist_ok=True)
    shutil.copy2(folder / DATABASE, database)
