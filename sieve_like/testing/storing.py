"""Storing mail in the simulated mailboxes: which one is meant, whether it may be created, with what flags."""

from sieve_like.interpreter import Run
from sieve_like.message import Message
from sieve_like.result import INBOX, Action, Fcc, FileInto, Keep
from sieve_like.testing.bench import Bench
from sieve_like.testing.world import folded


def keep(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    """Store into INBOX."""
    assert isinstance(action, Keep)
    del base
    bench.world.store(INBOX, message, action.flags)
    return True


def file_into(bench: Bench, base: Run, action: Action, message: Message) -> bool:
    """Store into a mailbox; a missing one is an error unless the script lets it be created (RFC 5490 3.2)."""
    assert isinstance(action, FileInto)
    return _store(bench, base, action, message)


def store_copy(bench: Bench, base: Run, fcc: Fcc, message: Message) -> bool:
    """Store the copy of a mail that was sent (RFC 8580)."""
    return _store(bench, base, fcc, message)


def _store(bench: Bench, base: Run, where: FileInto | Fcc, message: Message) -> bool:
    name = mailbox_of(base, where)
    if not bench.world.has(name):
        if not where.create:
            bench.errors.append(f"failed to store into mailbox '{name}': Mailbox doesn't exist: {name}")
            return False
        bench.world.create(name)
    bench.world.store(name, message, where.flags)
    return True


def mailbox_of(base: Run, where: FileInto | Fcc) -> str:
    """Return the mailbox that is meant: by id (RFC 9042), by special use (RFC 8579), else by name."""
    found = base.host.mailbox_of_id(where.mailbox_id) if where.mailbox_id else None
    if found is None and where.special_use:
        found = base.host.special_use(where.special_use)
    return folded(where.mailbox) if found is None else found
