"""Method mailto of notify (RFC 5436): its URIs (RFC 2368, RFC 6068), and which mails must not cause one.

Characters that a part of a URI may not hold bare must be percent-encoded, a comma between recipients among
them, as established engines want it.
"""

import re
import string
from collections.abc import Sequence
from typing import Final

from sieve_like.actions import NotifyMail, fold_address
from sieve_like.address import parse_list, parse_one
from sieve_like.message import Message

MAX_RECIPIENTS = 8  # of one notification: it tells a few people, it is no mailing
MAX_HEADERS = 16  # further header fields of one notification

_PLAIN: Final = frozenset(string.ascii_letters + string.digits + "-._~!$'*+@%")
TO: Final = _PLAIN
NAME: Final = _PLAIN | frozenset("(),;")
VALUE: Final = _PLAIN | frozenset("(),:;=")
ENCODED: Final = re.compile(rb"%([0-9A-Fa-f]{2})?")
FIELD_NAME: Final = frozenset(map(chr, range(33, 127))) - {":"}  # RFC 5322 2.2

# RFC 5436 2.7: fields that a URI must not set, and those that say how a mail came here.
RESERVED: Final = frozenset(
    {"auto-submitted", "bcc", "from", "in-reply-to", "message-id", "received", "references", "resent-bcc",
     "resent-cc", "resent-date", "resent-from", "resent-msg-id", "resent-sender", "resent-to", "return-path",
     "sender", "x-sieve"}
)  # fmt: skip
OWNER: Final = re.compile(r';\s*owner-email\s*=\s*"?([^";]+)"?', re.IGNORECASE)


class MailtoError(Exception):
    """What is wrong with a URI."""


class _Reading:
    """What was read of a URI so far."""

    def __init__(self) -> None:
        self.to: list[str] = []
        self.cc: list[str] = []
        self.subject: str | None = None
        self.body: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.warnings: list[str] = []
        self._known: set[str] = set()

    def warn(self, text: str) -> None:
        """Add a warning, each once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def recipients(self, text: str, into: list[str]) -> None:
        """Take addresses separated by commas; nobody twice, and not too many."""
        for one in _single(text):
            folded = fold_address(one)
            if folded in self._known:
                self.warn(f"the recipient '{one}' is named twice")
            elif len(self._known) >= MAX_RECIPIENTS:
                self.warn(f"a notification has at most {MAX_RECIPIENTS} recipients; the rest is left out")
            else:
                self._known.add(folded)
                into.append(one)

    def field(self, name: str, value: str) -> None:
        """Take one field of the part behind the question mark."""
        match name.lower():
            case "to":
                self.recipients(value, self.to)
            case "cc":
                self.recipients(value, self.cc)
            case "subject" if self.subject is None:
                self.subject = _line(value)
            case "body" if self.body is None:
                self.body = value
            case "subject" | "body":
                self.warn(f"the {name.lower()} is given twice; the first one holds")
            case reserved if reserved in RESERVED:
                self.warn(f"the field '{name}' can't be set by a notification")
            case _:
                self._header(name, value)

    def _header(self, name: str, value: str) -> None:
        if len(self.headers) >= MAX_HEADERS:
            self.warn(f"a notification has at most {MAX_HEADERS} further fields; the rest is left out")
        else:
            self.headers.append((name, _line(value)))


def parse_mailto(uri: str) -> tuple[NotifyMail, tuple[str, ...]]:
    """Return what a URI asks for, and warnings about what is left out of it; raises MailtoError."""
    _, _, rest = uri.partition(":")
    to, question, fields = rest.partition("?")
    reading = _Reading()
    if to:
        reading.recipients(_decoded(to, TO, "the recipients"), reading.to)
    if question and fields:
        for field in fields.removesuffix("&").split("&"):
            name, _, value = field.partition("=")
            name = _decoded(name, NAME, "the name of a field")
            if not name or not FIELD_NAME.issuperset(name):
                raise MailtoError(f"'{name}' can't be the name of a field in a notification")
            reading.field(name, _decoded(value, VALUE, f"the field '{name}'"))
    mail = NotifyMail(
        tuple(reading.to), tuple(reading.cc), reading.subject, reading.body, tuple(reading.headers)
    )
    if not mail.recipients:
        reading.warn("the notification has no recipients")
    return mail, tuple(reading.warnings)


def _decoded(text: str, allowed: frozenset[str], what: str) -> str:
    """Return a part of a URI without percent signs."""
    wrong = next((c for c in text if c not in allowed), "")
    if wrong:
        raise MailtoError(
            f"{what} in a mailto URI can't hold {wrong!r} as it is; encode it with a percent sign"
        )
    octets = text.encode()
    if any(found[1] is None for found in ENCODED.finditer(octets)):
        raise MailtoError(f"{what} in a mailto URI has a '%' without two hexadecimal digits")
    try:
        decoded = ENCODED.sub(lambda found: bytes([int(found[1], 16)]), octets).decode()
    except UnicodeDecodeError:
        raise MailtoError(f"{what} in a mailto URI is no UTF-8") from None
    if "\0" in decoded:
        raise MailtoError(f"{what} in a mailto URI holds a NUL")
    return decoded


def _line(value: str) -> str:
    """Return the value of a header field, which has one line and no control characters."""
    if any((c < " " and c != "\t") or c == "\x7f" for c in value):
        raise MailtoError("a field of a notification can't hold a line end or a control character")
    return value


def _single(text: str) -> list[str]:
    """Return the addresses of a list, each as it is written; all must be valid."""
    found = parse_list(text)
    raws = [one.raw.strip() for one in found]
    if not found or len(found) != text.count(",") - sum(raw.count(",") for raw in raws) + 1:
        raise MailtoError(f"'{text}' is no list of addresses")
    for one in found:
        if not one.valid:
            raise MailtoError(f"'{one.raw}' is not a valid e-mail address")
    return raws


def complain_about_sender(text: str) -> str:
    """Return what is wrong with the sender of a mail (RFC 5436 2.3), "" if nothing is."""
    return "" if parse_one(text) is not None else f"'{text}' is not a valid e-mail address"


def why_not(message: Message, owners: Sequence[str]) -> str:
    """Return why a mail must not cause a notification (RFC 5436 2.7.1 and 5), "" where it may.

    Mails that a machine sent cause none. A notification about another person's mail may: its owner-email
    names somebody who is none of `owners`, the addresses of the user.
    """
    own = {fold_address(owner) for owner in owners}
    for value in message.text("auto-submitted"):
        word = value.partition(";")[0].partition("(")[0].strip().lower()
        if word in {"", "no"}:
            continue
        named = OWNER.search(value)
        if word == "auto-notified" and named is not None and fold_address(named[1].strip()) not in own:
            continue
        return f"the mail was sent by a machine (Auto-Submitted: {word})"
    return ""
