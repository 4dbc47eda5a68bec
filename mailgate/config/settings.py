"""All of mailgate.toml as one frozen value, and how it is read.

Infrastructure only: what the business changes (addresses, queues, templates, scripts) lives in the database.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

from mailgate.config import syntax
from mailgate.config.answers import Answers
from mailgate.config.checks import Checks
from mailgate.config.control import Control
from mailgate.config.database import Database
from mailgate.config.dkim import DkimKey, repeated
from mailgate.config.http import Http
from mailgate.config.instance import Instance
from mailgate.config.limits import Limits
from mailgate.config.listener import Listener
from mailgate.config.load import read
from mailgate.config.log import Log
from mailgate.config.outbox import Outbox
from mailgate.config.relay import Relay
from mailgate.config.rules import Rules
from mailgate.config.section import Section, note
from mailgate.config.spool import Spool
from mailgate.config.targets import Target

DEFAULT_PATH: Final = Path("/etc/mailgate/mailgate.toml")


class Settings(Section, frozen=True, kw_only=True):
    """Everything that mailgate.toml says."""

    instance: Instance = Instance()
    listener: Annotated[tuple[Listener, ...], note("The listeners; none means one LMTP socket.")] = (
        Listener(name="lmtp", address="unix:/run/mailgate/lmtp.sock"),
    )
    database: Database = Database()
    spool: Spool = Spool()
    relay: Relay = Relay()
    dkim: Annotated[
        tuple[DkimKey, ...],
        note("The keys that sign outgoing mail (docs/dkim.md); none signs nothing."),
    ] = ()
    targets: Annotated[
        Mapping[str, Target],
        note(
            "Where keep and fileinto deliver, by name; the target store is there without one.",
            check=syntax.target_name,
        ),
    ] = {}
    limits: Limits = Limits()
    answers: Answers = Answers()
    rules: Rules = Rules()
    checks: Checks = Checks()
    outbox: Outbox = Outbox()
    log: Log = Log()
    http: Http = Http()
    control: Control = Control()

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say what is wrong between sections."""
        if self.answers.verified_only and not (self.checks.dkim or self.checks.trusted_authserv_ids):
            yield (
                "answers.verified_only",
                "nobody verifies senders: set checks.dkim or checks.trusted_authserv_ids",
            )
        if self.checks.dmarc != "off" and not (self.checks.dkim or self.checks.trusted_authserv_ids):
            yield "checks.dmarc", "stands on DKIM: set checks.dkim or checks.trusted_authserv_ids"
        if self.checks.trusted_arc_sealers and not self.checks.arc:
            yield "checks.trusted_arc_sealers", "nobody looks at seals: set checks.arc"
        for index, message in repeated(self.dkim):
            yield f"dkim.{index}.selector", message

    def state_path(self, value: str) -> Path:
        """Return a configured path; a relative one starts in the state folder."""
        return Path(self.instance.state_folder) / value

    @property
    def keys_path(self) -> Path:
        """The file of token keys."""
        return self.state_path(self.instance.keys_file)

    @property
    def database_url(self) -> str:
        """The database's URL, with the path of a SQLite file made absolute."""
        if not self.database.sqlite:
            return self.database.url
        return f"sqlite:{self.state_path(self.database.url.removeprefix('sqlite:'))}"

    @property
    def spool_path(self) -> Path:
        """The folder of mail that is coming in."""
        return self.state_path(self.spool.folder)

    @property
    def blob_path(self) -> Path:
        """The folder of large mail."""
        return self.state_path(self.spool.blob_folder)

    @property
    def log_path(self) -> Path | None:
        """The log file, or None for standard error."""
        return self.state_path(self.log.file) if self.log.file else None

    @property
    def control_path(self) -> Path:
        """The control socket."""
        return Path(self.instance.run_folder) / self.control.socket


def load(path: Path, conf_d: Path | None = None, *, resolve_secrets: bool = True) -> Settings:
    """Read mailgate.toml and every conf.d/*.toml (beside it where `conf_d` is None).

    Raises errors.SettingsError with everything that is wrong. Only the service can read its credentials, so
    commands that need no secret pass `resolve_secrets=False`.
    """
    return read(Settings, path, conf_d, resolve_secrets=resolve_secrets)
