"""What comes in: the octets of one mail, the envelope they came in, and from where.

Built by `intake/` (or by `mailgate inject`), carried unchanged through the whole journey.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Source(StrEnum):
    """How a mail reached us."""

    LMTP = "lmtp"
    SMTP = "smtp"
    IMAP = "imap"
    INJECT = "inject"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mail came from, as far as the listener knows it.

    `queue_id`, `client_name` and `client_address` come from XFORWARD of a trusted client
    (IDENT, NAME, ADDR) and serve logs only. `folder` is where it lay when it was fetched, "" for mail that
    was delivered to us.
    """

    source: Source
    listener: str = ""
    peer: str = ""
    helo: str = ""
    queue_id: str = ""
    client_name: str = ""
    client_address: str = ""
    authenticated: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT: the path as given (brackets and source route removed) and its parameters."""

    address: str
    orcpt: str = ""
    notify: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """MAIL and RCPT; `sender` "" is the null reverse-path; recipients in RCPT order, duplicates kept."""

    sender: str
    recipients: tuple[Recipient, ...]
    body: str = "7BIT"
    smtputf8: bool = False
    envid: str = ""
    ret: str = ""


@dataclass(frozen=True, slots=True)
class Octets:
    """The exact octets of a mail, dots unstuffed: small ones in memory, large ones in a spool file.

    Exactly one of `data` and `path` is set. `sha256` is the digest of the octets, taken while they came in.
    """

    size: int
    sha256: bytes
    data: bytes | None = None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """One mail at the door, before anything was decided; `at` is an aware UTC time."""

    octets: Octets
    envelope: Envelope
    origin: Origin
    at: datetime
    trace_id: str = field(default="")
