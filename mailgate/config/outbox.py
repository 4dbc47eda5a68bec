"""[outbox]: how what waits to be sent is worked off."""

from collections.abc import Iterator
from typing import Annotated, Final

from mailgate.config import syntax
from mailgate.config.section import Duration, Section, note
from mailgate.config.units import DAY, HOUR, MINUTE, parse_duration

# Shorter is a hammer, longer is no try at all.
SHORTEST_WAIT: Final = 1.0
LONGEST_WAIT: Final = DAY


class Outbox(Section, frozen=True, kw_only=True):
    """How what waits to be sent is worked off."""

    batch: Annotated[int, note("How many mails are claimed at once.", ge=1, le=10_000)] = 100
    lease: Annotated[
        Duration,
        note(
            "How long a claimed mail belongs to one gateway before another may take it over.", ge=10, le=HOUR
        ),
    ] = 5 * MINUTE
    give_up_after: Annotated[
        Duration,
        note(
            "How long an answer of ours is tried before it is given up, as Postfix does.",
            ge=HOUR,
            le=30 * DAY,
        ),
    ] = 5 * DAY
    retry: Annotated[
        tuple[str, ...],
        note(
            "How long it waits before each further try; the last one is repeated until it is given up.",
            check=syntax.duration,
            examples=[["5 min", "30 min", "2 h"]],
        ),
    ] = ("1 min", "5 min", "15 min", "30 min", "1 h", "2 h", "4 h")
    undo: Annotated[
        Duration,
        note(
            "How long an agent's answer waits before it leaves, so that it can be taken back.", ge=0, le=HOUR
        ),
    ] = 30.0

    @property
    def waits(self) -> tuple[float, ...]:
        """The waits in seconds."""
        return tuple(map(parse_duration, self.retry))

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Want a schedule that ends somewhere between a hammer and no try at all."""
        if not self.retry:
            yield "retry", "is empty; the last wait is repeated, so there must be one"
        for index, seconds in enumerate(self.waits):
            if not SHORTEST_WAIT <= seconds <= LONGEST_WAIT:
                yield f"retry.{index}", f"{self.retry[index]!r} is not between 1 s and 1 day"
