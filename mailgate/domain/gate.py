"""The one gate that all automatic mail leaves through (MAIL.md 3): thirteen rows, then the budgets.

Pure: `store/unit.py` asks it in the transaction that writes the outbox row, stores the verdict's reason
with the mail and counts it. What comes out is one of: send, suppress (with the reason), hold (redirects
over a budget), digest (notices over a budget). `docs/loops.md` explains every row and states the bound.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

from mailgate.domain.address import fold, sendable, split
from mailgate.domain.budgets import DAY, HOUR, OVERRUN, PAUSED, Budget, Budgets, Going, Per, counted, exceeded
from mailgate.domain.classify import is_own, spellings
from mailgate.domain.contact import contact_key
from mailgate.domain.draft import MailKind
from mailgate.domain.effects import Forward, Send
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.mail import Mail
from mailgate.domain.ports import Reader

# Scope of what the store remembers for row 11, and of the counts that the shortest periods are kept by.
ANSWERED: Final = "answered"
ANSWERED_LATELY: Final = "answered-lately"
# One mail per address and mailing (N6); a mailing is over by then.
MAILING: Final = "mailing"
MAILING_WINDOW: Final = 30 * DAY
# RFC 5321 6.3: beyond this a mail is in a loop, and causes no mail of any kind.
LOOP_RECEIVED: Final = 100


class Outcome(StrEnum):
    """What becomes of a mail that wants to leave."""

    SEND = "send"
    SUPPRESS = "suppress"
    HOLD = "hold"
    DIGEST = "digest"


class Reason(StrEnum):
    """Why a mail did not leave at once: a closed list, stored with the mail, and a label of the metrics."""

    NONE = ""
    NULL_SENDER = "null-sender"
    OWN_ADDRESS = "own-address"
    NOT_A_PERSON = "not-a-person"
    LOOP = "loop"
    SUPPRESS_HEADER = "suppress-header"
    ROLE_ADDRESS = "role-address"
    UNTRUSTED_CONTENT = "spam-or-unparsable"
    NOT_ADDRESSED = "not-addressed-to-us"
    NULL_MX = "null-mx"
    FAILING_ADDRESS = "failing-address"
    UNVERIFIED = "unverified-sender"
    ANSWERED_BEFORE = "answered-before"
    RULE_PAUSED = "rule-paused"
    BUDGET_ADDRESS = "budget-address"
    BUDGET_DOMAIN = "budget-domain"
    BUDGET_TICKET = "budget-ticket"
    BUDGET_MAIL = "budget-mail"
    BUDGET_ALL = "budget-all"
    UNSENDABLE = "unsendable-address"


_BUDGET_REASONS: Final = {
    Per.ADDRESS: Reason.BUDGET_ADDRESS,
    Per.DOMAIN: Reason.BUDGET_DOMAIN,
    Per.TICKET: Reason.BUDGET_TICKET,
    Per.MAIL: Reason.BUDGET_MAIL,
    Per.ALL: Reason.BUDGET_ALL,
}
BUDGET_REASONS: Final = frozenset(_BUDGET_REASONS.values())
# The row of the table in MAIL.md 3 and docs/loops.md that the budgets are.
BUDGET_ROW: Final = 12


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """What the gate is told: budgets, our own addresses (folded; `@domain` is all of it), and the switches.

    `vacation_minimum_s` and `acknowledgement_minimum_s` are the shortest periods of row 11, whatever a rule
    asks for; with 0 the rule's own period alone counts (a rule may then answer every mail, W3).
    """

    own: frozenset[str] = frozenset()
    budgets: Budgets = field(default_factory=Budgets)
    delimiter: str = "+"
    acknowledgement_needs_our_address: bool = False
    verified_only: bool = False
    # RFC 5230 4.1: no more often than once a day, unless the administrator says otherwise.
    vacation_minimum_s: int = DAY
    acknowledgement_minimum_s: int = 0
    # Postfix gives up at 50; people's mail has been seen with about 15.
    received_max: int = 25
    # One hard bounce may be a full mailbox that is reported wrongly; the second one marks it.
    failing_after: int = 2
    failing_for_s: int = 60 * DAY


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """The outcome, why, the row of the table (0 for send), and whether somebody must be told.

    `pauses` says that this is the overrun too many for the rule.
    """

    outcome: Outcome
    reason: Reason = Reason.NONE
    row: int = 0
    alarm: bool = False
    pauses: bool = False


SENT: Final = GateVerdict(Outcome.SEND)


@dataclass(frozen=True, slots=True)
class _Question:
    """One mail that wants to leave, as the rows look at it; `mail` is what it answers, if anything."""

    send: Send
    mail: Mail | None
    policy: GatePolicy
    reader: Reader

    @property
    def to_address(self) -> str:
        return self.send.draft.to_address

    @property
    def facts(self) -> Facts:
        return self.mail.facts if self.mail is not None else _NO_FACTS

    @property
    def correspondents(self) -> tuple[str, ...]:
        """Whom it would be sent to, and who wrote: usually one address."""
        sender = self.mail.sender if self.mail is not None else ""
        return (self.to_address, sender) if sender and sender != self.to_address else (self.to_address,)

    @property
    def shortest_s(self) -> int:
        """The shortest period of row 11 for this kind of answer."""
        policy = self.policy
        return policy.vacation_minimum_s if self.send.vacation else policy.acknowledgement_minimum_s


_NO_FACTS: Final = Facts()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: its number, the reason it stands for, and when it holds."""

    number: int
    reason: Reason
    holds: Callable[[_Question], bool]


