"""People are found in an instant: contacts by name, the important ones, companies by domain, their history.

A frozen copy on purpose, like those before it. Rows from before get what they are found by; SQLite and
PostgreSQL differ in how text is compared, and a name is looked up as octets.
"""

import unicodedata
from typing import Any

STATEMENTS = """
ALTER TABLE "contact" ADD COLUMN "folded" TEXT NOT NULL DEFAULT '';
CREATE INDEX "contact_folded_id" ON "contact" ("folded"{as_octets}, "id");
CREATE INDEX "contact_vip" ON "contact" ("id") WHERE vip > 0;
CREATE INDEX "company_domain" ON "company" ("domain") WHERE domain <> '';
CREATE INDEX "audit_subject_id" ON "audit" ("subject", "id");
UPDATE "company" SET "domain" = "folded"
    WHERE "folded" LIKE '%.%' AND "folded" NOT LIKE '%@%' AND "folded" NOT LIKE '% %'
"""
# There the key of the table compares as the language does, which knows no prefixes.
POSTGRESQL = """
CREATE INDEX "contact_address_folded" ON "contact_address" ("folded" COLLATE "C")
"""
STEP = 1000


def up(_migrator: Any, db: Any) -> None:
    """Add the column and the indexes, and fold the names that are there."""
    sqlite = type(db).__name__.startswith("Sqlite")
    text = STATEMENTS if sqlite else f"{STATEMENTS.rstrip()};{POSTGRESQL}"
    for statement in text.split(";\n"):
        if statement.strip():
            made = statement.format(as_octets="" if sqlite else ' COLLATE "C"').strip()
            # To the driver of PostgreSQL a percent sign begins a parameter.
            db.execute_sql(made if sqlite else made.replace("%", "%%"))
    mark, last = "?" if sqlite else "%s", 0
    page = f"SELECT id, name FROM contact WHERE id > {mark} ORDER BY id LIMIT {STEP}"  # noqa: S608  our own
    while rows := db.execute_sql(page, (last,)).fetchall():
        for contact_id, name in rows:
            update = f'UPDATE contact SET "folded" = {mark} WHERE id = {mark}'  # noqa: S608  the same
            db.execute_sql(update, (_fold(name), contact_id))
        last = rows[-1][0]


def _fold(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(c for c in parts if not unicodedata.combining(c)).split())
