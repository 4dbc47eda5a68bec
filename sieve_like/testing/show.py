"""How results and messages look where a test prints them."""

from collections.abc import Sequence

from sieve_like.interpreter import Run
from sieve_like.result import Action


def show_result(actions: Sequence[Action], *, kept: bool) -> list[str]:
    """Return the actions and the implicit keep as lines."""
    lines = [f" * {one.describe()}" for one in actions] or ["  (none)"]
    return ["Performed actions:", *lines, f"Implicit keep: {'yes' if kept else 'no'}"]


def show_message(run: Run) -> list[str]:
    """Return the current message as lines."""
    return bytes(run.message.octets).decode("utf-8", "replace").splitlines()
