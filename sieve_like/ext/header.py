"""Tests header and exists: decoded fields of the mail.

RFC 5228 sections 5.5 and 5.7, RFC 2047 for encoded words. Done: all of it. A name that no field can have
matches nothing; the compiler warns about it.
"""

from sieve_like.ext._facts import complain_about_field, field_fact
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_guard, match_test, named_source
from sieve_like.spec import (
    Binding,
    Bound,
    Compiling,
    Extension,
    Fact,
    Kind,
    Matching,
    Positional,
    Probe,
    TestSpec,
)


def _source(bound: Bound) -> Source:
    return named_source(bound.args["headers"], field_fact, bound)


def _header(bound: Bound, ctx: Compiling) -> Test:
    return match_test(bound, ctx, _source(bound))


def _guard(bound: Bound) -> tuple[Probe, ...] | None:
    return match_guard(bound, _source(bound))


def _exists_fact(name: str) -> Fact:
    return Fact(f"exists {name}", lambda run: ("",) if run.message.header(name) else ())


def _exists(bound: Bound, ctx: Compiling) -> Test:
    """Return whether all named fields are there."""
    source = named_source(bound.args["headers"], _exists_fact, bound)
    if not ctx.traced:
        return lambda run: all(fact.values(run) for fact in source.all(run))

    def test(run: Run) -> bool:
        answer = all(fact.values(run) for fact in source.all(run))
        names = bound.args["headers"].read(run)
        run.note(bound.span, "test", name="exists", result=answer, keys=names)
        return answer

    return test


def check_names(bound: Bound, binding: Binding) -> None:
    """Warn about names that no field can have."""
    names = bound.constant("headers")
    for name in names if isinstance(names, tuple) else ():
        complaint = complain_about_field(name)
        if complaint:
            binding.warning(bound.spans["headers"], complaint)


HEADERS = Positional("headers", Kind.STRINGS)
KEYS = Positional("keys", Kind.STRINGS)

EXTENSION = Extension(
    "",
    "5228",
    tests=(
        TestSpec(
            "header",
            _header,
            positionals=(HEADERS, KEYS),
            matching=Matching.MATCH,
            check=check_names,
            guard=_guard,
        ),
        TestSpec("exists", _exists, positionals=(HEADERS,), check=check_names),
    ),
    card=__doc__,
)
