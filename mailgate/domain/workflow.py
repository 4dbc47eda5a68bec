"""Workflows (N4): on an event, if all conditions hold, do the actions in order. What they say.

    event = "changed status"
    when = ['new is closed', 'contact.vip is yes or priority is high, urgent']
    actions: set, add, remove, assign, note, mail, webhook, follow_up, session, start

Every line of `when` must hold; in a line one side of an `or` is enough. The database keeps conditions and
actions as JSON (`conditions_json`, `steps_json`); who carries them out stands in `actions/_workflows.py`.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from textwrap import shorten
from typing import Any, Final

from mailgate.domain.effects import AddEntry
from mailgate.domain.events import EventKind
from mailgate.domain.helpdesk import read_span

# Before the name in the history, at the gate and in the log.
PREFIX: Final = "workflow "
MINUTE_MS: Final = 60_000
# Nobody needs a workflow more often, and each run looks at every open ticket.
SHORTEST_MS: Final = 10 * MINUTE_MS
# Nobody writes more by hand.
MOST_LINES: Final = 50
# A note or a message; what is longer belongs into a template.
LONGEST_TEXT: Final = 10_000

# What people may listen to; "started" is by name only.
EVENTS: Final[Mapping[str, EventKind]] = {
    kind.value: kind
    for kind in (
        EventKind.CREATED,
        EventKind.CHANGED,
        EventKind.INCOMING,
        EventKind.ANSWERED,
        EventKind.COMMENTED,
        EventKind.SESSION,
        EventKind.ALARM,
        EventKind.FOLLOW_UP,
        EventKind.TIME,
        EventKind.STARTED,
    )
}
# The fields of a ticket whose change can be listened to.
CHANGING: Final = (
    "status", "priority", "queue", "agent", "owner_group", "subject", "categories", "tags", "workflow",
)  # fmt: skip
# What conditions may ask, with what stands behind it.
FIELDS: Final[Mapping[str, str]] = {
    "number": "the ticket's number",
    "subject": "its subject",
    "status": "its status",
    "status.kind": "what the status means: open, waiting or closed",
    "priority": "its priority",
    "queue": "its queue",
    "agent": "who has it; empty for nobody",
    "owner_group": "the team that owns it",
    "category": "its categories; one of them is enough",
    "tag": "its tags; one of them is enough",
    "workflow": "the workflow that it was put on",
    "alarm": "the alarm that is on: reaction late, execution due soon, execution late, or empty",
    "session": "the state of its session",
    "contact.name": "the customer's name",
    "contact.address": "the customer's address",
    "contact.type": "the customer's type",
    "contact.vip": "yes or no",
    "contact.company": "the customer's company",
    "contact.category": "the customer's categories; one of them is enough",
    "contact.language": "the customer's language",
    "hours": "open or closed: the queue's business hours now",
    "idle": "how long ago the last mail came or went",
    "age": "how long ago the ticket was opened",
    "old": "what the changed field, the session or the alarm was before",
    "new": "what it is now",
    "by": "who did it: an agent, a rule such as support:12, or a workflow",
}
DURATIONS: Final = frozenset({"idle", "age"})
OPERATORS: Final = (
    "is not", "is", "does not contain", "contains", "does not match", "matches", "at least", "less than",
)  # fmt: skip
COMPARING: Final = frozenset({"at least", "less than"})
NEGATED: Final[Mapping[str, str]] = {
    "is not": "is",
    "does not contain": "contains",
    "does not match": "matches",
    "less than": "at least",
}
EMPTY: Final = "empty"


@dataclass(frozen=True, slots=True)
class RunNote(AddEntry):
    """The note in the history that a workflow has run; `rule` names it, and the metrics count it."""


class BadWorkflow(ValueError):  # noqa: N818  it names what is wrong
    """A text that is no event, no condition or no action; the message says why."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a workflow listens to: a kind, for `changed` perhaps one field, for `time` when.

    `every_ms` is the time between two runs; or it runs daily at minute `at` of the day in `zone`.
    """

    kind: EventKind
    field: str = ""
    every_ms: int = 0
    at: int = -1
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about a ticket: any of `values` is enough."""

    field: str
    operator: str
    values: tuple[str, ...]