def _null_sender(question: _Question) -> bool:
    """RFC 3834 2: nobody stands behind the null reverse-path, nor a polled mail without Return-Path."""
    return question.mail is not None and question.mail.sender in {"", "<>"}


def _own_address(question: _Question) -> bool:
    ours = (
        _spellings((question.mail.recipient.address,), question.policy)
        if question.mail is not None
        else _NONE
    )
    return any(_is_ours(address, ours, question.policy) for address in question.correspondents)


_NONE: Final[frozenset[str]] = frozenset()


def _spellings(addresses: Iterable[str], policy: GatePolicy) -> frozenset[str]:
    """Return addresses folded, with and without their detail."""
    return frozenset(chain.from_iterable(spellings(one, policy.delimiter)[:2] for one in addresses))


def _is_ours(address: str, ours: frozenset[str], policy: GatePolicy) -> bool:
    """Whether an address is among these few or among all of ours."""
    return is_own(address, policy.own, policy.delimiter) or is_own(address, ours, policy.delimiter)


def _not_a_person(question: _Question) -> bool:
    return question.facts.mail_class is not MailClass.PERSON


def _loop(question: _Question) -> bool:
    mail, policy = question.mail, question.policy
    return mail is not None and (
        mail.facts.received_count > policy.received_max or _came_this_way(mail, policy.delimiter)
    )


def _came_this_way(mail: Mail, delimiter: str) -> bool:
    """Whether a mail was delivered to this recipient once before."""
    if not mail.facts.delivered_to:
        return False
    recipient = contact_key(mail.recipient.address, delimiter)
    return any(contact_key(one, delimiter) == recipient for one in mail.facts.delivered_to)


def _suppress_header(question: _Question) -> bool:
    """X-Auto-Response-Suppress: DR, RN and NRN are about reports and receipts and have no effect here."""
    asked = set(question.facts.suppress)
    return bool(asked & {"all", "autoreply"}) or (question.send.vacation and "oof" in asked)


_ROLES: Final = frozenset({"mailer-daemon", "listserv", "majordomo", "postmaster", "root", "abuse"})
_ROLE_STARTS: Final = ("owner-", "bounce")
_ROLE_ENDS: Final = ("-request", "-owner")
_NO_REPLY: Final = ("noreply", "donotreply")
_SQUEEZE: Final = str.maketrans("", "", "-_.")


def _role_address(question: _Question) -> bool:
    """RFC 5230 4.6, and the names that machines write under."""
    return any(_is_role(address, question.policy.delimiter) for address in question.correspondents)


def _is_role(address: str, delimiter: str) -> bool:
    local = split(contact_key(address, delimiter))[0]
    if local in _ROLES or local.startswith(_ROLE_STARTS) or local.endswith(_ROLE_ENDS):
        return True
    return local.translate(_SQUEEZE).startswith(_NO_REPLY)


def _untrusted_content(question: _Question) -> bool:
    """RFC 3834 7: an answer would tell the sender that somebody is there."""
    return question.facts.spam or question.facts.unparsable


_ADDRESSING: Final = ("to", "cc", "bcc", "resent-to", "resent-cc", "resent-bcc")


def _not_addressed(question: _Question) -> bool:
    """RFC 5230 4.5: our address must stand in the mail; for acknowledgements by setting."""
    send, mail, policy = question.send, question.mail, question.policy
    if mail is None or not (send.vacation or policy.acknowledgement_needs_our_address):
        return False
    ours = _spellings((mail.recipient.address, *send.addresses), policy)
    found = (one for name in _ADDRESSING for one in mail.view.addresses(name))
    return not any(one.valid and _is_ours(one.address, ours, policy) for one in found)


def _null_mx(question: _Question) -> bool:
    """RFC 7505 4.2: the domain says that it takes no mail."""
    return question.facts.null_mx


def _failing(question: _Question) -> bool:
    policy = question.policy
    return question.reader.failing(question.to_address, policy.failing_after, policy.failing_for_s)


