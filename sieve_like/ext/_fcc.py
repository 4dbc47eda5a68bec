"""Where the copy of a sent mail goes (RFC 8580): what :fcc and the tags beside it share.

The tags may come in any order, so each of them changes its own part of the action's `Fcc`.
"""

from collections.abc import Callable
from dataclasses import replace

from sieve_like.actions import Notify
from sieve_like.interpreter import Run
from sieve_like.result import Action, Fcc, Vacation
from sieve_like.spec import AddedTag, Amend, Tag
from sieve_like.values import Value

SENDERS = ("vacation", "notify")  # RFC 8580 4 and 5: the actions that send a mail of their own

Change = Callable[[Fcc, Value], Fcc]


def beside_fcc(tag: Tag, change: Change) -> AddedTag:
    """Return the tag for actions that send: it describes the copy, and makes sense only with :fcc."""
    return AddedTag(SENDERS, replace(tag, needs="fcc", hook=Amend(amend_fcc(change))))


def amend_fcc(change: Change) -> Callable[[Action, Value, Run], Action]:
    """Return what changes the description of the copy in an action that sends."""

    def amend(action: Action, value: Value, run: Run) -> Action:
        del run
        assert isinstance(action, Vacation | Notify)
        return replace(action, fcc=change(action.fcc or Fcc(), value))

    return amend
