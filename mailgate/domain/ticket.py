"""Tickets: what they are called, how a subject names one, and when two subjects are the same (W5, S5, S9)."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

NUMBER_PATTERN: Final = "T-{n}"

STATUSES: Final = ("open", "pending", "solved", "closed")
# A mail from the customer opens these again.
CLOSED_STATUSES: Final = frozenset({"solved", "closed"})
PRIORITIES: Final = ("low", "normal", "high", "urgent")

# A subject names few tickets; more is noise or an attempt to find one that exists.
MOST_NUMBERS: Final = 5
# As long as a database index may usefully be; longer subjects are compared by their beginning.
KEY_LENGTH: Final = 200
# A header field may have 64 KiB; nobody's subject needs more than this to be recognised.
SUBJECT_LENGTH: Final = 2000

# "Re:", "AW:", "WG:", "Re[2]:", "Re^2:", "Fwd (2):" in the languages that mail programs write them in.
_PREFIX: Final = re.compile(
    r"(?:re|aw|antw|antwort|sv|vs|vb|rv|ref|res|rif|odp|ynt|wg|fw|fwd|tr|doorst|enc|i|r|回复|答复|转发)"
    r"(?: ?[\[(^] ?[0-9]{1,3} ?[\])]?)? ?[:\uff1a]",
)
_TAG: Final = re.compile(r"\[ ?#[^\[\]]{1,40}\]")
_TRAILER: Final = re.compile(r"\(fwd?\)$")


def format_number(ticket_id: int, pattern: str = NUMBER_PATTERN) -> str:
    """Return the number that people see: `T-7`."""
    return pattern.replace("{n}", str(ticket_id))


def subject_tag(number: str) -> str:
    """Return what goes into the subject of answers so that their answers find the ticket (S9): `[#T-7]`."""
    return f"[#{number}]"


@lru_cache(maxsize=64)
def _tag_pattern(pattern: str) -> re.Pattern[str]:
    before, _, after = pattern.partition("{n}")
    return re.compile(
        rf"\[ ?#(?:{re.escape(before)})?([0-9]{{1,18}})(?:{re.escape(after)})? ?\]", re.IGNORECASE
    )


def find_numbers(subject: str, pattern: str = NUMBER_PATTERN) -> tuple[str, ...]:
    """Return the ticket numbers that a subject names as `[#T-7]` or `[#7]`, in the form `T-7`."""
    found = _tag_pattern(pattern).findall(subject[:SUBJECT_LENGTH])
    return tuple(dict.fromkeys(format_number(int(n), pattern) for n in found[:MOST_NUMBERS]))


def match_key(subject: str) -> str:
    """Return what S5 compares: the subject without prefixes and tags, folded; "" matches nothing."""
    text = unicodedata.normalize("NFKC", subject[:SUBJECT_LENGTH]).casefold()
    text = " ".join(_TAG.sub(" ", text).split())
    while match := _PREFIX.match(text):
        text = text[match.end() :].lstrip()
    return _TRAILER.sub("", text).strip()[:KEY_LENGTH]
