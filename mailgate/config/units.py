"""Sizes and durations as people write them ("25 MiB", "5 min"): parsed here and written back here."""

import re
from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

# Decimal prefixes are powers of 1000 and binary ones of 1024, as in IEC 80000-13; a bare number is bytes.
SIZE_UNITS: Final = {
    "B": 1,
    "kB": 1000,
    "KiB": KIB,
    "MB": 1000**2,
    "MiB": MIB,
    "GB": 1000**3,
    "GiB": GIB,
    "TB": 1000**4,
    "TiB": 1024 * GIB,
}

MINUTE: Final = 60.0
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

DURATION_UNITS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "min": MINUTE,
    "h": HOUR,
    "day": DAY,
    "days": DAY,
}

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)", re.ASCII)


class UnitError(ValueError):
    """A quantity that can't be read; the text says what would be understood."""


def _split(text: str, units: dict[str, float] | dict[str, int], example: str) -> tuple[str, str]:
    found = _QUANTITY.fullmatch(text.strip())
    if found is None:
        raise UnitError(f"{text!r} is not a number and a unit, such as {example!r}")
    number, unit = found.groups()
    if unit and unit not in units:
        near = next((u for u in units if u.lower() == unit.lower()), "")
        hint = f"did you mean {near!r}?" if near else f"units are {', '.join(units)}"
        raise UnitError(f"unknown unit {unit!r}, {hint}")
    return number, unit


def parse_size(text: str) -> int:
    """Read a size; return bytes. Raises UnitError."""
    number, unit = _split(text, SIZE_UNITS, "25 MiB")
    return round(float(number) * SIZE_UNITS[unit or "B"])


def parse_duration(text: str) -> float:
    """Read a duration; return seconds. Raises UnitError; a number other than 0 needs a unit."""
    number, unit = _split(text, DURATION_UNITS, "5 min")
    value = float(number)
    if not unit and value:
        raise UnitError(f"{text!r} needs a unit: {', '.join(DURATION_UNITS)}")
    return value * DURATION_UNITS[unit or "s"]


def format_size(value: int) -> str:
    """Write bytes so that `parse_size` gives the same number back."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if value and value % SIZE_UNITS[unit] == 0:
            return f"{value // SIZE_UNITS[unit]} {unit}"
    return f"{value} B"


def format_duration(value: float) -> str:
    """Write seconds so that `parse_duration` gives the same number back."""
    if not value:
        return "0 s"
    for unit in ("days", "h", "min", "s"):
        if value % DURATION_UNITS[unit] == 0:
            count = round(value / DURATION_UNITS[unit])
            return f"{count} {'day' if unit == 'days' and count == 1 else unit}"
    milliseconds = f"{value * 1000:.3f}".rstrip("0").rstrip(".")
    return f"{milliseconds} ms"
