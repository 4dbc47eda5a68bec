"""The mail of a notification by `mailto:` (RFC 5436 2.7)."""

from typing import Final

from sieve_like.actions import Notify
from sieve_like.message import Envelope, Message
from sieve_like.outgoing.fields import (
    Origin,
    bare_address,
    clean,
    encoded,
    frame,
    header,
    listed_mailboxes,
    mailbox,
    text_entity,
)
from sieve_like.outgoing.settings import chosen_address, user_email
from sieve_like.settings import Settings

# RFC 5435 3.4 to the words that mail programs know.
PRIORITIES: Final = {1: ("1 (Highest)", "High"), 2: ("3 (Normal)", "Normal"), 3: ("5 (Lowest)", "Low")}
DEFAULT_BODY: Final = "Notification of new message."
NO_SUBJECT: Final = "(no subject)"


def _default_sender(envelope: Envelope, settings: Settings, origin: Origin) -> str:
    """Return the address that we write from where the script names none, "" for the postmaster."""
    value = settings.text("sieve_notify_mailto_envelope_from")
    chosen = chosen_address(value, envelope, settings, origin.host) if value else None
    return user_email(settings) if chosen is None else chosen


def notice_sender(action: Notify, envelope: Envelope, settings: Settings, origin: Origin) -> str:
    """Return the envelope sender; the null sender stays null."""
    if envelope.sender in {"", "<>"}:
        return ""
    said = settings.text("sieve_notify_mailto_envelope_from")
    if action.from_ and not said:
        return bare_address(action.from_)
    if said.strip() == "<>":
        return ""
    return _default_sender(envelope, settings, origin) or origin.postmaster


def notice(action: Notify, message: Message, envelope: Envelope, settings: Settings, origin: Origin) -> bytes:
    """Return the octets of the notification; the action must be one of a `mailto:` URI."""
    mail = action.mail
    assert mail is not None
    owner = user_email(settings)
    priority, importance = PRIORITIES.get(action.importance, PRIORITIES[2])
    subject = next((one for one in (action.text, mail.subject) if one is not None), _default_subject(message))
    sender = listed_mailboxes((action.from_,)) if action.from_ else ""
    default = _default_sender(envelope, settings, origin)
    sender = sender or (mailbox("", default) if default else origin.postmaster_mailbox)
    fields = [
        *frame(origin),
        ("Subject", encoded(subject)),
        ("From", sender),
        ("To", listed_mailboxes(mail.to)),
        ("Cc", listed_mailboxes(mail.cc)),
        ("Auto-Submitted", f'auto-notified; owner-email="{owner or envelope.recipient}"'),
    ]
    said = {name.lower() for name, _ in mail.headers}
    usual = [("Precedence", "bulk"), ("X-Priority", priority), ("Importance", importance)]
    fields += [(name, value) for name, value in usual if name.lower() not in said]
    fields += [(clean(name), encoded(value)) for name, value in mail.headers]
    fields.append(("MIME-Version", "1.0"))
    return header(fields) + text_entity(DEFAULT_BODY if mail.body is None else mail.body)


def _default_subject(message: Message) -> str:
    return f"Notification: {next(iter(message.text('subject')), NO_SUBJECT)}"