def _unverified(question: _Question) -> bool:
    """Only where the policy is "verified only": neither SPF nor DKIM speaks for the sender."""
    if question.mail is None or not question.policy.verified_only:
        return False
    found = question.facts.authentication
    return "pass" not in {found.spf.result, found.dmarc.result, *(one.result for one in found.dkim)}


def _answered_before(question: _Question) -> bool:
    send, reader = question.send, question.reader
    if send.period_s > 0 and send.period_key and reader.remembered(ANSWERED, send.period_key):
        return True
    shortest = question.shortest_s
    if shortest <= send.period_s:
        return False
    return reader.count(ANSWERED_LATELY, _lately_key(send, question.policy), shortest) > 0


def _lately_key(send: Send, policy: GatePolicy) -> str:
    return f"{send.rule}|{contact_key(send.draft.to_address, policy.delimiter)}"


def _unsendable(question: _Question) -> bool:
    return not sendable(question.to_address)


# In the order in which they are asked: what needs the mail alone before what asks the database.
ANSWER_ROWS: Final = (
    Row(1, Reason.NULL_SENDER, _null_sender),
    Row(2, Reason.OWN_ADDRESS, _own_address),
    Row(3, Reason.NOT_A_PERSON, _not_a_person),
    Row(4, Reason.LOOP, _loop),
    Row(5, Reason.SUPPRESS_HEADER, _suppress_header),
    Row(6, Reason.ROLE_ADDRESS, _role_address),
    Row(7, Reason.UNTRUSTED_CONTENT, _untrusted_content),
    Row(8, Reason.NOT_ADDRESSED, _not_addressed),
    Row(9, Reason.NULL_MX, _null_mx),
    Row(10, Reason.UNVERIFIED, _unverified),
    Row(13, Reason.UNSENDABLE, _unsendable),
    Row(9, Reason.FAILING_ADDRESS, _failing),
    Row(11, Reason.ANSWERED_BEFORE, _answered_before),
)


def _caused_by_return(question: _Question) -> bool:
    """Notices about bounces and returned mail are how two systems keep each other busy."""
    return question.facts.mail_class in {MailClass.BOUNCE, MailClass.OWN}


def _to_ourselves(question: _Question) -> bool:
    return is_own(question.to_address, question.policy.own, question.policy.delimiter)


def _mailed_before(question: _Question) -> bool:
    key = _lately_key(question.send, question.policy)
    return question.reader.count(MAILING, key, MAILING_WINDOW) > 0


# Agents' answers are people's mail: nothing but the relay limits them, and what is no address.
ROWS: Final = {
    MailKind.ANSWER: ANSWER_ROWS,
    MailKind.NOTICE: (
        Row(2, Reason.OWN_ADDRESS, _to_ourselves),
        Row(3, Reason.NOT_A_PERSON, _caused_by_return),
        Row(13, Reason.UNSENDABLE, _unsendable),
    ),
    MailKind.AGENT: (Row(13, Reason.UNSENDABLE, _unsendable),),
    MailKind.MASS: (
        Row(13, Reason.UNSENDABLE, _unsendable),
        Row(9, Reason.FAILING_ADDRESS, _failing),
        Row(11, Reason.ANSWERED_BEFORE, _mailed_before),
    ),
    MailKind.REDIRECT: (),
}


def check_send(
    send: Send, mail: Mail | None, policy: GatePolicy, reader: Reader, now: datetime
) -> GateVerdict:
    """Judge a mail of ours; `mail` is the one that caused it, if any. Nothing is counted here.

    `now` is the reader's clock too; it is taken so that every question to the gate names its time.
    """
    del now  # the windows are the reader's
    question = _Question(send, mail, policy, reader)
    for row in ROWS[send.kind]:
        if row.holds(question):
            # Our own mail returned is always worth a look, also where nothing would have been sent.
            alarm = row.reason is Reason.NOT_A_PERSON and question.facts.mail_class is MailClass.OWN
            return GateVerdict(Outcome.SUPPRESS, row.reason, row.number, alarm)
    if send.kind is MailKind.ANSWER and reader.count(PAUSED, send.rule, policy.budgets.pause_for) > 0:
        return GateVerdict(Outcome.SUPPRESS, Reason.RULE_PAUSED, BUDGET_ROW)
    over = exceeded(_going(send, policy), policy.budgets, reader)
    return SENT if over is None else _over(over, send, policy, reader)


def _going(send: Send, policy: GatePolicy) -> Going:
    return Going(send.kind, send.draft.to_address, send.ticket_id, policy.delimiter)


