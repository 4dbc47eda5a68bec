"""Test duplicate: whether a mail with the same id came before.

RFC 7352. Done: all of it. The id is the Message-ID, the value of a header field or a text; ids under
different handles have nothing to do with each other. What is to be remembered is an action of the result,
so that it is done at the successful end only; asking twice in one run gives the same answer. A mail without
the header field is never a duplicate. Periods are bounded by sieve_duplicate_max_period.
"""

from sieve_like.actions import DuplicateMark
from sieve_like.declare import simple_test
from sieve_like.ext._facts import complain_about_field
from sieve_like.interpreter import Run
from sieve_like.settings import Settings
from sieve_like.spec import Binding, Bound, Extension, Kind, Tag
from sieve_like.values import Args

DAY = 86400  # seconds
DEFAULT_PERIOD = DAY // 2  # RFC 7352 3.3 leaves it to us: what arrives twice arrives soon
MAX_PERIOD = 2 * DAY  # each id is stored so long
ID_FIELD = "message-id"


def period(settings: Settings, seconds: int | None) -> int:
    """Return how long an id is remembered, in seconds; None where the script does not say."""
    longest = settings.seconds("sieve_duplicate_max_period", MAX_PERIOD)
    default = settings.seconds("sieve_duplicate_default_period", DEFAULT_PERIOD)
    return min(default if seconds is None else seconds, longest)


def _unique_id(run: Run, args: Args) -> str | None:
    """Return the id of the mail, None where it has none."""
    if args.said("uniqueid"):
        return args.text("uniqueid")
    name = args.text("header") if args.said("header") else ID_FIELD
    if complain_about_field(name):
        return None
    values = run.message.text(name.lower())
    return values[0] if values else None


def _duplicate(run: Run, args: Args) -> bool:
    unique_id = _unique_id(run, args)
    if unique_id is None:
        return False
    handle, last = args.text("handle"), args.flag("last")
    seconds = period(run.settings, args.number("seconds") if args.said("seconds") else None)
    for one in run.performed:
        # RFC 7352 3: what this run is to remember does not make its mail a duplicate.
        if isinstance(one, DuplicateMark) and (one.handle, one.unique_id) == (handle, unique_id):
            return one.seen
    seen = run.host.duplicate(handle, unique_id, seconds, last=last)
    if last or not seen:
        run.add(DuplicateMark(handle, unique_id, seconds, last, seen))
    return seen


def _check(bound: Bound, binding: Binding) -> None:
    seconds, header = bound.constant("seconds"), bound.constant("header")
    longest = binding.settings.seconds("sieve_duplicate_max_period", MAX_PERIOD)
    if isinstance(seconds, int) and seconds > longest:
        binding.warning(bound.spans["seconds"], f"':seconds {seconds}' becomes {longest}: it is at most that")
    if isinstance(header, str) and complain_about_field(header):
        binding.warning(bound.spans["header"], complain_about_field(header))


EXTENSION = Extension(
    "duplicate",
    "7352",
    tests=(
        simple_test(
            "duplicate",
            _duplicate,
            tags=(
                Tag("handle", Kind.STRING),
                Tag("header", Kind.STRING, group="id"),
                Tag("uniqueid", Kind.STRING, group="id"),
                Tag("seconds", Kind.NUMBER),
                Tag("last"),
            ),
            check=_check,
        ),
    ),
    card=__doc__,
)
