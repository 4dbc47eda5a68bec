"""The one builder for every mail of ours: a Draft becomes octets.

Called by the worker when the mail is sent, not when it is planned; the same draft gives the same octets on
every try, so a second copy (RFC 1047) is recognised by its Message-ID.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from mailgate.domain.draft import Draft
from mailgate.outbox.body import Body, alternative_body, entity_body, text_body, with_attachments
from mailgate.outbox.fields import address_field, ascii_domain, field_name, fold_words, mailbox, text_field

# RFC 5322 3.6.4, leniently: what stands between angle brackets without spaces, as long as a line has room.
MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,900}>")
# First and last are what readers thread by; twenty lines of it are enough for anybody.
REFERENCES: Final = 20
# What this builder writes itself; each may stand in a mail once only (RFC 5322 3.6).
OWN: Final = frozenset(
    {"date", "from", "to", "subject", "message-id", "in-reply-to", "references", "reply-to", "mime-version"}
)


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished mail: only CRLF as line ends; `smtputf8` if an address in it needs that extension."""

    octets: bytes
    message_id: str
    smtputf8: bool


def default_message_id(outbox_id: int, trace_id: str, hostname: str) -> str:
    """Return the Message-ID of a mail whose draft has none: the same on every try."""
    digest = sha256(f"{outbox_id}\0{trace_id}".encode("utf-8", "replace")).hexdigest()[:20]
    return f"<mg.{outbox_id}.{digest}@{ascii_domain(hostname) or 'localhost'}>"


def compose(draft: Draft, *, date: datetime, message_id: str) -> Composed:
    """Return the mail; `date` is its Date, `message_id` stands in where the draft has no valid one.

    Never raises, whatever Unicode the draft holds: values lose their control characters, ids and fields
    that can't be written are left out.
    """
    own_id = next(iter(_ids(draft.message_id)), message_id)
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
    body = _body(draft)
    octets = b"".join(fields) + body.fields + b"\r\n" + body.octets
    addresses = (draft.from_address, draft.to_address, draft.reply_to)
    return Composed(octets, own_id, not all(mailbox(a).isascii() for a in addresses))


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
    """Return the planner's fields, but for those that are written here."""
    named = [(field_name(name), value) for name, value in headers]
    return [
        text_field(name, value)
        for name, value in named
        if name and name.lower() not in OWN and not name.lower().startswith("content-")
    ]


def _body(draft: Draft) -> Body:
    if draft.mime:
        return entity_body(draft.mime)
    body = alternative_body(draft.text, draft.html) if draft.html else text_body(draft.text)
    return with_attachments(body, draft.attachments)
