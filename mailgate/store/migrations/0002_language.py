"""The rule language, whole: mails as rules have edited them, hours of queues, agents.

A frozen copy on purpose, like the first. SQLite can't add a column without a default that stays, so the table
of queues, which is small, is made anew.
"""

from typing import Any

SQLITE = {
    "id": "INTEGER NOT NULL PRIMARY KEY",
    "int": "INTEGER",
    "blob": "BLOB",
    "without_rowid": " WITHOUT ROWID",
}
POSTGRESQL = {"id": "BIGSERIAL NOT NULL PRIMARY KEY", "int": "BIGINT", "blob": "BYTEA", "without_rowid": ""}

STATEMENTS = """
CREATE TABLE "edition" (
    "id" {id}, "message_id" {int} NOT NULL, "sha256" {blob} NOT NULL, "size" {int} NOT NULL,
    "tail" {int} NOT NULL, "stored" TEXT NOT NULL, "octets" {blob} NOT NULL
);
CREATE INDEX "edition_message_id" ON "edition" ("message_id");
CREATE INDEX "edition_sha256" ON "edition" ("sha256") WHERE stored = 'file';
CREATE TABLE "edited_place" (
    "delivery_id" {int} NOT NULL, "folder" TEXT NOT NULL, "edition_id" {int} NOT NULL,
    PRIMARY KEY ("delivery_id", "folder")
){without_rowid};
CREATE TABLE "agent" (
    "name" TEXT NOT NULL PRIMARY KEY, "address" TEXT NOT NULL, "queues" TEXT NOT NULL,
    "enabled" {int} NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
ALTER TABLE "queue" RENAME TO "queue_before";
CREATE TABLE "queue" (
    "name" TEXT NOT NULL PRIMARY KEY, "address" TEXT NOT NULL, "from_name" TEXT NOT NULL,
    "language" TEXT NOT NULL, "enabled" {int} NOT NULL, "hours" TEXT NOT NULL, "timezone" TEXT NOT NULL,
    "holidays" TEXT NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
INSERT INTO "queue"
    SELECT "name", "address", "from_name", "language", "enabled", '', 'UTC', '', "origin", "version",
        "changed_at"
    FROM "queue_before";
DROP TABLE "queue_before";
"""


def up(_migrator: Any, db: Any) -> None:
    """Make the tables and the counter of editions."""
    sqlite = type(db).__name__.startswith("Sqlite")
    words = SQLITE if sqlite else POSTGRESQL
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            db.execute_sql(statement.format_map(words))
    db.execute_sql(
        'INSERT INTO "counter" ("kind", "value") VALUES (\'edition\', 0)'
        if sqlite
        else 'CREATE SEQUENCE "id_edition"'
    )
