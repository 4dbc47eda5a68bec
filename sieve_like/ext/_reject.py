"""What reject and ereject share: one string, the reason."""

from sieve_like.declare import action_command
from sieve_like.result import Reject
from sieve_like.spec import Extension, Positional


def refusal(name: str, card: str | None, *, ereject: bool) -> Extension:
    """Return the extension of one of the two actions."""
    command = action_command(
        name, lambda args: Reject(args.text("reason"), ereject), positionals=(Positional("reason"),)
    )
    return Extension(name, "5429", commands=(command,), card=card or "")
