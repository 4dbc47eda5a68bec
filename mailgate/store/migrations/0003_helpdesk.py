"""The helpdesk inside: versions and service times of tickets, links, follow-ups, assignment, workflows.

A frozen copy on purpose, like those before it. Columns are added with a default, so that a table of a million
tickets is not written anew.
"""

from typing import Any

SQLITE = {"id": "INTEGER NOT NULL PRIMARY KEY", "int": "INTEGER", "without_rowid": " WITHOUT ROWID"}
POSTGRESQL = {"id": "BIGSERIAL NOT NULL PRIMARY KEY", "int": "BIGINT", "without_rowid": ""}

NUMBERS = {
    "ticket": (
        "company_id", "version", "reaction_due", "warning_due", "execution_due", "alarm_at", "reacted_at",
        "closed_at",
    ),
    "session": ("closed_at",),
    "queue": (
        "assign_limit", "assign_closed_hours", "assign_absent", "assign_not_new", "assign_not_answers",
    ),
    "contact": ("portal", "merged_into", "version", "touched_at"),
    "company": ("version", "touched_at"),
}  # fmt: skip
TEXTS = {
    "ticket": ("alarm",),
    "session": ("agent",),
    "entry": ("rule",),
    "queue": ("mailbox", "template_set", "signature", "region", "teams", "assignment"),
    "agent": ("full_name", "role", "language"),
    "contact": ("phone", "note"),
    "company": ("domain", "note"),
}

STATEMENTS = """
CREATE INDEX "ticket_alarm_at" ON "ticket" ("alarm_at") WHERE alarm_at > 0;
CREATE INDEX "ticket_merged_into" ON "ticket" ("merged_into") WHERE merged_into > 0;
CREATE INDEX "session_state_last_at" ON "session" ("state", "last_at")
    WHERE state IN ('active', 'reopened', 'paused', 'resolved');
CREATE INDEX "session_agent" ON "session" ("agent")
    WHERE agent <> '' AND state IN ('unopened', 'active', 'reopened');
CREATE INDEX "contact_company_id" ON "contact" ("company_id") WHERE company_id > 0;
CREATE TABLE "interaction" (
    "id" {id}, "session_id" {int} NOT NULL, "ticket_id" {int} NOT NULL, "at" {int} NOT NULL,
    "kind" TEXT NOT NULL, "agent" TEXT NOT NULL, "queue" TEXT NOT NULL, "detail" TEXT NOT NULL
);
CREATE INDEX "interaction_session_id" ON "interaction" ("session_id");
CREATE TABLE "ticket_link" (
    "ticket_id" {int} NOT NULL, "other_id" {int} NOT NULL, "kind" TEXT NOT NULL, "at" {int} NOT NULL,
    "author" TEXT NOT NULL, PRIMARY KEY ("ticket_id", "other_id", "kind")
){without_rowid};
CREATE TABLE "entry_place" (
    "entry_id" {int} NOT NULL PRIMARY KEY, "ticket_id" {int} NOT NULL
){without_rowid};
CREATE INDEX "entry_place_ticket_id" ON "entry_place" ("ticket_id");
CREATE TABLE "follow_up" (
    "id" {id}, "ticket_id" {int} NOT NULL, "agent" TEXT NOT NULL, "at" {int} NOT NULL,
    "note" TEXT NOT NULL, "author" TEXT NOT NULL, "created_at" {int} NOT NULL, "done_at" {int} NOT NULL,
    "done_by" TEXT NOT NULL
);
CREATE INDEX "follow_up_at" ON "follow_up" ("at") WHERE done_at = 0;
CREATE INDEX "follow_up_ticket_id" ON "follow_up" ("ticket_id");
CREATE TABLE "assignment" (
    "id" {id}, "agent" TEXT NOT NULL, "at" {int} NOT NULL, "queue" TEXT NOT NULL, "ticket_id" {int} NOT NULL,
    "session_id" {int} NOT NULL
);
CREATE INDEX "assignment_agent_at" ON "assignment" ("agent", "at");
CREATE TABLE "presence" (
    "agent" TEXT NOT NULL PRIMARY KEY, "since" {int} NOT NULL, "until" {int} NOT NULL
){without_rowid};
CREATE TABLE "credential" (
    "agent" TEXT NOT NULL PRIMARY KEY, "password" TEXT NOT NULL, "changed_at" {int} NOT NULL
){without_rowid};
CREATE TABLE "login_link" (
    "digest" TEXT NOT NULL PRIMARY KEY, "agent" TEXT NOT NULL, "made_at" {int} NOT NULL,
    "until" {int} NOT NULL, "used_at" {int} NOT NULL
){without_rowid};
CREATE TABLE "contact_source" (
    "contact_id" {int} NOT NULL, "field" TEXT NOT NULL, "source" TEXT NOT NULL, "at" {int} NOT NULL,
    PRIMARY KEY ("contact_id", "field")
){without_rowid};
CREATE TABLE "team" (
    "name" TEXT NOT NULL PRIMARY KEY, "description" TEXT NOT NULL, "members" TEXT NOT NULL,
    "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "status" (
    "name" TEXT NOT NULL PRIMARY KEY, "kind" TEXT NOT NULL, "position" {int} NOT NULL,
    "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "priority" (
    "name" TEXT NOT NULL PRIMARY KEY, "position" {int} NOT NULL, "reaction" TEXT NOT NULL,
    "warning" TEXT NOT NULL, "execution" TEXT NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL,
    "changed_at" {int} NOT NULL
);
CREATE TABLE "workflow" (
    "name" TEXT NOT NULL PRIMARY KEY, "event" TEXT NOT NULL, "description" TEXT NOT NULL,
    "enabled" {int} NOT NULL, "conditions" TEXT NOT NULL, "actions" TEXT NOT NULL,
    "position" {int} NOT NULL, "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "automation" (
    "name" TEXT NOT NULL PRIMARY KEY, "address" TEXT NOT NULL, "description" TEXT NOT NULL,
    "enabled" {int} NOT NULL, "creator" TEXT NOT NULL, "teams" TEXT NOT NULL, "rules" TEXT NOT NULL,
    "origin" TEXT NOT NULL, "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
CREATE TABLE "desk_setting" (
    "name" TEXT NOT NULL PRIMARY KEY, "value" TEXT NOT NULL, "origin" TEXT NOT NULL,
    "version" {int} NOT NULL, "changed_at" {int} NOT NULL
);
"""


