"""What the groups of hot statements are made of: fields whose default is the compiled text.

A group is made when a database is opened, after the models were bound to it (`hot.py`).
"""

from dataclasses import field
from typing import Any, Final

from peewee import SQL

from mailgate.store.statements import compile_query, insert, insert_query

# Our own fixed values stand in the text as literals.
NONE: Final = SQL("0")
ONE: Final = SQL("1")
EMPTY: Final = SQL("''")


def query_field(parameters: str, make: Any) -> Any:
    """Return a field for the query that `make` returns; `parameters` as in `compile_query`."""
    return field(default_factory=lambda: compile_query(make(), parameters))


def insert_field(model: Any, columns: tuple[str, ...]) -> Any:
    """Return a field for an INSERT of these columns."""
    return field(default_factory=lambda: insert(model, columns))


def upsert_field(model: Any, columns: str, key: str, update: Any) -> Any:
    """INSERT, or where the key exists already, what `update()` says."""

    def make() -> Any:
        target = [model._meta.fields[name] for name in key.split()]  # noqa: SLF001  Peewee's own way in
        return insert_query(model, columns.split()).on_conflict(conflict_target=target, update=update())

    return query_field(columns, make)
