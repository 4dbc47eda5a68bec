"""The Date of a mail, with the zone that its sender gave (RFC 5322 3.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailgate.domain.message.limits import DATE
from mailgate.domain.message.words import decode


def parse_date(value: bytes) -> datetime | None:
    """Return an aware time, or None for what is none; "-0000" (zone unknown) is taken as UTC."""
    if len(value) > DATE:
        return None
    try:
        found = parsedate_to_datetime(decode(value))
        found.astimezone(UTC)  # the first and last day of the calendar have no such time
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
