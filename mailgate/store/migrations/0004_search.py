"""Lists and searches of tickets: the indexes that a page walks down, and what words are found in.

A frozen copy on purpose, like those before it. SQLite keeps the words in an FTS5 table without their text,
PostgreSQL as a tsvector; both are given words that `domain/fold.py` has folded.
"""

from typing import Any

INDEXES = """
DROP INDEX "ticket_agent_id";
CREATE INDEX "ticket_queue_status_touched_at_id" ON "ticket" ("queue", "status", "touched_at", "id");
CREATE INDEX "ticket_contact_id_touched_at_id" ON "ticket" ("contact_id", "touched_at", "id")
    WHERE contact_id > 0;
CREATE INDEX "ticket_agent_status_touched_at_id" ON "ticket" ("agent", "status", "touched_at", "id")
    WHERE agent <> '';
CREATE INDEX "ticket_priority_status_touched_at_id" ON "ticket" ("priority", "status", "touched_at", "id")
    WHERE priority <> 'normal';
CREATE INDEX "ticket_alarm_touched_at_id" ON "ticket" ("alarm", "touched_at", "id") WHERE alarm <> '';
CREATE INDEX "ticket_status_execution_due_id" ON "ticket" ("status", "execution_due", "id")
    WHERE execution_due > 0;
CREATE INDEX "ticket_company_id_touched_at_id" ON "ticket" ("company_id", "touched_at", "id")
    WHERE company_id > 0;
CREATE TABLE "search_mark" ("id" {int} NOT NULL PRIMARY KEY, "entry_id" {int} NOT NULL);
INSERT INTO "search_mark" ("id", "entry_id") VALUES (1, 0)
"""
SQLITE = """
CREATE VIRTUAL TABLE "search_text" USING fts5(words, content='', columnsize=0, tokenize='ascii');
INSERT INTO "search_text" ("search_text", "rank") VALUES ('usermerge', 2)
"""
POSTGRESQL = """
CREATE TABLE "search_text" ("entry_id" BIGINT NOT NULL PRIMARY KEY, "words" tsvector NOT NULL);
CREATE INDEX "search_text_words" ON "search_text" USING gin ("words")
"""


def up(_migrator: Any, db: Any) -> None:
    """Make the indexes, then the tables of words; what is there already is read by the job `searchindex`."""
    sqlite = type(db).__name__.startswith("Sqlite")
    words = {"int": "INTEGER" if sqlite else "BIGINT"}
    for statement in f"{INDEXES.rstrip()};\n{(SQLITE if sqlite else POSTGRESQL).lstrip()}".split(";\n"):
        if statement.strip():
            db.execute_sql(statement.format_map(words))
