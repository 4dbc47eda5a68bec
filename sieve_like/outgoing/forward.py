"""The mail that a redirect sends (RFC 5228 4.2): as it is, with fields of ours before its own."""

import re
from typing import Final

from sieve_like.message import Envelope, Message
from sieve_like.outgoing.fields import Origin, header
from sieve_like.outgoing.settings import chosen_address, user_email
from sieve_like.settings import Settings

TRACE_FIELD: Final = "X-Sieve-Redirected-From"
RETURN_PATH: Final = re.compile(
    rb"^return-path[ \t]*:(?:[^\n]|\n(?=[ \t]))*\n?", re.IGNORECASE | re.MULTILINE
)
END: Final = re.compile(rb"\r?\n\r?\n|\A\r?\n")


def redirected_from(envelope: Envelope, settings: Settings) -> str:
    """Return the address that we redirect for: by it a mail that comes back is known again."""
    return user_email(settings) or envelope.recipient


def comes_back(message: Message, envelope: Envelope, settings: Settings) -> bool:
    """Whether we have redirected this mail before: then it is kept, not sent again."""
    own = redirected_from(envelope, settings).lower()
    return any(value.strip().lower() == own for value in message.text(TRACE_FIELD))


def forward_sender(envelope: Envelope, settings: Settings) -> str:
    """Return the envelope sender; the null sender stays null, since nobody may answer such a mail."""
    if envelope.sender in {"", "<>"}:
        return ""
    value = settings.text("sieve_redirect_envelope_from")
    chosen = chosen_address(value, envelope, settings) if value else None
    return envelope.sender if chosen is None else chosen


def forwarded(message: Message, envelope: Envelope, settings: Settings, origin: Origin) -> bytes:
    """Return the octets to send: without Return-Path (RFC 5321 4.4), all other octets as they came."""
    octets = bytes(message.octets)
    found = END.search(octets)
    cut = found.start() + 1 if found else len(octets)
    head = RETURN_PATH.sub(b"", octets[:cut])
    ours = [("X-Sieve", origin.agent), (TRACE_FIELD, redirected_from(envelope, settings))]
    return header(ours) + head + octets[cut:]
