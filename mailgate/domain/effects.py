"""What will change: the closed list of effects that actions plan and `store/unit.py` applies.

Effects carry final ids (taken from `ports.Reader.allocate`), so that a text rendered while planning can
already name the ticket that it opens.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from mailgate.domain.draft import Draft, Enclosed, MailKind


@dataclass(frozen=True, slots=True)
class Deliver:
    """Store the mail in a folder of a target; the target "store" is mailgate's own database.

    `edited` are the octets that the target gets where the rules have edited the mail (None: as it came).
    `due` postpones the delivery (snooze).
    """

    target: str
    folder: str
    flags: tuple[str, ...] = ()
    create: bool = False
    edited: bytes | None = field(default=None, repr=False)
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forward:
    """Send the mail to another address (redirect); passes the gate as MailKind.REDIRECT.

    `notify` and `ret` are DSN parameters (RFC 3461 4.1, 4.3), `by_seconds`, `by_mode` and `by_trace` those of
    deliver-by (RFC 2852 4): "" and None leave it to the relay. `edited` as in `Deliver`.
    """

    to_address: str
    sender: str
    notify: str = ""
    ret: str = ""
    by_seconds: int | None = None
    by_mode: str = ""
    by_trace: bool = False
    edited: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """Hand the mail to a program that the administrator listed as a target, after the commit.

    A program that is `lenient` may fail without anybody having to look.
    """

    program: str
    arguments: tuple[str, ...] = ()
    lenient: bool = False
    edited: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CallHook:
    """Tell a web address that the administrator listed as a target; `payload` is JSON."""

    target: str
    payload: str


class EntryKind(StrEnum):
    """What an entry of a ticket's history is."""

    INCOMING = "incoming"
    ANSWER = "answer"
    COMMENT = "comment"
    NOTE = "note"
    CHANGE = "change"
    BOUNCE = "bounce"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class AddEntry:
    """An entry in a ticket's append-only history; `with_message` ties the mail in hand to it.

    `unverified` marks a mail that joined by token while its sender could not be confirmed.
    """

    entry_id: int
    ticket_id: int
    session_id: int
    kind: EntryKind
    author: str
    text: str
    with_message: bool = False
    unverified: bool = False
    touches_session: bool = True
    message_id: str = ""  # Message-ID to remember for threading
    rule: str = ""  # the rule (`support:12`) or workflow that did it
    trimmed: bool = False  # the text is only what is new in the mail
    report: str = ""  # what a bounce or a receipt says, as JSON (`actions/_tying.report_json`)


@dataclass(frozen=True, slots=True)
class Send:
    """Send a mail of ours, if the gate lets it through.

    `rule` names the rule for the period of row 11 and for pausing; `period_key` and `period_s` say who was
    answered for what and for how long that counts (0 seconds = no period). `entry` goes into the ticket's
    history only when the gate let the mail through.
    """

    kind: MailKind
    draft: Draft
    envelope_from: str
    rule: str
    period_key: str = ""
    period_s: int = 0
    vacation: bool = False
    ticket_id: int = 0
    entry: AddEntry | None = None
    addresses: tuple[str, ...] = ()  # further addresses of the recipient (vacation :addresses), for row 8
    fcc: Deliver | None = None  # where a copy of what leaves is stored (RFC 8580)
    through: str = ""  # the target that it leaves by: its queue's mailbox (T4); "" is the relay
    entry_id: int = 0  # the entry that it belongs to where another mail has made that: a copy for Cc
    files: tuple[Enclosed, ...] = ()  # files of an agent's own mail that go along


@dataclass(frozen=True, slots=True)
class UndoAnswer:
    """Take back an agent's answer that has not left yet; where it has, nothing at all happens."""

    ticket_id: int
    entry_id: int
    by: str


@dataclass(frozen=True, slots=True)
class OpenContact:
    """A new contact with its first address; `company_name` opens or finds a company, "" = none.

    `sources` says which fields came from where (`contact.is_machine`); what is not in it came from the mail.
    """

    contact_id: int
    address: str
    name: str
    categories: tuple[str, ...] = ()
    company_name: str = ""
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket with its first session; `claims` is the ticket it claims to belong to (MAIL.md 5)."""

    ticket_id: int
    number: str
    session_id: int
    queue: str
    subject: str
    contact_id: int
    status: str = "open"
    priority: str = "normal"
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    agent: str = ""
    owner_group: str = ""
    follow_up_agent: str = ""
    follow_up_at: datetime | None = None
    workflow: str = ""
    claims: int = 0
    match_key: str = ""  # what S5 compares: the folded subject or the key taken out of it
    participants: tuple[str, ...] = ()
    company_id: int = 0  # 0: that of the contact which this unit opens, if it does


@dataclass(frozen=True, slots=True)
class ChangeTicket:
    """Set one field of a ticket; the old value goes into the history.

    A list (tags, categories) is given separated by commas; `how` may add to it or take away from it.
    """

    ticket_id: int
    field: str
    value: str
    by: str
    how: Literal["set", "add", "remove"] = "set"
    note: str = ""  # why, for the history


@dataclass(frozen=True, slots=True)
class Assign:
    """Give a ticket that nobody has to an agent, by whoever shares out work (G15); `reason` says why.

    Nothing happens where somebody has it meanwhile.
    """

    ticket_id: int
    session_id: int
    agent: str
    queue: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class KeepWaiting:
    """Keep a ticket on its queue's list of what is given out when somebody can take it (G15)."""

    ticket_id: int
    queue: str


