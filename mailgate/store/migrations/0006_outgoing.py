"""Mail going out: which texts a queue answers with, files of templates, what bounces said.

A frozen copy on purpose, like those before it.
"""

from typing import Any

SQLITE = {"int": "INTEGER", "without_rowid": " WITHOUT ROWID"}
POSTGRESQL = {"int": "BIGINT", "without_rowid": ""}

NUMBERS: dict[str, tuple[str, ...]] = {
    "queue": ("signature_off",),
    "address": ("send_only",),
    "entry": ("trimmed",),
    "failing_address": ("soft",),
}
TEXTS: dict[str, tuple[str, ...]] = {
    "queue": (
        "answer_new", "answer_closed", "answer_paused", "answer_inactive", "answer_from", "sent_copy",
    ),
    "template": ("recipients",),
    "entry": ("report",),
}  # fmt: skip

STATEMENTS = """
ALTER TABLE "queue" ADD COLUMN "answer_inactive_days" {int} NOT NULL DEFAULT 15;
ALTER TABLE "queue" ADD COLUMN "notify" TEXT NOT NULL DEFAULT 'off';
ALTER TABLE "template" ADD COLUMN "format" TEXT NOT NULL DEFAULT 'text';
CREATE TABLE "template_file" (
    "template" TEXT NOT NULL, "name" TEXT NOT NULL, "kind" TEXT NOT NULL, "size" {int} NOT NULL,
    "cid" TEXT NOT NULL, "blob" TEXT NOT NULL, "changed_at" {int} NOT NULL,
    PRIMARY KEY ("template", "name")
){without_rowid};
CREATE INDEX "template_file_blob" ON "template_file" ("blob");
CREATE TABLE "outbox_file" (
    "blob" TEXT NOT NULL, "outbox_id" {int} NOT NULL, PRIMARY KEY ("blob", "outbox_id")
){without_rowid}
"""


def up(_migrator: Any, db: Any) -> None:
    """Add the columns, then the tables."""
    sqlite = type(db).__name__.startswith("Sqlite")
    words = SQLITE if sqlite else POSTGRESQL
    for table, columns in NUMBERS.items():
        for column in columns:
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {words["int"]} NOT NULL DEFAULT 0')
    for table, columns in TEXTS.items():
        for column in columns:
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" TEXT NOT NULL DEFAULT \'\'')
    for statement in STATEMENTS.split(";\n"):
        db.execute_sql(statement.format_map(words))
