"""Bounces that follow no standard, read by their text: who failed, with which code, and which mail it was."""

import re
from itertools import islice
from typing import Final

from mailgate.domain.bounces.dsn import CODE, STATUS, by_code, delivery, groups_of
from mailgate.domain.bounces.reasons import by_words
from mailgate.domain.bounces.report import (
    ADDRESS_LENGTH,
    DIAGNOSTIC_LENGTH,
    MOST_RECIPIENTS,
    BouncedReport,
    ReportKind,
)
from mailgate.domain.message.view import MessageView

# The reason and the head of the returned mail stand at the beginning.
TEXT_LENGTH: Final = 16 * 1024
# Lines that may be the border to the mail that came back: the text before each is looked at.
MOST_BORDERS: Final = 10
_ADDRESS: Final = r"[^\s<>()\[\]\"',;:@]{1,64}@[^\s<>()\[\]\"',;:@]{1,255}"
_IN_BRACKETS: Final = re.compile(rf"<({_ADDRESS})>")
_ALONE: Final = re.compile(
    rf"^[ \t>*]{{0,12}}(?:\w{{2,12}}: {{0,4}})?<?({_ADDRESS})>?[ \t]*[:.]?(?:[ \t].{{0,300}})?$", re.MULTILINE
)
_ANY: Final = re.compile(rf"({_ADDRESS})")
# Where the mail that came back begins; what stands there is no reason and names no recipient that failed.
_COPY: Final = re.compile(
    r"^[ \t>*-]{0,40}(?:-{2,}|below this line|this is a copy|original message|"
    r"returned message|message headers?|unsent message|kopie der|headers? follow"
    r"|\S{0,3} ?original message headers|received:|return-path:|message-id:|reporting-mta:|"
    r"ursprüngliche|message d'origine|mensaje original).{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)
MESSAGE_ID: Final = re.compile(
    r"^[ \t>|]{0,8}message-id:\s{0,20}(<[^<>\s]{1,996}>)", re.IGNORECASE | re.MULTILINE
)
_DELAYED: Final = re.compile(
    r"warning (?:message )?only|not yet been delivered|will (?:be retried|continue|keep)|"
    r"do not need to resend|has been delayed|is delayed|delayed (?:mail|deliver)|still trying|"
    r"could not be delivered for the last|has been temporarily|temporary (?:problem|failure|"
    r"error).{0,80}retry"
    r"|verzögert|noch nicht zugestellt|retardé|différé|demorad|retrasad|ritard|vertraagd|"
    r"försena|opóźni|задерж|отложен|遅延|延迟|延遲",
    re.IGNORECASE,
)
_FINAL: Final = re.compile(
    r"permanent|failed|gave up|giving up|could not be delivered to one or more|fatal|endgültig|definitiv",
    re.IGNORECASE,
)


def read(view: MessageView, original: str) -> BouncedReport | None:
    """Read a bounce by its text; None where neither recipient, status nor id is found."""
    named = [one.address[:ADDRESS_LENGTH] for one in view.addresses("x-failed-recipients") if one.valid]
    text = view.main_text(TEXT_LENGTH)
    answered = MESSAGE_ID.search(text)
    original = original or (answered[1] if answered else "")
    if "final-recipient:" in text.lower() and (found := _standard(text, original)):
        return found
    said = _before_the_copy(text)
    status, code = _status(said, failed=bool(named))
    recipients = named or _recipients(view, said)
    delayed = _DELAYED.search(said[:4096]) is not None and not (named or _FINAL.search(said[:4096]))
    if not (named or status or original or (delayed and recipients)):
        return None
    action = "delayed" if delayed else "failed" if named or status.startswith("5.") else ""
    return BouncedReport(
        ReportKind.FREE,
        recipients[0] if recipients else "",
        action,
        status,
        _diagnostic(said, recipients),
        original,
        recipients=tuple(recipients[:MOST_RECIPIENTS]),
        code=code,
    )


def reason_near(view: MessageView, recipient: str) -> str:
    """Return what the text for people says about a recipient, for reports whose fields give no reason."""
    return _diagnostic(_before_the_copy(view.main_text(TEXT_LENGTH)), [recipient])


def _standard(text: str, original: str) -> BouncedReport | None:
    """Return a report whose fields stand in the text, its parts being lost."""
    found = delivery(text, original)
    return found if found.recipient and any("final-recipient" in one for one in groups_of(text)) else None


def _before_the_copy(text: str) -> str:
    """Return the text up to the mail that came back; a line at the very beginning is a heading."""
    for match in islice(_COPY.finditer(text), MOST_BORDERS):
        head = text[: match.start()]
        if _ANY.search(head) and (STATUS.search(head) or CODE.search(head) or by_words(head)):
            return head
    return text


def _status(text: str, *, failed: bool) -> tuple[str, int]:
    found, code = STATUS.search(text), CODE.search(text)
    number = int(code[1]) if code else 0
    if found:
        return found[1], number
    if code:
        return by_code(code[1]), number
    detail = by_words(text) if failed or _ANY.search(text) else ""
    if detail:
        return f"5.{detail}" if detail not in {"4.1", "3.2"} else f"4.{detail}", 0
    # Exim writes X-Failed-Recipients into final failures only.
    return ("5.0.0" if failed else ""), 0


def _recipients(view: MessageView, text: str) -> list[str]:
    """Return the addresses that failed, as far as the text shows them, and never our own."""
    ours = {one.address.lower() for one in (*view.addresses("to"), *view.addresses("from"))}
    found: dict[str, None] = {}
    for pattern in (_IN_BRACKETS, _ALONE, _ANY):
        for count, match in enumerate(pattern.finditer(text)):
            if count > MOST_RECIPIENTS:
                break
            one = match[1].rstrip(".:-")[:ADDRESS_LENGTH]
            if one.lower() not in ours and not one.lower().startswith(
                ("mailto", "postmaster@", "mailer-daemon@")
            ):
                found.setdefault(one)
        if found:
            break
    return list(found)


def _diagnostic(text: str, recipients: list[str]) -> str:
    """Return what the text says behind the recipient, on one line."""
    at = text.find(recipients[0]) if recipients else -1
    start = max(at, 0)
    return " ".join(text[start : start + 2 * DIAGNOSTIC_LENGTH].split())[:DIAGNOSTIC_LENGTH]
