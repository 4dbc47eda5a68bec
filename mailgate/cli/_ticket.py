"""One ticket in words: who it is about, its conversations, its history, what was sent."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mailgate.cli._store import when
from mailgate.cli._story import outgoing_name, outgoing_state
from mailgate.cli._tables import LISTS, cut, fields
from mailgate.domain.links import said

Row = dict[str, Any]

# An entry's text: enough to know it by; `--json` has all of it.
TEXT_WIDTH = 200
# What a report means for the address, as people say it (`domain/bounces/reasons.Failure`).
FAILURES: Final = {
    "hard": "hard", "full": "mailbox full", "block": "blocked", "soft": "soft", "delay": "delayed",
}  # fmt: skip
# The times of a ticket's life and service, and their columns (T9).
CLOCKS: Final = (
    ("reacted", "reacted_at"),
    ("reaction due", "reaction_due"),
    ("warning", "warning_due"),
    ("finish due", "execution_due"),
    ("closed", "closed_at"),
)


def ticket_lines(row: Row) -> Iterator[str]:
    """Yield all that is known of a ticket."""
    yield f"ticket {row['number']}: {row['subject']}"
    yield from fields(_facts(row))
    for one in row["participants"]:
        sure = "" if one["confirmed"] else ", not confirmed"
        yield f"  takes part   {one['address']} ({one['role']}{sure})"
    for one in row["links"]:
        yield f"  link         {said(one['kind'], one['number'])} ({one['status']}): {cut(one['subject'])}"
    for one in row["follow_ups"]:
        yield f"  follow-up {one['id']}: {_reminder(one)}"
    for one in row["sessions"]:
        why = f" ({one['reason']})" if one["reason"] else ""
        yield f"  session {one['id']}: {one['state']}{why} since {when(one['last_at'])} UTC"
    yield "  history"
    outbox = {one["id"]: one for one in row["outbox"]}
    for entry in row["entries"]:
        where = f", at {entry['ticket']}" if entry["ticket"] != row["number"] else ""
        yield from _entry(entry, where, outbox.get(entry["outbox_id"]))


def _facts(row: Row) -> Iterable[tuple[str, object]]:
    claims = row.get("claims_number")
    return (
        ("version", f"{row['version']}"),
        ("queue", row["queue"]),
        ("status", row["status"]),
        ("priority", row["priority"]),
        ("agent", row["agent"]),
        ("group", row["owner_group"]),
        ("workflow", row["workflow"]),
        ("categories", _words(row["categories"])),
        ("tags", _words(row["tags"])),
        ("follow up", _follow_up(row)),
        ("contact", _contact(row["contact"])),
        ("opened", f"{when(row['created_at'])} UTC"),
        ("touched", f"{when(row['touched_at'])} UTC"),
        *((name, _time(row[column])) for name, column in CLOCKS),
        ("alarm", row["alarm"]),
        ("merged into", row["merged_number"]),
        ("merged here", ", ".join(row["merged"])),
        ("claims", f"to belong to {claims}, which is not proven" if claims else ""),
    )


def _time(at: int) -> str:
    return f"{when(at)} UTC" if at else ""


def _reminder(row: Row) -> str:
    ended = f", done by {row['done_by']} {when(row['done_at'])} UTC" if row["done_at"] else ""
    return f"{when(row['at'])} UTC {row['agent']} {row['note']}".rstrip() + ended


def history_rows(row: Row) -> list[Row]:
    """Return what was changed at a ticket and what came in and out, one row each, oldest first.

    `ticket` is where it was written: at this one, one that was merged into it, or one that it was split from.
    """
    return [
        {
            "id": one["id"],
            "at": one["at"],
            "ticket": one["ticket"],
            "by": one["author"],
            "what": one["field"] or one["kind"],
            "old": _plain(one["field"], one["old"]),
            "new": _plain(one["field"], one["new"]),
            "text": one["text"],
            "rule": one["rule"],
        }
        for one in row["entries"]
    ]


def _plain(field: str, text: str) -> str:
    """Return a value of the history as people read it: lists are kept as JSON."""
    return _words(text) if field in LISTS else text


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


def _report(said: Row) -> Iterator[str]:
    """Yield what a report says in short: whether it was for good, and the other side's words."""
    kind = FAILURES.get(said.get("failure", ""), "")
    about = ", ".join(said.get("recipients") or [said.get("recipient", "")])
    parts = (kind, said["kind"], "report", f"about {about}" if about else "")
    yield f"      {' '.join(part for part in parts if part)}"
    if said.get("diagnostic"):
        yield f"      they say: {cut(said['diagnostic'], TEXT_WIDTH)}"


def _entry(entry: Row, where: str, sent: Row | None) -> Iterator[str]:
    doubt = ", sender not confirmed" if entry["unverified"] else ""
    rule = f", rule {entry['rule']}" if entry["rule"] and entry["rule"] != entry["author"] else ""
    undone = ", UNDONE: taken back before it left" if sent is not None and sent["state"] == "undone" else ""
    what = f"{entry['kind']} by {entry['author']}{where}{doubt}{rule}{undone}"
    yield f"    {when(entry['at'])}  {entry['id']:>4} {what}"
    if entry["field"]:
        old, new = (_plain(entry["field"], entry[side]) for side in ("old", "new"))
        yield f"      {entry['field']}: {old or 'nothing'} -> {new or 'nothing'}"
    if entry["report"]:
        yield from _report(json.loads(entry["report"]))
    if entry["text"]:
        yield f"      {cut(entry['text'], TEXT_WIDTH)}"
    if entry["trimmed"]:
        whole = f"mailgate ticket mail {entry['ticket']} {entry['id']}"
        yield f"      what it quotes is left out; {whole} shows all of it"
    if sent is not None:
        yield f"      outgoing {sent['id']}: {outgoing_name(sent)}, {outgoing_state(sent)}"