@dataclass(frozen=True, slots=True)
class SetService:
    """Set when a ticket is due and which alarm is on (T9); times in ms since 1970, 0 for none.

    A change of the alarm goes into the history; `alarm` is a word of `domain/service.Alarm`.
    """

    ticket_id: int
    reaction_due: int
    warning_due: int
    execution_due: int
    alarm: str
    alarm_at: int


@dataclass(frozen=True, slots=True)
class SetReacted:
    """An agent has answered for the first time, or (`reacted` false) that counts no longer."""

    ticket_id: int
    reacted: bool = True


@dataclass(frozen=True, slots=True)
class StartWorkflow:
    """Run a workflow by its name for a ticket, whatever its own event is (W6); `timed`: its own clock did."""

    ticket_id: int
    workflow: str
    by: str
    timed: bool = False


@dataclass(frozen=True, slots=True)
class ShareOut:
    """Let whoever shares out work give the ticket to somebody, whatever its queue does by itself (G15)."""

    ticket_id: int
    by: str


@dataclass(frozen=True, slots=True)
class LinkTickets:
    """Tie two tickets together; `kind` (`domain/links.py`) is what the first is to the other."""

    ticket_id: int
    number: str
    other_id: int
    other_number: str
    by: str
    kind: str = "related"


@dataclass(frozen=True, slots=True)
class UnlinkTickets:
    """Undo a link; `kind` as it was given."""

    ticket_id: int
    number: str
    other_id: int
    other_number: str
    by: str
    kind: str


@dataclass(frozen=True, slots=True)
class MergeTickets:
    """All of a ticket shows under another one from now on; so does whatever was merged into it (P1)."""

    ticket_id: int
    number: str
    into_id: int
    into_number: str
    by: str


@dataclass(frozen=True, slots=True)
class MoveEntries:
    """Entries show under another ticket, and answers to their mails join it (P1: split)."""

    entry_ids: tuple[int, ...]
    from_id: int
    from_number: str
    to_id: int
    to_number: str
    to_session_id: int
    by: str


@dataclass(frozen=True, slots=True)
class AddFollowUp:
    """A dated reminder of a ticket for a named agent (W6)."""

    ticket_id: int
    agent: str
    at: datetime
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class EndFollowUp:
    """A reminder is done with: by a person, or because its agent was told (`told`)."""

    follow_up_id: int
    ticket_id: int
    by: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class SetParticipant:
    """Somebody takes part in a ticket beside its contact; a "cc" who is confirmed gets copies of answers."""

    ticket_id: int
    address: str
    role: str
    confirmed: bool
    by: str


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """Somebody takes part no longer."""

    ticket_id: int
    address: str
    by: str


@dataclass(frozen=True, slots=True)
class MoveSession:
    """Move a session to another state (the table of `domain/session.py`); `by` as in the history's author."""

    session_id: int
    state: str
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A new session of a ticket whose last one is over for good; it becomes the current one (G12).

    `by` as in the history's author.
    """

    session_id: int
    ticket_id: int
    reason: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep a key until a time: duplicate ids, answered senders."""

    scope: str
    key: str
    until: datetime


@dataclass(frozen=True, slots=True)
class SetAside:
    """Keep the mail in a visible folder with a reason, instead of a ticket."""

    folder: str
    reason: str


@dataclass(frozen=True, slots=True)
class MarkFailing:
    """A hard bounce came back for this address; a `soft` one is counted and marks nobody."""

    address: str
    reason: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class ClearFailing:
    """Somebody at this address has got a mail of ours: what came back before counts no more."""

    address: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An automatic mail that was not planned at all, and why: it is stored and counted like the gate's."""

    kind: MailKind
    to_address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer this recipient with a 5xx; nothing else of this delivery happens but the record of it."""

    code: int
    enhanced: str
    text: str


@dataclass(frozen=True, slots=True)
class Drop:
    """Discard: the record and the octets stay for the retention period, no folder gets it."""

    reason: str


Effect = (
    Deliver
    | Forward
    | Pipe
    | CallHook
    | Send
    | UndoAnswer
    | OpenContact
    | OpenTicket
    | AddEntry
    | ChangeTicket
    | Assign
    | KeepWaiting
    | SetService
    | SetReacted
    | StartWorkflow
    | ShareOut
    | LinkTickets
    | UnlinkTickets
    | MergeTickets
    | MoveEntries
    | AddFollowUp
    | EndFollowUp
    | SetParticipant
    | RemoveParticipant
    | MoveSession
    | OpenSession
    | Remember
    | SetAside
    | MarkFailing
    | ClearFailing
    | Suppressed
    | Refuse
    | Drop
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules decided for one recipient.

    `rule` is `script:line` of the decisive action, `action` its name, `summary` goes into reply and log
    (`ticket=T-7`, `folder=INBOX`). `trace` is plain data (dicts, lists, strings, numbers) fit for JSON.
    `error` is the run-time error's text where the script failed and the implicit keep took over.
    `wrong_tokens` counts what looked like a token of ours and was none.
    """

    effects: tuple[Effect, ...]
    rule: str
    action: str
    summary: str
    trace: dict[str, object] = field(default_factory=dict)
    error: str = ""
    wrong_tokens: int = 0
