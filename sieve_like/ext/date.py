"""Tests date and currentdate: parts of the dates in header fields, and of the moment of the run.

RFC 5260 sections 4 and 5. Done: all of it: all parts, :zone, :originalzone, old forms of dates (RFC 5322
section 4.3), dates behind a semicolon (Received). Without a zone dates are seen from that of the moment of
the run, with the summer time of the date itself. A field without a date has no value. An unknown part, a zone
that is none and a name that no field can have are warnings; the part then has no value, and the zone is the
local one.
"""

from collections.abc import Callable, Sequence

from sieve_like.errors import did_you_mean
from sieve_like.ext._dates import PARTS, Moment, moment_of, parse_date, parse_offset, part_of
from sieve_like.ext._facts import complain_about_field
from sieve_like.ext._single import text_of
from sieve_like.interpreter import Run, Test
from sieve_like.matching import Source, match_test, narrowed
from sieve_like.spec import (
    Binding,
    Bound,
    Compiling,
    Extension,
    Fact,
    Fields,
    Kind,
    Matching,
    Positional,
    Tag,
    TestSpec,
)

Shift = Callable[[Run, Moment], Moment]


def _shift(bound: Bound) -> Shift:
    """Return what puts a moment into the zone that the test asks for."""
    if "originalzone" in bound.args:
        return lambda _run, moment: moment
    if "zone" not in bound.args:
        return lambda run, moment: moment.local_to(run.now)
    zone = text_of(bound, "zone")

    def shift(run: Run, moment: Moment) -> Moment:
        offset = parse_offset(zone(run))
        if offset is None:
            run.log.append(("warning", f"'{zone(run)}' is no time zone; the local one is used"))
            return moment.local_to(run.now)
        return moment.at(offset)

    return shift


def _test(bound: Bound, ctx: Compiling, moments: Callable[[Run], Sequence[Moment]]) -> Test:
    """Return the test of one part of some moments; a part that is none matches nothing, not even :count."""
    part, shift = text_of(bound, "part"), _shift(bound)

    def values(run: Run) -> list[str]:
        found = [part_of(shift(run, moment), part(run)) for moment in moments(run)]
        return [value for value in found if value is not None]

    test = match_test(bound, ctx, Source((Fact("", values),), stable=False))

    def checked(run: Run) -> bool:
        if part(run).lower() in PARTS:
            return test(run)
        run.log.append(("warning", f"a date has no part '{part(run)}'"))
        return False

    return checked


def _date(bound: Bound, ctx: Compiling) -> Test:
    header = text_of(bound, "header")
    fields: Fields = narrowed(bound) or (lambda run, name: run.message.header(name))

    def moments(run: Run) -> list[Moment]:
        found = [parse_date(value) for value in fields(run, header(run).lower())]
        return [moment for moment in found if moment is not None]

    return _test(bound, ctx, moments)


def _currentdate(bound: Bound, ctx: Compiling) -> Test:
    return _test(bound, ctx, lambda run: (moment_of(run.now),))


def _check(bound: Bound, binding: Binding) -> None:
    """Warn about constants that will never match."""
    header, part, zone = (bound.constant(name) for name in ("header", "part", "zone"))
    complaint = complain_about_field(header) if isinstance(header, str) else ""
    if complaint:
        binding.warning(bound.spans["header"], complaint)
    if isinstance(part, str) and part.lower() not in PARTS:
        binding.warning(bound.spans["part"], f"a date has no part '{part}'{did_you_mean(part, PARTS)}")
    if isinstance(zone, str) and parse_offset(zone) is None:
        binding.warning(bound.spans["zone"], f"'{zone}' is no time zone of the form '+0530'")


ZONE = Tag("zone", Kind.STRING, group="zone")
PART, KEYS = Positional("part"), Positional("keys", Kind.STRINGS)

EXTENSION = Extension(
    "date",
    "5260",
    tests=(
        TestSpec(
            "date",
            _date,
            tags=(ZONE, Tag("originalzone", group="zone")),
            positionals=(Positional("header"), PART, KEYS),
            matching=Matching.MATCH,
            check=_check,
        ),
        TestSpec(
            "currentdate",
            _currentdate,
            tags=(ZONE,),
            positionals=(PART, KEYS),
            matching=Matching.MATCH,
            check=_check,
        ),
    ),
    card=__doc__,
)
