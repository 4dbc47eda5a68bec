"""External lists of rules (RFC 6134): entries, one a line, and what they match."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailgate.domain.address import fold


@dataclass(frozen=True, slots=True)
class ExternalList:
    """The entries of one list as they are written, by what is compared."""

    entries: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "ExternalList":
        """Read a list: an entry a line; empty lines, and what stands behind a `#`, don't count."""
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return cls({folded(line): line for line in lines if line})

    def find(self, value: str) -> str | None:
        """Return the entry that a value is; for an address also `@domain`. None where there is neither."""
        key = folded(value)
        _, at, domain = key.rpartition("@")
        return self.entries.get(key) or (self.entries.get(f"@{domain}") if at else None)

    @property
    def members(self) -> tuple[str, ...]:
        """The entries that are addresses."""
        return tuple(entry for entry in self.entries.values() if "@" in entry[1:])


def folded(value: str) -> str:
    """Return a value as it is compared: addresses as everywhere, other words without case."""
    return fold(value) if "@" in value[1:] else value.casefold()
