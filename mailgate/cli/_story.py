"""The whole story of a mail as text: how it came, what was decided and why, what was sent, what was not."""

from collections.abc import Iterable, Iterator
from typing import Any

from mailgate.cli._store import when
from mailgate.cli._tables import fields, plural, sender, size
from mailgate.cli._trace import trace_lines

Row = dict[str, Any]

# What a delivery became, in words; `accepted` has its summary.
STATUS = {
    "accepted": "accepted",
    "refused": "refused",
    "discarded": "discarded, no folder has it;",
    "aside": "set aside",
    "unparsable": "accepted, though its structure cannot be told;",
    "unprocessed": "kept raw, it could not be processed;",
    "reprocessed": "processed again, see the later delivery;",
}


def story(deliveries: Iterable[tuple[Row, str | None]]) -> Iterator[str]:
    """Yield the story of deliveries (each with its script as it ran); a mail's head stands once."""
    shown = 0
    for row, source in deliveries:
        if row["message_id"] != shown:
            if shown:
                yield ""
            yield from mail_lines(row)
            shown = row["message_id"]
        yield from delivery_lines(row, source)


def mail_lines(row: Row) -> Iterator[str]:
    """Yield where a mail came from and what it is."""
    yield f"mail {row['trace_id']}"
    queue_id = f", queue id {row['qid']}" if row["qid"] else ""
    yield from fields(
        (
            ("received", f"{when(row['received_at'])} UTC by {row['source']}{queue_id}, {size(row['size'])}"),
            ("from", sender(row["sender"])),
            ("message-id", row["msgid"] or "none"),
            ("subject", row["subject"]),
            ("defects", row["defects"]),
        )
    )


def delivery_lines(row: Row, source: str | None) -> Iterator[str]:
    """Yield what became of a mail for one recipient, and why."""
    yield f"  to {row['recipient']}  (delivery {row['id']})"
    because = f" ({row['class_reason']})" if row["class_reason"] else ""
    by = f", by {row['rule']}" if ":" in row["rule"] else ""
    yield from fields(
        (
            ("class", f"{row['mail_class']}{because}"),
            ("verified", _verified(row["trace"] or {})),
            ("became", f"{STATUS.get(row['status'], row['status'])} {row['summary']}".rstrip() + by),
            ("folder", _folder(row["folder"], row["flags"])),
            *(("folder too", _folder(one["folder"], one["flags"])) for one in row["filings"]),
            ("reason", row["reason"]),
            ("error", row["error"]),
            ("replied", f"{row['code']} {row['enhanced']} {row['reply']}"),
        ),
        "    ",
    )
    if row["trace"]:
        yield "    rules"
        yield from (f"      {line}" for line in trace_lines(row["trace"], source))
    for one in row["outbox"]:
        yield from outgoing_lines(one)
    for one in row["suppressed"]:
        to = f"{one['mail_kind']} to {one['to_address']}"
        rule = f", by {one['rule']}" if one["rule"] else ""
        yield f"    gate        {to}: {one['verdict']}, because of {one['reason']}{rule}"


def _verified(trace: Row) -> str:
    """Return what SPF, DKIM, DMARC and ARC said and who looked, "" where nobody did."""
    known = trace.get("authentication")
    if not known:
        return ""
    dkim = [("dkim", *one) for one in known.get("dkim", ())]
    rest = [(name, *one) for name in ("spf", "dmarc", "arc") if (one := known.get(name)) and any(one[1:])]
    said = sorted((*dkim, *rest), key=lambda one: ("spf", "dkim", "dmarc", "arc").index(one[0]))
    words = [f"{name} {result}{f' {domain}' if domain else ''}" for name, result, domain in said]
    return f"{', '.join(words) or 'nothing'} (by {known['source']})"


def _folder(folder: str, flags: str) -> str:
    return f"{folder} {flags}".rstrip()


def outgoing_lines(row: Row) -> Iterator[str]:
    """Yield what is sent, where it stands, and the other side's last words."""
    yield f"    outgoing {row['id']}  {outgoing_name(row)}: {outgoing_state(row)}"
    words = row["last_reply"] or row["reason"]
    if words:
        yield f"      last words  {words}"


def outgoing_name(row: Row) -> str:
    """Return what an outgoing row is and where it goes."""
    kind = row["mail_kind"] or row["kind"]
    kind = "answer of an agent" if kind == "agent" else kind
    folder = f" into {row['folder']}" if row["folder"] else ""
    return f"{kind} to {row['to_address']}{folder} by {row['target'] or 'the relay'}"


def outgoing_state(row: Row) -> str:
    """Return where an outgoing row stands: its state, tries and times."""
    tries = f" after {plural(row['attempts'], 'try', 'tries')}" if row["attempts"] else ""
    match row["state"]:
        case "waiting":
            return f"waiting{tries}, due {when(row['due'])} UTC"
        case "undone":
            return f"undone {when(row['finished_at'])} UTC ({row['reason']})"
        case "sent" | "given_up":
            return f"{row['state'].replace('_', ' ')} {when(row['finished_at'])} UTC{tries}"
        case "held":
            return f"held{tries}" + (f" ({row['reason']})" if row["reason"] else "")
        case "leased":
            return f"under way{tries}"
        case "digest":
            return "to be gathered into a digest"
        case state:
            return f"{state}{tries}"
