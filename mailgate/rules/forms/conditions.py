"""What a condition of a form may ask, and the test that it becomes: one table for both directions (S3, T5).

A line of the table is a field with an operator, the test, and its arguments in order; a `Slot` stands where
the form's values go. `call_of` fills the slots in, `condition_of` finds out what stands in them.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from mailgate.actions.auth import CLASSES
from mailgate.rules.forms.model import Condition
from mailgate.rules.forms.tree import Argument, Call, Tag, strings, texts_of
from sieve_like.ext.regex import complain_about_pattern
from sieve_like.values import NUMBER_MAX


class Slot(Enum):
    """Where the form's values go: a header field's name, one or more texts, exactly one, none or one."""

    NAME = "a name"
    VALUES = "values"
    VALUE = "one value"
    OPTIONAL = "a value or none"
    NUMBER = "a size"


Piece = Argument | Slot
Change = Callable[[str], str]


def _same(value: str) -> str:
    return value


def _fine(_value: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of the table.

    `check` says what is wrong with a value ("" = nothing); `wrote` makes of it what the script has, `read` is
    the way back. `kind` is the kind of names that the values must be, "" for any text.
    """

    field: str
    operator: str
    test: str
    pieces: tuple[Piece, ...]
    requires: tuple[str, ...] = ()
    check: Change = _fine
    wrote: Change = _same
    read: Change = _same
    kind: str = ""

    def slot(self) -> Slot | None:
        """Return what the values are, None where there are none."""
        found = [one for one in self.pieces if isinstance(one, Slot) and one is not Slot.NAME]
        return found[0] if found else None


TEXT_OPERATORS: Final = ("is", "contains", "matches", "regex")
# What is compared by letters: without regard to case, in all scripts of the world where that matters.
FOLDING: Final = "i;unicode-casemap"
FOLDED: Final = frozenset({"is", "contains", "matches"})
COMPARED: Final = frozenset({"header", "address", "envelope", "body"})
_SIZE: Final = re.compile(r"([1-9][0-9]{0,18})([KMG]?)")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
# RFC 5260 4.2: "0" is Sunday.
WEEKDAYS: Final = {"mon": "1", "tue": "2", "wed": "3", "thu": "4", "fri": "5", "sat": "6", "sun": "0"}
_DAYS: Final = {number: day for day, number in WEEKDAYS.items()}


def octets_of(size: str) -> int:
    """Return a size as a person writes it (`500K`, `10M`) in octets; raises ValueError."""
    found = _SIZE.fullmatch(size)
    if found is None or int(found[1]) * _UNITS[found[2]] > NUMBER_MAX:
        raise ValueError(f"{size!r} is no size, write it as '500K' or '10M'")
    return int(found[1]) * _UNITS[found[2]]


def size_of(octets: int) -> str:
    """Return a size in its largest whole unit."""
    unit = next((u for u in ("G", "M", "K") if octets and octets % _UNITS[u] == 0), "")
    return f"{octets // _UNITS[unit]}{unit}"


def _size(value: str) -> str:
    try:
        octets_of(value)
    except ValueError as wrong:
        return str(wrong)
    return ""


def _day(value: str) -> str:
    try:
        return "" if date.fromisoformat(value).isoformat() == value else f"write {value!r} as '2026-12-24'"
    except ValueError:
        return f"{value!r} is no date, write it as '2026-12-24'"


def _time(value: str) -> str:
    return "" if _TIME.fullmatch(value) else f"{value!r} is no time of day, write it as '18:30'"


def _weekday(value: str) -> str:
    return "" if value in WEEKDAYS else f"{value!r} is no day, write {', '.join(WEEKDAYS)}"


def _class(value: str) -> str:
    return "" if value in CLASSES else f"{value!r} is no class, write {', '.join(CLASSES)}"


