"""What a report says: the standard kinds by their parts, all others by their text."""

import re
from dataclasses import replace
from typing import Final

from mailgate.domain.bounces import dsn, freetext
from mailgate.domain.bounces.report import BouncedReport, ReportKind
from mailgate.domain.bounces.signs import complaint
from mailgate.domain.message.part import Part
from mailgate.domain.message.view import MessageView

# A report on 1,000 recipients has about this many octets; ours have one.
REPORT_LENGTH: Final = 64 * 1024
# A report has three parts and what the returned mail holds; more are hostile.
MOST_PARTS: Final = 100

_KINDS: Final = {
    "message/delivery-status": ReportKind.DELIVERY,
    "message/global-delivery-status": ReportKind.DELIVERY,
    "message/disposition-notification": ReportKind.DISPOSITION,
    "message/global-disposition-notification": ReportKind.DISPOSITION,
    "message/feedback-report": ReportKind.FEEDBACK,
}
MOST_IDS: Final = 20
_REFERRING: Final = ("references", "in-reply-to")
# The form of our own Message-IDs (`domain/token.py`), at a border; whether one is real, `token.read` says.
_OURS: Final = re.compile(
    r"<t\d{1,18}\.s\d{1,18}\.[a-z2-7]{16,32}\.[a-z2-7]{20}@[^\s<>]{1,255}>", re.IGNORECASE
)
_WHOLE: Final = frozenset({"message/rfc822", "message/global"})
_HEADERS_ONLY: Final = frozenset({
    "text/rfc822-headers", "message/rfc822-headers", "message/global-headers", "text/rfc822",
})  # fmt: skip


def bounce_of(view: MessageView) -> BouncedReport | None:
    """Return what a report says, or None where nothing can be found out; never raises."""
    parts = _parts(view.root)
    original, mentioned = _ids(view, parts)
    found = _report(view, parts, original)
    if found is None:
        return BouncedReport(ReportKind.FREE, mentioned=mentioned) if mentioned else None
    others = tuple(one for one in mentioned if one != found.original_message_id)
    return replace(found, mentioned=others) if others else found


def _report(view: MessageView, parts: list[Part], original: str) -> BouncedReport | None:
    status = next((part for part in parts if part.content_type in _KINDS), None)
    if status is None:
        return _complaint(parts, original) if complaint(view) else freetext.read(view, original)
    text = status.decoded_text(REPORT_LENGTH)[:REPORT_LENGTH]
    match _KINDS[status.content_type]:
        case ReportKind.DELIVERY:
            found = dsn.delivery(text, original)
        case ReportKind.DISPOSITION:
            return dsn.disposition(text, original)
        case _:
            return dsn.feedback(text, original)
    if found.recipient and found.status:
        if found.diagnostic or not found.status.endswith(".0.0"):
            return found
        return replace(found, diagnostic=freetext.reason_near(view, found.recipient))
    # Some reports have the part and nothing in it; the text for people knows more.
    return freetext.read(view, original) or found


def _complaint(parts: list[Part], original: str) -> BouncedReport:
    """Return a complaint that is nothing but the mail; Outlook's house names the reader in a field of it."""
    inner = (one.children[0] for one in parts if one.content_type in _WHOLE and one.children)
    named = next((found for one in inner if (found := one.text("x-hmxmroriginalrecipient"))), [""])
    return BouncedReport(ReportKind.FEEDBACK, dsn.address(named[0]), "abuse", original_message_id=original)


def _parts(root: Part) -> list[Part]:
    """Return the parts of the report, not those of the mail that it returns."""
    found: list[Part] = []
    waiting = [root]
    while waiting and len(found) < MOST_PARTS:
        part = waiting.pop()
        found.append(part)
        if part is root or part.is_multipart:
            waiting.extend(reversed(part.children[:MOST_PARTS]))
    return found


def _ids(view: MessageView, parts: list[Part]) -> tuple[str, tuple[str, ...]]:
    """Return the Message-ID of what came back (RFC 6522 3 and 4), and the ids that it mentions."""
    for part in parts:
        if part.content_type in _WHOLE and part.children:
            inner = part.children[0]
            named = " ".join(value for name in _REFERRING for value in inner.text(name)[:1])
            return dsn.bare(" ".join(inner.text("message-id")[:1])), _found(named)
        if part.content_type in _HEADERS_ONLY:
            text = part.decoded_text(REPORT_LENGTH)[:REPORT_LENGTH]
            found = freetext.MESSAGE_ID.search(text)
            return (found[1] if found else ""), _found(text)
    return "", _found(view.main_text(freetext.TEXT_LENGTH))


def _found(text: str) -> tuple[str, ...]:
    """Return what may be ids of ours: only a token is looked for, since any text holds addresses."""
    return tuple(dict.fromkeys(match[0] for match in _OURS.finditer(text[:REPORT_LENGTH])))[:MOST_IDS]
