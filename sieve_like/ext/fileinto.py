"""Action fileinto.

RFC 5228 section 4.1. Done: all of it. Names are checked when they are constant, else when the script runs;
what a name means, and whether it is allowed, is the store's matter.
"""

from sieve_like.declare import action_command
from sieve_like.ext._mailbox import complain_about_mailbox
from sieve_like.result import FileInto
from sieve_like.spec import Extension, Positional

EXTENSION = Extension(
    "fileinto",
    "5228",
    commands=(
        action_command(
            "fileinto",
            lambda args: FileInto(args.text("mailbox")),
            positionals=(Positional("mailbox", check=complain_about_mailbox),),
        ),
    ),
    card=__doc__,
)
