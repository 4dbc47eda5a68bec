"""Action report: send the mail to an address as a feedback report, of spam for instance.

The extension vnd.dovecot.report (the report itself: RFC 5965). Done: all of it: type, text, address and
:headers_only. The implicit keep stays; an address gets one report of a mail. A type or an address that is
none is an error, when it is known only in the run a run-time error. Composing and sending is the host's
matter.
"""

import re
from typing import Final

from sieve_like.actions import Report
from sieve_like.address import complain_about_address
from sieve_like.declare import action_command
from sieve_like.spec import Extension, Positional, Tag
from sieve_like.values import Args

# RFC 5965 3.1 takes the type from RFC 2045 5.1, token; "" is let pass, as established engines do.
TYPE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]*\Z")


def _complain_about_type(value: str | int) -> str:
    return "" if TYPE.match(str(value)) else f"'{value}' can't be the type of a feedback report"


def _build(args: Args) -> Report:
    return Report(args.text("type"), args.text("text"), args.text("address"), args.flag("headers_only"))


EXTENSION = Extension(
    "vnd.dovecot.report",
    "5965",
    commands=(
        action_command(
            "report",
            _build,
            tags=(Tag("headers_only"),),
            positionals=(
                Positional("type", check=_complain_about_type),
                Positional("text"),
                Positional("address", check=complain_about_address),
            ),
        ),
    ),
    card=__doc__,
)
