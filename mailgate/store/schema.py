"""Migrations: Peewee's own runner over the numbered files in `migrations/`, each in its own transaction.

Nothing is applied by itself: the gateway refuses to start on a database that is behind (or ahead of) its
code.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import peewee
from playhouse.migrations import Runner

from mailgate.errors import Complaint, SettingsError
from mailgate.store.connection import Backend


@dataclass(frozen=True, slots=True)
class MigrationState:
    """One migration: `applied` is the local time of its run or None; `known`: this program has it."""

    name: str
    applied: datetime | None
    known: bool


def _runner(backend: Backend) -> Runner:
    return Runner(backend.database, str(Path(__file__).parent / "migrations"))


def upgrade(backend: Backend) -> tuple[str, ...]:
    """Apply what is pending, in order, and return its names; all or nothing per migration."""
    backend.connect()
    return tuple(_runner(backend).up())


def status(backend: Backend) -> tuple[MigrationState, ...]:
    """Return all migrations that this program or this database knows, in order."""
    backend.connect()
    return tuple(MigrationState(m.name, m.applied, m.path is not None) for m in _runner(backend).status())


def problem(backend: Backend) -> str:
    """Return why this database and this program do not fit, or ""."""
    states = status(backend)
    pending = [s.name for s in states if s.known and s.applied is None]
    unknown = [s.name for s in states if not s.known]
    if unknown:
        return f"the database is newer than this program: it has {', '.join(unknown)}"
    if pending:
        return f"{len(pending)} pending: {', '.join(pending)}; run `mailgate db upgrade`"
    return ""


def require_current(backend: Backend, where: str) -> None:
    """Raise SettingsError unless the schema is exactly the program's."""
    try:
        found = problem(backend)
    except (peewee.PeeweeException, sqlite3.Error) as error:
        found = f"cannot be read: {error}"
    if found:
        raise SettingsError([Complaint(where, 0, "migrations", found)])
