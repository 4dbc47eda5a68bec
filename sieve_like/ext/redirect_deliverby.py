"""Tags :bytimerelative, :bytimeabsolute, :bymode and :bytrace of redirect: by when the mail must arrive.

RFC 6009 section 6, parameters RFC 2852 section 4. Done: all of it. :bymode and :bytrace need one of the
times; the mode is "notify" where not said. A time that is over can't be kept: with the mode "return" that is
a run-time error (RFC 2852 4 forbids to ask for it).
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sieve_like.errors import ScriptFailure
from sieve_like.ext._dates import moment_of
from sieve_like.interpreter import Run
from sieve_like.result import Action, Redirect
from sieve_like.spec import AddedTag, Amend, Extension, Kind, Tag
from sieve_like.values import Value

MAX_SECONDS = 999_999_999  # RFC 2852 4: nine digits
# RFC 3339 5.6 as "iso8601" of dates is (RFC 5260 4.3), also with a zone of RFC 5260 4.2.
MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.\d+)?(?:[Zz]|([+-]\d\d):?(\d\d))\Z", re.ASCII
)
MODES = frozenset({"notify", "return"})


def read_moment(text: str) -> datetime | None:
    """Return a date and time with its zone, None where it is none."""
    found = MOMENT.match(text)
    if found is None:
        return None
    zone = f"{found[3]}:{found[4]}" if found[3] else "+00:00"
    try:
        return datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
    except ValueError:
        return None


def _complain_about_seconds(value: str | int) -> str:
    fits = isinstance(value, int) and 0 < value <= MAX_SECONDS
    return "" if fits else f"':bytimerelative' is a number of seconds from 1 to {MAX_SECONDS}, not {value}"


def _complain_about_moment(value: str | int) -> str:
    if read_moment(str(value)) is not None:
        return ""
    return f"':bytimeabsolute' is a moment like \"2026-11-24T20:00:00+01:00\", not '{value}'"


def _complain_about_mode(value: str | int) -> str:
    return "" if str(value).lower() in MODES else f"':bymode' is \"notify\" or \"return\", not '{value}'"


def _relative(action: Action, value: Value, run: Run) -> Action:
    del run
    assert isinstance(action, Redirect)
    assert isinstance(value, int)
    return replace(action, by_seconds=value, by_mode="notify")


def _absolute(action: Action, value: Value, run: Run) -> Action:
    assert isinstance(action, Redirect)
    moment = read_moment(str(value))
    assert moment is not None  # checked before
    left = moment_of(moment).utc - moment_of(run.now).utc
    if abs(left) > timedelta(seconds=MAX_SECONDS):
        raise ScriptFailure(f"':bytimeabsolute' is too far away: '{value}'", action.span)
    return replace(action, by_seconds=int(left.total_seconds()), by_mode="notify")


def _mode(action: Action, value: Value, run: Run) -> Action:
    del run
    assert isinstance(action, Redirect)
    mode = str(value).lower()
    if mode == "return" and (action.by_seconds or 0) <= 0:
        raise ScriptFailure("the time by which the mail must be redirected or returned is over", action.span)
    return replace(action, by_mode=mode)


def _trace(action: Action, value: Value, run: Run) -> Action:
    del run
    assert isinstance(action, Redirect)
    return replace(action, by_trace=bool(value))


def _time(tag: Tag) -> AddedTag:
    """Return one of the two times, which exclude each other; the other tags build upon them."""
    return AddedTag(("redirect",), replace(tag, field="bytime", group="bytime"))


EXTENSION = Extension(
    "redirect-deliverby",
    "6009",
    tags=(
        _time(
            Tag("bytimerelative", Kind.NUMBER, check=_complain_about_seconds, hook=Amend(_relative, order=0))
        ),
        _time(
            Tag("bytimeabsolute", Kind.STRING, check=_complain_about_moment, hook=Amend(_absolute, order=0))
        ),
        AddedTag(
            ("redirect",),
            Tag("bymode", Kind.STRING, needs="bytime", check=_complain_about_mode, hook=Amend(_mode)),
        ),
        AddedTag(("redirect",), Tag("bytrace", needs="bytime", hook=Amend(_trace))),
    ),
    card=__doc__,
)
