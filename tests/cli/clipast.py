"""Mails taken by an installation that does not run, with its own rules and at any time: what replays look at."""

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from mailgate.business import Business
from mailgate.checks.gather import plain_facts
from mailgate.config.settings import load
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.message.view import MessageView
from mailgate.places import load_keys, store_options
from mailgate.store.db import open_store
from mailgate.store.unit import DeliveryOutcome, Incoming, accept_each
from mailgate.store.writer import Writer
from mailgate.wiring import check_policy

SUPPORT = "support@example.org"
ANNA = "anna@customer.example"


class Clock:
    """A clock that moves a second per mail."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


def take(
    desk,
    mails: Iterable[bytes],
    *,
    recipient: str = SUPPORT,
    sender: str = ANNA,
    start: datetime | None = None,
) -> list[DeliveryOutcome]:
    """Take mails as the gateway would, one a second from `start` (an hour ago), and return their outcomes."""
    settings = load(desk.config, resolve_secrets=True)
    keys = load_keys(settings.keys_path)
    clock = Clock(start or datetime.now(UTC) - timedelta(hours=1))
    store = open_store(store_options(settings))
    writer = Writer(store, clock=clock)
    writer.start()
    outcomes = []
    try:
        business = Business(store, settings, keys, lambda _error: None)
        assert business.reload() == ""
        policy = check_policy(settings, keys, business.own)
        rules = business.rules
        for n, octets in enumerate(mails):
            clock.now += timedelta(seconds=1)
            received = Received(
                Octets(len(octets), hashlib.sha256(octets).digest(), octets),
                Envelope(sender, (Recipient(recipient),)),
                Origin(Source.LMTP, "lmtp", "", "mx", f"Q{n}"),
                clock.now,
                f"01TRACE{n}",
            )
            view = MessageView.parse(octets)
            incoming = Incoming(received, view, plain_facts(received, view, policy))
            work = writer.submit(lambda tx, one=incoming: accept_each(tx, one, rules))
            outcomes += work.result(30)
    finally:
        writer.stop()
        store.close()
    return outcomes


def mail(n: int = 1, subject: str = "help", *, more: str = "", body: str = "Please.") -> bytes:
    """Return a mail of a person; each number has a Message-ID of its own."""
    head = (
        f"From: Anna Berg <{ANNA}>\r\nTo: {SUPPORT}\r\nSubject: {subject}\r\n"
        f"Message-ID: <m{n}@customer.example>\r\n{more}"
    )
    return f"{head}\r\n{body}\r\n".encode()


@contextlib.contextmanager
def store_of(desk):
    """Give a connection that may write, for a test that needs a past of its own."""
    connection = sqlite3.connect(desk.folder / "state" / "mailgate.sqlite", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()