def up(_migrator: Any, db: Any) -> None:
    """Add the columns, then the tables."""
    sqlite = type(db).__name__.startswith("Sqlite")
    words = SQLITE if sqlite else POSTGRESQL
    for table in dict.fromkeys((*NUMBERS, *TEXTS)):
        for column in NUMBERS.get(table, ()):
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" {words["int"]} NOT NULL DEFAULT 0')
        for column in TEXTS.get(table, ()):
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{column}" TEXT NOT NULL DEFAULT \'\'')
    for statement in STATEMENTS.split(";\n"):
        if statement.strip():
            db.execute_sql(statement.format_map(words))
    # The channel is off until somebody switches it on (G1); where mail is taken already it goes on.
    db.execute_sql(
        'INSERT INTO "desk_setting" ("name", "value", "origin", "version", "changed_at") '
        "SELECT 'channel', 'on', '', 1, 0 WHERE EXISTS (SELECT 1 FROM \"address\")"
    )
    # Sessions are their ticket's agent's from now on, a ticket's reminder is one of several, and a ticket is
    # its contact's company's.
    db.execute_sql(
        'UPDATE "session" SET "agent" = (SELECT "agent" FROM "ticket" WHERE "ticket"."id" = '
        '"session"."ticket_id") WHERE EXISTS (SELECT 1 FROM "ticket" WHERE "ticket"."id" = '
        '"session"."ticket_id" AND "ticket"."agent" <> \'\')'
    )
    db.execute_sql(
        'INSERT INTO "follow_up" ("ticket_id", "agent", "at", "note", "author", "created_at", "done_at", '
        '"done_by") SELECT "id", "follow_up_agent", "follow_up_at", \'\', \'\', "touched_at", 0, \'\' '
        'FROM "ticket" WHERE "follow_up_at" > 0 AND "merged_into" = 0'
    )
    db.execute_sql(
        'UPDATE "ticket" SET "company_id" = (SELECT "company_id" FROM "contact" WHERE "contact"."id" = '
        '"ticket"."contact_id") WHERE EXISTS (SELECT 1 FROM "contact" WHERE "contact"."id" = '
        '"ticket"."contact_id" AND "contact"."company_id" > 0)'
    )
