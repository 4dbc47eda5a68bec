"""Comparator i;octet: character by character.

RFC 4790 section 9.3, RFC 5228 section 2.7.3. Done: all of it; the order of UTF-8 octets is that of the
characters.
"""

from sieve_like.spec import Comparator, Extension

EXTENSION = Extension(
    "comparator-i;octet",
    "4790",
    comparators=(Comparator("i;octet", fold=lambda text: text, order=lambda text: text),),
    builtin=True,
    card=__doc__,
)
