"""Command foreverypart, which goes through the parts of a mail, and break.

RFC 5703 section 3. Done: all of it. A loop visits the mail itself, then its parts, depth first; a loop
within a loop visits the parts within the current one. When a part is replaced, the loop goes on behind it.
Loops nest four deep.
"""

from sieve_like.ext._loops import BREAK, loop_name
from sieve_like.ext._parts import Place, places
from sieve_like.interpreter import CONTINUE, Run, Signal, Step
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Kind, Tag

# Deeper ones would visit each part of a large mail more often than anybody can mean.
NESTING = 4


def _check(bound: Bound, binding: Binding) -> None:
    if sum(loop.name == "foreverypart" for loop in binding.loops) >= NESTING:
        binding.error(bound.span, f"'foreverypart' stands in more than {NESTING - 1} others")


def _foreverypart(bound: Bound, ctx: Compiling) -> Step:
    body, name, span = ctx.block(bound.block or ()), loop_name(bound), bound.span

    def step(run: Run) -> Signal | None:
        around = places(run)
        base = around[-1].path if around else ()
        place = Place(base, base)
        if around and not place.into(run.message.root):
            return None
        around.append(place)
        try:
            while True:
                run.charge(1, span)
                signal = body(run)
                if signal is not None and signal is not CONTINUE:
                    return None if signal.for_loop(name) else signal
                if not place.on(run.message.root):
                    return None
        finally:
            around.pop()

    return step


EXTENSION = Extension(
    "foreverypart",
    "5703",
    commands=(
        CommandSpec(
            "foreverypart",
            _foreverypart,
            tags=(Tag("name", Kind.STRING, constant=True),),
            block=True,
            loop=True,
            check=_check,
        ),
        BREAK,
    ),
    card=__doc__,
)
