"""Full text over subjects and mails: which entries of histories hold some words, newest first.

What is indexed are the entries that people read (mails, answers, comments, notes), each together with the
subject of its ticket, folded by `domain/fold.py`; so all words of a query must stand in one message or in the
subject. On SQLite an FTS5 table without the text itself, walked down by its row id; on PostgreSQL a tsvector.
The index is written after the commit, by a job (`jobs/searchindex.py`): a mail that comes in pays nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mailgate.domain.effects import EntryKind
from mailgate.domain.fold import fold_text, fold_words
from mailgate.domain.query import Words
from mailgate.store.connection import Connection
from mailgate.store.models.search import SearchMark
from mailgate.store.transaction import Transaction

# As many entries are read, folded and written at once; they take the writer some 25 ms.
BATCH: Final = 500
# Pages of 4 KiB: some 10 ms of the writer.
TIDY_PAGES: Final = 128
# Ids are given before the commit, and gateways on one PostgreSQL commit in any order: what is younger is
# looked at again. No transaction of ours lasts longer than seconds.
SETTLED_MS: Final = 60_000
READ_KINDS: Final = (
    EntryKind.INCOMING,
    EntryKind.ANSWER,
    EntryKind.COMMENT,
    EntryKind.NOTE,
    EntryKind.BOUNCE,
)
_WANTED: Final = f"(e.kind IN ({', '.join(repr(kind.value) for kind in READ_KINDS)}) OR e.field = 'subject')"
_COLUMNS: Final = "SELECT e.id, e.text, e.field, e.new, t.subject, e.at FROM entry e"
_TICKET: Final = "JOIN ticket t ON t.id = e.ticket_id"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be indexed next: `rows` are ids of entries with their folded words.

    `before` is the mark as it was, `mark` the entry up to which all are in the index once they are written;
    `full`: more may follow at once.
    """

    rows: tuple[tuple[int, str], ...]
    before: int
    mark: int
    full: bool


def on_sqlite() -> bool:
    """Whether the models are bound to SQLite: FTS5 there, a tsvector else."""
    return SearchMark._meta.database.param == "?"  # type: ignore[no-any-return]  # noqa: SLF001


def progress(connection: Connection) -> tuple[int, int]:
    """Return up to which entry the index is complete, and the newest entry."""
    done = connection.execute("SELECT entry_id FROM search_mark WHERE id = 1").fetchone()[0]
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM entry").fetchone()[0]
    return int(done), int(newest)


def waits_since(connection: Connection) -> int:
    """Return when the oldest entry came that is not in the index yet, in ms since 1970; 0 for none."""
    found = connection.execute(
        "SELECT at FROM entry WHERE id > (SELECT entry_id FROM search_mark WHERE id = 1) ORDER BY id LIMIT 1"
    ).fetchone()
    return int(found[0]) if found is not None else 0


# -- writing


def pending(connection: Connection, now_ms: int, limit: int = BATCH) -> Batch:
    """Return the next entries that are not in the index yet."""
    before, top = progress(connection)
    if top <= before:
        return Batch((), before, before, full=False)
    found = connection.execute(_pending_sql(), (before, top, limit)).fetchall()
    full = len(found) == limit
    rows = tuple((int(row[0]), _words_of(row)) for row in found)
    if on_sqlite():
        return Batch(rows, before, rows[-1][0] if full else top, full)
    return Batch(rows, before, _settled(connection, before, found if full else None, now_ms), full)


def _pending_sql() -> str:
    if on_sqlite():
        return f"{_COLUMNS} {_TICKET} WHERE e.id > ? AND e.id <= ? AND {_WANTED} ORDER BY e.id LIMIT ?"
    return (
        f"{_COLUMNS} {_TICKET} LEFT JOIN search_text s ON s.entry_id = e.id"
        f" WHERE e.id > %s AND e.id <= %s AND s.entry_id IS NULL AND {_WANTED} ORDER BY e.id LIMIT %s"
    )


def _settled(connection: Connection, before: int, page: Sequence[Any] | None, now_ms: int) -> int:
    """Return up to where nothing can appear any more; `page` is what was read if more may follow."""
    until = now_ms - SETTLED_MS
    if page is not None:
        return (
            max([before, *(int(row[0]) for row in page)]) if all(row[5] < until for row in page) else before
        )
    sql = "SELECT id FROM entry WHERE id > %s AND at < %s ORDER BY id DESC LIMIT 1"
    found = connection.execute(sql, (before, until)).fetchone()
    return int(found[0]) if found is not None else before


