"""Test ihave and command error: ask for capabilities before they are used.

RFC 5463. Done: all of it. What stands behind an `ihave` that is false is not looked at; a true one makes the
capabilities available from there on, in the same list of tests as well. It is false for "variables" and
"encoded-character", which change how every string of a script is read (RFC 5463 4), and for names made of
variables.
"""

from sieve_like.errors import ScriptFailure
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Kind,
    Positional,
    TestSpec,
)

# They work on strings that were read before the test could say that they do.
NEVER = frozenset({"variables", "encoded-character"})


def _missing(bound: Bound, binding: Binding) -> bool:
    names = bound.constant("capabilities")
    known = binding.capabilities()
    return not isinstance(names, tuple) or any(name not in known or name in NEVER for name in names)


def _known(bound: Bound, binding: Binding) -> bool | None:
    """Return False where it stays so; behind a true one `else` is looked at, for engines that have less."""
    return False if _missing(bound, binding) else None


def _enter(bound: Bound, binding: Binding) -> None:
    names = bound.constant("capabilities")
    if isinstance(names, tuple) and not _missing(bound, binding):
        for name in names:
            binding.require(name, bound.span)


def _ihave(bound: Bound, ctx: Compiling) -> Test:
    answer = bound.known is not False
    if not ctx.traced:
        return lambda _run: answer

    def test(run: Run) -> bool:
        run.note(bound.span, "test", name="ihave", result=answer, keys=bound.args["capabilities"].read(run))
        return answer

    return test


def _error(bound: Bound, ctx: Compiling) -> Step:
    """End the run as a run-time error does, with a message for the owner of the script (RFC 5463 5)."""
    del ctx
    text = bound.args["message"]

    def step(run: Run) -> Signal | None:
        raise ScriptFailure(str(text.read(run)), bound.span)

    return step


EXTENSION = Extension(
    "ihave",
    "5463",
    commands=(CommandSpec("error", _error, positionals=(Positional("message"),)),),
    tests=(
        TestSpec(
            "ihave",
            _ihave,
            positionals=(Positional("capabilities", Kind.STRINGS),),
            known=_known,
            enter=_enter,
        ),
    ),
    card=__doc__,
)
