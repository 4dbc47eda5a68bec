"""What the gate's budgets count: minute buckets for windows up to an hour, hour buckets beyond.

A window always includes the whole of its oldest bucket, so a count is never too low: a budget errs towards
silence.
"""

from collections.abc import Callable
from typing import Any, Final

MINUTE: Final = 60
HOUR: Final = 3600
WIDTHS: Final = (MINUTE, HOUR)


def width_for(window_s: int) -> int:
    """Return the width of the buckets that a window of this length is summed from."""
    return MINUTE if window_s <= HOUR else HOUR


def bump(execute: Callable[..., Any], sql: str, scope: str, key: str, now_ms: int, n: int = 1) -> None:
    """Count `n` more of (scope, key) in the buckets of this moment."""
    seconds = now_ms // 1000
    for width in WIDTHS:
        execute(sql, (scope, key, width, seconds // width, n))


def counted(execute: Callable[..., Any], sql: str, scope: str, key: str, window_s: int, now_ms: int) -> int:
    """Return how often (scope, key) was counted in the last `window_s` seconds, in whole buckets."""
    width = width_for(window_s)
    first = (now_ms // 1000 - window_s) // width
    row = execute(sql, (scope, key, width, first)).fetchone()
    return int(row[0])
