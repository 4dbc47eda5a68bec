"""How far the index of words has read.

The index itself is no table of ours: FTS5 on SQLite, a tsvector on PostgreSQL (`store/search.py`).
"""

from peewee import BigIntegerField

from mailgate.store.models.base import Row, int_column


class SearchMark(Row):
    """One row (id 1): every entry up to this one is in the index."""

    id = BigIntegerField(primary_key=True)
    entry_id = int_column()
