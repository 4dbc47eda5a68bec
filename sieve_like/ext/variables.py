"""Variables: `set` with its modifiers, test `string`, references in strings, match variables, namespaces.

RFC 5229. Done: all of it; names have no case, references are filled in once. Modifiers change the letters
A to Z only. Namespaces come from other extensions; an unknown one, and a match variable out of range, is an
error.
"""

import re
from collections.abc import Callable, Sequence

from sieve_like.ext._expansion import NAME, expansion, find_namespace
from sieve_like.ext.comparator_casemap import fold
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.matching import Source, match_test
from sieve_like.spec import (
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Modify,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.values import cut_utf8, octets_of

SMALL = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
WILDCARD = re.compile(r"([*?\\])")


def modifier(name: str, precedence: int, modify: Callable[[str], str], *, by_character: bool = False) -> Tag:
    """Return a modifier of `set`; two of one precedence exclude each other (RFC 5229 4.1)."""
    return Tag(name, group=f"precedence {precedence}", hook=Modify(precedence, modify, by_character))


def _upper(text: str) -> str:
    return text.translate(SMALL)


MODIFIERS = (
    modifier("lower", 40, fold),
    modifier("upper", 40, _upper),
    modifier("lowerfirst", 30, lambda text: fold(text[:1]) + text[1:]),
    modifier("upperfirst", 30, lambda text: _upper(text[:1]) + text[1:]),
    modifier("quotewildcard", 20, lambda text: WILDCARD.sub(r"\\\1", text), by_character=True),
    modifier("length", 10, lambda text: str(len(text))),
)


def applied_modifiers(bound: Bound) -> Callable[[Run, str], str]:
    """Return what applies the modifiers to a value, the highest precedence first, whatever their order.

    Before and behind each of them the value is as long as a variable may be (RFC 5229 6).
    """
    tags = [tag for tag in bound.spec.tags if tag.key in bound.args] + [tag for tag, _ in bound.hooks(Modify)]
    hooks = [tag.hook for tag in tags if isinstance(tag.hook, Modify)]
    hooks.sort(key=lambda hook: -hook.precedence)

    def apply(run: Run, value: str) -> str:
        for hook in hooks:
            value = _modified(hook, cut_utf8(value, run.limits.variable_size), run.limits.variable_size)
        return value

    return apply


def _modified(hook: Modify, text: str, octets: int) -> str:
    value = hook.modify(text)
    if not hook.by_character or octets_of(value) <= octets:
        return value
    pieces: list[str] = []
    for piece in map(hook.modify, text):
        octets -= octets_of(piece)
        if octets < 0:
            break
        pieces.append(piece)
    return "".join(pieces)


def variable_writer(bound: Bound, ctx: Compiling) -> Callable[[Run, str], None]:
    """Return what sets the variable that a command names in `name`."""
    space, dot, rest = str(bound.constant("name")).lower().partition(".")
    span = bound.span
    namespace = ctx.namespace(space) if dot else None
    if namespace is None or namespace.write is None:
        return lambda run, value: run.set_variable(space, value, span)
    write = namespace.write
    return lambda run, value: write(run, rest, value)


def _set(bound: Bound, ctx: Compiling) -> Step:
    read, modify, write = bound.args["value"].read, applied_modifiers(bound), variable_writer(bound, ctx)

    def step(run: Run) -> Signal | None:
        write(run, modify(run, str(read(run))))
        return None

    return step


def complain_about_variable(value: str | int) -> str:
    """Return what is wrong with the name of a variable that is to be set, "" if nothing is."""
    name = str(value)
    if name.isdigit():
        return f"the match variable '{name}' can't be set"
    return "" if NAME.match(name) else f"'{name}' can't be the name of a variable"


def check_variable(bound: Bound, binding: Binding) -> None:
    """Report a variable that can't be set."""
    name, span = str(bound.constant("name")).lower(), bound.spans["name"]
    if len(name) > binding.limits.variable_name:
        binding.error(span, f"the name of a variable has at most {binding.limits.variable_name} characters")
    if "." not in name:
        binding.scope.is_shared(name)
    else:
        space, _, rest = name.partition(".")
        namespace = find_namespace(space, rest, span, binding)
        if namespace is not None and namespace.write is None:
            binding.error(span, f"variables of the namespace '{space}' can't be set")


def _string(bound: Bound, ctx: Compiling) -> Test:
    """Return the test; for :count an empty string counts nothing (RFC 5229 5)."""
    expr = bound.args["source"]
    counts = bound.match is not None and bound.match.type.counts

    def values(run: Run) -> Sequence[str]:
        value = expr.read(run)
        assert isinstance(value, tuple)
        return tuple(filter(None, value)) if counts else value

    fact = Fact("", values)
    return match_test(bound, ctx, Source(read=lambda _run: (fact,), stable=False))


EXTENSION = Extension(
    "variables",
    "5229",
    commands=(
        CommandSpec(
            "set",
            _set,
            tags=MODIFIERS,
            positionals=(
                Positional("name", constant=True, check=complain_about_variable),
                Positional("value"),
            ),
            check=check_variable,
        ),
    ),
    tests=(
        TestSpec(
            "string",
            _string,
            positionals=(Positional("source", Kind.STRINGS), Positional("keys", Kind.STRINGS)),
            matching=Matching.MATCH,
        ),
    ),
    expansion=expansion,
    card=__doc__,
)
