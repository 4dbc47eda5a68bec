"""What an action of a form becomes in the script: one table for both directions (W3 to W7, S4 to S7).

Most actions are one command whose arguments are a `Part` each. Two need a test around it: a folder must be
there before mail is moved into it (W4), and an answer may be for new tickets only.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

import re2

from mailgate.domain.helpdesk import read_span
from mailgate.rules.forms.model import (
    Action,
    Contact,
    Delete,
    Forward,
    Keep,
    Move,
    Notify,
    Reply,
    Ticket,
    Webhook,
)
from mailgate.rules.forms.tree import Argument, Call, Tag, strings, texts_of
from sieve_like.address import complain_about_address
from sieve_like.ext._mailbox import complain_about_mailbox

DAY: Final = 86400
# The variable that has what became of the ticket, and what it says where one was opened (docs/rules.md).
OUTCOME: Final = "ticket_was"
NEW: Final = ("created", "claimed")


class Sort(Enum):
    """What a part of an action is: a template is a text in which `${mail.subject}` is filled in."""

    TEXT = "a text"
    TEMPLATE = "a text with placeholders"
    TEXTS = "a list of texts"
    NUMBER = "a number"
    SWITCH = "a switch"
    SPAN = "a time"


@dataclass(frozen=True, slots=True)
class Part:
    """One value of an action, and its tag in the script ("" = it stands behind the tags).

    `kind` is the kind of names that it must be one of, "" for any text; `check` says what is wrong with it.
    """

    key: str
    tag: str = ""
    sort: Sort = Sort.TEXT
    kind: str = ""
    check: Callable[[str], str] = lambda _value: ""


@dataclass(frozen=True, slots=True)
class Kind:
    """An action: its class, its command, its parts in the command's order, and what must be required."""

    name: str
    made: type[Any]
    command: str
    parts: tuple[Part, ...] = ()
    requires: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


def span_of(seconds: int) -> str:
    """Return a time in its largest whole unit: `7d`, `90m`; `0` for none."""
    if not seconds:
        return "0"
    unit = next(((size, word) for size, word in ((DAY, "d"), (3600, "h")) if seconds % size == 0), (60, "m"))
    return f"{seconds // unit[0]}{unit[1]}"


def span_seconds(text: str) -> int:
    """Return a time as it stands in a form in seconds; raises ValueError."""
    return 0 if text == "0" else read_span(text)


