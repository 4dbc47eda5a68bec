"""Tests of one value that may not be there: an environment item, an annotation."""

from collections.abc import Callable, Sequence

from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_test
from sieve_like.spec import Bound, Compiling, Fact


def single_test(bound: Bound, ctx: Compiling, value: Callable[[Run], str | None]) -> Test:
    """Return the test of one value; an absent one matches nothing, with :count neither."""

    def values(run: Run) -> Sequence[str]:
        found = value(run)
        return () if found is None else (found,)

    test = match_test(bound, ctx, Source((Fact("", values),), stable=False))
    if bound.match is not None and bound.match.type.counts:
        return lambda run: value(run) is not None and test(run)
    return test


def text_of(bound: Bound, name: str) -> Callable[[Run], str]:
    """Return what reads an argument that is one string."""
    read = bound.args[name].read
    return lambda run: str(read(run))


def texts_of(bound: Bound, name: str) -> Callable[[Run], tuple[str, ...]]:
    """Return what reads an argument that is a list of strings."""
    read = bound.args[name].read

    def texts(run: Run) -> tuple[str, ...]:
        value = read(run)
        assert isinstance(value, tuple)
        return value

    return texts
