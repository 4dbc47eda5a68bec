"""The routing table: which address has which script, queue and target. A frozen snapshot, no lock.

RCPT is answered from it (nothing is created, nothing is asked), so an address probe costs a dict lookup.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from fnmatch import fnmatchcase

from mailgate.domain.address import fold, split


@dataclass(frozen=True, slots=True)
class Route:
    """One address (exact, `@domain` or a glob such as `*@lists.example.org`) and what serves it."""

    address: str
    script: str = ""
    queue: str = ""
    target: str = "store"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Queue:
    """What rules need of a queue.

    `hours` are its business hours (`domain/hours.py`; "" is always), in `timezone` (an IANA name), but not on
    `holidays` (dates). `zone` is that time zone's data, handed in by whoever reads the database.
    """

    name: str
    address: str = ""
    from_name: str = ""
    language: str = "en"
    enabled: bool = True
    hours: str = ""
    timezone: str = "UTC"
    holidays: tuple[str, ...] = ()
    zone: tzinfo | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody who answers: the name that rules use, the address for notices, the queues (T7)."""

    name: str
    address: str = ""
    queues: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """A text for answers: Jinja2 source, rendered in the sandbox."""

    name: str
    subject: str
    text: str
    html: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the business may change, as of one version of the database.

    `routes` is keyed by the folded address; `patterns` are tried in order after the exact ones and after
    the address without its detail (`user+detail@`). `listed` are names that the settings list, by kind
    ("webhook", "program", "account"): scripts may name nothing else.
    """

    version: int = 0
    routes: Mapping[str, Route] = field(default_factory=dict)
    patterns: tuple[Route, ...] = ()
    queues: Mapping[str, Queue] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    scripts: Mapping[str, str] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    listed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    recipient_delimiter: str = "+"

    def route(self, address: str) -> Route | None:
        """Return what serves the address, or None: exact, then without detail, then patterns in order."""
        folded = fold(address)
        found = self.routes.get(folded)
        if found is not None:
            return found
        local, domain = split(folded)
        base, delimiter, _ = local.partition(self.recipient_delimiter)
        if delimiter and base:
            found = self.routes.get(f"{base}@{domain}" if domain else base)
        if found is None:
            found = next((r for r in self.patterns if fnmatchcase(folded, r.address)), None)
        return found
