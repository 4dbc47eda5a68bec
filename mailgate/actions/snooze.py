"""snooze (draft-ietf-extra-sieve-snooze): the mail is delivered at the next of the times that the rule names.

Until then it lies in the outbox, and in our own store in the folder Snoozed. A time that the clocks leave out
(summer time begins) is the one behind the gap.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from mailgate.actions._folders import INBOX, add_delivery, folder_of
from mailgate.domain.action import ActionSpec, Plan
from mailgate.domain.effects import Deliver
from sieve_like.actions import Snooze

# A weekday comes round within so many days, today and the same day of the next week among them.
DAYS: Final = 8


def next_time(
    now: datetime, times: tuple[int, ...], weekdays: tuple[int, ...], zone: tzinfo
) -> datetime | None:
    """Return the next moment (UTC) at one of these seconds after midnight, on one of these weekdays.

    0 is Sunday, () means every day; None where no time is given.
    """
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for days in range(DAYS + 1):
        day = midnight + timedelta(days=days)
        if weekdays and day.isoweekday() % 7 not in weekdays:
            continue
        for seconds in sorted(times):
            moment = (day + timedelta(seconds=seconds)).replace(tzinfo=zone).astimezone(UTC)
            if moment > now:
                return moment
    return None


def _zone(plan: Plan, name: str) -> tzinfo:
    """Return the zone of the script, else the queue's, else UTC."""
    queue = plan.queue()
    home = queue.zone if queue is not None and queue.zone is not None else UTC
    found = plan.policy.zones(name) if name else home
    if found is None:
        plan.note("snooze", unknown_zone=name)
        return home
    return found


def plan(plan: Plan, action: object) -> str:
    """Add the postponed delivery."""
    assert isinstance(action, Snooze)
    due = next_time(plan.now, action.times, action.weekdays, _zone(plan, action.zone))
    gone = {flag.lower() for flag in action.remove_flags}
    flags = tuple(
        dict.fromkeys((*(one for one in action.flags if one.lower() not in gone), *action.add_flags))
    )
    folder = folder_of(plan, action.mailbox or INBOX, action.special_use, create=action.create)
    add_delivery(plan, Deliver(plan.route.target, folder, flags, action.create, due=due), action.message)
    if due is None:
        return "kept"
    plan.words.append(f"snoozed={due:%Y-%m-%dT%H:%MZ}")
    return "snoozed"


ACTION = ActionSpec("snooze", Snooze, plan)