def _texts(
    field: str, test: str, fixed: Argument, *, before: tuple[Tag, ...] = (), requires: tuple[str, ...] = ()
) -> Iterable[Question]:
    """Yield a line for each way to compare a text."""
    for operator in TEXT_OPERATORS:
        pieces: tuple[Piece, ...] = (*before, Tag(operator), *((fixed,) if fixed else ()), Slot.VALUES)
        regex = operator == "regex"
        yield Question(
            field,
            operator,
            test,
            pieces,
            (*requires, "regex") if regex else requires,
            check=complain_about_pattern if regex else _filled if operator != "is" else _fine,
        )


def _filled(value: str) -> str:
    return "" if value else "an empty text is in every text"


CONTACT: Final = ("vnd.mailgate.contact",)
ACCOUNT: Final = ("vnd.mailgate.account",)
OURS: Final = ("vnd.mailgate.ticket",)
CLOCK: Final = ("date", "relational")


def _clock(field: str, operator: str, relation: str, check: Change, wrote: Change, read: Change) -> Question:
    pieces = (Tag("value"), relation, field, Slot.VALUE)
    return Question(field, operator, "currentdate", pieces, CLOCK, check, wrote, read)


QUESTIONS: Final[tuple[Question, ...]] = (
    *_texts("subject", "header", "subject"),
    *(
        one
        for one in _texts("body", "body", "", before=(Tag("text"),), requires=("body",))
        if one.operator != "is"
    ),
    *_texts("sender", "address", "from"),
    *_texts("sender_domain", "address", "from", before=(Tag("domain"),)),
    *_texts("recipient", "envelope", "to", requires=("envelope",)),
    *_texts("recipients", "address", ("to", "cc", "bcc")),
    Question(
        "attachment",
        "present",
        "header",
        (Tag("mime"), Tag("anychild"), Tag("type"), Tag("is"), "content-disposition", "attachment"),
        ("mime",),
    ),
    *(
        Question(
            "header", one.operator, "header", (one.pieces[0], Slot.NAME, Slot.VALUES), one.requires, one.check
        )
        for one in _texts("header", "header", "")
    ),
    Question("header", "exists", "exists", (Slot.NAME,)),
    Question("size", "over", "size", (Tag("over"), Slot.NUMBER), check=_size),
    Question("size", "under", "size", (Tag("under"), Slot.NUMBER), check=_size),
    Question("account", "is", "account", (Slot.VALUES,), ACCOUNT),
    Question("queue", "is", "queue", (Slot.VALUES,), ACCOUNT, kind="queue"),
    Question("business_hours", "open", "businesshours", (Slot.OPTIONAL,), ACCOUNT, kind="queue"),
    Question("customer", "known", "contact", (Tag("known"),), CONTACT),
    Question("customer", "vip", "contact", (Tag("vip"),), CONTACT),
    Question("customer_type", "is", "contact", (Tag("type"), Slot.VALUES), CONTACT, _filled),
    Question("customer_category", "is", "contact", (Tag("category"), Slot.VALUES), CONTACT, _filled),
    Question("customer_language", "is", "contact", (Tag("language"), Slot.VALUES), CONTACT, _filled),
    Question("customer_company", "matches", "contact", (Tag("company"), Slot.VALUE), CONTACT, _filled),
    Question("ticket", "exists", "ticket", (Tag("exists"),), OURS),
    Question("ticket_status", "is", "ticket", (Tag("status"), Slot.VALUES), OURS, kind="status"),
    Question("class", "is", "class", (Slot.VALUES,), ("vnd.mailgate.auth",), _class),
    Question("date", "is", "currentdate", (Tag("is"), "date", Slot.VALUES), ("date",), _day),
    _clock("date", "before", "lt", _day, _same, _same),
    _clock("date", "after", "gt", _day, _same, _same),
    _clock("time", "before", "lt", _time, "{}:00".format, lambda value: value.removesuffix(":00")),
    _clock("time", "after", "ge", _time, "{}:00".format, lambda value: value.removesuffix(":00")),
    Question(
        "weekday",
        "is",
        "currentdate",
        (Tag("is"), "weekday", Slot.VALUES),
        ("date",),
        _weekday,
        lambda value: WEEKDAYS[value],
        lambda value: _DAYS.get(value, value),
    ),
)
TABLE: Final[Mapping[tuple[str, str], Question]] = {(one.field, one.operator): one for one in QUESTIONS}
FIELDS: Final = tuple(dict.fromkeys(one.field for one in QUESTIONS))


