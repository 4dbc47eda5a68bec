"""Command `break`, which the loops of several extensions share (RFC 5703 section 3.2).

A loop is a command whose spec says `loop=True`; its `compile` runs `ctx.block(bound.block)` once a round and
asks `signal.for_loop(name)` whether what the block returned is for itself.
"""

from sieve_like.interpreter import BREAK as LEAVE
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Kind, Tag


def loop_name(bound: Bound) -> str:
    """Return the name that a loop was given by `:name`, "" without one."""
    return str(bound.constant("name") or "")


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5703 3.2: a `break` without a loop around it, or for a loop that is not there, is an error."""
    name = loop_name(bound)
    if not binding.loops:
        binding.error(bound.span, "'break' must stand inside a loop")
    elif name and all(loop_name(loop) != name for loop in binding.loops):
        binding.error(bound.span, f"there is no loop '{name}' around this 'break'")


def _break(bound: Bound, ctx: Compiling) -> Step:
    name = loop_name(bound)
    signal = Signal(LEAVE.name, name) if name else LEAVE
    if not ctx.traced:
        return lambda _run: signal

    def step(run: Run) -> Signal | None:
        run.note(bound.span, "break", name=name)
        return signal

    return step


BREAK = CommandSpec(
    "break",
    _break,
    tags=(Tag("name", Kind.STRING, constant=True),),
    check=_check,
    also=("vnd.stalwart.while",),
)
