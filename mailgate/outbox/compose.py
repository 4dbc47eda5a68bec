"""The one builder for every mail of ours: a Draft becomes octets.

Called by the worker when the mail is sent, not when it is planned; the same draft gives the same octets on
every try, so a second copy (RFC 1047) is recognised by its Message-ID.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from mailgate.domain.draft import Draft
from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.outbox.content import ComposedContent, PiecedContent
from mailgate.outbox.fields import (
    address_field,
    addresses_field,
    ascii_domain,
    field_name,
    fold_words,
    text_field,
)
from mailgate.outbox.parts import mail_body
from mailgate.outbox.pieces import Files, Piece, octets_of

# RFC 5322 3.6.4, leniently: what stands between angle brackets without spaces, as long as a line has room.
MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")
# The same for an id of ours, strictly; the form of its host is that of a domain or of an address literal.
_ATOMS: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
OWN_ID: Final = re.compile(rf"(?=.{{3,900}}\Z)<{_ATOMS}@(?:{_ATOMS}|\[[A-Za-z0-9.:-]+\])>")
# First and last are what readers thread by; twenty lines of it are enough for anybody.
REFERENCES: Final = 20
# What this builder writes itself, once (RFC 5322 3.6); and Bcc, which is for nobody to see.
OWN: Final = frozenset(
    {
        "date", "from", "to", "subject", "message-id", "in-reply-to", "references", "reply-to",
        "mime-version", "bcc",
    }
)  # fmt: skip
# What a planner may add, but once only (RFC 5322 3.6, RFC 3834 5): of two, the first counts.
ONCE: Final = frozenset({"cc", "sender", "auto-submitted", "precedence", "x-auto-response-suppress"})

ADDRESSES: Final = frozenset({"cc", "sender"})


def no_files(blob: str, _size: int) -> Octets:
    """Find nothing: for mails whose attachments are texts."""
    raise HouseFault(f"file {blob} is not at hand")


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished mail: only CRLF as line ends; `smtputf8` if an address in it needs that extension.

    `head` are all fields with their CRLF, `body` what stands behind the empty line; files in it are read
    when their octets are asked for, which raises HouseFault if one is gone.
    """

    head: bytes
    body: tuple[Piece, ...]
    message_id: str
    smtputf8: bool

    @property
    def octets(self) -> bytes:
        """The whole mail in memory."""
        return b"".join((self.head, b"\r\n", *octets_of(self.body)))

    def body_octets(self) -> Iterator[bytes]:
        """Yield what stands behind the empty line, in pieces of at most about 80 KiB where it is files."""
        return octets_of(self.body)

    def with_field(self, field: bytes) -> "Composed":
        """Return the mail with a field, its CRLF included, in front of the others."""
        return replace(self, head=field + self.head)

    def content(self) -> ComposedContent | PiecedContent:
        """Return the mail as a target takes it."""
        if all(isinstance(one, bytes) for one in self.body):
            return ComposedContent(self.octets)
        return PiecedContent((self.head + b"\r\n", *self.body))


def default_message_id(outbox_id: int, trace_id: str, hostname: str) -> str:
    """Return the Message-ID of a mail whose draft has none: the same on every try."""
    digest = sha256(f"{outbox_id}\0{trace_id}".encode("utf-8", "replace")).hexdigest()[:20]
    return f"<mg.{outbox_id}.{digest}@{ascii_domain(hostname) or 'localhost'}>"


def compose(draft: Draft, *, date: datetime, message_id: str, files: Files = no_files) -> Composed:
    """Return the mail; `date` is its Date, `message_id` stands in where the draft has no valid one.

    Never fails, whatever Unicode the draft holds: values lose their control characters, ids and fields
    that can't be written are left out. `files` finds attachments in the store; raises what it raises.
    """
    own_id = draft.message_id if OWN_ID.fullmatch(draft.message_id) else message_id
    fields = [
        fold_words("Date", [format_datetime(date)]),
        address_field("From", draft.from_address, draft.from_name),
        address_field("To", draft.to_address, draft.to_name),
        text_field("Subject", draft.subject),
        fold_words("Message-ID", [own_id]),
        *_thread(draft),
        *([address_field("Reply-To", draft.reply_to)] if draft.reply_to.strip() else []),
        *_extra(draft.headers),
        b"MIME-Version: 1.0\r\n",
    ]
    body = mail_body(draft, files)
    # Whatever else is beyond ASCII is encoded: what is left of it stands in an address (RFC 6532 3.2).
    head = b"".join(fields) + body.fields
    return Composed(head, body.pieces, own_id, not head.isascii())


def _ids(text: str) -> list[str]:
    return MESSAGE_ID.findall(text)


def _thread(draft: Draft) -> list[bytes]:
    """Return In-Reply-To and References; the first reference stays when there are too many."""
    fields = []
    if answered := _ids(draft.in_reply_to):
        fields.append(fold_words("In-Reply-To", answered[:1]))
    ids = list(dict.fromkeys(one for text in draft.references for one in _ids(text)))
    if len(ids) > REFERENCES:
        ids = [ids[0], *ids[1 - REFERENCES :]]
    if ids:
        fields.append(fold_words("References", ids))
    return fields


def _extra(headers: tuple[tuple[str, str], ...]) -> list[bytes]:
    """Return the planner's fields, but for those that are written here, or stand there already."""
    fields: list[bytes] = []
    there: set[str] = set()
    for said, value in headers:
        name = field_name(said)
        known = name.lower()
        if not name or known in OWN or known.startswith("content-") or known in there:
            continue
        field = addresses_field(name, value) if known in ADDRESSES else text_field(name, value)
        fields.append(field)
        there |= {known} & ONCE if field else set()
    return fields
