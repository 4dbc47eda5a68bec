"""Tests header and exists: decoded fields of the mail.

RFC 5228 sections 5.5 and 5.7, RFC 2047 for encoded words. Done: all of it. A name that no field can have
matches nothing; the compiler warns about it.
"""

from sieve_like.declare import spots
from sieve_like.ext._facts import Extraction, complain_about_field, field_fact
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_guard, match_test, named_source, narrowed
from sieve_like.spec import (
    Binding,
    Bound,
    Compiling,
    Extension,
    Extract,
    Fact,
    Fields,
    Kind,
    Matching,
    Positional,
    Probe,
    TestSpec,
)


def _source(bound: Bound) -> Source:
    fields, extract = narrowed(bound), _extraction(bound)
    return named_source(bound.args["headers"], lambda name: field_fact(name, fields, extract), bound)


def _extraction(bound: Bound) -> Extraction | None:
    """Return what the tags of other extensions compare of a field (`:param`), None for its whole text."""
    for tag, expr in bound.hooks(Extract):
        if isinstance(tag.hook, Extract):
            extract, argument = tag.hook.extract, expr
            return lambda run, name, value: extract(name, value, argument.read(run))
    return None


def _header(bound: Bound, ctx: Compiling) -> Test:
    return match_test(bound, ctx, _source(bound))


def _guard(bound: Bound) -> tuple[Probe, ...] | None:
    return match_guard(bound, _source(bound))


def _exists_fact(name: str, fields: Fields | None) -> Fact:
    if fields is None:
        return Fact(f"exists {name}", lambda run: ("",) if run.message.header(name) else ())
    return Fact("", lambda run: ("",) if fields(run, name) else ())


def _exists(bound: Bound, ctx: Compiling) -> Test:
    """Return whether all named fields are there."""
    fields = narrowed(bound)
    source = named_source(bound.args["headers"], lambda name: _exists_fact(name, fields), bound)
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
    for name, span in spots(bound, "headers"):
        complaint = complain_about_field(name)
        if complaint:
            binding.warning(span, complaint)


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
