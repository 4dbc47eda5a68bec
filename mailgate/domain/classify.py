"""What a mail is: our own returned, bounce, automatic answer, notice, list mail, or a person's (MAIL.md 3).

The envelope counts before the headers, and the first class that fits holds. `classify` works on the mail
alone and runs once, before the transaction; whether the mail refers to one of ours only the database knows,
so `settle` is asked again inside. Only a person's mail is ever answered automatically, and `settle` never
makes a person of anything nor anything of a person. `X-Auto-Response-Suppress` is no sign of a machine:
Exchange puts it on people's mail.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mailgate.domain.address import fold, split, strip_detail
from mailgate.domain.bounces import vacation
from mailgate.domain.bounces.read import bounce_of
from mailgate.domain.bounces.report import BouncedReport
from mailgate.domain.bounces.signs import (
    MARKS,
    OTHER_REPORT,
    bounce_sign,
    is_null,
    null_return_path,
    report_sign,
    suspicious,
)
from mailgate.domain.facts import Facts, MailClass
from mailgate.domain.message.view import MessageView
from mailgate.domain.token import read

__all__ = [
    "BouncedReport",
    "Classified",
    "bounce_of",
    "classify",
    "field_names",
    "is_own",
    "keyword",
    "returned_by_token",
    "settle",
    "spellings",
]

Classified = tuple[MailClass, str]

# What RFC 3834 5 and RFC 5436 2.7.1 call mail that nobody's mail has caused: a machine's notice.
_UNPROVOKED: Final = frozenset({"auto-generated", "auto-notified"})
_ANSWERS: Final = vacation.FIELDS
# Fields that only programs write: shops and forms, cron, monitoring and trackers.
_NOTICES: Final = (
    "x-fc-machinegenerated", "x-cron-env", "x-nagios-notification", "x-zabbix-trigger-id",
    "x-jira-fingerprint", "x-github-reason", "x-gitlab-project", "x-bugzilla-reason",
    "x-launchpad-notification-type", "x-auto-generated",
)  # fmt: skip
_LISTS: Final = (
    "list-id", "list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive",
    "mailing-list",
)  # RFC 2369 3, RFC 2919 3  # fmt: skip
_PRECEDENCE: Final = ("precedence", "x-precedence")
_BULK: Final = frozenset({"bulk", "junk", "list", "auto_reply"})
_SUPPRESS: Final = "x-auto-response-suppress"
_TELLING: Final = frozenset(
    {"auto-submitted", _SUPPRESS, *MARKS, *_ANSWERS, *_NOTICES, *_LISTS, *_PRECEDENCE}
)
_ANSWERING: Final = frozenset(_ANSWERS)
_MARKS: Final = frozenset(MARKS)
_REFERRING: Final = frozenset({"in-reply-to", "references"})
_COMMENT: Final = re.compile(r"[()]|\\.?")


def keyword(value: str) -> str:
    """Return an Auto-Submitted value in lower case, without comments and parameters (RFC 3834 5)."""
    kept, depth, position = [], 0, 0
    for match in _COMMENT.finditer(value):
        if depth == 0:
            kept.append(value[position : match.start()])
        position = match.end()
        depth = max(0, depth + {"(": 1, ")": -1}.get(match[0], 0))
    if depth == 0:
        kept.append(value[position:])
    return " ".join(kept).partition(";")[0].strip().lower()


def classify(
    view: MessageView,
    envelope_sender: str | None,
    *,
    own_mark: bool,
    tie: bool,
    own_token: bool = False,
    names: frozenset[str] | None = None,
) -> Classified:
    """Return the class and what decided it, the field's name or the envelope fact.

    `envelope_sender` is "" for the null reverse-path and None where no envelope is known (a polled mailbox
    without Return-Path). `own_mark`: our loop mark is valid; `own_token`: see `returned_by_token`; `tie`:
    the mail refers to one of ours; `names`: the result of `field_names`, if it is at hand.
    """
    if own_mark:
        return MailClass.OWN, "X-Mailgate-Loop"
    if own_token:
        return MailClass.OWN, "token of ours from an address of ours"
    names = field_names(view) if names is None else names
    returned = "return-path" in names and null_return_path(view)
    # Where the envelope is lost, Return-Path stands for it (RFC 5321 4.4).
    null = returned if envelope_sender is None else is_null(envelope_sender)
    told = _TELLING.intersection(names)
    report = report_sign(view.root)
    if not (null or returned or told or report or suspicious(view)):
        return MailClass.PERSON, ""  # nearly every mail of a person ends here
    seen = _Seen(view, names, told, report, null, returned)
    return _bounce(seen) or _automatic(seen, tie=tie) or _list(view, told) or (MailClass.PERSON, "")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was looked up at once: all names of fields, those that tell something, what kind of report it is.

    `null`: nobody stands behind the envelope; `returned`: a Return-Path says so.
    """

    view: MessageView
    names: frozenset[str]
    told: frozenset[str]
    report: str
    null: bool
    returned: bool


def field_names(view: MessageView) -> frozenset[str]:
    """Return the names of all fields in lower case; far cheaper than asking for one field after the other."""
    return view.names


