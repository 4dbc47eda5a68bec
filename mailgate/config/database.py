"""[database]: where tickets, mail and the outbox are kept."""

from collections.abc import Iterator
from typing import Annotated

from mailgate.config import syntax
from mailgate.config.secret import Secret
from mailgate.config.section import Duration, Section, Size, note
from mailgate.config.units import KIB, MIB


class Database(Section, frozen=True, kw_only=True):
    """Where tickets, mail and the outbox are kept."""

    url: Annotated[
        str,
        note(
            "The database: sqlite:PATH, or postgresql://USER@HOST/NAME without a password.",
            check=syntax.database_url,
            examples=[
                "sqlite:/var/lib/mailgate/mailgate.sqlite",
                "postgresql://mailgate@db.example.org/mailgate",
            ],
        ),
    ] = "sqlite:mailgate.sqlite"
    password: Annotated[
        Secret | None,
        note("The password for PostgreSQL.", examples=["${credential:database-password}"]),
    ] = None
    busy_timeout: Annotated[
        Duration,
        note(
            "How long a commit waits for another process that holds the database; then mail is deferred.",
            ge=0,
            le=300,
        ),
    ] = 5.0
    inline_max: Annotated[
        Size,
        note(
            "Mail up to this size is kept in the database itself, larger mail as a file.",
            ge=0,
            le=16 * MIB,
        ),
    ] = 256 * KIB

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say where a password has no server to go to."""
        if self.password is not None and self.url.startswith("sqlite:"):
            yield "password", "a SQLite file has no password"

    @property
    def sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.url.startswith("sqlite:")
