"""Rows that wait to be written together: a batch of mails becomes a few statements instead of hundreds.

A statement of one row costs more to begin than to run, and each one lets the event loop's thread in between.
So rows that are only ever added are gathered while a batch is decided, and written by table with many rows
each. Whoever reads names what the row would be known by (its marks); if such a row waits, all are written
first.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import cache
from itertools import chain
from typing import Any, Final

from mailgate.store.statements import of_rows

# Rows of one statement: enough to make its beginning cheap, and few enough for SQLite's 32,766 parameters.
MOST_ROWS: Final = 64

Row = Sequence[Any]


@cache
def _of_rows(sql: str, count: int) -> str:
    return of_rows(sql, count)


class Gathered:
    """The rows of one transaction that are not written yet, in order; `execute` writes."""

    __slots__ = ("_execute", "_marks", "_rows", "_written")

    def __init__(self, execute: Callable[[str, Row], object]) -> None:
        self._execute = execute
        self._rows: list[tuple[str, Row, tuple[Hashable, ...]]] = []
        self._marks: dict[Hashable, int] = {}
        self._written = 0

    def add(self, insert: str, row: Row, marks: tuple[Hashable, ...]) -> None:
        """Gather one row of an INSERT; `marks` are what a reader may know it by."""
        self._rows.append((insert, row, marks))
        for mark in marks:
            self._marks[mark] = self._marks.get(mark, 0) + 1

    def holds(self, marks: tuple[Hashable, ...]) -> bool:
        """Whether a row with one of these marks waits."""
        return any(map(self._marks.__contains__, marks))

    @property
    def place(self) -> int:
        """Where the next row goes, for `write` and `back_to`."""
        return self._written + len(self._rows)

    def write(self, place: int | None = None) -> None:
        """Write all rows, or those before a place: by INSERT, in the order in which each was first used."""
        count = len(self._rows) if place is None else place - self._written
        if count <= 0:
            return
        rows, self._rows = self._rows[:count], self._rows[count:]
        self._written += count
        self._forget(rows)
        tables: dict[str, list[Row]] = {}
        for insert, row, _ in rows:
            tables.setdefault(insert, []).append(row)
        for insert, values in tables.items():
            self._insert(insert, values)

    def _insert(self, insert: str, rows: list[Row]) -> None:
        """Write rows in statements of 64, 32, 16 … rows, so that few different texts stay prepared."""
        start, size = 0, MOST_ROWS
        while start < len(rows):
            while size > len(rows) - start:
                size //= 2
            self._execute(_of_rows(insert, size), tuple(chain.from_iterable(rows[start : start + size])))
            start += size

    def back_to(self, place: int) -> None:
        """Forget the rows from a place on; those that are written already are the savepoint's matter."""
        keep = max(place - self._written, 0)
        self._forget(self._rows[keep:])
        del self._rows[keep:]

    def _forget(self, rows: list[tuple[str, Row, tuple[Hashable, ...]]]) -> None:
        for _, _, marks in rows:
            for mark in marks:
                left = self._marks[mark] - 1
                if left:
                    self._marks[mark] = left
                else:
                    del self._marks[mark]
