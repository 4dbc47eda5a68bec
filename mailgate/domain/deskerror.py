"""What a person is told whose change cannot be made: one clear sentence, and for a stale one both states.

Raised by the pure plans of `domain/desk` and its like; commands, desk and API each say it their own way.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches


class DeskError(Exception):
    """A change that makes no sense; the text says what is wrong and, where it is known, what was meant."""


class NotThere(DeskError):  # noqa: N818  it names what is wrong
    """What was to be changed does not exist."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What somebody else changed meanwhile: `was` is what the caller saw, `now` what stands there.

    For a mail, an answer or a note that came in between, `field` is its kind and both are "".
    """

    field: str
    was: str
    now: str
    by: str
    at: datetime


class Stale(DeskError):  # noqa: N818  it names what is wrong
    """A change that was based on an older version; nothing is written.

    `what` names the thing (`ticket T-7`), `seen` and `current` are versions, `differences` the two states.
    """

    def __init__(self, what: str, seen: int, current: int, differences: Sequence[Difference] = ()) -> None:
        self.what, self.seen, self.current = what, seen, current
        self.differences = tuple(differences)
        lines = [f"{what} has changed: you saw version {seen}, it is at version {current}", *self._told()]
        super().__init__("\n".join(lines))

    def _told(self) -> list[str]:
        return [
            f"  {one.field}: {one.was or 'nothing'} -> {one.now or 'nothing'}{_who(one)}"
            if one.was or one.now
            else f"  {one.field}{_who(one)}"
            for one in self.differences
        ]


def _who(one: Difference) -> str:
    return f" (by {one.by or 'the gateway'}, {one.at:%Y-%m-%d %H:%M:%S} UTC)"


def meant(word: str, known: Collection[str]) -> str:
    """Return `, did you mean 'support'?` where a known name is close, else ""."""
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def require_known(kind: str, name: str, known: Collection[str]) -> str:
    """Return the name if there is one like it; raises NotThere with what was perhaps meant."""
    if name not in known:
        raise NotThere(f"there is no {kind} {name!r}{meant(name, known)}")
    return name
