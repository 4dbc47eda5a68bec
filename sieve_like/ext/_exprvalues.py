"""Values of expressions (vnd.stalwart.expressions): integers of 64 bits, floats, texts and arrays.

What operators make of them is as in the engine that the extension comes from: sums of texts join them, sums
of arrays too, other arithmetic reads texts as numbers (0 where they are none), dividing by zero yields zero.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf, isfinite
from typing import Final, cast

Item = int | float | str
Value = Item | tuple[Item, ...]

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1


def clamped(number: int) -> int:
    """Return an integer within 64 bits: it stops at the largest one, it does not begin anew."""
    return max(INT_MIN, min(INT_MAX, number))


def text_of(value: Value) -> str:
    """Return a value as text; the items of an array stand on lines of their own."""
    match value:
        case str():
            return value
        case tuple():
            return "\n".join(map(text_of, value))
        case float():
            if not isfinite(value):
                return "inf" if value == inf else "-inf" if value == -inf else "NaN"
            return format(Decimal(repr(value)), "f").removesuffix(".0")
        case _:
            return str(value)


def number_of(value: Value) -> int | float:
    """Return a value as number."""
    match value:
        case str():
            return _parsed(value)
        case tuple():
            return int(not value)
        case _:
            return value


def _parsed(text: str) -> int | float:
    digits = text.removeprefix("-").removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(INT_MAX)):
        number = int(text)
        return number if INT_MIN <= number <= INT_MAX else float(number)
    if not text.isascii() or any(c in text for c in " _\n\t\r"):
        return 0
    try:
        return float(text)
    except ValueError:
        return 0


def truth(value: Value) -> bool:
    """Return whether a value counts as true: not zero, not empty."""
    return bool(value)


def items_of(value: Value) -> tuple[Item, ...]:
    """Return an array; one value is an array of one, an empty text one of none."""
    if isinstance(value, tuple):
        return value
    return () if value == "" else (value,)


def add(left: Value, right: Value) -> Value:
    """Return the sum: of numbers, of texts, or of arrays."""
    if isinstance(left, tuple) or isinstance(right, tuple):
        return (
            *(left if isinstance(left, tuple) else (left,)),
            *(right if isinstance(right, tuple) else (right,)),
        )
    if isinstance(left, str) or isinstance(right, str):
        if left == "":
            return right
        return left if right == "" else text_of(left) + text_of(right)
    return _kept(left + right)


def subtract(left: Value, right: Value) -> Value:
    """Return the difference; of an array, what is not equal to the other value."""
    if isinstance(left, tuple):
        return tuple(item for item in left if not equal(item, right))
    return _kept(number_of(left) - number_of(right))


def multiply(left: Value, right: Value) -> Value:
    """Return the product."""
    return _kept(number_of(left) * number_of(right))


def divide(left: Value, right: Value) -> Value:
    """Return the quotient, always a float; 0 for a division by zero."""
    divisor = number_of(right)
    return float(number_of(left)) / float(divisor) if divisor else 0.0


def _kept(number: float) -> float:
    return clamped(number) if isinstance(number, int) else number


def negative(value: Value) -> Value:
    """Return the value with the other sign."""
    return _kept(-number_of(value))


def equal(left: Value, right: Value) -> bool:
    """Return whether two values are equal; a text and a number are compared as numbers."""
    if isinstance(left, tuple) or isinstance(right, tuple):
        return left == right
    if isinstance(left, str) != isinstance(right, str):
        return number_of(left) == number_of(right)
    return left == right


def compared(left: Value, right: Value) -> int:
    """Return -1, 0 or 1; a text and a number are compared as numbers, arrays come behind all others."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        for one, other in zip(left, right, strict=False):
            if not equal(one, other):
                return compared(one, other)
        return (len(left) > len(right)) - (len(left) < len(right))
    if isinstance(left, tuple) or isinstance(right, tuple):
        return 1 if isinstance(left, tuple) else -1
    if isinstance(left, str) and isinstance(right, str):
        return (left > right) - (left < right)
    first, second = number_of(left), number_of(right)
    return (first > second) - (first < second)


OPERATORS: Final[Mapping[str, Callable[[Value, Value], Value]]] = {
    "*": multiply,
    "/": divide,
    "+": add,
    "-": subtract,
    "<": lambda left, right: int(compared(left, right) < 0),
    "<=": lambda left, right: int(compared(left, right) <= 0),
    ">": lambda left, right: int(compared(left, right) > 0),
    ">=": lambda left, right: int(compared(left, right) >= 0),
    "==": lambda left, right: int(equal(left, right)),
    "!=": lambda left, right: int(not equal(left, right)),
    "^": lambda left, right: int(truth(left) != truth(right)),
}


def size_of(value: Value) -> int:
    """Return about how many characters a value has: what working on it costs."""
    if isinstance(value, tuple):
        return sum(map(size_of, cast("tuple[Value, ...]", value))) + len(value)
    return len(value) if isinstance(value, str) else 1
