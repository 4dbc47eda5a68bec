"""Values of a script.

What an argument is while compiling, and what a command sees of its arguments in a run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the run holds values, and values are read from a run
    from sieve_like.interpreter import Run

Value = str | tuple[str, ...] | int
NUMBER_MAX: Final = 2**64 - 1  # RFC 5228 2.4.1 asks for 31 bits; established engines keep 64


@dataclass(frozen=True, slots=True)
class Constant:
    """An argument whose value is known when the script is compiled."""

    value: Value

    def read(self, run: "Run") -> Value:
        """Return the value; the run does not matter."""
        del run
        return self.value


@dataclass(frozen=True, slots=True)
class Dynamic:
    """An argument which holds variables: its value is made anew in every run.

    `source` is the text that it is made of, `items` the strings of a list: both are what it can be made of
    again, and what traces show.
    """

    read: Callable[["Run"], Value]
    source: str = ""
    items: tuple["Constant | Dynamic", ...] = ()


Expr = Constant | Dynamic


def listed(items: Sequence[Expr]) -> Expr:
    """Return a list of strings as one value."""
    if all(isinstance(item, Constant) for item in items):
        return Constant(tuple(str(item.value) for item in items if isinstance(item, Constant)))
    readers = tuple(item.read for item in items)
    return Dynamic(lambda run: tuple(str(read(run)) for read in readers), items=tuple(items))


class Args(Mapping[str, Value]):
    """The arguments of one command in one run, by field name, variables expanded.

    What was not said has its default, else the empty value of its kind; `said` tells the difference.
    """

    __slots__ = ("_defaults", "_said")

    def __init__(self, said: Mapping[str, Value], defaults: Mapping[str, Value]) -> None:
        self._said, self._defaults = said, defaults

    def __getitem__(self, name: str) -> Value:
        return self._said[name] if name in self._said else self._defaults[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._defaults)

    def __len__(self) -> int:
        return len(self._defaults)

    def said(self, name: str) -> bool:
        """Whether the script names this argument."""
        return name in self._said

    def text(self, name: str) -> str:
        """Return a string argument."""
        value = self[name]
        assert isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a string list; one string is a list of one."""
        value = self[name]
        assert isinstance(value, tuple)
        return value

    def number(self, name: str) -> int:
        """Return a number argument."""
        value = self[name]
        assert isinstance(value, int)
        return value

    def flag(self, name: str) -> bool:
        """Whether a tag without a value was given."""
        return bool(self[name])


def cut_utf8(text: str, octets: int) -> str:
    """Return as much of a text as fits into so many octets of UTF-8, never half a character."""
    if len(text) * 4 <= octets or len(text.encode("utf-8", "surrogateescape")) <= octets:
        return text
    return text.encode("utf-8", "surrogateescape")[:octets].decode("utf-8", "ignore")


def octets_of(text: str) -> int:
    """Return the length of a text in octets of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
