"""Reports that follow a standard, as fields: RFC 3464 and 6533, RFC 8098, RFC 5965.

Also where they stand in plain text, as from programs that forget the parts or houses that break them.
"""

import re
from collections.abc import Iterator
from typing import Final

from mailgate.domain.bounces.report import (
    ADDRESS_LENGTH,
    DIAGNOSTIC_LENGTH,
    MOST_RECIPIENTS,
    BouncedReport,
    ReportKind,
)

# No field of a report needs more, and unfolding stays linear.
FIELD_LENGTH: Final = 2000
# Ours go to a few recipients; a report on 1,000 is hostile, or not about us.
MOST_GROUPS: Final = 200
_FIELD: Final = re.compile(r"^([!-9;-~]{1,100}):[ \t]*(.*)$")
STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
# A reply code as servers write it, at a border: `550 no such user`, `(state 18)` is none.
CODE: Final = re.compile(
    r"(?<![\d.-])([45][0-5]\d)(?:[ -](?!\d)|(?= ?#?[45]\.\d)|[:;)\]]|$)", re.ASCII | re.MULTILINE
)
_ACTIONS: Final = {
    "failure": "failed",
    "fail": "failed",
    "delay": "delayed",
    "expired": "failed",
    "deliverable": "delivered",
}
_PATH: Final = re.compile(r"<([^<>\s]{1,256})>")


def delivery(text: str, original: str) -> BouncedReport:
    """Return the first recipient that failed, else the first at all (RFC 3464 2.3)."""
    groups = list(groups_of(text))
    recipients = [group for group in groups if "final-recipient" in group or "action" in group]
    failed = [group for group in recipients if _action(group) == "failed"]
    chosen = failed or recipients
    group = next(iter(chosen), {})
    action, diagnostic = _action(group), group.get("diagnostic-code", "")
    status = _status(group, action)
    code = CODE.search(diagnostic)
    final = typed(group.get("final-recipient", "") or group.get("original-recipient", ""))
    return BouncedReport(
        ReportKind.DELIVERY,
        final,
        action,
        status,
        diagnostic[:DIAGNOSTIC_LENGTH],
        original
        or bare(_anywhere(groups, "original-message-id") or _anywhere(groups, "x-original-message-id")),
        typed(group.get("original-recipient", "")),
        tuple(
            dict.fromkeys(
                filter(None, (typed(g.get("final-recipient", "")) for g in chosen[:MOST_RECIPIENTS]))
            )
        ),
        int(code[1]) if code else 0,
    )


def disposition(text: str, original: str) -> BouncedReport:
    """Return what became of a mail at its reader's (RFC 8098 3)."""
    every = _flat(text)
    # The action stands last: `automatic-action/MDN-sent-automatically; displayed` (RFC 8098 3.2.6).
    action = every.get("disposition", "").rpartition(";")[2].partition("/")[0].strip().lower()
    return BouncedReport(
        ReportKind.DISPOSITION,
        typed(every.get("final-recipient", "")),
        action,
        original_message_id=original or bare(every.get("original-message-id", "")),
        original_recipient=typed(every.get("original-recipient", "")),
    )


def feedback(text: str, original: str) -> BouncedReport:
    """Return which mail somebody complained about (RFC 5965 3)."""
    every = _flat(text)
    return BouncedReport(
        ReportKind.FEEDBACK,
        address(every.get("original-rcpt-to", "") or every.get("removal-recipient", "")),
        every.get("feedback-type", "").strip().lower(),
        original_message_id=original or bare(every.get("original-message-id", "")),
    )


def groups_of(text: str) -> Iterator[dict[str, str]]:
    """Yield the groups of fields of a report, names in lower case, the first of each name (RFC 3464 2.1)."""
    group: dict[str, str] = {}
    name, left = "", MOST_GROUPS
    for line in text.splitlines():
        if not line.strip():
            if group:
                yield group
                left -= 1
                if not left:
                    return
            group, name = {}, ""
        elif line[0] in " \t" and name:
            group[name] = f"{group[name]} {line.strip()}"[:FIELD_LENGTH]
        elif match := _FIELD.match(line):
            name = match[1].lower()
            if name in group:
                name = ""
            else:
                group[name] = match[2].strip()[:FIELD_LENGTH]
    if group:
        yield group


def typed(value: str) -> str:
    """Return the address behind `rfc822;` or `utf-8;` (RFC 3464 2.3.1, RFC 6533 3)."""
    found = address(value.partition(";")[2] or value)
    return "" if found.lower() in {"unknown", "rfc822", "<>"} else found


def address(value: str) -> str:
    """Return what stands in brackets, else all of it, cut to an address' length."""
    inside = _PATH.search(value)
    return (inside[1] if inside else value.strip().strip("<>").strip())[:ADDRESS_LENGTH]


def bare(value: str) -> str:
    """Return the first Message-ID in brackets of a text, or ""."""
    found = _ID.search(value)
    return found[0] if found else ""


_ID: Final = re.compile(r"<[^<>\s]{1,996}>")


def by_code(code: str) -> str:
    """Return a status made of a reply code (RFC 3463 2)."""
    return f"{code[:1]}.0.0" if code else ""


def _action(group: dict[str, str]) -> str:
    word = (group.get("action", "").replace(";", " ").split() or [""])[0].lower()
    return _ACTIONS.get(word, word)


def _status(group: dict[str, str], action: str) -> str:
    """Return the status, made exact by the diagnostic where it says nothing itself (5.0.0, Gmail's 4.4.1)."""
    diagnostic = group.get("diagnostic-code", "")
    said, found = STATUS.search(group.get("status", "")), STATUS.search(diagnostic)
    if said and found and said[1].endswith(".0.0") and said[1][0] == found[1][0]:
        return found[1]
    if said or found:
        return (said or found)[1]  # type: ignore[index]  # one of them matched
    code = CODE.search(diagnostic)
    return by_code(code[1]) if code else ("5.0.0" if action == "failed" else "")


def _flat(text: str) -> dict[str, str]:
    return {name: value for group in reversed(list(groups_of(text))) for name, value in group.items()}


def _anywhere(groups: list[dict[str, str]], name: str) -> str:
    return next((group[name] for group in groups if name in group), "")
