"""Actions of extensions that send, track, or hand the mail to something else; `result.py` has the basic ones.

Like all actions they are values: nothing here is carried out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from sieve_like.address import parse_one
from sieve_like.result import INBOX, Action, Fcc

# RFC 5435 3.4: 1 is the highest importance, 3 the lowest, 2 the one that is not said.
NORMAL_IMPORTANCE = 2


@dataclass(frozen=True, slots=True)
class NotifyMail:
    """What a `mailto:` URI asks for (RFC 5436 2), percent signs decoded.

    `to` and `cc` are addresses, perhaps with a name; nobody stands in them twice. `headers` are further
    fields in the order of the URI, reserved ones left out; `subject` and `body` are None where it has none.
    """

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str | None = None
    body: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def recipients(self) -> tuple[str, ...]:
        """Return all that get the mail, in order."""
        return (*self.to, *self.cc)

    def without(self, known: frozenset[str]) -> "NotifyMail":
        """Return it without the recipients whose folded addresses are known."""
        left = tuple(one for one in self.to if fold_address(one) not in known)
        return replace(self, to=left, cc=tuple(one for one in self.cc if fold_address(one) not in known))


@dataclass(frozen=True, slots=True)
class Notify(Action):
    """notify (RFC 5435 3): tell somebody about the mail; the implicit keep stays.

    `method` is the URI as the script has it, `scheme` its lower-case scheme; `mail` is what a `mailto:` URI
    says, None for other schemes. `from_` is "" where not said; `text` is what `:message` says, None without.
    """

    name: ClassVar[str] = "notify"

    method: str
    scheme: str = ""
    mail: NotifyMail | None = None
    from_: str = ""
    importance: int = NORMAL_IMPORTANCE
    options: tuple[str, ...] = ()
    text: str | None = None
    fcc: Fcc | None = None

    def target(self) -> object | None:
        """Return the URI of other methods; mails are compared recipient by recipient (`reduced`)."""
        return None if self.mail is not None else ("notify", self.method)

    def reduced(self, earlier: Sequence[Action]) -> "Action | None":
        """Return it without recipients that are told already, None where nobody is left (RFC 5436 2.7)."""
        if self.mail is None or not self.mail.recipients:
            return self
        told = frozenset(
            fold_address(one)
            for other in earlier
            if isinstance(other, Notify) and other.mail is not None
            for one in other.mail.recipients
        )
        left = self.mail.without(told)
        if not left.recipients:
            return None
        return self if left == self.mail else replace(self, mail=left)

    def describe(self) -> str:
        """Return the action with whom it tells."""
        return f"notify {', '.join(self.mail.recipients) if self.mail is not None else self.method}"


@dataclass(frozen=True, slots=True)
class DuplicateMark(Action):
    """What the test `duplicate` (RFC 7352) wants to be remembered once everything else is done.

    `seconds` is how long; the time starts now, or anew with `last`, which remembers an id that was `seen`.
    """

    name: ClassVar[str] = "duplicate_mark"

    handle: str
    unique_id: str
    seconds: int
    last: bool = False
    seen: bool = False

    def target(self) -> object | None:
        """Return handle and id: the same id is remembered once."""
        return ("duplicate", self.handle, self.unique_id)

    def describe(self) -> str:
        """Return what is remembered."""
        return f"remember the id {self.unique_id} under the handle '{self.handle}'"


@dataclass(frozen=True, slots=True)
class Snooze(Action):
    """snooze (draft-ietf-extra-sieve-snooze): deliver the mail into a mailbox at a later time.

    `times` are seconds after midnight; the mail comes at the first of them on one of the `weekdays` (0 is
    Sunday) in the time zone `zone` ("" is the zone of the user). `flags` are those of the internal variable;
    `add_flags` and `remove_flags` change them when the mail comes.
    """

    name: ClassVar[str] = "snooze"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    times: tuple[int, ...]
    mailbox: str = INBOX
    weekdays: tuple[int, ...] = ()
    zone: str = ""
    flags: tuple[str, ...] = ()
    add_flags: tuple[str, ...] = ()
    remove_flags: tuple[str, ...] = ()
    create: bool = False
    special_use: str = ""
    mailbox_id: str = ""

    def flagged(self, flags: tuple[str, ...]) -> Action:
        """Return it with these flags."""
        return replace(self, flags=flags)

    def target(self) -> object | None:
        """Return one target for all: a mail waits once, and the last one counts."""
        return "snooze"

    def merged(self, later: Action) -> Action:
        """Return the later one."""
        return later

    def describe(self) -> str:
        """Return the action with its mailbox."""
        return f"snooze into {self.mailbox}"


@dataclass(frozen=True, slots=True)
class ProcessCalendar(Action):
    """processcalendar (RFC 9671): hand the iMIP parts of the mail to a calendar; the implicit keep stays.

    `organizers` names an external list; `outcome` and `reason` say what the host answered in the run.
    """

    name: ClassVar[str] = "processcalendar"

    allow_public: bool = False
    addresses: tuple[str, ...] = ()
    updates_only: bool = False
    invites_only: bool = False
    calendar_id: str = ""
    delete_cancelled: bool = False
    organizers: str = ""
    outcome: str = ""
    reason: str = ""

    def target(self) -> object | None:
        """Return one target for equal wishes."""
        wish = (self.allow_public, self.addresses, self.updates_only, self.invites_only, self.calendar_id)
        return ("processcalendar", *wish, self.delete_cancelled, self.organizers)


@dataclass(frozen=True, slots=True)
class Report(Action):
    """report (vnd.dovecot.report): send the mail to an address as a feedback report (RFC 5965).

    `feedback` is the type ("abuse", "fraud" …), `text` is for people, `headers_only` leaves out the body.
    """

    name: ClassVar[str] = "report"

    feedback: str
    text: str
    address: str
    headers_only: bool = False

    def target(self) -> object | None:
        """Return the address: nobody gets two reports of one mail, whatever their types."""
        return ("report", fold_address(self.address))

    def describe(self) -> str:
        """Return the action with its type and address."""
        return f"report {self.feedback} to {self.address}"


@dataclass(frozen=True, slots=True)
class Pipe(Action):
    """pipe (vnd.dovecot.pipe): give the mail to a program that the administrator listed, after the commit.

    `arguments` are handed over as they are, never to a shell; with `lenient` (`:try`) a program that fails
    does not fail the delivery.
    """

    name: ClassVar[str] = "pipe"
    cancels: ClassVar[bool] = True
    delivers: ClassVar[bool] = True

    program: str
    arguments: tuple[str, ...] = ()
    lenient: bool = False

    def conflict(self, other: Action) -> bool:
        """Whether the other gives the mail to the same program as well."""
        return isinstance(other, Pipe) and other.program == self.program

    def describe(self) -> str:
        """Return the action with its program."""
        return f"pipe to {self.program}"


@dataclass(frozen=True, slots=True)
class Expire(Action):
    """expire (vnd.proton.expire): delete the mail after so many seconds; None takes an earlier wish back."""

    name: ClassVar[str] = "expire"

    seconds: int | None = None

    def target(self) -> object | None:
        """Return one target for all: a mail expires once."""
        return "expire"

    def merged(self, later: Action) -> Action:
        """Return the later one."""
        return replace(later, span=self.span)

    def describe(self) -> str:
        """Return the action with its time."""
        return "unexpire" if self.seconds is None else f"expire after {self.seconds} seconds"


def fold_address(text: str) -> str:
    """Return an address as it is compared: the domain has no case, the local part has (RFC 5321 2.4)."""
    parsed = parse_one(text)
    local, at, domain = (parsed.address if parsed is not None else text).rpartition("@")
    return f"{local}{at}{domain.lower()}"
