"""[outbox]: how what waits to be sent is worked off."""

from typing import Annotated

from mailgate.config.section import Duration, Section, note
from mailgate.config.units import DAY, HOUR, MINUTE


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
