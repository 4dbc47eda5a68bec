"""What the business says about its helpdesk beside queues and agents: all of it data, all with defaults.

Kept as rows of the database, written by `mailgate apply` and by commands, read into the catalogue.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final


class Role(StrEnum):
    """What an agent may do at all; `domain/access.py` says what that means."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class StatusKind(StrEnum):
    """What a status means to timers, counts and filters."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Team:
    """Agents under one name: queues, owner groups and access speak of it (W2, G14)."""

    name: str
    members: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A status that tickets may have, and what it means; `position` is its place in lists."""

    name: str
    kind: str = StatusKind.OPEN.value
    position: int = 0


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority and its service times (T9): `30m` and `4h` of business hours, `2d` working days; "" is none.

    `warning` is how long before `execution` the alarm "execution due soon" goes on.
    """

    name: str
    reaction: str = ""
    warning: str = ""
    execution: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class Workflow:
    """On an event, if all conditions hold, do the actions in order (N4); both are JSON texts."""

    name: str
    event: str = ""
    conditions: str = ""
    actions: str = ""
    description: str = ""
    enabled: bool = True
    position: int = 0


@dataclass(frozen=True, slots=True)
class Automation:
    """Rules without code for one address (W1, W2, S3, T5); `rules` is the JSON of the form.

    Only `creator`, administrators and the members of `teams` may use or change it.
    """

    name: str
    address: str = ""
    rules: str = ""
    description: str = ""
    enabled: bool = True
    creator: str = ""
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskSetting:
    """One value of `DeskPolicy` as a person writes it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DeskPolicy:
    """The switches and times of the helpdesk; days are whole days, 1 to 1,000 (G1, G2, G8, G9, G12).

    `channel`: whether addresses take mail at all; a new installation takes none until somebody says so (G1).
    `number_pattern` holds `{n}`. `subjects` is a word of `SUBJECTS`, `answers_to` one
    of `ANSWERS_TO`, `mail_texts` one of `MAIL_TEXTS`. `company` is our own company's name, for
    texts (G16, G19). `images_mb`: how many MiB the images in the HTML of an answer have at most (G16, G20).
    """

    channel: bool = False
    number_pattern: str = "T-{n}"
    paused_to_closed: bool = True
    paused_to_closed_days: int = 60
    resolved_to_closed: bool = True
    resolved_to_closed_days: int = 30
    active_to_paused: bool = True
    active_to_paused_days: int = 30
    reopen: bool = True
    reopen_days: int = 30
    incoming_tickets: bool = True
    outgoing_tickets: bool = True
    subjects: str = "number"
    answers_to: str = "queue"
    mail_texts: str = "each"
    link_url: str = ""
    presence_minutes: int = 15
    login_link_hours: int = 24
    company: str = ""
    images_mb: int = 25


# The helpdesk of an installation that says nothing about it.
STATUSES: Final = (
    Status("open", "open", 0),
    Status("pending", "waiting", 1),
    Status("solved", "closed", 2),
    Status("closed", "closed", 3),
)
PRIORITIES: Final = (
    Priority("low", position=0),
    Priority("normal", position=1),
    Priority("high", position=2),
    Priority("urgent", position=3),
)
# What subjects of answers are: `number` puts the ticket's number in, and agents may not change them (G2);
# `edit` lets agents change them, and the session is known by its Message-IDs (G3). One excludes the other.
SUBJECTS: Final = ("number", "edit")
# Where answers to our mails go: the queue's address, or one with a token of the ticket (MAIL.md 5).
ANSWERS_TO: Final = ("queue", "ticket")
# Where the texts of mails stand in a ticket (G9, `domain/mailtexts.py`).
MAIL_TEXTS: Final = ("each", "answer", "session", "off")
# How a queue's work is shared out (G15).
ASSIGNMENTS: Final = ("off", "fewest")
# Who hears of a customer's mail in a queue's tickets.
NOTIFY: Final = ("off", "agent", "team")
# What the text of a template is.
FORMATS: Final = ("text", "markdown", "html")
_SPAN: Final = re.compile(r"([0-9]{1,5})([mhd])")
# As plain time; in a queue's business hours a day is a working day (`domain/hours.add_span`).
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400}
FEWEST_DAYS: Final = 1
MOST_DAYS: Final = 1000
# G16 names it; few servers take a mail of that size.
MOST_MB: Final = 200


