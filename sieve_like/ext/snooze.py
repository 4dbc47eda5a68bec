"""Action snooze: deliver the mail into a mailbox at a later time of the day.

draft-ietf-extra-sieve-snooze. Done: all of it: :mailbox (with :create, :specialuse and :mailboxid of their
extensions), :addflags and :removeflags (imap4flags), :weekdays ("0" is Sunday), :tzid, times as "HH:MM" or
"HH:MM:SS". The implicit keep is cancelled; the last snooze of a run counts. Whether a time zone is known, and
when the mail comes, is the host's matter.
"""

import re
from typing import Final

from sieve_like.actions import Snooze
from sieve_like.declare import action_command
from sieve_like.ext._flags import flags_of
from sieve_like.ext._mailbox import complain_about_mailbox
from sieve_like.result import INBOX
from sieve_like.spec import Binding, Bound, Extension, Kind, Positional, Tag
from sieve_like.values import Args

TIME: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?\Z", re.ASCII)
WEEKDAYS: Final = frozenset("0123456")
# RFC 7808 5.3: names of zones are parts with slashes between, such as "Europe/Berlin".
ZONE: Final = re.compile(r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*\Z")


def _complain_about_time(value: str | int) -> str:
    return "" if TIME.match(str(value)) else f"'{value}' is no time of the day; write it like \"09:30\""


def _complain_about_weekday(value: str | int) -> str:
    return "" if value in WEEKDAYS else f'\'{value}\' is no day of the week; "0" is Sunday, "6" is Saturday'


def _complain_about_zone(value: str | int) -> str:
    return "" if ZONE.match(str(value)) else f"'{value}' can't be the name of a time zone"


def _seconds(time: str) -> int:
    """Return a time of the day in seconds after midnight."""
    hours, minutes, seconds = (time + ":00:00").split(":")[:3]
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def _build(args: Args) -> Snooze:
    return Snooze(
        tuple(sorted({_seconds(time) for time in args.texts("times")})),
        mailbox=args.text("mailbox") if args.said("mailbox") else INBOX,
        weekdays=tuple(sorted({int(day) for day in args.texts("weekdays")})),
        zone=args.text("tzid"),
        add_flags=flags_of(args.texts("addflags")),
        remove_flags=flags_of(args.texts("removeflags")),
    )


def _check(bound: Bound, binding: Binding) -> None:
    for name in ("addflags", "removeflags"):
        if name in bound.args and "imap4flags" not in binding.enabled:
            binding.error(
                bound.spans[name],
                f"the tag ':{name}' needs 'require \"imap4flags\"' at the top of the script",
            )


EXTENSION = Extension(
    "snooze",
    commands=(
        action_command(
            "snooze",
            _build,
            tags=(
                Tag("mailbox", Kind.STRING, check=complain_about_mailbox),
                Tag("addflags", Kind.STRINGS),
                Tag("removeflags", Kind.STRINGS),
                Tag("weekdays", Kind.STRINGS, check=_complain_about_weekday),
                Tag("tzid", Kind.STRING, check=_complain_about_zone),
            ),
            positionals=(Positional("times", Kind.STRINGS, check=_complain_about_time),),
            check=_check,
        ),
    ),
    card=__doc__,
)
