"""One ticket in words: who it is about, its conversations, its history, what was sent."""

import json
from collections.abc import Iterator
from typing import Any

from mailgate.cli._store import when
from mailgate.cli._story import outgoing_name, outgoing_state
from mailgate.cli._tables import cut, fields

Row = dict[str, Any]

# An entry's text: enough to know it by; `--json` has all of it.
TEXT_WIDTH = 200


def ticket_lines(row: Row) -> Iterator[str]:
    """Yield all that is known of a ticket."""
    yield f"ticket {row['number']}: {row['subject']}"
    claims = row.get("claims_number")
    yield from fields(
        (
            ("queue", row["queue"]),
            ("status", row["status"]),
            ("priority", row["priority"]),
            ("agent", row["agent"]),
            ("group", row["owner_group"]),
            ("categories", _words(row["categories"])),
            ("tags", _words(row["tags"])),
            ("follow up", _follow_up(row)),
            ("contact", _contact(row["contact"])),
            ("opened", f"{when(row['created_at'])} UTC"),
            ("touched", f"{when(row['touched_at'])} UTC"),
            ("merged into", row["merged_number"]),
            ("claims", f"to belong to {claims}, which is not proven" if claims else ""),
        )
    )
    for one in row["participants"]:
        sure = "" if one["confirmed"] else ", not confirmed"
        yield f"  takes part   {one['address']}{sure}"
    for one in row["sessions"]:
        why = f" ({one['reason']})" if one["reason"] else ""
        yield f"  session {one['id']}: {one['state']}{why} since {when(one['last_at'])} UTC"
    yield "  history"
    outbox = {one["id"]: one for one in row["outbox"]}
    for entry in row["entries"]:
        yield from _entry(entry, outbox.get(entry["outbox_id"]))


def _words(text: str) -> str:
    return ", ".join(json.loads(text)) if text else ""


def _follow_up(row: Row) -> str:
    if not row["follow_up_at"]:
        return str(row["follow_up_agent"])
    return f"{when(row['follow_up_at'])} UTC {row['follow_up_agent']}".rstrip()


def _contact(contact: Row | None) -> str:
    if contact is None:
        return ""
    company = f", {contact['company']}" if contact["company"] else ""
    vip = ", VIP" if contact["vip"] else ""
    addresses = ", ".join(one["address"] for one in contact["addresses"])
    return f"{contact['name']} <{addresses}>{company}{vip}".lstrip()


def _entry(entry: Row, sent: Row | None) -> Iterator[str]:
    doubt = ", sender not confirmed" if entry["unverified"] else ""
    yield f"    {when(entry['at'])}  {entry['kind']} by {entry['author']}{doubt}"
    if entry["field"]:
        yield f"      {entry['field']}: {entry['old'] or 'nothing'} -> {entry['new'] or 'nothing'}"
    if entry["text"]:
        yield f"      {cut(entry['text'], TEXT_WIDTH)}"
    if sent is not None:
        yield f"      outgoing {sent['id']}: {outgoing_name(sent)}, {outgoing_state(sent)}"
