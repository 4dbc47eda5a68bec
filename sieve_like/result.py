"""What a run yields: actions in order, whether the implicit keep stands, what failed, and the trace.

A script only decides; nothing here is carried out. Host extensions define their own subclasses of `Action`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple, Self

from sieve_like.errors import NOWHERE, Span
from sieve_like.message import Message

INBOX = "INBOX"

# One step of a trace is plain data, ready for JSON: always "line", "column" and "what" ("test", "action",
# "set", "stop", "ask", "namespace", "error"), with "name", "result", "values", "keys", "question", "answer"
# as they apply.
TraceStep = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that the script wants. Subclasses set the class attributes and add their own fields.

    `name` is what traces and logs show; `cancels` says whether it replaces the implicit keep (RFC 5228
    2.10.2); `delivers` says whether the message itself goes somewhere, which a refusal excludes (RFC 5429
    2.3). `span` is the place in the source; `copy` (RFC 3894) leaves the implicit keep as it is. `message` is
    the mail as it was edited when the action was taken (RFC 5293 6), None where nobody had edited it.
    """

    name: ClassVar[str] = "action"
    cancels: ClassVar[bool] = False
    delivers: ClassVar[bool] = False

    span: Span = NOWHERE
    copy: bool = False
    message: Message | None = field(default=None, repr=False, compare=False)

    @property
    def cancels_keep(self) -> bool:
        """Whether this very action replaces the implicit keep."""
        return self.cancels and not self.copy

    def target(self) -> object | None:
        """Return what two actions must share to be one; None where each counts for itself."""
        return None

    def conflict(self, other: "Action") -> bool:
        """Whether the two can't stand in one result; each of a pair is asked."""
        del other
        return False

    def merged(self, later: "Action") -> "Action":
        """Return the one action that stands for this and a later one with the same target."""
        del later
        return self

    def reduced(self, earlier: "Sequence[Action]") -> "Action | None":
        """Return what of it is not done by earlier actions already, None where nothing is left."""
        del earlier
        return self

    def flagged(self, flags: tuple[str, ...]) -> "Action":
        """Return it with the flags of the internal variable (RFC 5232 2), if it stores the mail."""
        del flags
        return self

    def describe(self) -> str:
        """Return the action as one line for people."""
        return self.name


@dataclass(frozen=True, slots=True)
class Fcc:
    """Where a copy of a mail that an action sends is stored (RFC 8580)."""

    mailbox: str = ""
    flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""
    mailbox_id: str = ""


def _stored(first: "Keep | FileInto", later: "Action") -> "Keep | FileInto":
    """Return one storing action for two: the flags of the later one hold, and a keep stays a keep."""
    assert isinstance(later, Keep | FileInto)
    flags = later.flags
    both_copy = first.copy and later.copy
    if isinstance(first, FileInto) and isinstance(later, FileInto):
        merged = replace(
            first,
            flags=flags,
            create=first.create or later.create,
            special_use=first.special_use or later.special_use,
            mailbox_id=first.mailbox_id or later.mailbox_id,
            copy=both_copy,
        )
        return first if merged == first else merged
    if isinstance(first, Keep) and first.flags == flags and first.copy == both_copy:
        return first
    # A keep takes the place of `fileinto "INBOX"`, with the mail as it is then; else the first one stands.
    message = later.message if isinstance(first, FileInto) and isinstance(later, Keep) else first.message
    return Keep(flags=flags, span=first.span, copy=both_copy, message=message)


@dataclass(frozen=True, slots=True)
class Keep(Action):
    """keep (RFC 5228 4.3): into INBOX, with flags where the script set some."""

    name: ClassVar[str] = "keep"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    flags: tuple[str, ...] = ()

    def flagged(self, flags: tuple[str, ...]) -> Action:
        """Return it with these flags."""
        return replace(self, flags=flags)

    def target(self) -> object | None:
        """Return INBOX: keep and `fileinto "INBOX"` are one action."""
        return ("mailbox", INBOX)

    def merged(self, later: Action) -> Action:
        """Return one storing action for both."""
        return _stored(self, later)


