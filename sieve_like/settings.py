"""What an installation says about extensions: names and texts, as the established engines call them.

The bounds of a run are `limits.Limits`; here is everything else that an extension may be told:
`sieve_spamtest_status_header`, `sieve_editheader_protected`, `sieve_env_location` … Each extension reads its
own names, with its own defaults; a value that can't be read counts as not said.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

SIZE: Final = re.compile(r"(\d+)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
PERIOD: Final = re.compile(
    r"(\d+)\s*(|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|w|weeks?)", re.IGNORECASE
)
UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
YES: Final = frozenset({"yes", "true", "y", "1"})


class Settings(Mapping[str, str]):
    """Immutable; names have no case."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = {name.lower(): value for name, value in (values or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str, default: str = "") -> str:
        """Return a text, without blanks around it."""
        return self._values.get(name.lower(), default).strip()

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of words, separated by blanks or commas."""
        return tuple(re.split(r"[\s,]+", self.text(name))) if self.text(name) else ()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a switch: yes, true, y and 1 are on, every other word is off."""
        value = self.text(name).lower()
        return value in YES if value else default

    def number(self, name: str, default: int) -> int:
        """Return a number, the default where it is none."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() else default

    def size(self, name: str, default: int) -> int:
        """Return octets: `4096`, `4k`, `1M`."""
        found = SIZE.fullmatch(self.text(name))
        return int(found[1]) * UNITS[found[2].lower()] if found else default

    def seconds(self, name: str, default: int) -> int:
        """Return a period in seconds: `30`, `30s`, `12h`, `7 days`."""
        found = PERIOD.fullmatch(self.text(name))
        return int(found[1]) * SECONDS[found[2][:1].lower()] if found else default


NO_SETTINGS: Final = Settings()
