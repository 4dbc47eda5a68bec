"""Actions keep and discard.

RFC 5228 sections 4.3 and 4.4. Done: all of it.
"""

from sieve_like.declare import action_command
from sieve_like.result import Discard, Keep
from sieve_like.spec import Extension

EXTENSION = Extension(
    "",
    "5228",
    commands=(action_command("keep", lambda _: Keep()), action_command("discard", lambda _: Discard())),
    card=__doc__,
)
