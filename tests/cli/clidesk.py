"""A settings file, an upgraded database and some business data in a folder; commands run in this process."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gatewayrun
import peers
from click.testing import CliRunner, Result

from mailgate.cli._main import cli

SCRIPT = 'require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];\nticket :queue "support";\nreply :template "received";\n'
BUSINESS = """
[[queue]]
name = "support"
address = "support@example.org"

[[template]]
name = "received"
subject = "Got {{ mail.subject }}"
text = "{{ salutation }}, this is {{ ticket.number }}."

[[address]]
address = "support@example.org"
queue = "support"
script = "support"
"""


@dataclass
class Desk:
    """The folder of an installation that does not run; `business` is what `apply` was given."""

    folder: Path

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "mailgate.toml"

    @property
    def business(self) -> Path:
        """The folder with the texts of the business data."""
        return self.folder / "business"

    def write(self, settings: dict[str, Any]) -> None:
        """Write the settings: those of a gateway under test with these laid over them."""
        gatewayrun.Gateway(self.folder, 1, 2).write(settings)

    def run(self, *arguments: str, data: str | bytes = "") -> Result:
        """Run a command; nothing but an exit code and its output may come out of it."""
        done = CliRunner().invoke(cli, ["--config", str(self.config), *arguments], input=data)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    def good(self, *arguments: str, data: str | bytes = "") -> str:
        """Run a command that succeeds; return its standard output."""
        done = self.run(*arguments, data=data)
        assert done.exit_code == 0, done.output
        return done.stdout

    def bad(self, *arguments: str, code: int = 1, data: str | bytes = "") -> str:
        """Run a command that fails with this code; return its standard error."""
        done = self.run(*arguments, data=data)
        assert done.exit_code == code, done.output
        return done.stderr

    def json(self, *arguments: str, data: str | bytes = "") -> Any:
        """Run a command with --json and return what it says."""
        return json.loads(self.good(*arguments, "--json", data=data))

    def names(self, command: str, key: str = "name") -> list[str]:
        """Return the names in a listing."""
        return [row[key] for row in self.json(command, "list")]

    def versions(self) -> tuple[int, int]:
        """Return how often the business data changed, and how many lines the audit has."""
        import sqlite3

        with contextlib.closing(sqlite3.connect(self.folder / "state" / "mailgate.sqlite")) as connection:
            version = connection.execute("SELECT version FROM catalogue_version").fetchone()
            lines = connection.execute("SELECT count(*) FROM audit").fetchone()
        return (version[0] if version else 0), lines[0]


@contextlib.contextmanager
def desk(
    *, business: bool = True, settings: dict[str, Any] | None = None, channel: bool = True
) -> Iterator[Desk]:
    """Set up an installation, with the business data of this file and the channel on unless they are not wanted."""
    with peers.short_folder("mg-cli-") as folder:
        one = Desk(folder)
        one.write(settings or {})
        one.good("db", "upgrade")
        if channel:
            gatewayrun.Gateway(folder, 1, 2).open_channel()
        if business:
            one.business.mkdir()
            (one.business / "business.toml").write_text(BUSINESS)
            (one.business / "support.sieve").write_text(SCRIPT)
            one.good("apply", str(one.business))
        yield one
