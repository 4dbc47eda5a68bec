"""The hot statements, compiled once from the models into SQL text of the open database's dialect.

Building a query with Peewee costs ten times what running it costs; so the text is made at the start and
handed to the connection as it is. Since it comes out of the models, it cannot disagree with them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from peewee import SQL, Field, Model, Node, Value

# The one row of an INSERT, in the ways in which the drivers mark a parameter.
ROW: Final = re.compile(r"VALUES (\((?:\?|%s)(?:, (?:\?|%s))*\))")


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands for a parameter while a query is compiled."""

    name: str


def slot(name: str) -> Node:
    """Return a place for a parameter; its name is checked against the order that the callers rely on."""
    return Value(Slot(name), converter=False)


def literal(word: str) -> Node:
    """Return one of our own words as a literal: only so can SQLite use a partial index."""
    if not word.replace("_", "").isalnum():
        raise ValueError(word)
    return SQL(f"'{word}'")


def compile_query(query: Any, parameters: str) -> str:
    """Return the SQL of a query whose values are all slots, which must stand in the order of `parameters`.

    `parameters` are the slots' names, separated by spaces. Peewee sorts the columns of an UPDATE by itself,
    so the order is never what it looks like: ValueError says so at the start, not a wrong row later.
    """
    sql, values = query.sql()
    found = " ".join(v.name if isinstance(v, Slot) else repr(v) for v in values)
    if found != parameters:
        raise ValueError(f"parameters are ({found}), not ({parameters}), in: {sql}")
    return str(sql)


def insert_query(model: type[Model], columns: Iterable[str]) -> Any:
    """Return an INSERT with a slot for each column, in the order given."""
    names = list(columns)
    fields: list[Field] = [model._meta.fields[name] for name in names]  # noqa: SLF001  Peewee's own way in
    return model.insert_many([[slot(name) for name in names]], fields=fields)


def insert(model: type[Model], columns: Iterable[str]) -> str:
    """Return an INSERT of all columns but an id that the database gives; ValueError if one is missing."""
    names = list(columns)
    return compile_query(insert_query(model, names), " ".join(names))


def of_rows(sql: str, count: int) -> str:
    """Return an INSERT of one row as one of `count` rows; ValueError where it is none."""
    found = ROW.search(sql)
    if found is None:
        raise ValueError(sql)
    return f"{sql[: found.end()]}{f', {found[1]}' * (count - 1)}{sql[found.end() :]}"
