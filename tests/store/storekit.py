"""What the store's tests share: a database, mails, a gate and deciders that say what the test wants."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailgate.domain.effects import Decision, Deliver
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView
from mailgate.domain.routing import Catalogue, Route
from mailgate.store.db import create_store
from mailgate.store.options import StoreOptions
from mailgate.store.schema import upgrade
from mailgate.store.unit import Incoming, UnitRules

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = b"From: Ann <ann@example.net>\r\nSubject: help\r\nMessage-ID: <m1@example.net>\r\n\r\nhello\r\n"


def new_options(folder: Path, **changes) -> StoreOptions:
    return StoreOptions(
        str(folder / "mailgate.sqlite"), folder / "blobs", folder / "incoming", reserve=0, **changes
    )


def make_database(options: StoreOptions) -> None:
    backend = create_store(options)
    upgrade(backend)
    backend.close()


def postgresql_options(postgres, folder: Path) -> StoreOptions:
    """Make the tables on an empty PostgreSQL; files lie in the folder."""
    options = replace(new_options(folder), url=postgres.url)
    make_database(options)
    return options


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by) -> datetime:
        self.now += timedelta(**by)
        return self.now


@dataclass
class Said:
    """A verdict of the gate."""

    outcome: str = "send"
    reason: str = ""
    alarm: bool = False


@dataclass
class OpenGate:
    """A gate that says what the test wants, and counts per address."""

    verdict: Said = field(default_factory=Said)

    def send(self, effect, mail, reader, now):
        return self.verdict

    def forward(self, effect, mail, already, reader, now):
        return self.verdict

    def counters(self, effect, mail):
        to = effect.to_address if hasattr(effect, "to_address") else effect.draft.to_address
        return [("answer-address", to)]

    def overruns(self, effect, verdict):
        return [("overrun", getattr(effect, "rule", ""))]


def keep(mail, route, catalogue, reader, now) -> Decision:
    """Decide to keep the mail."""
    effects = (Deliver("store", "INBOX"),)
    return Decision(effects, "test.sieve:1", "keep", "folder=INBOX", {"steps": ["kept"]})


def deciding(*effects, summary: str = "", action: str = "test", trace=None) -> Callable[..., Decision]:
    """Return a decider that always plans these effects."""
    return lambda mail, route, catalogue, reader, now: Decision(effects, "t:1", action, summary, trace or {})


def rules_for(decide, gate=None, **changes) -> UnitRules:
    catalogue = Catalogue(patterns=(Route("*@example.org"),))
    return UnitRules(decide, catalogue, gate or OpenGate(), **changes)


def incoming(
    octets: bytes | Octets = TEXT,
    *recipients: str,
    sender: str = "ann@example.net",
    queue_id: str = "Q1",
    trace_id: str = "01TRACE",
) -> Incoming:
    """Return a mail as it enters the writer."""
    if isinstance(octets, bytes):
        octets = Octets(len(octets), hashlib.sha256(octets).digest(), data=octets)
    view = MessageView.parse(octets.data if octets.data is not None else octets.path.read_bytes())
    to = tuple(Recipient(r) for r in recipients or ("support@example.org",))
    origin = Origin(Source.LMTP, "lmtp", "unix", "mx", queue_id)
    return Incoming(Received(octets, Envelope(sender, to), origin, START, trace_id), view, Facts())