Line = tuple[Condition, ...]
Conditions = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One action; which of its parts it needs says `PARTS`."""

    do: str
    field: str = ""
    value: str = ""
    text: str = ""
    to: tuple[str, ...] = ()
    template: str = ""
    target: str = ""
    agent: str = ""
    after: str = ""


# What each action needs, and what it may have besides.
PARTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "set": (("field", "value"), ()),
    "add": (("field", "value"), ()),
    "remove": (("field", "value"), ()),
    "assign": (("agent",), ()),
    "note": (("text",), ()),
    "mail": (("template",), ("to",)),
    "webhook": (("target",), ("text",)),
    "follow_up": (("after",), ("agent", "text")),
    "session": (("value",), ()),
    "start": (("value",), ()),
}
SETTABLE: Final = ("status", "priority", "queue", "owner_group", "subject", "categories", "tags")
LISTS: Final = ("categories", "tags")
SESSION_MOVES: Final = ("open", "pause", "resolve", "close")
# Whom a mail may go to beside addresses.
PEOPLE: Final = ("contact", "agent", "team", "owner")
AUTO: Final = "auto"
NOBODY: Final = "nobody"

_AT: Final = re.compile(r"at ([0-9]{1,2}):([0-9]{2})(?: (\S+))?")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_TEST: Final = re.compile(r"\s*([a-z_.]+)\s+(" + "|".join(OPERATORS) + r")\s+(.+)", re.DOTALL)
_OR: Final = re.compile(r"\s+or\s+")
_HELD: Final = re.compile("\0([0-9]+)\0")


def near(word: str, known: Collection[str]) -> str:
    """Return `, did you mean 'status'?` where a known word is close, else ""."""
    found = get_close_matches(word, sorted(known), n=1)
    return f", did you mean {found[0]!r}?" if found else ""


def _listed(known: Collection[str]) -> str:
    return f"; there are {', '.join(known)}"


# -- events


@lru_cache(maxsize=512)
def parse_event(text: str) -> Trigger:
    """Return what `created`, `changed status`, `time every 4h` or `time at 08:00 Europe/Berlin` listens to.

    Raises BadWorkflow.
    """
    word, _, rest = text.strip().partition(" ")
    kind = EVENTS.get(word)
    if kind is None:
        raise BadWorkflow(f"{text!r} is no event{near(word, EVENTS) or _listed(EVENTS)}")
    rest = rest.strip()
    if kind is EventKind.TIME:
        return _clock(text, rest)
    if kind is EventKind.CHANGED and rest:
        if rest not in CHANGING:
            raise BadWorkflow(f"{rest!r} is no field that changes; there are {', '.join(CHANGING)}")
        return Trigger(kind, rest)
    if rest:
        raise BadWorkflow(f"nothing stands behind {word!r}, {rest!r} does")
    return Trigger(kind)


def _clock(text: str, rest: str) -> Trigger:
    """Return when a workflow runs by its own clock."""
    if rest.startswith("every "):
        try:
            every = read_span(rest.removeprefix("every ").strip()) * 1000
        except ValueError as bad:
            raise BadWorkflow(str(bad)) from None
        if every < SHORTEST_MS:
            raise BadWorkflow(f"{text!r} is too often; every 10m is the shortest")
        return Trigger(EventKind.TIME, every_ms=every)
    found = _AT.fullmatch(rest)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:  # noqa: PLR2004  hours and minutes
        raise BadWorkflow(f"{text!r} says no time, write 'time every 4h' or 'time at 08:00 Europe/Berlin'")
    return Trigger(EventKind.TIME, at=int(found[1]) * 60 + int(found[2]), zone=found[3] or "UTC")


def next_run(trigger: Trigger, now: int, zone: tzinfo | None) -> int:
    """Return when a workflow with a clock runs next, after now; ms since 1970."""
    if trigger.every_ms:
        return (now // trigger.every_ms + 1) * trigger.every_ms
    zone = zone or UTC
    today = datetime.fromtimestamp(now / 1000, zone).date()
    times = (
        datetime.combine(today + timedelta(days), time(trigger.at // 60, trigger.at % 60), zone)
        for days in range(3)
    )
    return next(at for one in times if (at := round(one.timestamp() * 1000)) > now)


# -- conditions


def parse_line(text: str) -> Line:
    """Return the tests of a line, any of which is enough; raises BadWorkflow."""
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(re.sub(r"\\(.)", r"\1", match[1]))
        return f"\0{len(held) - 1}\0"

    masked = _QUOTED.sub(hold, text.replace("\0", ""))
    return tuple(_test(part, held) for part in _OR.split(masked))


def _test(text: str, held: Sequence[str]) -> Condition:
    shown = _HELD.sub(lambda m: f'"{held[int(m[1])]}"', text).strip()
    found = _TEST.fullmatch(text)
    if found is None:
        raise BadWorkflow(f"{shown!r} is no condition, write it as 'status is open, pending'")
    field, operator = found[1], found[2]
    values = tuple(_value(part, held) for part in found[3].split(","))
    if field not in FIELDS:
        raise BadWorkflow(f"there is no field {field!r}{near(field, FIELDS)}")
    if (field in DURATIONS) is not (operator in COMPARING):
        want = "at least or less than" if field in DURATIONS else "is, contains, matches or their opposites"
        raise BadWorkflow(f"{shown!r}: {field} takes {want}")
    if field in DURATIONS:
        _duration(values)
    return Condition(field, operator, values)


def _value(text: str, held: Sequence[str]) -> str:
    word = text.strip()
    if word == EMPTY:
        return ""
    return _HELD.sub(lambda m: held[int(m[1])], word)


def _duration(values: Sequence[str]) -> None:
    if len(values) != 1 or not values[0]:
        raise BadWorkflow("one time is compared with, as '3d'")
    try:
        read_span(values[0])
    except ValueError as bad:
        raise BadWorkflow(str(bad)) from None


def show_line(line: Line) -> str:
    """Return a line as a person writes it."""
    return " or ".join(f"{t.field} {t.operator} {', '.join(map(_shown, t.values))}" for t in line)


def _shown(value: str) -> str:
    if not value:
        return EMPTY
    plain = value != EMPTY and value == value.strip() and not re.search(r'[",\\]|\sor\s', f" {value} ")
    return value if plain else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def holds(test: Condition, values: Sequence[str], elapsed_ms: int = 0) -> bool:
    """Whether a test holds of a field's values (compared without case), or of a time that has passed."""
    positive = NEGATED.get(test.operator, test.operator)
    if positive == "at least":
        found = elapsed_ms >= read_span(test.values[0]) * 1000
    else:
        there = [one.casefold() for one in values] or [""]
        asked = [one.casefold() for one in test.values]
        found = any(_fits(positive, one, other) for one in there for other in asked)
    return found is not (test.operator in NEGATED)


