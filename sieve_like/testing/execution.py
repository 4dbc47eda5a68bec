"""Carrying out a result in the simulated world: mail is stored first, then sent (SIEVE.md 5.6).

What is stored or sent is the message as it was edited when the action was taken; the implicit keep after an
error stores the original (RFC 5293 6).
"""

from collections.abc import Callable
from typing import Final

from sieve_like.interpreter import Run
from sieve_like.message import Message
from sieve_like.result import INBOX, Action, FileInto, Keep
from sieve_like.testing.bench import Bench
from sieve_like.testing.sending import SENDERS
from sieve_like.testing.storing import file_into, keep


def execute(bench: Bench, base: Run) -> bool:
    """Carry out what is pending, then the implicit keep if nothing replaced it or a script failed."""
    done = carry_out(bench, base)
    if (base.kept or bench.failed) and not bench.kept:
        bench.kept = True
        if not _in_inbox(bench):
            message = base.original if bench.failed else base.message
            bench.world.store(INBOX, message, () if bench.failed else base.flags)
    return done


def _in_inbox(bench: Bench) -> bool:
    return any(one.target() == ("mailbox", INBOX) for one in bench.executed)


def carry_out(bench: Bench, base: Run) -> bool:
    """Carry out pending actions as one transaction: if one can't be stored, none is, and nothing is sent."""
    bench.drop_repeated(base)
    pending = list(base.performed)
    base.performed.clear()
    bench.executed += pending
    before = {name: list(mails) for name, mails in bench.world.mailboxes.items()}
    stores = [one for one in pending if isinstance(one, Keep | FileInto)]
    if not all(_perform(bench, base, one) for one in stores):
        bench.world.mailboxes = before
        bench.executed = [one for one in bench.executed if one not in stores]
        bench.failed = True
        return False
    done = [_perform(bench, base, one) for one in pending if one not in stores]
    return all(done)


def _perform(bench: Bench, base: Run, action: Action) -> bool:
    message = action.message or base.original
    perform = PERFORMERS.get(action.name)
    if perform is not None:
        return perform(bench, base, action, message)
    return bench.setup.perform(bench, action) if bench.setup.perform is not None else True


Performer = Callable[[Bench, Run, Action, Message], bool]
PERFORMERS: Final[dict[str, Performer]] = {"keep": keep, "fileinto": file_into, **SENDERS}
