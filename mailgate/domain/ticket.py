"""Tickets: what they are called, how a subject names one, and when two subjects are the same (W5, S5, S9)."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

NUMBER_PATTERN: Final = "T-{n}"

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
# Those of answers alone: our own stands in their place.
_ANSWERED: Final = re.compile(
    r"(?:re|aw|antw|antwort|sv|ref|res|rif|odp|ynt|回复|答复)(?: ?[\[(^] ?[0-9]{1,3} ?[\])]?)? ?[:\uff1a]\s*",
    re.IGNORECASE,
)
# Those of a mail that is passed on.
_PASSED_ON: Final = re.compile(
    r"(?:wg|fwd?|tr|doorst|enc|rv|vb|vl|i|pd|ilt|转发|轉寄)(?: ?[\[(^] ?[0-9]{1,3} ?[\])]?)? ?[:\uff1a]"
)
_TAG: Final = re.compile(r"\[ ?#[^\[\]]{1,40}\]")
_DIGIT: Final = re.compile("[0-9]")
_TRAILER: Final = re.compile(r"\(fwd?\)$")


def format_number(ticket_id: int, pattern: str = NUMBER_PATTERN) -> str:
    """Return the number that people see: `T-7`."""
    return pattern.replace("{n}", str(ticket_id))


def subject_tag(number: str) -> str:
    """Return what goes into the subject of answers so that their answers find the ticket (S9): `[#T-7]`."""
    return f"[#{number}]"


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket that a subject names: by its number, or where it gives the bare count, by that id too."""

    number: str
    ticket_id: int = 0


@lru_cache(maxsize=64)
def _number_pattern(pattern: str) -> re.Pattern[str]:
    before, _, after = pattern.partition("{n}")
    return re.compile(
        rf"(?P<before>{re.escape(before)})?(?P<n>[0-9]{{1,18}})(?P<after>{re.escape(after)})?", re.IGNORECASE
    )


def find_numbers(subject: str, pattern: str = NUMBER_PATTERN) -> tuple[Named, ...]:
    """Return the tickets that a subject names as `[#T-7]` or `[#7]`.

    A number of another form, `[#Case 7]`, is taken as it stands: the pattern may have been another one when
    the ticket was opened, and its number never changes.
    """
    if "#" not in subject:
        return ()
    texts = [found.group()[1:-1].strip()[1:].strip() for found in _TAG.finditer(subject[:SUBJECT_LENGTH])]
    return tuple(dict.fromkeys(_named(text, pattern) for text in texts[:MOST_NUMBERS] if _DIGIT.search(text)))


def _named(text: str, pattern: str) -> Named:
    found = _number_pattern(pattern).fullmatch(text)
    if found is None:
        return Named(text)
    bare = not found["before"] and not found["after"]
    return Named(format_number(int(found["n"]), pattern), int(found["n"]) if bare else 0)


def match_key(subject: str) -> str:
    """Return what S5 compares: the subject without prefixes and tags, folded; "" matches nothing."""
    text = unicodedata.normalize("NFKC", subject[:SUBJECT_LENGTH]).casefold()
    text = " ".join(_TAG.sub(" ", text).split())
    while match := _PREFIX.match(text):
        text = text[match.end() :].lstrip()
    return _TRAILER.sub("", text).strip()[:KEY_LENGTH]


def answer_subject(subject: str, tag: str = "") -> str:
    """Return the subject of an answer (G18): `RE: `, the ticket's tag if there is one, and the original.

    Neither prefixes of answers, in any language, nor the tag are doubled; `WG:` and the like stay.
    """
    rest = _plain_start(subject.strip())
    if not tag or tag in rest:
        return f"RE: {rest}".rstrip()
    return f"RE: {tag} {rest}".rstrip()


def _plain_start(subject: str) -> str:
    while found := _ANSWERED.match(subject):
        subject = subject[found.end() :]
    return subject


def is_forward(subject: str) -> bool:
    """Whether a subject says that a mail is passed on and not answered: its first prefix counts."""
    text = unicodedata.normalize("NFKC", subject[:SUBJECT_LENGTH]).casefold()
    return _PASSED_ON.match(_TAG.sub(" ", text).strip()) is not None