def _over(over: Budget, send: Send, policy: GatePolicy, reader: Reader) -> GateVerdict:
    """Over a budget: answers stay unsent and may pause their rule, notices are gathered."""
    reason = _BUDGET_REASONS[over.per]
    if send.kind is MailKind.NOTICE:
        return GateVerdict(Outcome.DIGEST, reason, BUDGET_ROW)
    most = policy.budgets.pause_after
    pauses = most is not None and reader.count(OVERRUN, send.rule, HOUR) + 1 >= most
    return GateVerdict(Outcome.SUPPRESS, reason, BUDGET_ROW, alarm=True, pauses=pauses)


def check_forward(
    forward: Forward, mail: Mail, already_in_this_mail: int, policy: GatePolicy, reader: Reader, now: datetime
) -> GateVerdict:
    """Judge a redirect: what may not go now is held with an alarm, never dropped."""
    del now
    reason = _forward_reason(forward, mail, already_in_this_mail, policy)
    row = 0 if reason is Reason.BUDGET_MAIL else _FORWARD_ROWS.get(reason, 0)
    if reason is Reason.NONE:
        going = Going(MailKind.REDIRECT, forward.to_address, 0, policy.delimiter)
        over = exceeded(going, policy.budgets, reader)
        reason = _BUDGET_REASONS[over.per] if over is not None else reason
    if reason is Reason.NONE:
        return SENT
    return GateVerdict(Outcome.HOLD, reason, row or BUDGET_ROW, alarm=True)


_FORWARD_ROWS: Final = {Reason.LOOP: 4, Reason.UNSENDABLE: 13}


def _forward_reason(forward: Forward, mail: Mail, already: int, policy: GatePolicy) -> Reason:
    if not sendable(forward.to_address):
        return Reason.UNSENDABLE
    # A redirect of ours carries X-Mailgate-Delivered, and nothing else tells it from the mail that it was.
    again = _came_this_way(mail, policy.delimiter)
    to_itself = fold(forward.to_address) == fold(mail.recipient.address)
    if again or to_itself or mail.facts.received_count > LOOP_RECEIVED:
        return Reason.LOOP
    most = policy.budgets.redirects_per_mail
    return Reason.BUDGET_MAIL if most is not None and already >= most else Reason.NONE


def counters(effect: Send | Forward, policy: GatePolicy) -> tuple[tuple[str, str], ...]:
    """Return every (scope, key) to count when this mail was let through."""
    if isinstance(effect, Forward):
        return tuple(counted(Going(MailKind.REDIRECT, effect.to_address, 0, policy.delimiter)))
    found = tuple(counted(_going(effect, policy)))
    if effect.kind is MailKind.MASS:
        return (*found, (MAILING, _lately_key(effect, policy)))
    shortest = policy.vacation_minimum_s if effect.vacation else policy.acknowledgement_minimum_s
    if effect.kind is MailKind.ANSWER and shortest > effect.period_s:
        return (*found, (ANSWERED_LATELY, _lately_key(effect, policy)))
    return found


def overruns(effect: Send | Forward, verdict: GateVerdict) -> tuple[tuple[str, str], ...]:
    """Return what to count when a budget had no room: overruns per rule, and the pause that follows."""
    if (
        not isinstance(effect, Send)
        or effect.kind is not MailKind.ANSWER
        or verdict.reason not in BUDGET_REASONS
    ):
        return ()
    return ((OVERRUN, effect.rule), (PAUSED, effect.rule)) if verdict.pauses else ((OVERRUN, effect.rule),)


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate bound to its policy: what `store/unit.py` is given."""

    policy: GatePolicy

    def send(self, effect: Send, mail: Mail | None, reader: Reader, now: datetime) -> GateVerdict:
        """Judge a mail of ours."""
        return check_send(effect, mail, self.policy, reader, now)

    def forward(
        self, effect: Forward, mail: Mail, already: int, reader: Reader, now: datetime
    ) -> GateVerdict:
        """Judge a redirect; `already` were let through for this mail."""
        return check_forward(effect, mail, already, self.policy, reader, now)

    def digest(self, address: str, reader: Reader) -> tuple[tuple[str, str], ...] | None:
        """Return what to count if a digest may go to one of our people now; None while a budget is full."""
        going = Going(MailKind.NOTICE, address, 0, self.policy.delimiter)
        return None if exceeded(going, self.policy.budgets, reader) else tuple(counted(going))

    def counters(self, effect: Send | Forward, mail: Mail | None) -> tuple[tuple[str, str], ...]:
        """Return what to count when the mail is let through."""
        del mail  # what is counted is the mail that leaves
        return counters(effect, self.policy)

    def overruns(self, effect: Send | Forward, verdict: object) -> tuple[tuple[str, str], ...]:
        """Return what to count when a budget is used up; takes the verdict that `send` or `forward` gave."""
        return overruns(effect, verdict) if isinstance(verdict, GateVerdict) else ()
