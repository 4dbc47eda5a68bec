"""Comparator i;ascii-casemap, the default: letters A to Z have no case, others keep theirs (É is not é).

RFC 4790 section 9.2, RFC 5228 section 2.7.3. Done: all of it.
"""

from sieve_like.spec import Comparator, Extension

CAPITALS = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(text: str) -> str:
    """Return the text with A to Z in lower case; the length stays."""
    return text.lower() if text.isascii() else text.translate(CAPITALS)


EXTENSION = Extension(
    "comparator-i;ascii-casemap",
    "4790",
    comparators=(Comparator("i;ascii-casemap", fold=fold, order=fold),),
    builtin=True,
    card=__doc__,
)
