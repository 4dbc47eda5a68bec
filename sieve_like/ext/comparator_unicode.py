"""Comparator i;unicode-casemap: letters of all scripts have no case, and é is an e with an accent.

RFC 5051. Done: all of it: characters in title case, then decomposed until nothing can be. The order is that
of the code points. Not done: octets that are no text, which a mail's fields never are here.
"""

from functools import lru_cache
from unicodedata import normalize

from sieve_like.spec import Comparator, Extension

LOWER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}


def _title(character: str) -> str:
    """Return a character in title case where that is one character as well (UnicodeData.txt)."""
    title = character.title()
    return title if len(title) == 1 else character


@lru_cache(maxsize=4096)  # more characters than the mails of one place are written in
def _character(character: str) -> str:
    """Return one character as it is compared: what it is made of may have a case again (ligatures)."""
    parts = normalize("NFKD", _title(character))
    again = normalize("NFKD", "".join(map(_title, parts)))
    return again if again == parts else "".join(map(_character, again))


def fold(text: str) -> str:
    """Return the text as it is compared (RFC 5051 2)."""
    if text.isascii():
        return text.translate(LOWER)
    return normalize("NFKD", "".join(map(_character, text)))


EXTENSION = Extension(
    "comparator-i;unicode-casemap",
    "5051",
    comparators=(Comparator("i;unicode-casemap", fold=fold, order=fold),),
    card=__doc__,
)