def status_kind(statuses: Mapping[str, Status], name: str) -> StatusKind:
    """Return what a status means; one that the business does not have (any more) means what it did at first.

    A word that never was one is open: somebody has to look at the ticket.
    """
    found = statuses.get(name) or next((one for one in STATUSES if one.name == name), None)
    return StatusKind(found.kind) if found is not None else StatusKind.OPEN


def first_status(statuses: Mapping[str, Status], kind: StatusKind) -> str:
    """Return the first status of a kind: what a ticket gets that is opened, set to wait, or closed."""
    among = (*statuses.values(), *STATUSES)
    return next(one.name for one in among if one.kind == kind.value)


def closing_status(statuses: Mapping[str, Status]) -> str:
    """Return the status of a ticket that is closed: the one called so, else the first that means it."""
    found = statuses.get("closed")
    if found is not None and found.kind == StatusKind.CLOSED.value:
        return found.name
    return first_status(statuses, StatusKind.CLOSED)


def read_span(text: str) -> int:
    """Return a time as a person writes it (`30m`, `4h`, `2d`) in seconds, 0 for ""; raises ValueError."""
    if not text:
        return 0
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is no time, write it as '30m', '4h' or '2d'")
    return int(found[1]) * _SECONDS[found[2]]


def span_complaint(text: str) -> str:
    """Return what is wrong with a service time that a person wrote, "" where nothing is."""
    try:
        read_span(text)
    except ValueError as bad:
        return str(bad)
    return ""


def priority_complaints(priority: Priority) -> Iterator[tuple[str, str]]:
    """Yield (part, message) of what is wrong with the times of a priority."""
    wrong = False
    for key in ("reaction", "execution", "warning"):
        if text := span_complaint(getattr(priority, key)):
            wrong = True
            yield key, text
    if wrong or not priority.warning:
        return
    if not priority.execution:
        yield "warning", "warns of nothing: there is no time of execution"
    elif priority.warning[-1] == priority.execution[-1] and (
        read_span(priority.warning) > read_span(priority.execution)
    ):
        yield "warning", f"{priority.warning} is longer than the whole execution, {priority.execution}"


def setting_complaint(name: str, value: str) -> str:
    """Return what is wrong with a setting that a person wrote, "" where nothing is."""
    try:
        _read(name, value)
    except KeyError:
        return f"there is no setting {name!r}"
    except ValueError as bad:
        return str(bad)
    return ""


def setting_text(value: bool | int | str) -> str:  # noqa: FBT001  a switch is one of the values
    """Return a setting's value as it is kept: `on`, `30`, `T-{n}`."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def setting_names() -> tuple[str, ...]:
    """Return the names of all settings."""
    return tuple(one.name for one in fields(DeskPolicy))


def policy(settings: dict[str, str]) -> DeskPolicy:
    """Return the policy that these settings make; what is not said or makes no sense has its default."""
    said: dict[str, Any] = {
        name: _read(name, value) for name, value in settings.items() if not setting_complaint(name, value)
    }
    return DeskPolicy(**said)


def _read(name: str, value: str) -> bool | int | str:
    """Return a setting's value; KeyError for one that is none, ValueError saying why it makes no sense."""
    kinds = {one.name: type(getattr(DeskPolicy(), one.name)) for one in fields(DeskPolicy)}
    kind = kinds[name]
    if kind is bool:
        if value.lower() not in {"true", "false", "on", "off", "yes", "no"}:
            raise ValueError(f"{value!r} is no switch, write on or off")
        return value.lower() in {"true", "on", "yes"}
    if kind is int:
        return _number(name, value)
    if name == "subjects" and value not in SUBJECTS:
        raise ValueError(f"{value!r} is no way to treat subjects, write {' or '.join(SUBJECTS)}")
    if name == "answers_to" and value not in ANSWERS_TO:
        raise ValueError(f"{value!r} is nowhere for answers to go, write {' or '.join(ANSWERS_TO)}")
    if name == "mail_texts" and value not in MAIL_TEXTS:
        raise ValueError(f"{value!r} is no way to keep texts, write {', '.join(MAIL_TEXTS)}")
    if name == "number_pattern" and (value.count("{n}") != 1 or not value.isprintable()):
        raise ValueError(f"{value!r} must hold {{n}} once, as in 'T-{{n}}'")
    return value


def _number(name: str, value: str) -> int:
    most = MOST_DAYS if name.endswith("_days") else MOST_MB if name.endswith("_mb") else 100_000
    if not value.isascii() or not value.isdigit() or not FEWEST_DAYS <= int(value) <= most:
        raise ValueError(f"{value!r} is no whole number from {FEWEST_DAYS} to {most:,}")
    return int(value)