def _fits(operator: str, value: str, asked: str) -> bool:
    match operator:
        case "is":
            return value == asked
        case "contains":
            return asked in value
        case _:
            return fnmatchcase(value, asked)


# -- as JSON


def conditions_json(lines: Iterable[Line]) -> str:
    """Return conditions as the database keeps them, "" for none."""
    said = [[[t.field, t.operator, list(t.values)] for t in line] for line in lines]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


@lru_cache(maxsize=512)
def read_conditions(text: str) -> Conditions:
    """Return the conditions of a row; BadWorkflow for what this program cannot have written."""
    try:
        return tuple(
            tuple(_condition(str(f), str(o), tuple(map(str, v))) for f, o, v in line)
            for line in (json.loads(text) if text else ())
        )
    except (ValueError, TypeError) as bad:
        raise BadWorkflow(f"its conditions cannot be read: {bad}") from None


def _condition(field: str, operator: str, values: tuple[str, ...]) -> Condition:
    """Return a condition that can be asked; raises ValueError."""
    comparing = operator in COMPARING
    if field not in FIELDS or operator not in OPERATORS or (field in DURATIONS) is not comparing:
        raise ValueError(f"{field} {operator} is no condition")
    if field in DURATIONS:
        _duration(values)
    return Condition(field, operator, values)


def steps_json(steps: Iterable[Step]) -> str:
    """Return actions as the database keeps them, "" for none."""
    said = [{key: value for key, value in asdict(step).items() if value} for step in steps]
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


@lru_cache(maxsize=512)
def read_steps(text: str) -> tuple[Step, ...]:
    """Return the actions of a row; BadWorkflow as in `read_conditions`."""
    try:
        return tuple(_step(said) for said in (json.loads(text) if text else ()))
    except (ValueError, TypeError, AttributeError) as bad:
        raise BadWorkflow(f"its actions cannot be read: {bad}") from None


def _step(said: Mapping[str, Any]) -> Step:
    parts: dict[str, Any] = {
        one.name: tuple(map(str, said[one.name])) if one.name == "to" else str(said[one.name])
        for one in fields(Step)
        if one.name in said
    }
    return Step(**parts)


def show_step(step: Step) -> str:
    """Return an action as one line for people."""
    match step.do:
        case "set":
            return f"set {step.field} to {step.value}"
        case "add" | "remove":
            return f"{step.do} {step.value} {'to' if step.do == 'add' else 'from'} {step.field}"
        case "assign":
            return f"assign to {step.agent}"
        case "note":
            return f"note: {shorten(step.text, 60, placeholder=' …')}"
        case "mail":
            to = f" to {', '.join(step.to)}" if step.to else ""
            return f"mail {step.template}{to}"
        case "webhook":
            return f"tell webhook {step.target}"
        case "follow_up":
            return f"remind {step.agent or 'the agent'} after {step.after}"
        case "session":
            return f"{step.value} the session"
        case _:
            return f"start workflow {step.value}"


def step_complaints(step: Step) -> Iterator[tuple[str, str]]:
    """Yield (part, message) of what is wrong with an action by itself; names are another question."""
    needed, more = PARTS.get(step.do, ((), ()))
    if step.do not in PARTS:
        yield "do", f"{step.do!r} is no action{near(step.do, PARTS) or _listed(PARTS)}"
        return
    for name in needed:
        if not getattr(step, name) and (step.do, name) != ("set", "value"):
            yield name, f"is missing: {step.do} needs {' and '.join(needed)}"
    for one in fields(step):
        if one.name != "do" and one.name not in {*needed, *more} and getattr(step, one.name):
            yield one.name, f"says nothing to {step.do}, which takes {', '.join((*needed, *more))}"
    if step.do == "set" and step.field and step.field not in SETTABLE:
        yield "field", f"{step.field!r} cannot be set; there are {', '.join(SETTABLE)}"
    if step.do in {"add", "remove"} and step.field and step.field not in LISTS:
        yield "field", f"{step.field!r} is no list; there are {', '.join(LISTS)}"
    if step.do == "session" and step.value and step.value not in SESSION_MOVES:
        yield (
            "value",
            f"{step.value!r} is nothing that happens to a session; there are {', '.join(SESSION_MOVES)}",
        )
    if step.after:
        try:
            read_span(step.after)
        except ValueError as bad:
            yield "after", str(bad)
