"""What a report says about a mail of ours: who did not get it, why, and which mail it was.

Reads delivery reports (RFC 3464), disposition notifications (RFC 8098), feedback reports (RFC 5965), and
the forms of their own that Exim, qmail and others use. A report proves nothing: whoever acts on it first
finds the mail that it is about among those that we really sent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailgate.domain.message.part import Part
from mailgate.domain.message.view import MessageView

# A report on 1,000 recipients has about this many octets; ours have one.
REPORT_LENGTH: Final = 64 * 1024
# The reason and the head of the returned mail stand at the beginning.
TEXT_LENGTH: Final = 16 * 1024
DIAGNOSTIC_LENGTH: Final = 500
# No field of a report needs more, and unfolding stays linear.
FIELD_LENGTH: Final = 2000
# A report has three parts and what the returned mail holds; more are hostile.
MOST_PARTS: Final = 100
# RFC 5321 4.5.3.1.3: a path has 256 octets.
ADDRESS_LENGTH: Final = 256


class ReportKind(StrEnum):
    """What kind of report it is."""

    DELIVERY = "delivery"
    DISPOSITION = "disposition"
    FEEDBACK = "feedback"
    FREE = "free"  # a bounce in a form of its own


@dataclass(frozen=True, slots=True)
class BouncedReport:
    """One report; "" is what it does not say. `recipient` is as reported, `status` as in RFC 3463."""

    kind: ReportKind
    recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    original_message_id: str = ""

    @property
    def permanent(self) -> bool:
        """Whether mail to this recipient came back for good."""
        return self.action == "failed" and self.status.startswith("5.")


_KINDS: Final[Mapping[str, ReportKind]] = {
    "message/delivery-status": ReportKind.DELIVERY,
    "message/global-delivery-status": ReportKind.DELIVERY,
    "message/disposition-notification": ReportKind.DISPOSITION,
    "message/global-disposition-notification": ReportKind.DISPOSITION,
    "message/feedback-report": ReportKind.FEEDBACK,
}
_WHOLE: Final = frozenset({"message/rfc822", "message/global"})
_HEADERS_ONLY: Final = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_CODE: Final = re.compile(r"(?<![\d.])([45])[0-5]\d[ -](?!\d)", re.ASCII)
_IN_BRACKETS: Final = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")
_ID: Final = re.compile(r"<[^<>\s]{1,996}>")
_MESSAGE_ID: Final = re.compile(
    r"^[ \t>|]{0,8}message-id:\s{0,20}(<[^<>\s]{1,996}>)", re.IGNORECASE | re.MULTILINE
)
_FIELD: Final = re.compile(r"^([!-9;-~]{1,100}):[ \t]*(.*)$")


def bounce_of(view: MessageView) -> BouncedReport | None:
    """Return what a report says, or None where nothing can be found out; never raises."""
    parts = list(view.root.walk())[:MOST_PARTS]
    status = next((part for part in parts if part.content_type in _KINDS), None)
    original = _original_id(parts)
    if status is None:
        return _free(view, original)
    kind = _KINDS[status.content_type]
    groups = list(_groups(status))
    every = {name: value for group in reversed(groups) for name, value in group.items()}
    original = original or _bare(every.get("original-message-id", ""))
    match kind:
        case ReportKind.DELIVERY:
            return _delivery(groups, original)
        case ReportKind.DISPOSITION:
            # The action stands last: `automatic-action/MDN-sent-automatically; displayed` (RFC 8098 3.2.6).
            action = every.get("disposition", "").rpartition(";")[2].partition("/")[0].strip().lower()
            recipient = _typed(every.get("final-recipient", ""))
            return BouncedReport(kind, recipient, action, original_message_id=original)
        case _:
            recipient = _address(every.get("original-rcpt-to", ""))
            return BouncedReport(
                kind, recipient, every.get("feedback-type", "").lower(), original_message_id=original
            )


def _delivery(groups: list[dict[str, str]], original: str) -> BouncedReport:
    """Return the first recipient that failed, else the first at all (RFC 3464 2.3)."""
    recipients = [group for group in groups if "final-recipient" in group or "action" in group]
    failed = [group for group in recipients if group.get("action", "").lower() == "failed"]
    group = next(iter(failed or recipients), {})
    diagnostic = group.get("diagnostic-code", "")
    found = _STATUS.search(group.get("status", "")) or _STATUS.search(diagnostic)
    action = _first_word(group.get("action", ""))
    return BouncedReport(
        ReportKind.DELIVERY,
        _typed(group.get("final-recipient", "") or group.get("original-recipient", "")),
        action,
        found[1] if found else _by_code(diagnostic) or ("5.0.0" if action == "failed" else ""),
        diagnostic[:DIAGNOSTIC_LENGTH],
        original,
    )


def _free(view: MessageView, original: str) -> BouncedReport | None:
    """Read a bounce that follows no standard by its text (qmail, Exim, hosted mail)."""
    named = [a.address for a in view.addresses("x-failed-recipients") if a.valid]
    text = view.main_text(TEXT_LENGTH)
    found, bracketed, answered = _STATUS.search(text), _IN_BRACKETS.search(text), _MESSAGE_ID.search(text)
    # Exim writes this field into final failures only.
    status = found[1] if found else _by_code(text) or ("5.0.0" if named else "")
    recipient = named[0] if named else bracketed[1] if bracketed else ""
    original = original or (answered[1] if answered else "")
    if not (named or status or original):
        return None
    action = "failed" if named or status.startswith("5.") else ""
    return BouncedReport(ReportKind.FREE, recipient, action, status, original_message_id=original)


def _by_code(text: str) -> str:
    """Return a status made of the first SMTP reply code in a text (RFC 3463 2), or ""."""
    code = _CODE.search(text)
    return f"{code[1]}.0.0" if code else ""


def _original_id(parts: list[Part]) -> str:
    """Return the Message-ID of the returned mail or of its header (RFC 6522 3 and 4)."""
    for part in parts:
        if part.content_type in _WHOLE and part.children:
            return _bare(" ".join(part.children[0].text("message-id")[:1]))
        if part.content_type in _HEADERS_ONLY:
            found = _MESSAGE_ID.search(part.decoded_text(REPORT_LENGTH))
            return found[1] if found else ""
    return ""


def _groups(part: Part) -> Iterator[dict[str, str]]:
    """Yield the groups of fields of a report, names in lower case, the first of each name (RFC 3464 2.1)."""
    group: dict[str, str] = {}
    name = ""
    for line in part.decoded_text(REPORT_LENGTH)[:REPORT_LENGTH].splitlines():
        if not line.strip():
            if group:
                yield group
            group, name = {}, ""
        elif line[0] in " \t" and name:
            group[name] = f"{group[name]} {line.strip()}"[:FIELD_LENGTH]
        elif match := _FIELD.match(line):
            name = match[1].lower()
            if name in group:
                name = ""
            else:
                group[name] = match[2].strip()
    if group:
        yield group


def _typed(value: str) -> str:
    """Return the address behind `rfc822;` or `utf-8;` (RFC 3464 2.3.1)."""
    return _address(value.partition(";")[2] or value)


def _address(value: str) -> str:
    return value.strip().strip("<>").strip()[:ADDRESS_LENGTH]


def _first_word(value: str) -> str:
    return (value.split() or [""])[0].lower()


def _bare(value: str) -> str:
    """Return the first id in brackets of a text, or ""."""
    found = _ID.search(value)
    return found[0] if found else ""
