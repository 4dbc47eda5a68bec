"""The lines that mail programs put above what they quote: "On … Anna wrote:", or a block of From, Sent, To.

Written in the language of whoever answers, so what they look like in many of them comes from
mail-parser-reply; its patterns take quadratic time on long lines, so they see only a few short lines that
already look like such a head. Read by `answertext`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from mailparser_reply.constants import MAIL_LANGUAGES
from mailparser_reply.parser import EmailMessage

from mailgate.domain.ticket import match_key

# A head that a program wrote has at most so many lines; Gmail cuts at 76 columns, and addresses are long.
_MOST_LINES: Final = 3
# Longer lines are none of a head; see above on time.
_LONGEST: Final = 200
# Lines of a block of fields: From, Sent, To, Cc (cut over lines), Subject, Importance, Attachments.
_BLOCK_LINES: Final = 12

_TIME: Final = re.compile(r"\b\d{1,2}[:.]\d{2}\b|\b(?:19|20)\d{2}\b|\d年")
_FIELD: Final = re.compile(
    r"^[ *|]{0,4}([^\W\d_][\w .'\u2019-]{0,24}?)[ *]{0,3}[:\uff1a][ *]{0,3}(\S.{0,400})?$"
)
# The field that every such block has; a list of a person's own ("From: Berlin, To: Rome") is no block.
_SUBJECT: Final = frozenset(
    (
        "subject", "betreff", "objet", "asunto", "oggetto", "onderwerp", "emne", "ämne", "temat", "předmět",
        "assunto", "konu", "тема", "主题", "主旨", "件名", "제목", "aihe", "tárgy", "subiect", "θέμα",
    )
)  # fmt: skip
_WROTE: Final = re.compile(
    r"wrote|writes|schrieb|geschrieben|écrit|escribi|scrisse|scritto|schreef|geschreven|skrev|napisał|napsal"
    r"|escreveu|kirjoitti|yazd\u0131|írta|написа|пишет|писал|写道|寫道|작성|のメール|scris|έγραψε",
    re.IGNORECASE,
)
# A line above a mail that is passed on, or the older form of one above a mail that is answered.
_SEPARATOR: Final = re.compile(r"[-_=]{10,}|[-_]{3,}[ *]*[^\W_][^-_]{2,60}[-_]{3,}")
_FORWARDED: Final = re.compile(
    r"forward|weiter ?geleitet|weiterleit|transf|transmis|reenvia|rv:|inoltrat|doorgestuurd|videresend"
    r"|vidarebefordra|przekazan|přeposl|encaminhad|iletil|edelleenvälitet|továbbít|пересыл|перенаправ|转发|轉寄|転送|전달|wg:",
    re.IGNORECASE,
)


@lru_cache(maxsize=1)
def _known_heads() -> re.Pattern[str]:
    """Return the library's heads in all of its languages; made when the first answer asks."""
    pattern: re.Pattern[str] = EmailMessage("", languages=list(MAIL_LANGUAGES)).HEADER_REGEX
    return pattern


def bare(line: str) -> str:
    """Return a line without quote signs and blanks around it."""
    return line.lstrip("> \t").rstrip()


def is_separator(line: str) -> bool:
    """Whether a line only separates: dashes, underscores, or words ("Original Message") between them."""
    return len(line) <= _LONGEST and _SEPARATOR.fullmatch(line.strip(" *")) is not None


def says_forwarded(lines: Sequence[str]) -> bool:
    """Whether one of these lines is what programs write above a mail that is passed on."""
    for line in map(bare, lines):
        framed = is_separator(line) or line.endswith((":", "\uff1a"))
        if len(line) <= _LONGEST and framed and _FORWARDED.search(line):
            return True
    return False


def wrote_above(lines: Sequence[str], end: int) -> int:
    """Return where a head "On … wrote:" begins that ends with line `end`, -1 if there is none.

    It has a time or a year, or the word for writing and an address; of several beginnings the nearest.
    """
    last = bare(lines[end])
    if not last.endswith((":", "\uff1a")) or len(last) > _LONGEST:
        return -1
    text = ""
    for start in range(end, max(end - _MOST_LINES, -1), -1):
        line = bare(lines[start])
        if not line or len(line) > _LONGEST:
            return -1
        text = f"{line} {text}".strip()
        dated = _TIME.search(text) is not None
        if dated and (_WROTE.search(text) or "@" in text or "<" in text):
            return start
    return end if _WROTE.search(last) and ("@" in last or "<" in last) else -1


def known_wrote(lines: Sequence[str], end: int) -> int:
    """Return the same for heads above text that is not marked as quoted.

    They have all of it: a time, the word for writing and an address; or the library knows their form.
    """
    start = wrote_above(lines, end)
    if start < 0:
        return -1
    text = "\n".join(bare(line) for line in lines[start : end + 1])
    if _TIME.search(text) and _WROTE.search(text) and "@" in text:
        return start
    for one in (text, text.replace("\n", " ")):
        if _known_heads().match(one):
            return start
    return -1


def block_at(lines: Sequence[str], start: int, subject: str) -> int:
    """Return how many lines a block of fields has that begins there, 0 if there is none.

    It has three fields or more; one is a subject, by its name or because it is this mail's own; and there is
    an address or a time, or the library knows the words.
    """
    if not _FIELD.match(bare(lines[start])):
        return 0
    names, values, count, own = 0, list[str](), 0, match_key(subject)
    about = False
    for line in lines[start : start + _BLOCK_LINES]:
        text = bare(line)
        found = _FIELD.match(text)
        if not text or (found is None and not values):
            break
        count += 1
        if found is None:
            values[-1] += " " + text  # a field that was cut over lines
            continue
        names += 1
        values.append(found[2] or "")
        about = about or found[1].strip().casefold() in _SUBJECT
        about = about or (bool(own) and match_key(values[-1]) == own)
    text = " ".join(values)
    if names < 3 or not about:  # noqa: PLR2004  From, when, Subject
        return 0
    if (
        "@" in text
        or _TIME.search(text)
        or _known_heads().match("\n".join(map(bare, lines[start : start + count])))
    ):
        return count
    return 0


# What telephones and programs write under a text by themselves; the rest of the words are the library's.
_SENT_FROM: Final = (
    "von meinem ", "diese nachricht wurde von meinem ", "envoyé de mon ", "envoyé à partir de ",
    "inviato dal mio ", "enviado do meu ", "sent with ", "sent via ", "sent from ", "gesendet mit ",
    "verzonden met ", "envoyé avec ",
)  # fmt: skip


@lru_cache(maxsize=1)
def _known_sent_from() -> re.Pattern[str]:
    words = [one["sent_from"] for one in MAIL_LANGUAGES.values() if one.get("sent_from")]
    return re.compile("|".join(words), re.IGNORECASE)


def is_sent_from(line: str) -> bool:
    """Whether a line is what a telephone writes under a text: "Sent from my iPhone"."""
    text = bare(line)
    if len(text) > _LONGEST:
        return False
    return text.casefold().startswith(_SENT_FROM) or _known_sent_from().match(text) is not None
