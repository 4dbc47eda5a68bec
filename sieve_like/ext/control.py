"""Control of a script: require, if, elsif, else, stop.

RFC 5228 sections 3.1, 3.2 and 3.3. Done: all of it. Not done: nothing.
"""

from collections.abc import Sequence

from sieve_like.declare import spots
from sieve_like.interpreter import STOP, Run, Signal, Step, Test
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Inner,
    Kind,
    Positional,
)


def _require(bound: Bound, binding: Binding) -> None:
    """Make capabilities available; RFC 5228 3.2: only at the top, and they must be known."""
    if binding.started or binding.depth:
        binding.error(bound.span, "'require' must stand at the top of the script, before all other commands")
        # A row of them is one mistake.
        binding.started = binding.started and binding.depth > 0
        return
    binding.started = False
    for name, span in spots(bound, "capabilities"):
        binding.require(name, span)


def _nothing(bound: Bound, ctx: Compiling) -> Step:
    """Return what `require` does in a run: nothing."""
    del bound, ctx
    return lambda _run: None


def _branches(bound: Bound, ctx: Compiling) -> list[tuple[Test | None, Step]]:
    """Return test and block of an `if` and all that follows it; `else` has no test."""
    links = (bound, *bound.followers)
    return [(ctx.test(link.tests[0]) if link.tests else None, ctx.block(link.block or ())) for link in links]


def _if(bound: Bound, ctx: Compiling) -> Step:
    branches = _branches(bound, ctx)
    if len(branches) == 1:
        return _single(branches)
    (test, block), *rest = branches

    def step(run: Run) -> Signal | None:
        assert test is not None
        if test(run):
            return block(run)
        for other, body in rest:
            if other is None or other(run):
                return body(run)
        return None

    return step


def _single(branches: Sequence[tuple[Test | None, Step]]) -> Step:
    """Return the step of an `if` alone, by far the most frequent one."""
    test, block = branches[0]
    assert test is not None
    condition = test

    def step(run: Run) -> Signal | None:
        return block(run) if condition(run) else None

    return step


def _follower(bound: Bound, ctx: Compiling) -> Step:
    """`elsif` and `else` are compiled by their `if`."""
    raise AssertionError((bound.name, ctx))


def _stop(bound: Bound, ctx: Compiling) -> Step:
    """Return what ends the script; the implicit keep stays as it is."""
    if not ctx.traced:
        return lambda _run: STOP

    def step(run: Run) -> Signal | None:
        run.note(bound.span, "stop")
        return STOP

    return step


CAPABILITIES = Positional("capabilities", Kind.STRINGS, constant=True)

EXTENSION = Extension(
    "",
    "5228",
    commands=(
        CommandSpec("require", _nothing, positionals=(CAPABILITIES,), enter=_require),
        CommandSpec("if", _if, tests=Inner.ONE, block=True),
        CommandSpec("elsif", _follower, tests=Inner.ONE, block=True, follows=("if", "elsif")),
        CommandSpec("else", _follower, block=True, follows=("if", "elsif")),
        CommandSpec("stop", _stop),
    ),
    card=__doc__,
)