def settle(view: MessageView, facts: Facts, tie: Callable[[Sequence[str]], bool]) -> Classified:
    """Return the class once the database can say whether these Message-IDs are ours.

    A machine's notice that refers to a mail of ours is an answer to it; nothing else depends on the tie.
    """
    if facts.mail_class is MailClass.NOTICE and view.references and tie(view.references):
        return MailClass.AUTOMATIC, f"{facts.class_reason}, refers to a mail of ours"
    return facts.mail_class, facts.class_reason


def returned_by_token(
    view: MessageView,
    envelope_sender: str,
    keys: tuple[bytes, ...],
    own: frozenset[str],
    delimiter: str = "+",
) -> bool:
    """Whether this is automatic mail of ours come back without its mark.

    That is: a token of ours in Message-ID or References, Auto-Submitted, and an address of ours as the
    sender.
    """
    words = [keyword(value) for value in view.text("auto-submitted")]
    if not any(word not in {"", "no"} for word in words):
        return False
    senders = {envelope_sender, *(a.address for a in view.addresses("from"))}
    if not any(is_own(sender, own, delimiter) for sender in senders if sender):
        return False
    return any(read(keys, one) is not None for one in (view.message_id, *view.references) if one)


def is_own(address: str, own: frozenset[str], delimiter: str = "+") -> bool:
    """Whether an address is one of ours, with or without detail; `own` is folded, `@domain` is all of it."""
    return not own.isdisjoint(spellings(address, delimiter))


# The gate asks about sender and recipient several times per mail; 1,024 of them are more than one batch has.
@lru_cache(maxsize=1024)
def spellings(address: str, delimiter: str) -> tuple[str, str, str]:
    """Return all that may stand among our own addresses for one: folded, without its detail, its domain."""
    folded = fold(address)
    return folded, strip_detail(folded, delimiter), f"@{split(folded)[1]}"


def _bounce(seen: _Seen) -> Classified | None:
    if seen.report and seen.report != OTHER_REPORT:
        return MailClass.BOUNCE, seen.report
    if not _MARKS.isdisjoint(seen.told):
        return MailClass.BOUNCE, _title(next(name for name in MARKS if name in seen.told))
    # What calls itself an automatic answer is none that came back.
    if vacation.prefixed(seen.view.subject) or not _ANSWERING.isdisjoint(seen.told):
        return None
    machine = bool(seen.report) or seen.returned or any(_submitted(seen))
    sign = bounce_sign(seen.view, seen.names, null=seen.null, machine=machine)
    return (MailClass.BOUNCE, sign) if sign else None


def _submitted(seen: _Seen) -> list[str]:
    """Return the keywords of Auto-Submitted that say that a machine wrote it."""
    if "auto-submitted" not in seen.told:
        return []
    words = (keyword(value) for value in seen.view.text("auto-submitted"))
    return [word for word in words if word not in {"", "no"}]


def _automatic(seen: _Seen, *, tie: bool) -> Classified | None:
    """Return automatic answers first, then notices; a notice that refers to a mail of ours is an answer."""
    view, told = seen.view, seen.told
    words = _submitted(seen)
    answered = next((word for word in words if word not in _UNPROVOKED), "")
    if answered:
        return MailClass.AUTOMATIC, f"Auto-Submitted: {answered[:40]}"
    for name in _ANSWERS if not _ANSWERING.isdisjoint(told) else ():
        if name in told and view.first(name).strip().lower() not in {"no", "false"}:
            return MailClass.AUTOMATIC, _title(name)
    notice = f"Auto-Submitted: {words[0]}" if words else ""
    if beside := _beside(seen, notice):
        answers = not _REFERRING.isdisjoint(seen.names)
        loose = answers and (seen.null or any(keyword(view.first(n)) == "auto_reply" for n in _PRECEDENCE))
        if vacation.prefixed(view.subject) or (loose and vacation.titled(view.subject)):
            return MailClass.AUTOMATIC, f"{beside}, subject of an automatic answer"
    found = next((_title(name) for name in _NOTICES if name in told), "")
    # A report of another kind, such as one on TLS, is a machine's notice as well.
    report = "report" if seen.report else ""
    notice = notice or found or report or ("null sender" if seen.null else "")
    if not notice:
        return None
    return (MailClass.AUTOMATIC, f"{notice}, refers to a mail of ours") if tie else (MailClass.NOTICE, notice)


def _beside(seen: _Seen, notice: str) -> str:
    """Return the sign beside which the subject of an automatic answer counts; alone it never does.

    Exchange puts `X-Auto-Response-Suppress` on people's mail, too: it counts on what answers a mail, and
    only because no person's answer begins with those words.
    """
    if seen.null or seen.returned:
        return "null sender"
    if notice:
        return notice
    for name in _PRECEDENCE:
        if name in seen.told:
            return _title(name)
    if _SUPPRESS in seen.told and not _REFERRING.isdisjoint(seen.names):
        return _title(_SUPPRESS)
    return ""


def _list(view: MessageView, names: frozenset[str]) -> Classified | None:
    for name in _LISTS:
        if name in names:
            return MailClass.LIST, _title(name)
    for name in _PRECEDENCE:
        for value in view.text(name) if name in names else ():
            word = keyword(value)
            if word in _BULK:
                return MailClass.LIST, f"{_title(name)}: {word}"
    return None


def _title(name: str) -> str:
    return "-".join(piece.capitalize() for piece in name.split("-"))