def _words_of(row: Sequence[Any]) -> str:
    """Return the folded words of an entry; a new subject is found by itself, the old one stays found."""
    _id, text, field, new, subject, _at = row
    return fold_text(new if field == "subject" else f"{subject}\n{text}")


def write(tx: Transaction, batch: Batch) -> int:
    """Put a batch into the index; returns how many entries that were, 0 where somebody else was faster."""
    sqlite = on_sqlite()
    mark = "?" if sqlite else "%s"
    took = tx.execute(
        f"UPDATE search_mark SET entry_id = {mark} WHERE id = 1 AND entry_id = {mark}",  # noqa: S608  our own
        (batch.mark, batch.before),
    )
    if not took.rowcount:
        return 0
    insert = insert_sql(sqlite=sqlite)
    for entry_id, words in batch.rows:
        tx.run(insert, (entry_id, words if sqlite else vector(words)))
    return len(batch.rows)


def insert_sql(*, sqlite: bool) -> str:
    """Return the statement that puts one entry into the index: its id, its words or their `vector`."""
    if sqlite:
        return "INSERT INTO search_text (rowid, words) VALUES (?, ?)"
    return "INSERT INTO search_text (entry_id, words) VALUES (%s, %s::tsvector) ON CONFLICT DO NOTHING"


def vector(words: str) -> str:
    """Return folded words as PostgreSQL writes a tsvector, each with its places (it takes 256 a word)."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words.split()[:16_000], 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(at[:256])}" for word, at in places.items())


def tidy(tx: Transaction, pages: int = TIDY_PAGES) -> bool:
    """Merge parts of the index, writing so many pages at most; returns whether there was something to do.

    FTS5 looks for a word in each part, and every batch is a part at first. PostgreSQL does it by itself.
    """
    if not on_sqlite():
        return False
    before = tx.one("SELECT total_changes()")[0]
    tx.execute("INSERT INTO search_text (search_text, rank) VALUES ('merge', ?)", (pages,))
    # The statement itself counts as one change; it says so in FTS5's documentation of `merge`.
    return bool(tx.one("SELECT total_changes()")[0] - before > 1)


def forget(tx: Transaction) -> None:
    """Empty the index, so that it is read anew from the first entry."""
    if on_sqlite():
        tx.execute("INSERT INTO search_text (search_text) VALUES ('delete-all')")
    else:
        tx.execute("DELETE FROM search_text")
    tx.execute("UPDATE search_mark SET entry_id = 0 WHERE id = 1")


# -- looking


def expression(words: Iterable[Words]) -> str:
    """Return what the database is asked, "" where the words hold nothing that can be looked for."""
    wanted: list[str] = []
    unwanted: list[str] = []
    sqlite = on_sqlite()
    for one in words:
        folded = fold_words(one.text)
        if folded:
            (unwanted if one.negated else wanted).append(_phrase(folded, sqlite=sqlite))
    if not wanted:
        return ""
    if sqlite:
        return " NOT ".join([f"({' AND '.join(wanted)})", *unwanted])
    return " & ".join([*wanted, *(f"!({one})" for one in unwanted)])


def _phrase(folded: Sequence[str], *, sqlite: bool) -> str:
    """Return words that must stand side by side; they hold letters and digits only."""
    if sqlite:
        return f'"{" ".join(folded)}"'
    quoted = " <-> ".join(f"'{one}'" for one in folded)
    return f"({quoted})"


def hits(connection: Connection, asked: str, before: int, limit: int) -> list[int]:
    """Return the entries that match, newest first, with ids below `before` (0: any)."""
    below = before or 1 << 62
    if on_sqlite():
        sql = (
            "SELECT rowid FROM search_text WHERE search_text MATCH ? AND rowid < ?"
            " ORDER BY rowid DESC LIMIT ?"
        )
    else:
        sql = (
            "SELECT entry_id FROM search_text WHERE words @@ %s::tsquery AND entry_id < %s"
            " ORDER BY entry_id DESC LIMIT %s"
        )
    return [int(row[0]) for row in connection.execute(sql, (asked, below, limit)).fetchall()]


def matching(connection: Connection, asked: str, entries: Iterable[int]) -> list[int]:
    """Return those of these entries that match, in the order given."""
    if on_sqlite():
        sql = "SELECT rowid FROM search_text WHERE search_text MATCH ? AND rowid = ?"
    else:
        sql = "SELECT entry_id FROM search_text WHERE words @@ %s::tsquery AND entry_id = %s"
    return [one for one in entries if connection.execute(sql, (asked, one)).fetchone() is not None]
