"""Expressions (vnd.stalwart.expressions): from text to a closure, with every error said at compile time.

or = and *("||" and); and = xor *("&&" xor); xor = equal *("^" equal); equal: == and !=; then < <= > >=; then
+ and -; then * and /; then the signs ! and -; then an index in brackets. Every operator is charged.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from sieve_like.errors import ScriptFailure, Span, did_you_mean
from sieve_like.ext._exprfunctions import FUNCTIONS
from sieve_like.ext._exprnames import field_reader
from sieve_like.ext._exprvalues import (
    INT_MAX,
    OPERATORS,
    Value,
    items_of,
    negative,
    number_of,
    size_of,
    truth,
)
from sieve_like.interpreter import Run
from sieve_like.limits import Limits

Read = Callable[[Run], Value]

TOKENS: Final = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<number> [0-9]+(?:\.[0-9]*)? | \.[0-9]+ )
    | (?P<name> header\.[A-Za-z0-9_.:*\[\]-]+ | [A-Za-z_][A-Za-z0-9_.]* )
    | (?P<string> '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?P<operator> && | \|\| | == | != | >= | <= | [&|=<>!^()+*/,\[\]-] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
SAME: Final = {"&": "&&", "|": "||", "=": "=="}
PRECEDENCE: Final[Mapping[str, int]] = {
    "||": 1, "&&": 2, "^": 3, "==": 4, "!=": 4, "<": 5, "<=": 5, ">": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7,
}  # fmt: skip
ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t"}
OPERATORS_MAX: Final = 200  # in one expression: far more than people write, and each one is a call in a call
CHARACTERS_A_STEP: Final = 64  # of the values that an operator works on: it copies them at most


class ExpressionError(Exception):
    """What is wrong with an expression."""


def expression(text: str, span: Span, limits: Limits, resolve: Callable[[str], Read | None]) -> Read:
    """Return what computes an expression in a run; `resolve` reads a variable, None for an unknown one.

    Raises ExpressionError.
    """
    return _Parser(text, span, limits, resolve).whole()


class _Parser:
    def __init__(self, text: str, span: Span, limits: Limits, resolve: Callable[[str], Read | None]) -> None:
        self._text, self._span, self._limits, self._resolve = text, span, limits, resolve
        self._at = self._depth = self._operators = 0
        self._kind = self._word = ""
        self._next()

    def _next(self) -> str:
        """Go to the next token; return the text of this one."""
        word = self._word
        found = TOKENS.match(self._text, self._at)
        if found is None:
            rest = self._text[self._at :].lstrip()
            self._wrong(f"there is no meaning in {rest[:20]!r}")
        self._at, self._kind = found.end(), found.lastgroup or "end"
        self._word = found[self._kind]
        if self._kind == "operator":
            self._word = SAME.get(self._word, self._word)
        return word

    def _is(self, word: str) -> bool:
        return self._kind == "operator" and self._word == word

    def _expect(self, word: str) -> None:
        if not self._is(word):
            found = repr(self._word) if self._word else "the end"
            self._wrong(f"expected '{word}', found {found}")
        self._next()

    def _wrong(self, message: str) -> NoReturn:
        raise ExpressionError(message)

    def whole(self) -> Read:
        """Read the whole text."""
        read = self._binary(1)
        if self._kind != "end":
            self._wrong(f"expected an operator, found {self._word!r}")
        return read

    def _binary(self, lowest: int) -> Read:
        """Read operands and operators of at least this precedence, from left to right."""
        left = self._unary()
        while self._kind == "operator" and PRECEDENCE.get(self._word, 0) >= lowest:
            operator = self._operator()
            right = self._binary(PRECEDENCE[operator] + 1)
            left = self._combined(operator, left, right)
        return left

    def _operator(self) -> str:
        self._operators += 1
        if self._operators > OPERATORS_MAX:
            self._wrong(f"it has more than {OPERATORS_MAX} operators")
        return self._next()

    def _combined(self, operator: str, left: Read, right: Read) -> Read:
        if operator in {"&&", "||"}:
            decides = operator == "||"

            def either(run: Run) -> Value:
                first = left(run)
                # What decides alone is the outcome; the other side is not even computed.
                return first if truth(first) is decides else int(truth(right(run)))

            return either
        combine, limit, span = OPERATORS[operator], self._limits.string_size, self._span

        def both(run: Run) -> Value:
            first, second = left(run), right(run)
            size = size_of(first) + size_of(second)
            if size > limit:
                raise ScriptFailure(f"a value of an expression has more than {limit} characters", span)
            run.charge(1 + size // CHARACTERS_A_STEP, span)
            return combine(first, second)

        return both

    def _unary(self) -> Read:
        self._depth += 1
        if self._depth > self._limits.nesting:
            self._wrong(f"it is nested deeper than {self._limits.nesting} levels")
        try:
            if self._is("!"):
                self._next()
                operand = self._unary()
                return lambda run: int(not truth(operand(run)))
            if self._is("-"):
                self._next()
                operand = self._unary()
                return lambda run: negative(operand(run))
            return self._indexed(self._operand())
        finally:
            self._depth -= 1

    def _indexed(self, read: Read) -> Read:
        while self._is("["):
            self._operator()
            read = _item(read, self._binary(1))
            self._expect("]")
        return read

    def _operand(self) -> Read:
        match self._kind:
            case "number":
                number = self._number()
                return lambda _run: number
            case "string":
                text = ESCAPE.sub(lambda m: ESCAPED.get(m[1], m[1]), self._next()[1:-1])
                return lambda _run: text
            case "name":
                return self._name()
        if self._is("("):
            self._next()
            read = self._binary(1)
            self._expect(")")
            return read
        if self._is("["):
            self._next()
            return _array(self._list("]"))
        raise ExpressionError(
            f"expected a value, found {self._word!r}" if self._word else "it ends too early"
        )

    def _number(self) -> int | float:
        word = self._next()
        if "." in word:
            return float(word)
        if len(word.lstrip("0")) > len(str(INT_MAX)) or int(word) > INT_MAX:
            self._wrong(f"the number {word[:30]} is too large")
        return int(word)

    def _list(self, end: str) -> tuple[Read, ...]:
        """Read values up to the closing word."""
        reads: list[Read] = []
        while not self._is(end):
            if reads:
                self._expect(",")
            reads.append(self._binary(1))
        self._next()
        return tuple(reads)

    def _name(self) -> Read:
        name = self._next()
        if self._is("("):
            return self._call(name)
        if name in {"true", "false"}:
            return lambda _run: int(name == "true")
        read = field_reader(name) or self._resolve(name.lower())
        if read is None:
            self._wrong(f"unknown variable '{name}'")
        return read

    def _call(self, name: str) -> Read:
        function = FUNCTIONS.get(name)
        if function is None:
            self._wrong(f"unknown function '{name}'{did_you_mean(name, FUNCTIONS)}")
        self._next()
        arguments = self._list(")")
        if len(arguments) != function.arguments:
            self._wrong(f"'{name}' takes {function.arguments} arguments, not {len(arguments)}")
        call, span = function.call, self._span

        def read(run: Run) -> Value:
            values = [argument(run) for argument in arguments]
            run.charge(1 + sum(map(size_of, values)) // CHARACTERS_A_STEP, span)
            return call(*values)

        return read


def _item(array: Read, index: Read) -> Read:
    def read(run: Run) -> Value:
        items, at = items_of(array(run)), int(number_of(index(run)))
        return items[at] if 0 <= at < len(items) else ""

    return read


def _array(reads: tuple[Read, ...]) -> Read:
    def read(run: Run) -> Value:
        return tuple(item for one in reads for item in _flat(one(run)))

    return read


def _flat(value: Value) -> tuple[int | float | str, ...]:
    return value if isinstance(value, tuple) else (value,)
