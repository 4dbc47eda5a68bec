"""Command extracttext: the text of the part that `foreverypart` stands at, into a variable.

RFC 5703 section 7. Done: all of it. The text is decoded and UTF-8; HTML loses its tags; a part made of parts
has none. :first counts characters and is applied before the modifiers of `set`.
"""

from sieve_like.ext._parts import current_part, is_leaf, words_of
from sieve_like.ext.variables import (
    MODIFIERS,
    applied_modifiers,
    check_variable,
    complain_about_variable,
    variable_writer,
)
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Binding, Bound, CommandSpec, Compiling, Extension, Kind, Positional, Tag


def _check(bound: Bound, binding: Binding) -> None:
    """RFC 5703 7: only a part can be extracted from; without a loop there is none."""
    if not any(loop.name == "foreverypart" for loop in binding.loops):
        binding.error(bound.span, "'extracttext' must stand inside 'foreverypart'")
    check_variable(bound, binding)


def _extracttext(bound: Bound, ctx: Compiling) -> Step:
    write, modify = variable_writer(bound, ctx), applied_modifiers(bound)
    first = bound.constant("first")

    def step(run: Run) -> Signal | None:
        part = current_part(run)
        text = words_of(run, part) if is_leaf(part) else ""
        if isinstance(first, int):
            text = text[:first]
        write(run, modify(run, text))
        return None

    return step


EXTENSION = Extension(
    "extracttext",
    "5703",
    commands=(
        CommandSpec(
            "extracttext",
            _extracttext,
            tags=(*MODIFIERS, Tag("first", Kind.NUMBER)),
            positionals=(Positional("name", constant=True, check=complain_about_variable),),
            check=_check,
        ),
    ),
    needs=("variables", "foreverypart"),
    card=__doc__,
)
