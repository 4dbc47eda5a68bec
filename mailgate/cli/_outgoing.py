"""One outgoing row in words: where it stands, why, and what the mail says."""

from collections.abc import Iterator
from typing import Any

from mailgate.cli._store import when
from mailgate.cli._story import outgoing_name, outgoing_state
from mailgate.cli._tables import fields, sender, size

Row = dict[str, Any]


def row_lines(row: Row, mail: Row | None) -> Iterator[str]:
    """Yield all that is known of a row; `mail` is the received mail that it came from."""
    yield f"row {row['id']}: {outgoing_name(row)}"
    yield from fields(
        (
            ("state", outgoing_state(row)),
            ("written", f"{when(row['created_at'])} UTC"),
            ("from", sender(row["envelope_from"])),
            ("message-id", row["msgid"]),
            ("rule", row["rule"]),
            ("ticket", row["ticket"]),
            ("reason", row["reason"]),
            ("last words", row["last_reply"] if row["last_reply"] != row["reason"] else ""),
        )
    )
    for one in row["gate"]:
        yield f"  gate        {one['verdict']}, because of {one['reason']} ({when(one['at'])} UTC)"
    if not row["gate"]:
        yield "  gate        let it through" if row["mail_kind"] else "  gate        not asked: a delivery"
    if mail is not None:
        yield f"  caused by   {mail['trace_id']} from {sender(mail['sender'])}, {size(mail['size'])}"
        yield from fields((("its subject", mail["subject"]),))
    if row["draft"]:
        yield from draft_lines(row["draft"])


def draft_lines(draft: Row) -> Iterator[str]:
    """Yield a mail of ours as it will be written."""
    yield ""
    name = f"{draft['from_name']} " if draft["from_name"] else ""
    yield f"  From: {name}<{draft['from_address']}>"
    yield f"  To: <{draft['to_address']}>"
    yield f"  Subject: {draft['subject']}"
    for field, value in draft["headers"]:
        yield f"  {field}: {value}"
    if draft.get("reply_to"):
        yield f"  Reply-To: {draft['reply_to']}"
    for one in draft.get("attachments") or ():
        shown = f", shown as cid:{one['cid']}" if one.get("cid") else ""
        yield f"  File: {one['name']}, {one['kind']}{shown}"
    yield ""
    text = draft["text"] or draft["mime"] or draft["html"]
    yield from (f"  {line}" for line in text.splitlines())
