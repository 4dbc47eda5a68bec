"""Loop while, commands break and continue.

vnd.stalwart.while (no RFC; `break` as in RFC 5703 section 3.2). Done: all of it. The condition is an
expression (vnd.stalwart.expressions); the budget of steps ends a loop which does not end itself.
"""

from sieve_like.ext._exprvalues import truth
from sieve_like.ext._loops import loop_name
from sieve_like.ext.vnd_stalwart_expressions import EXPRESSION, check_expression, compile_expression
from sieve_like.interpreter import CONTINUE, Run, Signal, Step
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Kind, Tag


def _while(bound: Bound, ctx: Compiling) -> Step:
    condition, body = compile_expression(bound, ctx), ctx.block(bound.block or ())
    name, span = loop_name(bound), bound.span

    def step(run: Run) -> Signal | None:
        while True:
            run.charge(1, span)
            if not truth(condition(run)):
                return None
            signal = body(run)
            if signal is None or signal is CONTINUE:
                continue
            return None if signal.for_loop(name) else signal

    return step


def _check_continue(bound: Bound, binding: Binding) -> None:
    if not binding.loops:
        binding.error(bound.span, "'continue' must stand inside a loop")


def _continue(bound: Bound, ctx: Compiling) -> Step:
    del bound, ctx
    return lambda _run: CONTINUE


EXTENSION = Extension(
    "vnd.stalwart.while",
    commands=(
        CommandSpec(
            "while",
            _while,
            tags=(Tag("name", Kind.STRING, constant=True),),
            positionals=(EXPRESSION,),
            block=True,
            loop=True,
            check=check_expression,
        ),
        CommandSpec("continue", _continue, check=_check_continue),
    ),
    card=__doc__,
)
