"""The mail that tells a sender that a script refused theirs (RFC 5429 2.2): a notification (RFC 8098)."""

import re
from typing import Final

from sieve_like.message import Envelope, Message
from sieve_like.outgoing.fields import Origin, crlf, frame, header, mailbox, multipart, text_entity
from sieve_like.result import Reject

END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")


def refusal(action: Reject, message: Message, envelope: Envelope, origin: Origin) -> bytes:
    """Return the octets of the notification, with the header of the mail. The sender must not be null."""
    original = " ".join(message.text("message-id")[:1])
    fields = [
        *frame(origin),
        ("From", origin.postmaster_mailbox),
        ("To", mailbox("", envelope.sender)),
        ("Subject", "Automatically rejected mail"),
        ("Auto-Submitted", "auto-replied (rejected)"),
        ("Precedence", "bulk"),
        ("MIME-Version", "1.0"),
        (
            "Content-Type",
            f'multipart/report; report-type=disposition-notification; boundary="{origin.boundary}"',
        ),
    ]
    report = [
        ("Reporting-UA", f"{origin.host}; {origin.agent}"),
        ("Original-Recipient", f"rfc822; {envelope.to}" if envelope.to else ""),
        ("Final-Recipient", f"rfc822; {envelope.recipient}"),
        ("Original-Message-ID", original),
        ("Disposition", "automatic-action/MDN-sent-automatically; deleted"),
    ]
    text = f"Your message to <{envelope.to}> was automatically rejected:\r\n{action.reason}"
    parts = (
        text_entity(text, disposition="inline"),
        b"Content-Type: message/disposition-notification\r\n\r\n" + header(report),
        b"Content-Type: text/rfc822-headers\r\n\r\n" + crlf(_head(bytes(message.octets))),
    )
    return header(fields) + b"\r\n" + multipart(origin.boundary, parts)


def _head(octets: bytes) -> bytes:
    """Return the header of a mail, its last line end with it."""
    found = END.search(octets)
    return octets[: found.start()] + b"\r\n" if found else octets
