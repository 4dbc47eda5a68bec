"""Tests about tests: allof, anyof, not, true, false.

RFC 5228 sections 5.2, 5.3, 5.6, 5.8, 5.10. Done: all of it, evaluated from left to right, no further than
needed.
"""

from sieve_like.interpreter import Run, Test
from sieve_like.spec import Bound, Compiling, Extension, Inner, Probe, TestSpec


def _allof(bound: Bound, ctx: Compiling) -> Test:
    tests = tuple(map(ctx.test, bound.tests))
    if len(tests) != 2:  # noqa: PLR2004 - two is what most rules have, and a loop costs more than both
        return lambda run: all(test(run) for test in tests)
    first, second = tests
    return lambda run: first(run) and second(run)


def _anyof(bound: Bound, ctx: Compiling) -> Test:
    tests = tuple(map(ctx.test, bound.tests))
    if len(tests) != 2:  # noqa: PLR2004 - as above
        return lambda run: any(test(run) for test in tests)
    first, second = tests
    return lambda run: first(run) or second(run)


def _not(bound: Bound, ctx: Compiling) -> Test:
    test = ctx.test(bound.tests[0])
    return lambda run: not test(run)


def _constant(bound: Bound, ctx: Compiling) -> Test:
    answer = bound.name == "true"
    if not ctx.traced:
        return lambda _run: answer

    def test(run: Run) -> bool:
        run.note(bound.span, "test", name=bound.name, result=answer)
        return answer

    return test


def _first_guard(bound: Bound) -> tuple[Probe, ...] | None:
    """All must be true: while the first is not, the others are not even asked."""
    return bound.tests[0].guard()


def _any_guard(bound: Bound) -> tuple[Probe, ...] | None:
    """One must be true: the probes of all of them together."""
    found: list[Probe] = []
    for test in bound.tests:
        probes = test.guard()
        if probes is None:
            return None
        found += probes
    return tuple(found)


EXTENSION = Extension(
    "",
    "5228",
    tests=(
        TestSpec("allof", _allof, tests=Inner.MANY, guard=_first_guard),
        TestSpec("anyof", _anyof, tests=Inner.MANY, guard=_any_guard),
        TestSpec("not", _not, tests=Inner.ONE),
        TestSpec("true", _constant),
        TestSpec("false", _constant),
    ),
    card=__doc__,
)
