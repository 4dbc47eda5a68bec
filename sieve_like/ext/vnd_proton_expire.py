"""Commands expire and unexpire, tests hasexpiration and expiration: when a mail is to be deleted.

The extension of Proton Mail, after its public documentation. Done: `expire "day" "30";` with the units
second, minute, hour, day, week, month (30 days) and year (365 days), at most 730 days; `unexpire;`;
`hasexpiration`; `expiration <unit> <keys>` with match types, which compares what is left in whole units. The
last command of a run counts. Not done: an expiry that the mail had before the script ran; only what the
script says is known.
"""

from sieve_like.actions import Expire
from sieve_like.declare import action_command, simple_test
from sieve_like.errors import ScriptFailure, did_you_mean
from sieve_like.ext._single import single_test, text_of
from sieve_like.interpreter import Run, Test
from sieve_like.result import Action
from sieve_like.spec import Bound, Compiling, Extension, Kind, Matching, Positional, TestSpec
from sieve_like.values import Args

DAY = 86400  # seconds
UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": DAY,
    "week": 7 * DAY,
    "month": 30 * DAY,
    "year": 365 * DAY,
}
LONGEST = 730 * DAY  # what Proton Mail allows at most
DIGITS = 12  # more than the seconds of any time that is allowed


def _complain_about_unit(value: str | int) -> str:
    unit = str(value)
    if unit.lower() in UNITS:
        return ""
    return f"'{unit}' is no unit of time{did_you_mean(unit, UNITS)}"


def _complain_about_number(value: str | int) -> str:
    text = str(value)
    if text.isascii() and text.isdigit() and len(text) <= DIGITS:
        return ""
    return f"'{text}' is no number of units"


def _expire(args: Args) -> Action:
    seconds = int(args.text("number")) * UNITS[args.text("unit").lower()]
    if not 0 < seconds <= LONGEST:
        raise ScriptFailure(f"a mail expires after at most {LONGEST // DAY} days, and not at once")
    return Expire(seconds=seconds)


def _left(run: Run) -> int | None:
    """Return the seconds after which the mail expires, None where it does not."""
    found = [action for action in run.performed if isinstance(action, Expire)]
    return found[-1].seconds if found else None


def _expiration(bound: Bound, ctx: Compiling) -> Test:
    unit = text_of(bound, "unit")

    def value(run: Run) -> str | None:
        seconds, one = _left(run), UNITS.get(unit(run).lower())
        return None if seconds is None or one is None else str(seconds // one)

    return single_test(bound, ctx, value)


UNIT = Positional("unit", check=_complain_about_unit)

EXTENSION = Extension(
    "vnd.proton.expire",
    commands=(
        action_command(
            "expire", _expire, positionals=(UNIT, Positional("number", check=_complain_about_number))
        ),
        action_command("unexpire", lambda _args: Expire()),
    ),
    tests=(
        simple_test("hasexpiration", lambda run, _args: _left(run) is not None),
        TestSpec(
            "expiration",
            _expiration,
            positionals=(UNIT, Positional("keys", Kind.STRINGS)),
            matching=Matching.MATCH,
        ),
    ),
    card=__doc__,
)
