"""Fills a database with made-up tickets, as fast as it goes: `mailgate bench fill`.

Indexes are dropped before and made again afterwards, rows go in by their ids, and all is one transaction: it
is there as a whole or not at all. Nobody else can write meanwhile.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, cast

from mailgate.store import business, sampledesk, search
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.models.tables import TABLES
from mailgate.store.sampledesk import COLUMNS, CONSTANTS, Desk, Start
from mailgate.store.transaction import Transaction

# What stays in memory while indexes are made; given back with the connection.
CACHE_KIB: Final = 512 * 1024
# Each of these ids is given by a counter (SQLite) or a sequence (PostgreSQL).
COUNTED: Final = ("ticket", "session", "entry", "contact", "company", "message", "delivery")
REFERENCES: Final = (
    "INSERT INTO message_ref (msgid, ticket_id, session_id, at)"
    " SELECT msgid, ticket_id, session_id, at FROM entry WHERE id > {} AND msgid <> '' ORDER BY msgid"
)

# Both databases understand this; `?` is written as each wants it.
COUNT: Final = (
    "INSERT INTO ticket_count VALUES (?, ?, ?)"
    " ON CONFLICT (queue, status) DO UPDATE SET n = ticket_count.n + excluded.n"
)

Progress = Callable[[int], None]


def tickets_there(connection: Connection) -> int:
    """Return the highest id of a ticket, 0 where there is none."""
    return int(connection.execute("SELECT coalesce(max(id), 0) FROM ticket").fetchone()[0])


def set_up(tx: Transaction, connection: Connection) -> None:
    """Add the queues and agents of the made-up desk where none of that name is there."""
    there = business.export(connection)
    names = {("queue", one.name) for one in there.queues} | {("agent", one.name) for one in there.agents}
    wanted = [("queue", one) for one in sampledesk.queues()] + [("agent", one) for one in sampledesk.agents()]
    for kind, one in wanted:
        if (kind, one.name) not in names:
            business.apply_changes(tx, business.set_one(connection, one), "bench fill")


def fill(store: Store, tickets: int, seed: int, now_ms: int, progress: Progress) -> dict[str, int]:
    """Write so many tickets with all that belongs to them; returns how many rows each table got.

    `progress` hears of each group of tickets. The database must not be in use.
    """
    sink: Sqlite | Postgresql = Sqlite(store) if search.on_sqlite() else Postgresql(store)
    with sink.transaction():
        start = Start(now_ms, **{name: sink.last(name) for name in COUNTED})
        desk = Desk(tickets, seed, start)
        rows: dict[str, int] = {}
        with sink.without_indexes([name for name in COLUMNS if name != "search"]):
            for group in desk.groups():
                for table, found in group.items():
                    sink.insert(table, found)
                    rows[table] = rows.get(table, 0) + len(found)
                progress(len(group.get("ticket", ())))
            sink.execute(REFERENCES.format(int(start.entry)))
        for (queue, status), n in desk.counts.items():
            sink.count(queue, status, n)
        sink.keep(desk.last)
    return rows


def _defaults(table: str) -> tuple[list[str], list[Any]]:
    """Return the columns that no row fills, and what they get."""
    model = next(one for one in TABLES if one._meta.table_name == table)  # noqa: SLF001  Peewee's own way in
    names, values = [], []
    for column in model._meta.sorted_fields:  # noqa: SLF001  the same
        if column.column_name in COLUMNS[table]:
            continue
        empty: Any = 0 if "Int" in column.field_type or "INT" in column.field_type else ""
        empty = b"" if column.field_type in {"BLOB", "BYTEA"} else empty
        names.append(column.column_name)
        values.append(CONSTANTS.get(table, {}).get(column.column_name, empty))
    return names, values


@contextmanager
def _dropped(execute: Callable[[str], Any], found: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Drop indexes, each a name and what makes it, and make them again; after an error the rollback does."""
    indexes = list(found)
    for name, _text in indexes:
        execute(f'DROP INDEX "{name}"')
    yield
    for _name, text in indexes:
        execute(text)


def _columns(table: str, names: Sequence[str]) -> str:
    """Return the columns of a table as SQL wants them: those of its rows, then the others."""
    return ", ".join(f'"{one}"' for one in (*COLUMNS[table], *names))


