"""What a destination is: it takes jobs in batches and says of each what became of it.

`outbox/worker.py` makes the jobs, the files in `targets/` carry them out. A target never raises for a mail's
sake: whatever it meets is an outcome.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

JobKind = Literal["send", "redirect", "deliver", "pipe", "call"]


class Content(Protocol):
    """The octets of an outgoing mail, read when they are needed; two equal contents have the same octets."""

    @property
    def size(self) -> int:
        """How many octets `plain` yields."""

    def plain(self) -> Iterator[bytes]:
        """Yield the mail as it is, for a file."""

    def wire(self) -> Iterator[bytes]:
        """Yield the mail as SMTP and LMTP carry it after 354.

        Lines end in CRLF, no other CR or LF is left, dots are doubled, and the end CRLF . CRLF is included.
        """


@dataclass(frozen=True, slots=True)
class DeliveryTerms:
    """What MAIL and RCPT say about reports and time, where the next server offers that.

    `notify` and `ret` as in RFC 3461 4.1 and 4.3, `by_until` is the time of RFC 2852 4 (None: no limit).
    """

    notify: str = ""
    ret: str = ""
    by_until: datetime | None = None
    by_mode: str = ""
    by_trace: bool = False


NO_TERMS: Final = DeliveryTerms()


@dataclass(frozen=True, slots=True)
class Job:
    r"""One mail for one recipient.

    `name` names this very piece of work on every try, and nothing else ever: a target that can look whether
    it has it already does so when `repeated` says that an earlier try may have got through. `flags` are
    those of IMAP (`\Seen`). `at` is when the work was ordered; it does not change between tries.
    `arguments` are a program's, which may fail without harm if it is `lenient`.
    """

    outbox_id: int
    kind: JobKind
    content: Content
    envelope_from: str
    to_address: str
    name: str
    at: datetime
    folder: str = ""
    flags: tuple[str, ...] = ()
    create_folder: bool = False
    smtputf8: bool = False
    repeated: bool = False
    terms: DeliveryTerms = NO_TERMS
    arguments: tuple[str, ...] = ()
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Done; `reply` is what the destination said."""

    reply: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the destination is down, busy, full, or set up wrongly.

    `away`: nobody was there at all, so that there is no use in trying the next mail.
    """

    reply: str
    away: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """Never: the destination has refused this mail for good.

    `recipient`: it is the address that is refused: there is no such mailbox.
    """

    reply: str
    recipient: bool = field(default=False, compare=False)


Outcome = Sent | Retry | Failed


class Target(Protocol):
    """A destination. At most `parallel` batches of at most `batch` jobs are under way at a time."""

    @property
    def parallel(self) -> int:
        """How many calls of `deliver` may overlap."""

    @property
    def batch(self) -> int:
        """How many jobs one call takes."""

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Carry out the jobs; returns one outcome per job, in their order."""

    async def close(self) -> None:
        """Let go of connections and threads; no call is under way any more."""


@dataclass(frozen=True, slots=True)
class TargetKind:
    """What a file in `mailgate/targets/` exports as TARGET.

    `options` is the frozen dataclass of its options, `make` opens a target from them.
    """

    name: str
    options: type[object]
    make: Callable[[Any], Target]
