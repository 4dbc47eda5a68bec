"""Commands in the first lines of an agent's mail: `#comment`, `#status pending` (T10).

Only the block of lines at the top counts; the first line that is none ends it. Every command does what the
one of the same name does at the desk, with the same rights. A line that cannot be read voids the whole mail:
nothing is sent, nothing changed. The table below is also the one in `docs/agents-by-mail.md`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mailgate.domain.action import PlanPolicy
from mailgate.domain.desk import fields, talk
from mailgate.domain.desk.fields import Wish, words_of
from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError, meant, require_known
from mailgate.domain.effects import Effect
from mailgate.domain.helpdesk import StatusKind, closing_status, first_status

# A letter must follow: `#1 is broken` is text.
_COMMAND: Final = re.compile(r"[ \t\u00a0]*#(?P<name>[A-Za-z]\w*):?(?:[ \t\u00a0]+(?P<value>.*\S))?\s*")
# More than this is no block of commands but a text that looks like one.
MOST: Final = 20
# What a notice shows of a line.
SHOWN: Final = 80
ME, NOBODY = "me", "nobody"


class BadLine(DeskError):  # noqa: N818  it names what is wrong
    """A command that cannot be carried out; the text has the line and what is wrong with it."""

    def __init__(self, line: str, why: str) -> None:
        super().__init__(f"{line[:SHOWN]!r}: {why}")


@dataclass(frozen=True, slots=True)
class Line:
    """One command as it was written; `value` is "" where there was none."""

    name: str
    value: str
    text: str


@dataclass(frozen=True, slots=True)
class MailCommand:
    """One line of the table: its name, what stands behind it ("" for nothing), what it does.

    `wishes` returns the fields that it sets; a value is checked where they are planned.
    """

    name: str
    value: str
    does: str
    wishes: Callable[[Ground, str], list[tuple[str, Wish]]]


def _nothing(_ground: Ground, _value: str) -> list[tuple[str, Wish]]:
    return []


def _status(ground: Ground, value: str) -> list[tuple[str, Wish]]:
    return [("status", require_known("status", value, ground.catalogue.statuses))]


def _close(ground: Ground, _value: str) -> list[tuple[str, Wish]]:
    return [("status", closing_status(ground.catalogue.statuses))]


def _reopen(ground: Ground, _value: str) -> list[tuple[str, Wish]]:
    return [("status", first_status(ground.catalogue.statuses, StatusKind.OPEN))]


def _assign(ground: Ground, value: str) -> list[tuple[str, Wish]]:
    known = {ME: ground.actor.name, NOBODY: ""}
    if value.lower() in known:
        return [("agent", known[value.lower()])]
    require_known("agent", value, (*ground.catalogue.agents, ME, NOBODY))
    return [("agent", value)]


def _priority(ground: Ground, value: str) -> list[tuple[str, Wish]]:
    return [("priority", require_known("priority", value, ground.catalogue.priorities))]


def _move(ground: Ground, value: str) -> list[tuple[str, Wish]]:
    return [("queue", require_known("queue", value, ground.catalogue.queues))]


def _owner(ground: Ground, value: str) -> list[tuple[str, Wish]]:
    return [("owner_group", require_known("team", value, ground.catalogue.teams))]


def _tag(_ground: Ground, value: str) -> list[tuple[str, Wish]]:
    """Words are added; `-word` takes one away."""
    words = [word if word[:1] in {"+", "-"} else f"+{word}" for word in value.replace(",", " ").split()]
    return [("tags", change) for change in words_of(words)]


COMMANDS: Final = (
    MailCommand(
        "comment", "", "The text becomes a comment that agents alone see; nothing is sent.", _nothing
    ),
    MailCommand("status", "STATUS", "Sets the status, after the answer if there is one.", _status),
    MailCommand("close", "", "Closes the ticket, after the answer if there is one.", _close),
    MailCommand("reopen", "", "Opens a closed ticket again.", _reopen),
    MailCommand("assign", "AGENT", "Gives the ticket to an agent, to `me`, or to `nobody`.", _assign),
    MailCommand("priority", "PRIORITY", "Sets the priority.", _priority),
    MailCommand("tag", "WORD …", "Adds tags; `-word` takes one away.", _tag),
    MailCommand("move", "QUEUE", "Moves the ticket; an answer in the same mail leaves as before.", _move),
    MailCommand("owner", "TEAM", "Sets the owner group.", _owner),
)
_BY_NAME: Final[Mapping[str, MailCommand]] = {one.name: one for one in COMMANDS}
COMMENT: Final = "comment"


@dataclass(frozen=True, slots=True)
class Orders:
    """What an agent's mail says: the block of commands, and the text below it."""

    lines: tuple[Line, ...]
    text: str

    @property
    def silent(self) -> bool:
        """Whether the text is a comment, and nothing is to be sent."""
        return any(line.name == COMMENT for line in self.lines)


def read_orders(text: str) -> Orders:
    """Return the commands in front of a text, and the rest; nothing is checked yet."""
    rest = text.lstrip("\n").split("\n")
    lines: list[Line] = []
    while rest and len(lines) < MOST:
        found = _COMMAND.fullmatch(rest[0])
        if found is None:
            if rest[0].strip() or not lines:
                break
            # A blank line may stand within the block: some programs part every line from the next.
            rest.pop(0)
            continue
        lines.append(Line(found["name"].lower(), found["value"] or "", rest.pop(0).strip()))
    return Orders(tuple(lines), "\n".join(rest).strip())


def plan_orders(
    ground: Ground, policy: PlanPolicy, number: str, orders: Orders, words: talk.Words
) -> list[Effect]:
    """Return what a mail of an agent does: the changes it orders, and its answer or comment.

    `words` has what goes along with an answer beside its text. Raises DeskError; then nothing must be done.
    """
    wishes = _wishes(ground, orders.lines)
    if not orders.text and not wishes:
        raise DeskError("there is nothing to say: no text stands above the line")
    sends = bool(orders.text) and not orders.silent
    status = wishes.pop("status", "") if sends else ""
    effects = fields.set_fields(ground, number, list(wishes.items()))
    if orders.silent and orders.text:
        effects += fields.comment(ground, number, orders.text)
    if sends:
        said = replace(words, text=orders.text, status=str(status))
        # The answer leaves as the ticket was when the agent read it; what it orders comes after.
        effects = [*talk.reply(ground, policy, number, said), *effects]
    return effects


def _wishes(ground: Ground, lines: tuple[Line, ...]) -> dict[str, Wish]:
    """Return the fields that the commands set; BadLine for the first that cannot be carried out."""
    found: dict[str, Wish] = {}
    for line in lines:
        command = _BY_NAME.get(line.name)
        if command is None:
            raise BadLine(line.text, f"there is no command #{line.name}{meant(line.name, _BY_NAME)}")
        if bool(command.value) != bool(line.value):
            needs = f"needs {command.value} behind it" if command.value else "takes nothing behind it"
            raise BadLine(line.text, f"#{command.name} {needs}")
        try:
            wishes = command.wishes(ground, line.value)
        except DeskError as wrong:
            raise BadLine(line.text, str(wrong)) from None
        for field, wish in wishes:
            if field in found:
                raise BadLine(line.text, f"the {field} was said in a line above")
            found[field] = wish
    return found


def render() -> str:
    """Return the table of commands for `docs/agents-by-mail.md`."""
    rows = (f"| `#{' '.join(filter(None, (one.name, one.value)))}` | {one.does} |" for one in COMMANDS)
    return "\n".join(("| line | what it does |", "|---|---|", *rows))