@dataclass(frozen=True, slots=True)
class FileInto(Action):
    """fileinto (RFC 5228 4.1): into a named mailbox; `create` makes a missing one (RFC 5490 3.2).

    `special_use` (RFC 8579) and `mailbox_id` (RFC 9042) name a mailbox that is preferred where it exists.
    """

    name: ClassVar[str] = "fileinto"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    mailbox: str
    flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""
    mailbox_id: str = ""

    def flagged(self, flags: tuple[str, ...]) -> Action:
        """Return it with these flags."""
        return replace(self, flags=flags)

    def target(self) -> object | None:
        """Return the mailbox; INBOX has no case (RFC 3501 5.1)."""
        return ("mailbox", INBOX if self.mailbox.upper() == INBOX else self.mailbox)

    def merged(self, later: Action) -> Action:
        """Return one storing action for both."""
        return _stored(self, later)

    def describe(self) -> str:
        """Return the action with its mailbox."""
        return f"fileinto {self.mailbox}"


@dataclass(frozen=True, slots=True)
class Redirect(Action):
    """redirect (RFC 5228 4.2): the message as it is, to another address.

    `notify` and `ret` are parameters of RFC 3461, `by_seconds`, `by_mode` and `by_trace` of RFC 2852, as RFC
    6009 lets a script set them; "" and None leave them as they were.
    """

    name: ClassVar[str] = "redirect"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    address: str
    notify: str = ""
    ret: str = ""
    by_seconds: int | None = None
    by_mode: str = ""
    by_trace: bool = False

    def target(self) -> object | None:
        """Return the address; the domain has no case, the local part has (RFC 5321 2.4)."""
        local, _, domain = self.address.rpartition("@")
        return ("redirect", local, domain.lower())

    def merged(self, later: Action) -> Action:
        """Return the first; it copies only where both do."""
        return replace(self, copy=False) if self.copy and not later.copy else self

    def describe(self) -> str:
        """Return the action with its address."""
        return f"redirect {self.address}"


@dataclass(frozen=True, slots=True)
class Discard(Action):
    """discard (RFC 5228 4.4): cancels the implicit keep and does nothing else."""

    name: ClassVar[str] = "discard"
    cancels: ClassVar[bool] = True

    def target(self) -> object | None:
        """Return one target for all: discarding twice is discarding once."""
        return "discard"


@dataclass(frozen=True, slots=True)
class Reject(Action):
    """reject and ereject (RFC 5429): refuse the mail with a reason; ereject never sends a mail for it."""

    name: ClassVar[str] = "reject"
    cancels: ClassVar[bool] = True

    reason: str
    ereject: bool = False

    def conflict(self, other: Action) -> bool:
        """Whether the other delivers the mail, answers it, or refuses it as well (RFC 5429 2.3)."""
        return other.delivers or isinstance(other, Reject | Vacation)


@dataclass(frozen=True, slots=True)
class Vacation(Action):
    """vacation (RFC 5230): answer the sender, once per handle and period; the host decides on sending.

    `seconds` is the period (RFC 6131: 0 answers every mail); `fcc` keeps a copy of the answer.
    """

    name: ClassVar[str] = "vacation"

    reason: str
    seconds: int = 7 * 86400
    subject: str = ""
    from_: str = ""
    addresses: tuple[str, ...] = ()
    mime: bool = False
    handle: str = ""
    fcc: Fcc | None = None

    def conflict(self, other: Action) -> bool:
        """Whether the other answers as well (RFC 5230 4.7)."""
        return isinstance(other, Vacation)


@dataclass(frozen=True, slots=True)
class RuntimeFailure:
    """Why a run ended early: the words, the line, the whole span, and the included script that it was in."""

    text: str
    line: int
    span: Span = NOWHERE
    script: str = ""


class Result(NamedTuple):
    """The outcome of one run.

    `actions` are all that the script asked for, in its order; `performed` are what is to be done, with
    duplicates collapsed into the first. After a run-time error both are empty and `implicit_keep` is true.
    `steps` is how much of the instruction budget was used. `message` is the mail as edited at the end, which
    the implicit keep stores with `keep_flags`; None where nobody edited it. `log` holds what the script wrote
    for people (level and text).
    """

    # A tuple, not a dataclass: every run makes one, and a frozen dataclass takes four times as long.
    actions: tuple[Action, ...]
    performed: tuple[Action, ...]
    implicit_keep: bool
    error: RuntimeFailure | None = None
    trace: tuple[TraceStep, ...] = ()
    steps: int = 0
    message: Message | None = None
    keep_flags: tuple[str, ...] = ()
    log: tuple[tuple[str, str], ...] = ()

    @classmethod
    def failed(cls, error: RuntimeFailure, trace: tuple[TraceStep, ...], steps: int) -> Self:
        """Return the outcome of a run that ended with an error: nothing but the implicit keep."""
        return cls((), (), implicit_keep=True, error=error, trace=trace, steps=steps)
