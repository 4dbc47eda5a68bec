"""[answers]: the budgets and conditions of everything that leaves automatically.

They are the bound that keeps a loop from growing (`domain/gate.py`, `docs/loops.md`); windows slide.
"""

from collections.abc import Iterator
from typing import Annotated

from mailgate.config.section import Duration, Section, note
from mailgate.config.units import DAY, HOUR, MINUTE


class Answers(Section, frozen=True, kw_only=True):
    """The budgets and conditions of everything that leaves automatically; a budget of 0 allows none."""

    per_address_hour: Annotated[int, note("Automatic answers to one address in an hour.", ge=0)] = 10
    per_address_day: Annotated[int, note("Automatic answers to one address in a day.", ge=0)] = 40
    per_domain_hour: Annotated[int, note("Automatic answers to one domain in an hour.", ge=0)] = 100
    per_ticket: Annotated[int, note("Automatic answers of one ticket within ticket_window.", ge=0)] = 10
    ticket_window: Annotated[
        Duration,
        note("The window of the budgets per ticket.", ge=MINUTE, le=DAY),
    ] = 10 * MINUTE
    all_hour: Annotated[int, note("Automatic answers in all in an hour.", ge=0)] = 1000
    all_day: Annotated[int, note("Automatic answers in all in a day.", ge=0)] = 5000
    share_of_incoming: Annotated[
        float,
        note(
            "The share of incoming mail that may be answered where that is more than all_hour or all_day.",
            ge=0,
            le=1,
        ),
    ] = 0.2
    pause_after: Annotated[
        int,
        note("A rule whose answers exceed a budget this often in an hour is paused.", ge=1),
    ] = 3
    pause_for: Annotated[
        Duration,
        note("How long such a rule stays paused.", ge=MINUTE, le=30 * DAY),
    ] = HOUR
    notices_per_address_hour: Annotated[
        int,
        note(
            "Notifications to one agent or administrator in an hour; what is above is gathered in a digest.",
            ge=0,
        ),
    ] = 60
    notices_per_ticket: Annotated[
        int,
        note(
            "Notifications about one ticket within ticket_window; what is above is gathered in a digest.",
            ge=0,
        ),
    ] = 10
    notices_hour: Annotated[
        int,
        note("Notifications in all in an hour; what is above is gathered in a digest.", ge=0),
    ] = 5000
    redirects_per_mail: Annotated[
        int,
        note("Redirects of one mail; what is above is held in the outbox.", ge=0, le=1000),
    ] = 4
    redirects_per_domain_hour: Annotated[
        int,
        note("Redirects to one domain in an hour; what is above is held in the outbox.", ge=0),
    ] = 1000
    redirects_hour: Annotated[
        int,
        note("Redirects in all in an hour; what is above is held in the outbox.", ge=0),
    ] = 10_000
    acknowledgement_period: Annotated[
        Duration,
        note(
            "A sender gets at most one acknowledgement in this time; 0 answers every mail.",
            ge=0,
            le=365 * DAY,
        ),
    ] = HOUR
    vacation_period: Annotated[
        Duration,
        note("The shortest time between two vacation answers of one rule to one sender.", ge=0, le=365 * DAY),
    ] = DAY
    acknowledgement_needs_our_address: Annotated[
        bool,
        note("Whether an acknowledgement needs our address in To or Cc, as vacation does (RFC 5230 4.5)."),
    ] = False
    verified_only: Annotated[
        bool,
        note("Whether only senders whom SPF or DKIM confirms are answered."),
    ] = False
    received_max: Annotated[
        int,
        note("A mail with more Received fields than this is never answered.", ge=5, le=100),
    ] = 25
    failing_after: Annotated[
        int,
        note(
            "An address is failing after so many hard bounces; no automatic mail goes to it.", ge=1, le=1000
        ),
    ] = 2
    failing_for: Annotated[
        Duration,
        note("How long after the last of them it is failing; older ones are forgotten.", ge=DAY, le=60 * DAY),
    ] = 60 * DAY

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Say where a day allows less than an hour: the hour's budget would be a lie."""
        if self.per_address_day < self.per_address_hour:
            yield "per_address_day", "must not be less than per_address_hour"
        if self.all_day < self.all_hour:
            yield "all_day", "must not be less than all_hour"
