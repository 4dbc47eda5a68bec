"""The simulated world of one test file: mailboxes with their mail, the outbox, annotations, and the host.

Everything lives in memory; a mailbox name is what the script says, with `.` between levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sieve_like.host import DefaultHost
from sieve_like.message import Message
from sieve_like.outgoing.settings import HOST
from sieve_like.result import INBOX


@dataclass(frozen=True, slots=True)
class Stored:
    """One mail in a mailbox, with its flags as imap4flags writes them."""

    message: Message
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail that left, for one recipient; "" is the null sender."""

    sender: str
    recipient: str
    octets: bytes


@dataclass(slots=True)
class World:
    """Mailboxes by name, annotations by mailbox ("" is the server) and entry, and what was sent, in order."""

    mailboxes: dict[str, list[Stored]] = field(default_factory=dict)
    annotations: dict[tuple[str, str], str] = field(default_factory=dict)
    outbox: list[Sent] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether a mailbox is there; INBOX always is (RFC 3501 5.1)."""
        return folded(name) == INBOX or folded(name) in self.mailboxes

    def create(self, name: str) -> None:
        """Create a mailbox; one that is there already stays as it is."""
        self.mailboxes.setdefault(folded(name), [])

    def store(self, name: str, message: Message, flags: Sequence[str]) -> None:
        """Append a mail to a mailbox."""
        self.mailboxes.setdefault(folded(name), []).append(Stored(message, tuple(flags)))

    def stored(self, name: str, index: int) -> Stored | None:
        """Return a mail of a mailbox by its place from 0, None where there is none."""
        mails = self.mailboxes.get(folded(name), [])
        return mails[index] if 0 <= index < len(mails) else None

    def sent(self, index: int) -> Sent | None:
        """Return a mail of the outbox by its place from 0, None where there is none."""
        return self.outbox[index] if 0 <= index < len(self.outbox) else None


def folded(name: str) -> str:
    """Return the name by which a mailbox is kept: INBOX has no case (RFC 3501 5.1)."""
    return INBOX if name.upper() == INBOX else name


# RFC 5490 3.1: entries begin with one of these.
ENTRIES: Final = ("/private/", "/shared/")


# Facts about the place where scripts run; the engine knows the others itself.
# Tests file mail that is delivered already (RFC 5183 4.1), as test tools of established engines say.
ITEMS: Final = {
    "domain": HOST,
    "host": f"host.{HOST}",
    "location": "MS",
    "phase": "post",
    "vnd.dovecot.username": "user",
}


class SuiteHost(DefaultHost):
    """Answers scripts from the simulated world; nothing was seen before, as in a store that keeps nothing."""

    def __init__(self, world: World) -> None:
        self.world = world

    def environment(self, name: str) -> str | None:
        """Return where the tests run: at the host of the documentation's domain (RFC 5183 4.1)."""
        return ITEMS.get(name)

    def mailbox_exists(self, name: str) -> bool:
        """Whether the simulated store has the mailbox."""
        return self.world.has(name)

    def metadata(self, mailbox: str | None, entry: str) -> str | None:
        """Return what `test_imap_metadata_set` said; entries have no case (RFC 5464 3.2)."""
        if mailbox is not None and not self.world.has(mailbox):
            return None
        return self.world.annotations.get(("" if mailbox is None else folded(mailbox), entry.lower()))
