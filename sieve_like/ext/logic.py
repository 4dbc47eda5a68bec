"""Tests about tests: allof, anyof, not, true, false.

RFC 5228 sections 5.2, 5.3, 5.6, 5.8, 5.10. Done: all of it, evaluated from left to right, no further than
needed.
"""

from sieve_like.interpreter import Run, Test
from sieve_like.spec import Binding, Bound, Compiling, Extension, Inner, Probe, TestSpec


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


def _all_known(bound: Bound, binding: Binding) -> bool | None:
    """Return the outcome where all inner tests have one, or one of them is false."""
    del binding
    known = [test.known for test in bound.tests]
    return False if False in known else (None if None in known else True)


def _any_known(bound: Bound, binding: Binding) -> bool | None:
    del binding
    known = [test.known for test in bound.tests]
    return True if True in known else (None if None in known else False)


def _opposite_known(bound: Bound, binding: Binding) -> bool | None:
    del binding
    # Without a test inside, that was reported.
    known = bound.tests[0].known if bound.tests else None
    return None if known is None else not known


def _constant_known(bound: Bound, binding: Binding) -> bool | None:
    del binding
    return bound.name == "true"


EXTENSION = Extension(
    "",
    "5228",
    tests=(
        TestSpec("allof", _allof, tests=Inner.MANY, guard=_first_guard, known=_all_known, settles=False),
        TestSpec("anyof", _anyof, tests=Inner.MANY, guard=_any_guard, known=_any_known, settles=True),
        TestSpec("not", _not, tests=Inner.ONE, known=_opposite_known),
        TestSpec("true", _constant, known=_constant_known),
        TestSpec("false", _constant, known=_constant_known),
    ),
    card=__doc__,
)