def operators(field: str) -> tuple[str, ...]:
    """Return the operators that a field has."""
    return tuple(one.operator for one in QUESTIONS if one.field == field)


def call_of(condition: Condition, literal: Change) -> Call:
    """Return the test of a condition; `literal` protects a text where the script fills in variables."""
    question = TABLE[condition.field, condition.operator]
    values = [literal(question.wrote(one)) for one in condition.values]
    arguments: list[Argument] = []
    if folds(condition):
        arguments += [Tag("comparator"), FOLDING]
    for piece in question.pieces:
        match piece:
            case Slot.NAME:
                arguments.append(literal(condition.name))
            case Slot.NUMBER:
                arguments.append(octets_of(condition.values[0]))
            case Slot():
                arguments += [strings(values)] if values else []
            case _:
                arguments.append(piece)
    call = Call(question.test, tuple(arguments))
    return Call("not", tests=(call,)) if condition.negate else call


def folds(condition: Condition) -> bool:
    """Whether letters beyond ASCII are compared: only the comparator of all scripts does so without case."""
    test = TABLE[condition.field, condition.operator].test
    compared = test in COMPARED and condition.operator in FOLDED
    return compared and not all(value.isascii() for value in condition.values)


def requires_of(condition: Condition) -> tuple[str, ...]:
    """Return the extensions that the test of a condition needs."""
    needed = TABLE[condition.field, condition.operator].requires
    return (*needed, f"comparator-{FOLDING}") if folds(condition) else needed


def condition_of(call: Call, plain: Change) -> Condition | None:
    """Return the condition that a test was made of, None where no condition makes it."""
    if call.name == "not" and len(call.tests) == 1 and not call.listed:
        inner = condition_of(call.tests[0], plain)
        if inner is None or inner.negate:
            return None
        return Condition(inner.field, inner.operator, inner.values, inner.name, negate=True)
    arguments = call.arguments
    if call.tests or call.listed:
        return None
    if arguments[:2] == (Tag("comparator"), FOLDING):
        arguments = arguments[2:]
    for question in QUESTIONS:
        found = _filled_in(question, arguments, plain) if question.test == call.name else None
        if found is not None:
            return found
    return None


def _filled_in(question: Question, arguments: Sequence[Argument], plain: Change) -> Condition | None:
    """Return what stands in the slots of a line, None where the arguments are not those of this line."""
    pieces = question.pieces
    if pieces[-1:] == (Slot.OPTIONAL,) and len(arguments) < len(pieces):
        pieces = pieces[:-1]
    if len(pieces) != len(arguments):
        return None
    name = ""
    values: tuple[str, ...] = ()
    for piece, argument in zip(pieces, arguments, strict=True):
        texts = texts_of(argument)
        match piece:
            case Slot.NUMBER if isinstance(argument, int):
                values = (size_of(argument),)
            case Slot.NAME if isinstance(argument, str):
                name = plain(argument)
            case Slot.VALUES if texts:
                values = tuple(question.read(plain(one)) for one in texts)
            case Slot.VALUE | Slot.OPTIONAL if isinstance(argument, str):
                values = (question.read(plain(argument)),)
            case Slot():
                return None
            case _ if piece != argument:
                return None
    if any(question.check(value) for value in values):
        return None
    return Condition(question.field, question.operator, values, name)
