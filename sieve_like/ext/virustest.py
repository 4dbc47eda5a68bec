"""Test virustest: from 1 for clean to 5 for infected, "0" where nobody has looked at the mail.

RFC 5235 section 3. Done: all of it; the verdict is that of a filter before us (settings `sieve_virustest_…`).
Not done: verdicts of our own.
"""

from sieve_like.ext._scores import Scale
from sieve_like.ext._single import single_test
from sieve_like.interpreter import Test
from sieve_like.spec import Bound, Compiling, Extension, Matching, Positional, TestSpec

VIRUS = Scale("virustest", 5)


def _virustest(bound: Bound, ctx: Compiling) -> Test:
    return single_test(bound, ctx, VIRUS.score)


EXTENSION = Extension(
    "virustest",
    "5235",
    tests=(TestSpec("virustest", _virustest, positionals=(Positional("keys"),), matching=Matching.MATCH),),
    card=__doc__,
)
