"""What a journey left behind, as plain tables: read from the database, the Maildirs and the relay.

Each table is a list of dicts; `expected.toml` names the tables and the columns that it cares about.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mailgate.store.pack import unpack

# A journey that says nothing about one of these expects it to be empty.
COMPLETE = ("ticket", "contact", "outgoing", "suppressed", "maildir", "failing")

Row = dict[str, Any]


def facts(database: Path, maildirs: Path) -> dict[str, list[Row]]:
    """Return all tables."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        return {
            "ticket": list(_tickets(connection)),
            "contact": list(_contacts(connection)),
            "outgoing": list(_outgoing(connection)),
            "suppressed": _rows(
                connection, "SELECT to_address AS 'to', verdict, reason, rule FROM suppression"
            ),
            "failing": _rows(connection, "SELECT folded AS address, bounces FROM failing_address"),
            "delivery": list(_deliveries(connection)),
            "maildir": list(_maildirs(maildirs)),
        }
    finally:
        connection.close()


def _rows(connection: sqlite3.Connection, sql: str, *values: object) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, values)]


def _words(text: str) -> list[str]:
    return json.loads(text) if text else []


def _tickets(connection: sqlite3.Connection) -> Iterator[Row]:
    """Yield tickets: `entries` as "kind author", `sessions` as states, `changes` as "field new"."""
    for row in _rows(connection, "SELECT * FROM ticket ORDER BY id"):
        entries = _rows(connection, "SELECT * FROM entry WHERE ticket_id = ? ORDER BY id", row["id"])
        sessions = _rows(connection, "SELECT state FROM session WHERE ticket_id = ? ORDER BY id", row["id"])
        address = "SELECT address FROM contact_address WHERE contact_id = ?"
        yield row | {
            "categories": _words(row["categories"]),
            "tags": _words(row["tags"]),
            "contact": [one["address"] for one in _rows(connection, address, row["contact_id"])],
            "sessions": [one["state"] for one in sessions],
            "entries": [
                f"{e['kind']} {e['author']}{' unverified' if e['unverified'] else ''}"
                for e in entries if e["kind"] != "change"
            ],
            "changes": [f"{e['field']} {e['new']}" for e in entries if e["kind"] == "change"],
            "texts": [e["text"].strip() for e in entries if e["kind"] != "change"],
        }  # fmt: skip


def _contacts(connection: sqlite3.Connection) -> Iterator[Row]:
    sql = """SELECT contact.name, contact_address.address, categories, company.name AS company FROM contact
             JOIN contact_address ON contact_address.contact_id = contact.id
             LEFT JOIN company ON company.id = contact.company_id ORDER BY contact.id"""
    for row in _rows(connection, sql):
        yield row | {"categories": _words(row["categories"]), "company": row["company"] or ""}


def _outgoing(connection: sqlite3.Connection) -> Iterator[Row]:
    """Yield what leaves the house: answers with subject and text, redirects; not what goes into Maildirs."""
    for row in _rows(connection, "SELECT * FROM outbox WHERE kind <> 'deliver' ORDER BY id"):
        draft = json.loads(row["draft"]) if row["draft"] else {}
        yield {
            "kind": row["kind"], "state": row["state"], "to": row["to_address"], "sender": row["envelope_from"],
            "rule": row["rule"], "ticket": row["ticket_id"], "from": draft.get("from_address", ""),
            "subject": draft.get("subject", ""), "text": draft.get("text", ""), "html": draft.get("html", ""),
        }  # fmt: skip


def _deliveries(connection: sqlite3.Connection) -> Iterator[Row]:
    """Yield each recipient's fate, with the facts of its trace: notes by their word, the error, the class."""
    sql = """SELECT delivery.*, trace.packed, message.defects FROM delivery
             LEFT JOIN trace ON trace.delivery_id = delivery.id
             JOIN message ON message.id = delivery.message_id ORDER BY delivery.id"""
    for row in _rows(connection, sql):
        trace = unpack(row.pop("packed") or b"") or {}
        notes = trace.get("notes", [])
        threading = next((n for n in notes if n["what"] == "threading"), {})
        yield row | {
            "class": row["mail_class"], "error": trace.get("error", ""), "notes": [n["what"] for n in notes],
            "how": threading.get("how", ""), "row": threading.get("row", 0), "steps": len(trace.get("steps", [])),
            "tried": [f"{t['what']} {t['result']}" for t in threading.get("tried", [])],
        }  # fmt: skip


def _maildirs(folder: Path) -> Iterator[Row]:
    """Yield each folder of each local part that holds mails, with the files' octets as text."""
    for new in sorted(folder.rglob("new")) if folder.exists() else ():
        files = sorted([*new.iterdir(), *(new.parent / "cur").iterdir()])
        if files:
            local, *rest = new.parent.relative_to(folder).parts
            yield {
                "local": local,
                "folder": rest[0].lstrip(".") if rest else "INBOX",
                "count": len(files),
                "octets": "".join(f.read_bytes().decode("utf-8", "backslashreplace") for f in files),
            }


def disagreements(expected: Mapping[str, Sequence[Row]], found: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """Yield every difference in words; a column `x_holds` asks that the text of `x` contains it."""
    for table in (*COMPLETE, *(name for name in expected if name not in COMPLETE)):
        wanted, got = expected.get(table, []), found[table]
        if len(wanted) != len(got):
            yield f"{table}: expected {len(wanted)}, found {len(got)}: {got}"
            continue
        for number, (want, have) in enumerate(zip(wanted, got, strict=True), 1):
            for column, value in want.items():
                name = column.removesuffix("_holds")
                fine = value in have[name] if name != column else value == have[name]
                if not fine:
                    yield f"{table} {number}: {column} should be {value!r}, is {have[name]!r}"
