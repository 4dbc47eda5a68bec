"""The first schema: everything that the journey of a mail needs.

A frozen copy on purpose: it never changes again, whatever becomes of the models. The dialects differ in four
words only, so the statements are plain SQL.
"""

from typing import Any

SQLITE = {
    "id": "INTEGER NOT NULL PRIMARY KEY",
    "int": "INTEGER",
    "blob": "BLOB",
    "without_rowid": " WITHOUT ROWID",
}
POSTGRESQL = {"id": "BIGSERIAL NOT NULL PRIMARY KEY", "int": "BIGINT", "blob": "BYTEA", "without_rowid": ""}

# Ids are given before the row is written: from a counter row in SQLite, where one writer holds the lock
# anyway; from a sequence in PostgreSQL, where a row would make all writers wait for one another.
KINDS = ("message", "delivery", "outbox", "ticket", "session", "contact", "company", "entry")

STATEMENTS = """
CREATE TABLE "message" (
    "id" {id}, "trace_id" TEXT NOT NULL, "received_at" {int} NOT NULL, "source" TEXT NOT NULL,
    "listener" TEXT NOT NULL, "peer" TEXT NOT NULL, "helo" TEXT NOT NULL, "client" TEXT NOT NULL,
    "qid" TEXT NOT NULL, "sender" TEXT NOT NULL, "msgid" TEXT NOT NULL, "subject" TEXT NOT NULL,
    "size" {int} NOT NULL, "sha256" {blob} NOT NULL, "stored" TEXT NOT NULL, "smtputf8" {int} NOT NULL,
    "defects" TEXT NOT NULL
);
CREATE INDEX "message_trace_id" ON "message" ("trace_id");
CREATE INDEX "message_qid" ON "message" ("qid") WHERE qid <> '';
CREATE INDEX "message_msgid" ON "message" ("msgid") WHERE msgid <> '';
CREATE INDEX "message_sha256" ON "message" ("sha256") WHERE stored = 'file';
CREATE TABLE "message_body" (
    "message_id" {int} NOT NULL PRIMARY KEY, "octets" {blob} NOT NULL
);
CREATE TABLE "delivery" (
    "id" {id}, "message_id" {int} NOT NULL, "at" {int} NOT NULL, "recipient" TEXT NOT NULL,
    "orcpt" TEXT NOT NULL, "dedupe" {blob} NOT NULL, "status" TEXT NOT NULL, "code" {int} NOT NULL,
    "enhanced" TEXT NOT NULL, "reply" TEXT NOT NULL, "rule" TEXT NOT NULL, "action" TEXT NOT NULL,
    "summary" TEXT NOT NULL, "folder" TEXT NOT NULL, "flags" TEXT NOT NULL, "ticket_id" {int} NOT NULL,
    "mail_class" TEXT NOT NULL, "class_reason" TEXT NOT NULL, "reason" TEXT NOT NULL,
    "error" TEXT NOT NULL
);
CREATE INDEX "delivery_message_id" ON "delivery" ("message_id");
CREATE INDEX "delivery_ticket_id" ON "delivery" ("ticket_id") WHERE ticket_id > 0;
CREATE INDEX "delivery_status_id" ON "delivery" ("status", "id")
    WHERE status IN ('unprocessed', 'aside', 'unparsable');
CREATE TABLE "filing" (
    "id" {id}, "delivery_id" {int} NOT NULL, "folder" TEXT NOT NULL, "flags" TEXT NOT NULL
);
CREATE INDEX "filing_delivery_id" ON "filing" ("delivery_id");
CREATE TABLE "trace" (
    "delivery_id" {int} NOT NULL PRIMARY KEY, "packed" {blob} NOT NULL
);
CREATE TABLE "seen" (
    "key" {blob} NOT NULL PRIMARY KEY, "delivery_id" {int} NOT NULL, "code" {int} NOT NULL,
    "enhanced" TEXT NOT NULL, "reply" TEXT NOT NULL, "summary" TEXT NOT NULL, "until" {int} NOT NULL
){without_rowid};
CREATE INDEX "seen_until" ON "seen" ("until");
CREATE TABLE "attempt" (
    "key" {blob} NOT NULL PRIMARY KEY, "tries" {int} NOT NULL, "first_at" {int} NOT NULL,
    "last_at" {int} NOT NULL, "error" TEXT NOT NULL
){without_rowid};
CREATE TABLE "company" (
    "id" {id}, "name" TEXT NOT NULL, "folded" TEXT NOT NULL, "created_at" {int} NOT NULL
);
CREATE UNIQUE INDEX "company_folded" ON "company" ("folded");
CREATE TABLE "contact" (
    "id" {id}, "name" TEXT NOT NULL, "type" TEXT NOT NULL, "vip" {int} NOT NULL,
    "categories" TEXT NOT NULL, "company_id" {int} NOT NULL, "language" TEXT NOT NULL,
    "salutation" TEXT NOT NULL, "created_at" {int} NOT NULL
);
CREATE TABLE "contact_address" (
    "folded" TEXT NOT NULL PRIMARY KEY, "contact_id" {int} NOT NULL, "address" TEXT NOT NULL,
    "created_at" {int} NOT NULL
){without_rowid};
CREATE INDEX "contact_address_contact_id" ON "contact_address" ("contact_id");
CREATE TABLE "counter" (
    "kind" TEXT NOT NULL PRIMARY KEY, "value" {int} NOT NULL
){without_rowid};
CREATE TABLE "ticket" (
    "id" {id}, "number" TEXT NOT NULL, "queue" TEXT NOT NULL, "subject" TEXT NOT NULL,
    "status" TEXT NOT NULL, "priority" TEXT NOT NULL, "contact_id" {int} NOT NULL, "agent" TEXT NOT NULL,
    "owner_group" TEXT NOT NULL, "categories" TEXT NOT NULL, "tags" TEXT NOT NULL,
    "follow_up_agent" TEXT NOT NULL, "follow_up_at" {int} NOT NULL, "workflow" TEXT NOT NULL,
    "claims" {int} NOT NULL, "merged_into" {int} NOT NULL, "match_key" TEXT NOT NULL,
    "session_id" {int} NOT NULL, "created_at" {int} NOT NULL, "touched_at" {int} NOT NULL
);
CREATE UNIQUE INDEX "ticket_number" ON "ticket" ("number");
CREATE INDEX "ticket_queue_status_id" ON "ticket" ("queue", "status", "id");
CREATE INDEX "ticket_contact_id_match_key_id" ON "ticket" ("contact_id", "match_key", "id");
CREATE INDEX "ticket_agent_id" ON "ticket" ("agent", "id") WHERE agent <> '';
CREATE TABLE "ticket_count" (
    "queue" TEXT NOT NULL, "status" TEXT NOT NULL, "n" {int} NOT NULL, PRIMARY KEY ("queue", "status")
){without_rowid};
CREATE TABLE "session" (
    "id" {id}, "ticket_id" {int} NOT NULL, "state" TEXT NOT NULL, "reason" TEXT NOT NULL,
    "opened_at" {int} NOT NULL, "last_at" {int} NOT NULL
);
CREATE INDEX "session_ticket_id" ON "session" ("ticket_id");
CREATE TABLE "entry" (
    "id" {id}, "ticket_id" {int} NOT NULL, "session_id" {int} NOT NULL, "at" {int} NOT NULL,
    "kind" TEXT NOT NULL, "author" TEXT NOT NULL, "text" TEXT NOT NULL, "message_id" {int} NOT NULL,
    "outbox_id" {int} NOT NULL, "msgid" TEXT NOT NULL, "unverified" {int} NOT NULL,
    "field" TEXT NOT NULL, "old" TEXT NOT NULL, "new" TEXT NOT NULL
);
CREATE INDEX "entry_ticket_id_id" ON "entry" ("ticket_id", "id");
CREATE TABLE "message_ref" (
    "msgid" TEXT NOT NULL, "ticket_id" {int} NOT NULL, "session_id" {int} NOT NULL, "at" {int} NOT NULL,
    PRIMARY KEY ("msgid", "ticket_id")
){without_rowid};
CREATE TABLE "participant" (
    "ticket_id" {int} NOT NULL, "folded" TEXT NOT NULL, "address" TEXT NOT NULL, "role" TEXT NOT NULL,
    "confirmed" {int} NOT NULL, "at" {int} NOT NULL, PRIMARY KEY ("ticket_id", "folded")
){without_rowid};
CREATE TABLE "address" (
    "address" TEXT NOT NULL PRIMARY KEY, "script" TEXT NOT NULL, "queue" TEXT NOT NULL,
    "target" TEXT NOT NULL, "enabled" {int} NOT NULL, "position" {int} NOT NULL, "origin" TEXT NOT NULL,
    "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "queue" (
    "name" TEXT NOT NULL PRIMARY KEY, "address" TEXT NOT NULL, "from_name" TEXT NOT NULL,
    "language" TEXT NOT NULL, "enabled" {int} NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL,
    "changed_at" {int} NOT NULL
);
CREATE TABLE "template" (
    "name" TEXT NOT NULL PRIMARY KEY, "subject" TEXT NOT NULL, "text" TEXT NOT NULL,
    "html" TEXT NOT NULL, "language" TEXT NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL,
    "changed_at" {int} NOT NULL
);
CREATE TABLE "script" (
    "name" TEXT NOT NULL PRIMARY KEY, "source" TEXT NOT NULL, "origin" TEXT NOT NULL,
    "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "catalogue_version" (
    "id" {int} NOT NULL PRIMARY KEY, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "outbox" (
    "id" {id}, "kind" TEXT NOT NULL, "state" TEXT NOT NULL, "mail_kind" TEXT NOT NULL,
    "target" TEXT NOT NULL, "ticket_id" {int} NOT NULL, "entry_id" {int} NOT NULL,
    "session_id" {int} NOT NULL, "message_id" {int} NOT NULL, "delivery_id" {int} NOT NULL,
    "trace_id" TEXT NOT NULL, "envelope_from" TEXT NOT NULL, "to_address" TEXT NOT NULL,
    "folder" TEXT NOT NULL, "flags" TEXT NOT NULL, "make_folder" {int} NOT NULL, "draft" {blob} NOT NULL,
    "msgid" TEXT NOT NULL, "rule" TEXT NOT NULL, "attempts" {int} NOT NULL, "due" {int} NOT NULL,
    "lease_until" {int} NOT NULL, "owner" TEXT NOT NULL, "created_at" {int} NOT NULL,
    "finished_at" {int} NOT NULL, "reason" TEXT NOT NULL, "last_reply" TEXT NOT NULL
);
CREATE INDEX "outbox_due_id" ON "outbox" ("due", "id") WHERE state = 'waiting';
CREATE INDEX "outbox_lease_until" ON "outbox" ("lease_until") WHERE state = 'leased';
CREATE INDEX "outbox_ticket_id_id" ON "outbox" ("ticket_id", "id")
    WHERE ticket_id > 0 AND state IN ('waiting', 'leased');
CREATE INDEX "outbox_state_id" ON "outbox" ("state", "id") WHERE state IN ('held', 'given_up', 'digest');
CREATE INDEX "outbox_msgid" ON "outbox" ("msgid") WHERE msgid <> '';
CREATE INDEX "outbox_delivery_id" ON "outbox" ("delivery_id") WHERE delivery_id > 0;
CREATE TABLE "gate_count" (
    "scope" TEXT NOT NULL, "key" TEXT NOT NULL, "width" {int} NOT NULL, "bucket" {int} NOT NULL,
    "n" {int} NOT NULL, PRIMARY KEY ("scope", "key", "width", "bucket")
){without_rowid};
CREATE TABLE "remembered" (
    "scope" TEXT NOT NULL, "key" TEXT NOT NULL, "until" {int} NOT NULL, PRIMARY KEY ("scope", "key")
){without_rowid};
CREATE TABLE "failing_address" (
    "folded" TEXT NOT NULL PRIMARY KEY, "bounces" {int} NOT NULL, "first_at" {int} NOT NULL,
    "last_at" {int} NOT NULL, "reason" TEXT NOT NULL
){without_rowid};
CREATE TABLE "suppression" (
    "id" {id}, "delivery_id" {int} NOT NULL, "at" {int} NOT NULL, "mail_kind" TEXT NOT NULL,
    "to_address" TEXT NOT NULL, "verdict" TEXT NOT NULL, "reason" TEXT NOT NULL, "rule" TEXT NOT NULL
);
CREATE INDEX "suppression_delivery_id" ON "suppression" ("delivery_id");
CREATE TABLE "audit" (
    "id" {id}, "at" {int} NOT NULL, "who" TEXT NOT NULL, "action" TEXT NOT NULL, "subject" TEXT NOT NULL,
    "detail" TEXT NOT NULL
);
"""


def up(_migrator: Any, db: Any) -> None:
    """Make all tables, the counters and the catalogue's version."""
    sqlite = type(db).__name__.startswith("Sqlite")
    words = SQLITE if sqlite else POSTGRESQL
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            db.execute_sql(statement.format_map(words))
    for kind in KINDS:
        db.execute_sql(
            f'INSERT INTO "counter" ("kind", "value") VALUES (\'{kind}\', 0)'  # noqa: S608  our own words
            if sqlite
            else f'CREATE SEQUENCE "id_{kind}"'
        )
    db.execute_sql('INSERT INTO "catalogue_version" ("id", "version", "changed_at") VALUES (1, 0, 0)')
