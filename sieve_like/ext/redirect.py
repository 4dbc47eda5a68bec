"""Action redirect.

RFC 5228 section 4.2. Done: all of it; the number of redirects is bounded. Loops are the host's matter.
"""

from sieve_like.address import complain_about_address, join_address, parse_one
from sieve_like.declare import action_command
from sieve_like.errors import ScriptFailure
from sieve_like.result import Redirect
from sieve_like.spec import Extension, Positional
from sieve_like.values import Args


def _redirect(args: Args) -> Redirect:
    address = parse_one(args.text("address"))
    if address is None:
        raise ScriptFailure(complain_about_address(args.text("address")))
    # RFC 5321 2.4: domains have no case; local parts stay as they are written.
    return Redirect(join_address(address.local, address.domain.lower()))


EXTENSION = Extension(
    "",
    "5228",
    commands=(
        action_command(
            "redirect", _redirect, positionals=(Positional("address", check=complain_about_address),)
        ),
    ),
    card=__doc__,
)
