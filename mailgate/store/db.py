"""Opening the store: the right database, the right schema, local disks; or a sentence on what is wrong."""

from dataclasses import dataclass
from pathlib import Path

from mailgate.errors import Complaint, HouseFault, SettingsError
from mailgate.store.blobs import Blobs, Hook, no_hook
from mailgate.store.connection import Backend, Connection
from mailgate.store.hot import Hot
from mailgate.store.models.tables import TABLES
from mailgate.store.mounts import network_reason
from mailgate.store.options import StoreOptions
from mailgate.store.schema import require_current
from mailgate.store.sqlite import SqliteBackend


@dataclass(frozen=True, slots=True)
class Store:
    """An opened store; share it between threads, each of which has its own connection."""

    options: StoreOptions
    backend: Backend
    hot: Hot
    blobs: Blobs

    def connection(self) -> Connection:
        """Return this thread's connection, opened if need be; raises HouseFault."""
        return self.backend.connect()

    def reader(self) -> Connection:
        """Open a connection that only reads; keep its transactions short and close it."""
        return self.backend.reader()

    def close(self) -> None:
        """Close this thread's connection."""
        self.backend.close()


def make_backend(options: StoreOptions, *, create: bool = False) -> Backend:
    """Return the backend that the address names; nothing is opened yet."""
    if options.is_postgresql:
        # Imported here so that nobody pays for the driver who does not use it.
        from mailgate.store.postgresql import PostgresqlBackend  # noqa: PLC0415

        return PostgresqlBackend(options)
    return SqliteBackend(options, create=create)


def bind(backend: Backend) -> Hot:
    """Bind the models to this database and compile the hot statements for it."""
    backend.database.bind(TABLES)
    return Hot()


def _places(options: StoreOptions) -> list[tuple[str, Path]]:
    places = [("spool.blob_folder", options.blobs), ("spool.folder", options.incoming)]
    return places if options.is_postgresql else [("database.url", options.path.parent), *places]


def _complaints(options: StoreOptions, mountinfo: str | None) -> list[Complaint]:
    found: list[Complaint] = []
    for key, path in _places(options):
        if not path.is_dir():
            found.append(Complaint(str(path), 0, key, "the folder does not exist"))
            continue
        reason = network_reason(path, mountinfo)
        if reason:
            found.append(Complaint(str(path), 0, key, reason))
    return found or _apart(options)


def _apart(options: StoreOptions) -> list[Complaint]:
    """Complain if the folders lie apart: a mail is renamed from one to the other."""
    if options.blobs.stat().st_dev == options.incoming.stat().st_dev:
        return []
    text = f"must lie on one file system with {options.incoming}"
    return [Complaint(str(options.blobs), 0, "spool.blob_folder", text)]


def open_store(
    options: StoreOptions, *, hooks: Hook = no_hook, mountinfo: str | None = None, check: bool = True
) -> Store:
    """Open the store for work, or raise SettingsError with everything that stands in the way.

    `check=False` leaves out the look at the migrations (for `mailgate db`). `hooks` is told the named
    points of the blob path (crash tests); `mountinfo` replaces /proc/self/mountinfo.
    """
    complaints = _complaints(options, mountinfo)
    if not options.is_postgresql and not options.path.exists():
        complaints.append(
            Complaint(str(options.path), 0, "database.url", "no such database; run `mailgate db upgrade`")
        )
    if complaints:
        raise SettingsError(complaints)
    backend = make_backend(options)
    hot = bind(backend)
    try:
        backend.connect()
    except HouseFault as fault:
        raise SettingsError([Complaint(options.url, 0, "database.url", str(fault))]) from fault
    if check:
        try:
            require_current(backend, options.url)
        except SettingsError:
            backend.close()
            raise
    return Store(options, backend, hot, Blobs(options, hooks))


def create_store(options: StoreOptions, mountinfo: str | None = None) -> Backend:
    """Make the folders and an empty database where there are none; returns an opened backend to upgrade."""
    for _key, path in _places(options):
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
    complaints = _complaints(options, mountinfo)
    if complaints:
        raise SettingsError(complaints)
    backend = make_backend(options, create=True)
    bind(backend)
    backend.connect()
    return backend