def _pattern(value: str) -> str:
    options = re2.Options()
    options.log_errors = False  # who reads the form reports what is wrong with it
    try:
        re2.compile(value, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        return f"is no pattern: {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    return ""


def _span(value: str) -> str:
    try:
        span_seconds(value)
    except ValueError:
        return f"{value!r} is no time, write it as '30m', '4h', '7d', or '0' for every mail"
    return ""


def _address(value: str) -> str:
    return complain_about_address(value)


def _folder(value: str) -> str:
    return complain_about_mailbox(value)


KINDS: Final[Mapping[str, Kind]] = {
    one.name: one
    for one in (
        Kind(
            "move",
            Move,
            "fileinto",
            (
                Part("copy", "copy", Sort.SWITCH),
                Part("create", "create", Sort.SWITCH),
                Part("folder", check=_folder),
            ),
            needed=("folder",),
        ),
        Kind("delete", Delete, "discard"),
        Kind("keep", Keep, "keep"),
        Kind(
            "contact",
            Contact,
            "contact_create",
            (Part("categories", "category", Sort.TEXTS), Part("company", "company")),
            ("vnd.mailgate.contact",),
        ),
        Kind(
            "ticket",
            Ticket,
            "ticket",
            (
                Part("queue", "queue", kind="queue"),
                Part("subject", "subject", Sort.TEMPLATE),
                Part("agent", "assign", kind="agent"),
                Part("status", "status", kind="status"),
                Part("priority", "priority", kind="priority"),
                Part("categories", "category", Sort.TEXTS),
                Part("tags", "tag", Sort.TEXTS),
                Part("owner_group", "owner_group", kind="team"),
                Part("follow_up", "follow_up", kind="agent"),
                Part("follow_up_days", "follow_up_days", Sort.NUMBER),
                Part("workflow", "workflow", kind="workflow"),
                Part("match_subject", "match_subject", Sort.SWITCH),
                Part("key", "key", Sort.TEMPLATE),
                Part("key_regex", "key_regex", check=_pattern),
                Part("always_new", "never_follow_up", Sort.SWITCH),
                Part("update", "update", Sort.SWITCH),
                Part("copy", "copy", Sort.SWITCH),
            ),
            ("vnd.mailgate.ticket",),
        ),
        Kind(
            "reply",
            Reply,
            "reply",
            (
                Part("template", "template", kind="template"),
                Part("subject", "subject", Sort.TEMPLATE),
                Part("html", "html"),
                Part("attach", "attach", Sort.TEXTS, kind="template"),
                Part("sender", "from", check=_address),
                Part("salutation", "salutation_fallback"),
                Part("period", "", Sort.SPAN, check=_span),
                Part("text", "", Sort.TEMPLATE),
                Part("new_ticket", "", Sort.SWITCH),
            ),
            ("vnd.mailgate.reply",),
        ),
        Kind(
            "forward",
            Forward,
            "redirect",
            (Part("copy", "copy", Sort.SWITCH), Part("address", check=_address)),
            needed=("address",),
        ),
        Kind(
            "notify",
            Notify,
            "notify_agent",
            (
                Part("subject", "subject", Sort.TEMPLATE),
                Part("message", "message", Sort.TEMPLATE),
                Part("agents", "", Sort.TEXTS, kind="agent"),
            ),
            ("vnd.mailgate.workflow",),
            needed=("agents",),
        ),
        Kind(
            "webhook",
            Webhook,
            "webhook",
            (Part("message", "message", Sort.TEMPLATE), Part("hook", kind="webhook")),
            ("vnd.mailgate.workflow",),
            needed=("hook",),
        ),
    )
}
BY_COMMAND: Final = {one.command: one for one in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Manner:
    """How texts are written into a script: `literal` protects them from being filled in, `plain` undoes it.

    `outcome` says that tickets must tell what became of them.
    """

    literal: Callable[[str], str]
    plain: Callable[[str], str]
    outcome: bool = False


def kind_of(action: Action) -> Kind:
    """Return what the table says about an action."""
    return next(one for one in KINDS.values() if one.made is type(action))


def said(action: Action) -> dict[str, Any]:
    """Return what an action says: the values that are no defaults."""
    kind = kind_of(action)
    default = {one.name: one.default for one in fields(action)}
    values = {part.key: getattr(action, part.key) for part in kind.parts}
    return {key: value for key, value in values.items() if value != default[key] or key in kind.needed}


def requires_of(action: Action) -> tuple[str, ...]:
    """Return the extensions that an action needs."""
    kind = kind_of(action)
    match action:
        case Move(copy=copy, create=create):
            more = ("mailbox",) if create else ("mailbox", "vnd.mailgate.trace")
            return ("fileinto", *more, *(("copy",) if copy else ()))
        case Forward(copy=True):
            return ("copy",)
        case Reply(new_ticket=True):
            return (*kind.requires, "variables")
        case _:
            return kind.requires


def calls_of(action: Action, manner: Manner) -> tuple[Call, ...]:
    """Return the commands of an action."""
    command = _command(action, manner)
    match action:
        case Move(create=False, folder=folder):
            missing = manner.literal(f"there is no folder {folder}, so the mail is kept")
            there = Call("mailboxexists", (manner.literal(folder),))
            kept = (Call("trace", (missing,)), Call("keep"))
            return (Call("if", tests=(there,), block=(command,)), Call("else", block=kept))
        case Reply(new_ticket=True):
            return (Call("if", tests=(_is_new(),), block=(command,)),)
        case _:
            return (command,)


def _is_new() -> Call:
    return Call("string", (f"${{{OUTCOME}}}", NEW))


def _command(action: Action, manner: Manner) -> Call:
    tagged: list[Argument] = []
    behind: list[Argument] = []
    for part in kind_of(action).parts:
        value = getattr(action, part.key)
        if part.sort is Sort.SPAN:
            tagged += _period(value)
        elif not value or (isinstance(action, Reply) and part.key == "new_ticket"):
            continue
        elif part.tag:
            tagged += [Tag(part.tag), *_values(part, value, manner)]
        else:
            behind += _values(part, value, manner)
    if manner.outcome and isinstance(action, Ticket):
        tagged += [Tag("outcome"), OUTCOME]
    return Call(kind_of(action).command, (*tagged, *behind))


def _period(value: str) -> list[Argument]:
    if not value:
        return []
    seconds = span_seconds(value)
    whole = bool(seconds) and seconds % DAY == 0
    return [Tag("days"), seconds // DAY] if whole else [Tag("seconds"), seconds]


def _values(part: Part, value: Any, manner: Manner) -> list[Argument]:
    match part.sort:
        case Sort.SWITCH:
            return []
        case Sort.NUMBER:
            return [value]
        case Sort.TEXTS:
            return [strings([manner.literal(one) for one in value])]
        case Sort.TEMPLATE:
            return [value]
        case _:
            return [manner.literal(value)]


def action_of(calls: Sequence[Call], manner: Manner) -> tuple[Action | None, int]:
    """Return the action that the first commands were made of, and how many those are; (None, 0) for none.

    What comes back is a guess that must be checked by writing it once more.
    """
    first = calls[0]
    if first.name == "if" and first.block is not None and len(first.block) == 1 and first.tests:
        inner = _from_command(first.block[0], manner)
        match inner:
            case Move() if first.tests[0].name == "mailboxexists" and len(calls) > 1:
                return inner, 2
            case Reply() if first.tests[0] == _is_new():
                return _with(inner, new_ticket=True), 1
        return None, 0
    found = _from_command(first, manner)
    return found, int(found is not None)


def _with(reply: Reply, **more: Any) -> Reply:
    values = {one.name: getattr(reply, one.name) for one in fields(reply)}
    return Reply(**{**values, **more})


def _from_command(call: Call, manner: Manner) -> Action | None:
    kind = BY_COMMAND.get(call.name)
    if kind is None or call.tests or call.block is not None:
        return None
    tags = {part.tag: part for part in kind.parts if part.tag}
    values: dict[str, Any] = {"copy": False} if kind.made is Forward else {}
    behind = iter(part for part in kind.parts if not part.tag and part.sort not in {Sort.SPAN, Sort.SWITCH})
    arguments = list(call.arguments)
    while arguments:
        argument = arguments.pop(0)
        if not isinstance(argument, Tag):
            part = next(behind, None)
        elif argument.name in {"days", "seconds", "outcome"}:
            value = arguments.pop(0) if arguments else 0
            if isinstance(value, int):
                values["period"] = span_of(value * DAY if argument.name == "days" else value)
            continue
        else:
            part = tags.get(argument.name)
            if part is not None and part.sort is not Sort.SWITCH and arguments:
                argument = arguments.pop(0)
        if part is None:
            return None
        values[part.key] = _value_of(part, argument, manner)
    try:
        made: Action = kind.made(**values)
    except TypeError:
        return None
    return made


def _value_of(part: Part, argument: Argument, manner: Manner) -> Any:
    match part.sort:
        case Sort.SWITCH:
            return True
        case Sort.NUMBER:
            return argument
        case Sort.TEXTS:
            return tuple(manner.plain(one) for one in texts_of(argument) or ())
        case Sort.TEMPLATE:
            return argument
        case _:
            return manner.plain(argument) if isinstance(argument, str) else ""
