"""The part of vnd.mailgate.testsuite that needs no gateway: the clock.

A host that has more (contacts, tickets, effects) makes its own extension with `mailgate_testsuite`.
"""

from datetime import UTC, datetime

from sieve_like.errors import Span
from sieve_like.interpreter import Run
from sieve_like.spec import CommandSpec, Extension, Positional, TestSpec
from sieve_like.testing.bench import Bench
from sieve_like.testing.suite import command
from sieve_like.values import Args

CAPABILITY = "vnd.mailgate.testsuite"


def instant(text: str) -> datetime | None:
    """Return a point in time as `2026-11-22T10:00:00Z` says it (UTC without a zone), None if it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _complain(value: str | int) -> str:
    return "" if instant(str(value)) else f"'{value}' is no time as 2026-11-22T10:00:00Z"


def _clock(run: Run, bench: Bench, args: Args, span: Span) -> None:
    del span
    moment = instant(args.text("time"))
    assert moment is not None
    run.now = bench.now = moment
    run.facts.clear()


CLOCK = command("test_clock", _clock, Positional("time", check=_complain))


def mailgate_testsuite(commands: tuple[CommandSpec, ...] = (), tests: tuple[TestSpec, ...] = ()) -> Extension:
    """Return the extension with the clock and what a host adds."""
    return Extension(CAPABILITY, commands=(CLOCK, *commands), tests=tests, card=__doc__ or "")


MAILGATE_TESTSUITE = mailgate_testsuite()
