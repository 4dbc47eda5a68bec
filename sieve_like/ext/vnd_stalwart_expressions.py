"""Command let and test eval: arithmetic and functions on variables, header fields and the envelope.

vnd.stalwart.expressions, which has no RFC (variables: RFC 5229). Done: integers of 64 bits, floats, texts and
arrays, all operators with their precedence, indexes, `header.…`, `envelope.…`, `env.…` and `global.…`, and
the functions for texts and arrays; each operation is charged to the budget of the run. Not done: functions
that ask the world (DNS, HTTP, SQL, language models), and arrays within arrays, which are joined.
"""

from functools import partial

from sieve_like.errors import did_you_mean
from sieve_like.ext._expression import ExpressionError, Read, expression
from sieve_like.ext._exprnames import is_known, name_reader, store
from sieve_like.ext._exprvalues import text_of, truth
from sieve_like.ext.variables import check_variable, complain_about_variable
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Positional, TestSpec

EXPRESSION = Positional("expression", constant=True)


def check_expression(bound: Bound, binding: Binding) -> None:
    """Report what is wrong with the expression of a command or test."""
    unknown: list[str] = []

    def resolve(name: str) -> Read:
        if not is_known(name, binding):
            unknown.append(name)
        return lambda _run: ""

    span = bound.spans["expression"]
    try:
        expression(str(bound.constant("expression")), span, binding.limits, resolve)
    except ExpressionError as error:
        binding.error(span, f"the expression is wrong: {error}")
    for name in unknown:
        hint = did_you_mean(name, binding.scope.local | binding.scope.shared)
        binding.error(span, f"the expression holds an unknown variable '{name}'{hint}")


def compile_expression(bound: Bound, ctx: Compiling) -> Read:
    """Return what computes the expression of a command or test."""
    text, span = str(bound.constant("expression")), bound.spans["expression"]
    return expression(text, span, ctx.limits, partial(name_reader, namespaces=ctx.namespace))


def _check_let(bound: Bound, binding: Binding) -> None:
    """Look at the expression first: the variable is known in it only if it was set before."""
    check_expression(bound, binding)
    check_variable(bound, binding)


def _let(bound: Bound, ctx: Compiling) -> Step:
    name, span, read = str(bound.constant("name")), bound.span, compile_expression(bound, ctx)

    def step(run: Run) -> Signal | None:
        store(run, name, read(run), span)
        return None

    return step


def _eval(bound: Bound, ctx: Compiling) -> Test:
    span, read = bound.span, compile_expression(bound, ctx)

    def test(run: Run) -> bool:
        value = read(run)
        if run.trace is not None:
            run.note(span, "test", name="eval", result=truth(value), values=[run.short(text_of(value))])
        return truth(value)

    return test


EXTENSION = Extension(
    "vnd.stalwart.expressions",
    commands=(
        CommandSpec(
            "let",
            _let,
            positionals=(Positional("name", constant=True, check=complain_about_variable), EXPRESSION),
            check=_check_let,
        ),
    ),
    tests=(TestSpec("eval", _eval, positionals=(EXPRESSION,), check=check_expression),),
    card=__doc__,
)
