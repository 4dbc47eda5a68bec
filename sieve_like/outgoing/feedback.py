"""The mail of the action report: a feedback report (RFC 5965) with the mail that it is about."""

import re
from typing import Final

from sieve_like.actions import Report
from sieve_like.message import Envelope, Message
from sieve_like.outgoing.fields import Origin, crlf, encoded, frame, header, mailbox, multipart, text_entity
from sieve_like.outgoing.settings import chosen_address, user_email
from sieve_like.settings import Settings

END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")


def feedback_report(
    action: Report, message: Message, envelope: Envelope, settings: Settings, origin: Origin
) -> bytes:
    """Return the octets of the report: text for people, the report, and the mail or its header."""
    octets = bytes(message.octets)
    found = END.search(octets)
    if action.headers_only and found:
        octets = octets[: found.end()]
    chosen = chosen_address(settings.text("sieve_report_from"), envelope, settings, origin.host)
    fields = [
        *frame(origin),
        ("From", mailbox("", chosen) if chosen else origin.postmaster_mailbox),
        ("To", mailbox("", action.address)),
        ("Subject", encoded(f"Report: {next(iter(message.text('subject')), '(no subject)')}")),
        ("Auto-Submitted", "auto-generated (report)"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type=feedback-report; boundary="{origin.boundary}"'),
    ]
    report = [
        ("Version", "1"),
        ("Feedback-Type", action.feedback),
        ("User-Agent", origin.agent),
        ("Original-Mail-From", f"<{envelope.sender}>"),
        ("Original-Rcpt-To", f"<{envelope.to}>"),
        ("Dovecot-Reporting-User", f"<{user_email(settings) or envelope.recipient}>"),
    ]
    kind = "text/rfc822-headers" if action.headers_only else "message/rfc822"
    parts = (
        text_entity(action.text, disposition="inline"),
        b"Content-Type: message/feedback-report\r\n\r\n" + header(report),
        f"Content-Type: {kind}\r\nContent-Disposition: attachment\r\n\r\n".encode() + crlf(octets),
    )
    return header(fields) + b"\r\n" + multipart(origin.boundary, parts)
