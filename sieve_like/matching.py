"""The common part of all matching tests: from values of the mail and keys of the script to a closure.

A test says where its values come from (a `Source`); this module adds comparator and match type, reads keys
with variables at run time, tells the index what must hold, and writes the trace where one is wanted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sieve_like.errors import ScriptFailure, Span
from sieve_like.interpreter import Run, Test
from sieve_like.spec import Bound, Comparator, Compiling, Fact, Fields, Match, Matcher, Narrow, Probe
from sieve_like.values import Constant, Expr, Value

Read = TypeVar("Read")
TRACED_VALUES = 8  # values and keys of one test that a trace shows: enough to see why, few enough to read


@dataclass(frozen=True, slots=True)
class Source:
    """Where the values of a test come from.

    `facts` where they are known by name at compile time; else `read` finds the facts in a run. `stable`
    says that the values depend on nothing but the mail and the envelope, so that the index may look at them
    beforehand.
    """

    facts: tuple[Fact, ...] = ()
    read: Callable[[Run], Sequence[Fact]] | None = None
    stable: bool = True

    def all(self, run: Run) -> Sequence[Fact]:
        """Return the facts of this run."""
        return self.facts if self.read is None else self.read(run)


def folded(fact: Fact, comparator: Comparator) -> Fact:
    """Return the fact with its values folded for a comparator."""
    fold = comparator.fold

    def read(run: Run) -> Sequence[str]:
        return [fold(value) for value in fact.values(run)]

    return Fact(f"{comparator.name} {fact.key}" if fact.key else "", read)


def named_source(
    names: Expr, fact: Callable[[str], Fact], bound: Bound, lower: Callable[[str], str] = str.lower
) -> Source:
    """Return the source of a test that takes a list of names (of headers, of envelope parts)."""
    plain = not bound.hooks(Narrow)
    # RFC 5231 4.2: a name that stands in the list twice counts twice; for all others once is enough.
    counts = bound.match is not None and bound.match.type.counts

    def distinct(value: Value) -> Iterable[str]:
        assert isinstance(value, tuple)
        return map(lower, value) if counts else dict.fromkeys(map(lower, value))

    if isinstance(names, Constant):
        return Source(tuple(map(fact, distinct(names.value))), stable=plain)

    def read(run: Run) -> Sequence[Fact]:
        return [fact(name) for name in distinct(names.read(run))]

    return Source(read=read, stable=False)


def narrowed(bound: Bound) -> Fields | None:
    """Return the reader of header fields that tags of other extensions make (`:index`), None without any."""
    hooks = [tag.hook for tag, _ in bound.hooks(Narrow) if isinstance(tag.hook, Narrow)]
    if not hooks:
        return None
    fields: Fields = _fields
    for hook in sorted(hooks, key=lambda hook: hook.order):
        fields = hook.narrow(fields, bound)
    return fields


def _fields(run: Run, name: str) -> Sequence[bytes]:
    return run.message.header(name)


def match_test(bound: Bound, ctx: Compiling, source: Source, keys: str = "keys") -> Test:
    """Return the closure that matches the values of a source against the keys of a test."""
    match = bound.match
    assert match is not None
    expr = bound.args[keys]
    if isinstance(expr, Constant) and source.read is None:
        given = _keys(expr.value)
        test = _constant(match, source.facts, given)
        if ctx.traced and all(fact.key for fact in source.facts):
            shown = [ctx.limits.short(key) for key in given[:TRACED_VALUES]]
            return _traced_constant(bound, test, source.facts, shown)
    else:
        test = _placed(_dynamic(match, source, expr), bound.span)
    return _traced(bound, test, source, expr) if ctx.traced else test


def _keys(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)


def _constant(match: Match, facts: tuple[Fact, ...], keys: tuple[str, ...]) -> Test:
    """Everything is known: one closure for one fact (nearly all tests), one for several."""
    if match.type.counts:
        return _counting(match, lambda _run: facts, lambda _run: keys)
    pairs = [(folded(f, match.comparator), _matcher(match, keys, f)) for f in facts]
    if len(pairs) != 1:
        return lambda run: any(matcher(run, fact.values(run)) for fact, matcher in pairs)
    (fact, matcher), key = pairs[0], pairs[0][0].key
    if not key:
        return lambda run: matcher(run, fact.read(run))
    plain, fold = facts[0], match.comparator.fold

    def test(run: Run) -> bool:
        # What `fact.values` does, spelled out: nearly every test of every script comes through here.
        values = run.facts.get(key)
        if values is None:
            values = run.facts[key] = [fold(value) for value in plain.values(run)]
        return matcher(run, values)

    return test


def _dynamic(match: Match, source: Source, expr: Expr) -> Test:
    """Names or keys hold variables: matchers are made in the run."""
    if match.type.counts:
        return _counting(match, source.all, lambda run: _keys(expr.read(run)))

    def test(run: Run) -> bool:
        keys = _keys(expr.read(run))
        return any(
            _matcher(match, keys, fact)(run, folded(fact, match.comparator).values(run))
            for fact in source.all(run)
        )

    return test


def _placed(test: Test, span: Span) -> Test:
    """Give the place of the test to a failure without one: a key made of variables that is no pattern."""

    def placed(run: Run) -> bool:
        try:
            return test(run)
        except ScriptFailure as failure:
            if not failure.span.line:
                failure.span = span
            raise

    return placed


def _counting(
    match: Match, facts: Callable[[Run], Sequence[Fact]], keys: Callable[[Run], tuple[str, ...]]
) -> Test:
    """Match the number of values of all facts together (RFC 5231 4.2)."""

    def test(run: Run) -> bool:
        values = [value for fact in facts(run) for value in fact.values(run)]
        matcher = match.type.make(match.comparator, match.relation, keys(run), lambda _run: values)
        return matcher(run, values)

    return test


def _matcher(match: Match, keys: tuple[str, ...], fact: Fact) -> Matcher:
    return match.type.make(match.comparator, match.relation, keys, fact.values)


def _traced(bound: Bound, plain: Test, source: Source, expr: Expr) -> Test:
    """Do the same and note what was compared."""
    assert bound.match is not None
    name, span, how = bound.name, bound.span, describe(bound.match)

    def test(run: Run) -> bool:
        # Before the test: a match may change the variables that the keys are made of.
        keys = [run.short(key) for key in _looked_at(run, lambda: _keys(expr.read(run)))[:TRACED_VALUES]]
        values: list[str] = []
        for fact in _looked_at(run, lambda: source.all(run)):
            # What is cached is read for the test as well; the rest the test reads once more.
            read = partial(fact.values, run)
            values += map(run.short, (read() if fact.key else _looked_at(run, read))[:TRACED_VALUES])
        answer = plain(run)
        run.note(span, "test", name=name, result=answer, match=how, values=values, keys=keys)
        return answer

    return test


def _traced_constant(bound: Bound, plain: Test, facts: tuple[Fact, ...], keys: list[str]) -> Test:
    """Do the same where all but the mail is known, as in nearly all tests: only its values are read."""
    assert bound.match is not None
    name, span, how = bound.name, bound.span, describe(bound.match)

    def test(run: Run) -> bool:
        values: list[str] = []
        for fact in facts:
            values += map(run.short, fact.values(run)[:TRACED_VALUES])
        answer = plain(run)
        # The keys are the same list in every run's trace: nobody changes a trace.
        run.note(span, "test", name=name, result=answer, match=how, values=values, keys=keys)
        return answer

    return test


def _looked_at(run: Run, read: Callable[[], Read]) -> Read:
    """Read for the trace only: it costs nothing and says nothing, or a trace would change the outcome."""
    steps, said = run.steps, len(run.log)
    value = read()
    run.steps = steps
    del run.log[said:]
    return value


def describe(match: Match) -> str:
    """Return how a test compares, as a script would say it."""
    relation = f' "{match.relation}"' if match.relation else ""
    part = f" :{match.part.name}" if match.part is not None else ""
    return f":{match.type.name}{relation}{part} {match.comparator.name}"


def match_guard(bound: Bound, source: Source, keys: str = "keys") -> tuple[Probe, ...] | None:
    """Return what must hold for a matching test to be true, None where that is not known beforehand."""
    match, value = bound.match, bound.constant(keys)
    if match is None or match.type.probe is None or value is None or not source.stable or source.read:
        return None
    found: list[Probe] = []
    for fact in source.facts:
        compared = folded(fact, match.comparator)
        for key in _keys(value):
            probe = match.type.probe(match.comparator.fold(key))
            if probe is None:
                return None
            found.append(Probe(compared, *probe))
    return tuple(found)
