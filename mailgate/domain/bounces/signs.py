"""Whether a mail is a bounce: standard reports by their type, others by who sends them and how they begin.

A person's mail never is one, whatever it says or quotes: where the sender is not null, and is not a program
by its name either, only a form that no person writes counts, and only in the first line. Where the envelope
is lost (a polled mailbox, an archive), Return-Path stands for it.
"""

from dataclasses import dataclass
from typing import Final

from mailgate.domain.address import fold, split
from mailgate.domain.bounces import forms, subjects
from mailgate.domain.message.part import Part
from mailgate.domain.message.view import MessageView

# Who begins a form begins it here; what a person writes before a quotation stands in the way.
HEAD_LENGTH: Final = 4096
# Lines before the form, such as one that names the house.
LEADING_LINES: Final = 6
# What a bounce calls itself stands at the beginning of the subject.
SUBJECT_LENGTH: Final = 500
MOST_CHILDREN: Final = 20

_REPORTS: Final = {
    "delivery-status": "delivery report",
    "global-delivery-status": "delivery report",
    "disposition-notification": "disposition notification",
    "global-disposition-notification": "disposition notification",
    "feedback-report": "feedback report",
}
_TYPES: Final = {f"message/{name}": name for name in _REPORTS}
# A multipart/report that does not say of what.
OTHER_REPORT: Final = "other"
_DELIVERY: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED: Final = frozenset({
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822",
})  # fmt: skip
_WRITERS: Final = frozenset({"user-agent", "x-mailer"})
_COMPLAINT: Final = "complaint of a mail house"
# Fields that a mail system puts on its own reports alone.
MARKS: Final = (
    "x-failed-recipients", "x-ms-exchange-message-is-ndr", "x-zmailer-report",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was looked at once: who sends it, whether the subject is a bounce's or one of people's talk."""

    daemon: bool
    master: bool
    subject: bool
    talk: bool
    machine: bool


def report_sign(root: Part) -> str:
    """Return which report a mail is (RFC 6522 3, RFC 3464 2, RFC 8098 3, RFC 5965 2, RFC 6533 4), else "".

    `other` is a multipart/report that does not say of what.
    """
    kind = root.content_type
    if kind in _TYPES:
        return _REPORTS[_TYPES[kind]]
    if kind != "multipart/report":
        return ""
    named = root.params.get("report-type", "").strip().strip("'\"").lower()
    if named in _REPORTS:
        return _REPORTS[named]
    # The parameter is often forgotten; what is inside says the same.
    inside = (_REPORTS[_TYPES[one.content_type]] for one in root.children if one.content_type in _TYPES)
    return next(inside, OTHER_REPORT)


def is_null(sender: str) -> bool:
    """Whether nobody stands behind the envelope: RFC 5321 4.5.5, or what old systems put there."""
    return sender in {"", "<>"} or split(fold(sender))[0] in forms.DAEMONS


def suspicious(view: MessageView) -> bool:
    """Whether the sender's name may be a program's: the one look that every person's mail pays for."""
    raw = view.root.block.first("from")
    return raw is None or forms.MAYBE.search(raw.lower()) is not None


def null_return_path(view: MessageView) -> bool:
    """Whether the Return-Path that is there says that the reverse-path was null (RFC 5321 4.4)."""
    raw = view.root.block.first("return-path") or b""
    value = raw.strip(b" \t<>")
    return not value or is_null(value.decode("utf-8", "replace"))


def bounce_sign(view: MessageView, names: frozenset[str], *, null: bool, machine: bool) -> str:
    """Return what shows that a mail is a bounce, "" where nothing does.

    `null`: the reverse-path is null; `machine`: a field says that a program wrote it.
    """
    daemon, master = _senders(view, names)
    if complaint(view):
        return _COMPLAINT
    if not (null or machine or daemon or master):
        return ""
    subject = view.subject[:SUBJECT_LENGTH].casefold()
    talk = subjects.TALK.match(subject) is not None
    seen = _Seen(daemon, master, not talk and subjects.SUBJECT.match(subject) is not None, talk, machine)
    return _by_null_sender(view, seen) if null else _by_name(view, seen)


def complaint(view: MessageView) -> bool:
    """Whether it is a complaint in a form of its own: Outlook's house returns the mail and no report."""
    senders = view.addresses("from")[:1]
    return any(fold(one.address) == "staff@hotmail.com" for one in senders) and returned(view)


def _senders(view: MessageView, names: frozenset[str]) -> tuple[bool, bool]:
    """Return whether a daemon sends it by its name, and whether somebody does who may be one."""
    senders = [*view.addresses("from"), *(view.addresses("sender") if "sender" in names else ())][:10]
    locals_ = {split(fold(one.address))[0] for one in senders}
    raw = view.first("from").casefold()
    daemon = not forms.DAEMONS.isdisjoint(locals_) or forms.BARE_DAEMON.search(raw) is not None
    master = (
        not forms.MASTERS.isdisjoint(locals_)
        or forms.DISPLAYED.search(raw) is not None
        or any(one.startswith("microsoftexchange") for one in locals_)
    )
    return daemon, master


def _by_null_sender(view: MessageView, seen: _Seen) -> str:
    """Nobody wrote it: one more sign is enough, unless a person's words, subject or program show."""
    form, text = opening(view, LEADING_LINES), _head(view)
    human = _human(view, seen, text, form)
    if seen.daemon and not (human and seen.talk):
        return "null sender, From a mail daemon"
    if human:
        return ""
    if _report_inside(view.root):
        return "null sender, delivery report inside"
    if _postmaster(view):
        return "null sender, From a mail daemon"
    trouble = forms.TROUBLE.search(text) is not None
    if form in forms.SPECIFIC and (trouble or seen.subject):
        return f"null sender, form of {form}"
    if subjects.KNOWN_SUBJECT.match(view.subject.casefold()):
        return "null sender, subject of a bounce"
    back = returned(view)
    if seen.subject and (seen.machine or seen.master or back or form or trouble):
        return "null sender, subject of a bounce"
    if (seen.master or form or back) and trouble:
        return "null sender, text of a bounce"
    return ""


def _by_name(view: MessageView, seen: _Seen) -> str:
    """Judge a sender that is not null by its name: a program's name alone proves nothing."""
    form, text = opening(view, 1), _head(view)
    named = seen.daemon or seen.master
    back, trouble = returned(view), forms.TROUBLE.search(text) is not None
    sure = seen.daemon or ((named or seen.machine) and (trouble or seen.subject))
    if form in forms.SPECIFIC and sure and (back or not seen.talk):
        return f"From a mail system, form of {form}"
    if seen.talk or _human(view, seen, text, form):
        return ""
    if _report_inside(view.root) and (seen.daemon or (named and seen.subject)):
        return "From a mail system, delivery report inside"
    if seen.daemon and (seen.subject or form or trouble):
        return "From a mail daemon, subject or text of a bounce"
    if named and seen.subject and (seen.machine or form or back):
        return "From a mail system, subject of a bounce"
    if seen.machine and seen.subject and trouble and back:
        return "a program's mail, subject of a bounce, a mail returned"
    return ""


def _human(view: MessageView, seen: _Seen, text: str, form: str) -> bool:
    """Whether a person shows: in the program it was written with, in an answer's subject, in a greeting."""
    if not _WRITERS.isdisjoint(view.names):
        agent = f"{view.first('user-agent')} {view.first('x-mailer')}".casefold()
        if forms.WRITTEN_WITH.search(agent):
            return True
    if form:
        return seen.talk and form not in forms.SPECIFIC
    return seen.talk or forms.GREETING.match(text) is not None


def _postmaster(view: MessageView) -> bool:
    return any(split(fold(one.address))[0] == "postmaster" for one in view.addresses("from"))


def opening(view: MessageView, lines: int) -> str:
    """Return the name of the form that one of the first lines begins, "" where none does."""
    text = _head(view)
    for _ in range(lines):
        text = text.lstrip()
        if not text or text.startswith(">"):
            return ""
        for begins in (text, text.lstrip(" \t*-=_|")):
            for name, pattern in forms.OPENINGS:
                if pattern.match(begins):
                    return name
        text = text.partition("\n")[2]
    return ""


def _head(view: MessageView) -> str:
    return view.main_text(HEAD_LENGTH).casefold()


def _report_inside(root: Part) -> bool:
    """Whether a report stands in a mail that does not say so, as where a list has put a footer to it."""
    return root.is_multipart and any(
        one.content_type in _DELIVERY or report_sign(one) not in {"", OTHER_REPORT}
        for one in root.children[:MOST_CHILDREN]
    )


def returned(view: MessageView) -> bool:
    """Whether a mail came back with it that is no bounce itself."""
    for part in view.root.children[:MOST_CHILDREN]:
        if part.content_type in _RETURNED:
            inner = part.children[0] if part.children else None
            return inner is None or not (report_sign(inner) or _from_daemon(inner))
    return False


def _from_daemon(part: Part) -> bool:
    return any(split(fold(one.address))[0] in forms.DAEMONS for one in part.addresses("from"))