class Sqlite:
    """The sink for SQLite: a connection of its own, which does not wait for the disk until all is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._inserts: dict[str, str] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin, and commit at the end; whatever is raised undoes all of it."""
        path = self._store.options.path
        self.raw = sqlite3.connect(path, isolation_level=None, timeout=5)
        with closing(self.raw):
            self.raw.execute("PRAGMA synchronous = off")
            self.raw.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            self.raw.execute("PRAGMA temp_store = file")
            self.raw.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.raw.execute("ROLLBACK")
                raise
            self.raw.execute("COMMIT")
            self.raw.execute("PRAGMA synchronous = full")
            self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement."""
        return self.raw.execute(sql, values)

    def last(self, kind: str) -> int:
        """Return the last id given of a kind."""
        return int(self.execute("SELECT value FROM counter WHERE kind = ?", (kind,)).fetchone()[0])

    def keep(self, last: dict[str, int]) -> None:
        """Write the last ids given, and that every entry is in the index of words."""
        self.raw.executemany("UPDATE counter SET value = ? WHERE kind = ?", [(v, k) for k, v in last.items()])
        self.execute("UPDATE search_mark SET entry_id = ? WHERE id = 1", (last["entry"],))
        # As the job leaves it (`search.tidy`).
        merge, changes = "INSERT INTO search_text (search_text, rank) VALUES ('merge', 1000)", 2
        while changes > 1:
            before = self.raw.total_changes
            self.execute(merge)
            changes = self.raw.total_changes - before

    def count(self, queue: str, status: str, n: int) -> None:
        """Add to the count of a queue's tickets in a status."""
        self.execute(COUNT, (queue, status, n))

    @contextmanager
    def without_indexes(self, tables: Sequence[str]) -> Iterator[None]:
        """Drop the indexes of tables, and make them again as they were."""
        sql = "SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'index' AND sql <> ''"
        found = [row[:2] for row in self.execute(sql).fetchall() if row[2] in tables]
        with _dropped(self.execute, found):
            yield

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert the rows of a table."""
        if table == "search":
            self.raw.executemany(search.insert_sql(sqlite=True), rows)
            return
        if table not in self._inserts:
            names, values = _defaults(table)
            constants = [f"X'{v.hex()}'" if isinstance(v, bytes) else repr(v) for v in values]
            columns = _columns(table, names)
            marks = ", ".join([*("?" * len(COLUMNS[table])), *constants])
            self._inserts[table] = f'INSERT INTO "{table}" ({columns}) VALUES ({marks})'  # noqa: S608  our own
        self.raw.executemany(self._inserts[table], rows)


class Postgresql:
    """The sink for PostgreSQL: COPY in one transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Begin, and commit at the end; whatever is raised undoes all of it."""
        self.raw: Any = cast("Any", self._store.reader())
        with closing(self.raw):
            self.raw.read_only = False
            self.raw.autocommit = False
            self.execute("SET LOCAL synchronous_commit = off")
            self.execute("SET LOCAL maintenance_work_mem = '256MB'")
            yield
            self.raw.commit()
            self.raw.autocommit = True
            self.execute("ANALYZE")

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement."""
        return self.raw.execute(sql, values)

    def last(self, kind: str) -> int:
        """Return the last id given of a kind."""
        row = self.execute(f'SELECT last_value, is_called FROM "id_{kind}"').fetchone()  # noqa: S608  our own
        return int(row[0]) if row[1] else 0

    def keep(self, last: dict[str, int]) -> None:
        """Let the sequences go on behind what was given; every entry is in the index of words."""
        for kind, value in last.items():
            self.execute("SELECT setval(%s::regclass, %s)", (f'"id_{kind}"', value))
        self.execute("UPDATE search_mark SET entry_id = %s WHERE id = 1", (last["entry"],))

    def count(self, queue: str, status: str, n: int) -> None:
        """Add to the count of a queue's tickets in a status."""
        self.execute(COUNT.replace("?", "%s"), (queue, status, n))

    @contextmanager
    def without_indexes(self, tables: Sequence[str]) -> Iterator[None]:
        """Drop the indexes of tables, and make them again as they were; primary keys stay."""
        sql = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " AND tablename = ANY(%s) AND indexname NOT LIKE '%%_pkey'"
        )
        found = self.execute(sql, ([*tables, "search_text"],)).fetchall()
        with _dropped(self.execute, found):
            yield

    def insert(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Copy the rows of a table."""
        if table == "search":
            sql = "COPY search_text (entry_id, words) FROM STDIN"
            more: tuple[Any, ...] = ()
            rows = ((entry, search.vector(words)) for entry, words in rows)
        else:
            names, values = _defaults(table)
            columns = _columns(table, names)
            sql, more = f'COPY "{table}" ({columns}) FROM STDIN', tuple(values)
        with self.raw.cursor() as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row((*row, *more))
