"""A mail of ours before it is composed: what kind it is, what it says, what goes along.

`outbox/compose.py` makes the octets; the row of the outbox keeps the draft as JSON.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class MailKind(StrEnum):
    """Kinds of outgoing mail; each has its row of budgets in `domain/gate.py`."""

    ANSWER = "answer"  # automatic answers to outsiders: reply, vacation, MDN of reject, notify
    NOTICE = "notice"  # notifications to our agents and administrators
    REDIRECT = "redirect"  # redirect by a rule
    AGENT = "agent"  # written by a person
    MASS = "mass"  # mass mailings


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail of ours before it is composed (`outbox/compose.py` makes the octets).

    Addresses are bare; display names stand beside them. `headers` are extra fields, already decided by the
    planner (Auto-Submitted, loop mark …); the composer refuses none but removes every control character.
    """

    from_address: str
    to_address: str
    subject: str
    text: str
    from_name: str = ""
    to_name: str = ""
    html: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    mime: str = ""  # a complete MIME entity with its own header (vacation :mime); replaces text and html
    attachments: tuple["Attachment", ...] = ()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along: a `text`, or the octets of a `blob` of `size`; `kind` is its MIME type.

    With a `cid` it is an image that the HTML part shows (RFC 2392).
    """

    name: str
    kind: str
    text: str = ""
    blob: str = ""
    size: int = 0
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file whose octets are at hand, on its way to become an `Attachment`: that of an agent's own mail."""

    name: str
    kind: str
    octets: bytes = field(repr=False)
