"""Test spamtest: how likely a mail is spam, from 1 to 10, "0" where nobody has looked at it.

RFC 5235 section 2. Done: all of it; the verdict is that of a filter before us, read from the header of the
mail (settings `sieve_spamtest_…`: a number, a length, or words). A negative score is 1. Not done: verdicts of
our own.
"""

from sieve_like.ext._scores import Scale
from sieve_like.ext._single import single_test
from sieve_like.interpreter import Test
from sieve_like.spec import Bound, Compiling, Extension, Matching, Positional, TestSpec

SPAM = Scale("spamtest", 10)


def _spamtest(bound: Bound, ctx: Compiling) -> Test:
    return single_test(bound, ctx, SPAM.percent if "percent" in bound.args else SPAM.score)


EXTENSION = Extension(
    "spamtest",
    "5235",
    tests=(TestSpec("spamtest", _spamtest, positionals=(Positional("keys"),), matching=Matching.MATCH),),
    card=__doc__,
)
