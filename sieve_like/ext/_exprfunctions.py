"""Functions of expressions (vnd.stalwart.expressions): texts and arrays; none asks the world."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sieve_like.address import parse_one
from sieve_like.ext._exprvalues import Item, Value, equal, items_of, number_of, text_of


@dataclass(frozen=True, slots=True)
class Function:
    """A function with a fixed number of arguments."""

    arguments: int
    call: Callable[..., Value]


def _on_text(change: Callable[[str], Value]) -> Function:
    """Return a function of one text."""
    return Function(1, lambda value: change(text_of(value)))


def _on_texts(combine: Callable[[str, str], Value]) -> Function:
    """Return a function of two texts."""
    return Function(2, lambda first, second: combine(text_of(first), text_of(second)))


def _each(change: Callable[[str], str]) -> Function:
    """Return a function of a text, or of every text of an array."""

    def call(value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(change(text_of(item)) for item in value)
        return change(text_of(value))

    return Function(1, call)


def _contains(value: Value, part: Value) -> Value:
    if isinstance(value, tuple):
        return int(any(equal(item, part) for item in value))
    return int(text_of(part) in text_of(value))


def _contains_any_case(value: Value, part: Value) -> Value:
    wanted = text_of(part).lower()
    if isinstance(value, tuple):
        return int(any(text_of(item).lower() == wanted for item in value))
    return int(wanted in text_of(value).lower())


def _substring(value: Value, start: Value, length: Value) -> Value:
    first = max(int(number_of(start)), 0)
    return text_of(value)[first : first + max(int(number_of(length)), 0)]


def _split(text: str, separator: str) -> Value:
    return tuple(text.split(separator)) if separator else (text,)


def _split_once(text: str, separator: str) -> Value:
    before, found, behind = text.partition(separator) if separator else (text, "", "")
    return (before, behind) if found else ""


def _rsplit_once(text: str, separator: str) -> Value:
    before, found, behind = text.rpartition(separator) if separator else ("", "", text)
    return (before, behind) if found else ""


def _split_n(value: Value, separator: Value, count: Value) -> Value:
    number = int(number_of(count))
    if not text_of(separator) or number < 1:
        return (text_of(value),)
    return tuple(text_of(value).split(text_of(separator), number - 1))


def _strip(text: str, piece: str, cut: Callable[[str, str], str]) -> Value:
    rest = cut(text, piece)
    return rest if rest != text else ""


def _email_part(address: str, part: str) -> Value:
    local, found, domain = address.rpartition("@")
    if not found:
        return ""
    return {"local": local, "domain": domain}.get(part, "")


def _dedup(value: Value) -> Value:
    return tuple(dict.fromkeys(items_of(value)))


def _sort(value: Value, ascending: Value) -> Value:
    def key(item: Item) -> tuple[int, float, str]:
        return (0, float(item), "") if isinstance(item, int | float) else (1, 0.0, item)

    return tuple(sorted(items_of(value), key=key, reverse=not ascending))


def _intersect(first: Value, second: Value) -> Value:
    return int(any(equal(one, other) for one in items_of(first) for other in items_of(second)))


FUNCTIONS: Final[Mapping[str, Function]] = {
    "contains": Function(2, _contains),
    "contains_ignore_case": Function(2, _contains_any_case),
    "count": Function(1, lambda value: len(items_of(value))),
    "count_chars": _on_texts(lambda text, one: text.count(one) if one else 0),
    "count_lowercase": _on_text(lambda text: sum(map(str.islower, text))),
    "count_spaces": _on_text(lambda text: sum(map(str.isspace, text))),
    "count_uppercase": _on_text(lambda text: sum(map(str.isupper, text))),
    "dedup": Function(1, _dedup),
    "email_part": _on_texts(_email_part),
    "ends_with": _on_texts(lambda text, end: int(text.endswith(end))),
    "eq_ignore_case": _on_texts(lambda one, other: int(one.lower() == other.lower())),
    "has_digits": _on_text(lambda text: int(any(c in "0123456789" for c in text))),
    "is_ascii": _on_text(lambda text: int(text.isascii())),
    "is_email": _on_text(lambda text: int(parse_one(text) is not None)),
    "is_empty": Function(1, lambda value: int(value in ("", ()))),
    "is_intersect": Function(2, _intersect),
    "is_lowercase": _on_text(lambda text: int(text == text.lower())),
    "is_number": Function(1, lambda value: int(isinstance(value, int | float))),
    "is_uppercase": _on_text(lambda text: int(text == text.upper())),
    "len": Function(1, lambda value: len(value) if isinstance(value, tuple) else len(text_of(value))),
    "lines": _on_text(lambda text: tuple(text.splitlines())),
    "rsplit_once": _on_texts(_rsplit_once),
    "sort": Function(2, _sort),
    "split": _on_texts(_split),
    "split_n": Function(3, _split_n),
    "split_once": _on_texts(_split_once),
    "starts_with": _on_texts(lambda text, start: int(text.startswith(start))),
    "strip_prefix": _on_texts(lambda text, piece: _strip(text, piece, str.removeprefix)),
    "strip_suffix": _on_texts(lambda text, piece: _strip(text, piece, str.removesuffix)),
    "substring": Function(3, _substring),
    "to_lowercase": _each(str.lower),
    "to_uppercase": _each(str.upper),
    "trim": _each(str.strip),
    "trim_end": _each(str.rstrip),
    "trim_start": _each(str.lstrip),
    "winnow": Function(1, lambda value: tuple(item for item in items_of(value) if item != "")),
}
