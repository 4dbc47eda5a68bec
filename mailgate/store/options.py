"""What the store must be told; `app.py` fills it from the settings."""

from dataclasses import dataclass, field
from pathlib import Path

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """Where things lie and how much may lie there.

    `url` is the path of the SQLite file or a `postgresql://` address. Sizes are octets, times are seconds.
    """

    url: str
    blobs: Path
    incoming: Path
    # For PostgreSQL only; kept out of the address, so that it never stands in a message.
    password: str = field(default="", repr=False)
    # Longer than any commit of another process on the same file, shorter than a client's patience.
    busy_timeout_s: float = 5.0
    # A file costs two fsyncs of its own; a row shares the batch's. Above this size copying costs more than
    # that.
    inline_max: int = 256 * KIB
    # What must stay free for the database itself to go on writing when mail may no longer come in.
    reserve: int = 256 * MIB

    @property
    def is_postgresql(self) -> bool:
        """Whether the address names a PostgreSQL server."""
        return self.url.startswith(("postgresql://", "postgres://"))

    @property
    def path(self) -> Path:
        """The SQLite file; a `sqlite:` prefix is understood."""
        return Path(self.url.removeprefix("sqlite:"))
