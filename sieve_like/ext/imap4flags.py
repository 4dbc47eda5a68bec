"""Actions setflag, addflag, removeflag, test hasflag, tag :flags: flags of the mail where it is stored.

RFC 5232. Done: all of it. Without a variable the internal one is meant, whose flags keep, fileinto and the
implicit keep take unless :flags says others. Words that are no flags are left out (a warning where they are
constant); flags have no case, and nobody has one twice. Variables are bounded like those of RFC 5229.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sieve_like.ext._expansion import find_namespace
from sieve_like.ext._fcc import beside_fcc
from sieve_like.ext._flags import added, first_invalid, fitting, flags_of, removed, words
from sieve_like.ext.variables import complain_about_variable
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.matching import Source, match_test
from sieve_like.result import Action, Fcc
from sieve_like.spec import (
    AddedTag,
    Amend,
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.values import Constant, Dynamic, Expr, Value

Flags = tuple[str, ...]
Change = Callable[[Flags, Flags], Flags]


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


# --- variables ----------------------------------------------------------------------------------------------


def _reader(name: str, ctx: Compiling) -> Callable[[Run], str]:
    """Return what reads a named variable as text."""
    folded = name.lower()
    space, dot, rest = folded.partition(".")
    if not dot:
        return lambda run: run.variables.get(folded, "")
    namespace = ctx.namespace(space)
    if namespace is None or namespace.read is None:
        return lambda run: run.namespace(space, rest)
    read = namespace.read
    return lambda run: read(run, rest)


def _writer(name: str, bound: Bound, ctx: Compiling) -> Callable[[Run, str], None]:
    """Return what sets a named variable."""
    space, dot, rest = name.lower().partition(".")
    namespace = ctx.namespace(space) if dot else None
    if namespace is None or namespace.write is None:
        return lambda run, text: run.set_variable(name, text, bound.span)
    write = namespace.write
    return lambda run, text: write(run, rest, text)


def _action(change: Change) -> Callable[[Bound, Compiling], Step]:
    """Return the compile function of one of the three actions."""

    def compile_action(bound: Bound, ctx: Compiling) -> Step:
        said = bound.args["flags"]
        name = bound.constant("variable")
        limit = ctx.limits.variable_size
        if name is None:

            def step(run: Run) -> Signal | None:
                run.flags = fitting(change(run.flags, flags_of(_texts(said.read(run)))), limit)
                run.note(bound.span, "set", name="flags", value=run.short(" ".join(run.flags)))
                return None

            return step
        read, write = _reader(str(name), ctx), _writer(str(name), bound, ctx)

        def named(run: Run) -> Signal | None:
            before = flags_of([read(run)])
            write(run, " ".join(fitting(change(before, flags_of(_texts(said.read(run)))), limit)))
            return None

        return named

    return compile_action


def _check(bound: Bound, binding: Binding) -> None:
    """Check name and flags: variables need their extension; a constant that is no flag is left out."""
    if "variable" in bound.args:
        _check_names(bound, binding, (str(bound.constant("variable")),), set_them=True)
    invalid = first_invalid(_texts(bound.constant("flags") or ()))
    if invalid:
        binding.warning(bound.spans["flags"], f"'{invalid}' is no IMAP flag and is left out")


def _check_names(bound: Bound, binding: Binding, names: Sequence[str], *, set_them: bool) -> None:
    span = bound.spans["variable"]
    if "variables" not in binding.enabled:
        binding.error(
            span, f"a variable of '{bound.name}' needs 'require \"variables\"' at the top of the script"
        )
        return
    for name in names:
        complaint = complain_about_variable(name)
        if complaint and (set_them or not name.isdigit()):
            binding.error(span, complaint)
            return
        space, dot, rest = name.lower().partition(".")
        namespace = find_namespace(space, rest, span, binding) if dot else None
        if set_them and namespace is not None and namespace.write is None:
            binding.error(span, f"variables of the namespace '{space}' can't be set")


# --- the test -----------------------------------------------------------------------------------------------


def _hasflag(bound: Bound, ctx: Compiling) -> Test:
    """Return the test: each flag of each variable is a value; keys hold flags with blanks between as well."""
    readers = [_reader(str(name), ctx) for name in _texts(bound.constant("variable") or ())]

    def values(run: Run) -> Sequence[str]:
        return [flag for read in readers for flag in flags_of([read(run)])] if readers else run.flags

    assert bound.match is not None
    # A blank separates flags; in a regular expression it is a character like others.
    if not bound.match.type.counts and bound.match.type.name != "regex":
        bound = replace(bound, args={**bound.args, "keys": _split(bound.args["keys"])})
    fact = Fact("", values)
    return match_test(bound, ctx, Source(read=lambda _run: (fact,), stable=False))


def _split(keys: Expr) -> Expr:
    if isinstance(keys, Constant):
        return Constant(tuple(words(_texts(keys.value))))
    read = keys.read
    return Dynamic(lambda run: tuple(words(_texts(read(run)))), keys.source)


def _check_test(bound: Bound, binding: Binding) -> None:
    if "variable" in bound.args:
        _check_names(bound, binding, _texts(bound.constant("variable") or ()), set_them=False)


# --- the tag ------------------------------------------------------------------------------------------------


def _flags(action: Action, value: Value, run: Run) -> Action:
    del run
    return action.flagged(flags_of(_texts(value)))


def _fcc_flags(fcc: Fcc, value: Value) -> Fcc:
    return replace(fcc, flags=flags_of(_texts(value)))


# RFC 5232 3 to 5: the variable may be left out although it comes first.
ARGUMENTS = (
    Positional("variable", optional=True, constant=True),
    Positional("flags", Kind.STRINGS),
)
TAG = Tag("flags", Kind.STRINGS)

EXTENSION = Extension(
    "imap4flags",
    "5232",
    commands=(
        CommandSpec("setflag", _action(lambda _old, new: new), positionals=ARGUMENTS, check=_check),
        CommandSpec("addflag", _action(added), positionals=ARGUMENTS, check=_check),
        CommandSpec("removeflag", _action(removed), positionals=ARGUMENTS, check=_check),
    ),
    tests=(
        TestSpec(
            "hasflag",
            _hasflag,
            positionals=(
                Positional("variable", Kind.STRINGS, optional=True, constant=True),
                Positional("keys", Kind.STRINGS),
            ),
            matching=Matching.MATCH,
            check=_check_test,
        ),
    ),
    tags=(
        AddedTag(("keep", "fileinto"), replace(TAG, hook=Amend(_flags))),
        beside_fcc(TAG, _fcc_flags),
    ),
    card=__doc__,
)
