"""What the gate's budgets count: minute buckets for windows up to an hour, hour buckets beyond.

A window always includes the whole of its oldest bucket, so a count is never too low: a budget errs towards
silence. A batch gathers its counts and writes them once, before COMMIT: most of its mails count the same.
"""

from collections.abc import Callable
from typing import Any, Final

from mailgate.store.gathering import Gathered

MINUTE: Final = 60
HOUR: Final = 3600
WIDTHS: Final = (MINUTE, HOUR)


class Tally:
    """What one transaction has counted and not yet written; a savepoint rolls it back with the rest."""

    __slots__ = ("_journal", "_sums")

    def __init__(self) -> None:
        self._journal: list[tuple[tuple[str, str], int]] = []
        self._sums: dict[tuple[str, str], int] = {}

    def add(self, scope: str, key: str, n: int = 1) -> None:
        """Count `n` more of (scope, key)."""
        place = (scope, key)
        self._journal.append((place, n))
        self._sums[place] = self._sums.get(place, 0) + n

    def get(self, scope: str, key: str) -> int:
        """Return what was added for (scope, key)."""
        return self._sums.get((scope, key), 0)

    @property
    def mark(self) -> int:
        """What `back_to` takes to forget everything that is added from here on."""
        return len(self._journal)

    def back_to(self, mark: int) -> None:
        """Forget what was added since this mark."""
        while len(self._journal) > mark:
            place, n = self._journal.pop()
            self._sums[place] -= n

    def write(self, execute: Callable[..., Any], sql: str, now_ms: int) -> None:
        """Write all of it into the buckets of this moment.

        In one order, always: two gateways on one database would else wait for each other's rows crosswise.
        """
        seconds, rows = now_ms // 1000, Gathered(execute)
        for (scope, key), n in sorted(self._sums.items()):
            if n:
                for width in WIDTHS:
                    rows.add(sql, (scope, key, width, seconds // width, n), ())
        rows.write()


def width_for(window_s: int) -> int:
    """Return the width of the buckets that a window of this length is summed from."""
    return MINUTE if window_s <= HOUR else HOUR


def counted(execute: Callable[..., Any], sql: str, scope: str, key: str, window_s: int, now_ms: int) -> int:
    """Return how often (scope, key) was counted in the last `window_s` seconds, in whole buckets."""
    width = width_for(window_s)
    first = (now_ms // 1000 - window_s) // width
    row = execute(sql, (scope, key, width, first)).fetchone()
    return int(row[0])
