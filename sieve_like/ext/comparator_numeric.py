"""Comparator i;ascii-numeric: the number at the start of a text; a text without one is infinity.

RFC 4790 section 9.1. Done: all of it; leading zeros don't count, two texts without a number are equal.
"""

import re

from sieve_like.spec import Comparator, Extension

DIGITS = re.compile(r"0*([0-9]+)")
INFINITE = "infinity"


def _number(text: str) -> str:
    found = DIGITS.match(text)
    return found[1] if found is not None else INFINITE


def _order(text: str) -> str:
    """Return a text that sorts as the number does: its length first, as it may have thousands of digits."""
    number = _number(text)
    # A length of twelve digits is out of reach, and a letter sorts behind all of them.
    return number if number == INFINITE else f"{len(number):012d}{number}"


EXTENSION = Extension(
    "comparator-i;ascii-numeric",
    "4790",
    comparators=(Comparator("i;ascii-numeric", fold=_number, order=_order, substrings=False),),
    card=__doc__,
)
