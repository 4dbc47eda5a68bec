"""Pieces of a script as plain values that can be compared, made from a form or from a parsed script.

A list of one string and the string alone are the same; line ends in strings are bare.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sieve_like.syntax import Argument as ArgumentNode
from sieve_like.syntax import CommandNode, ListNode, NumberNode, StringNode, TagNode, TestNode

KILO = 1024


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, without its colon."""

    name: str


Argument = Tag | str | tuple[str, ...] | int


@dataclass(frozen=True, slots=True)
class Call:
    """A command or a test; `block` is None where a semicolon ends it. Where it stands makes no difference."""

    name: str
    arguments: tuple[Argument, ...] = ()
    tests: tuple["Call", ...] = ()
    listed: bool = False
    block: tuple["Call", ...] | None = None
    line: int = field(default=0, compare=False)


def from_nodes(nodes: Sequence[CommandNode] | Sequence[TestNode]) -> tuple[Call, ...]:
    """Return parsed commands or tests as calls."""
    return tuple(_from_node(node) for node in nodes)


def _from_node(node: CommandNode | TestNode) -> Call:
    block = node.block if isinstance(node, CommandNode) else None
    return Call(
        node.name,
        tuple(_argument(one) for one in node.arguments),
        from_nodes(node.tests),
        node.listed,
        None if block is None else from_nodes(block),
        node.span.line,
    )


def _argument(node: ArgumentNode) -> Argument:
    match node:
        case TagNode(name=name):
            return Tag(name)
        case NumberNode(value=number):
            return number
        case StringNode(value=text):
            return bare(text)
        case ListNode(items=items):
            return strings([bare(item.value) for item in items])


def bare(text: str) -> str:
    """Return a text with bare line ends, as forms have them; a script's strings have CRLF."""
    return text.replace("\r\n", "\n")


def strings(values: Sequence[str]) -> str | tuple[str, ...]:
    """Return strings as an argument: one alone is no list."""
    return values[0] if len(values) == 1 else tuple(values)


def texts_of(argument: Argument) -> tuple[str, ...] | None:
    """Return the strings of an argument, None for one that has none."""
    match argument:
        case str():
            return (argument,)
        case tuple():
            return argument
        case _:
            return None


def written(call: Call) -> str:
    """Return a command as text, not laid out yet."""
    head = _head(call)
    if call.block is None:
        return f"{head};\n"
    inside = "".join(written(one) for one in call.block)
    return f"{head} {{\n{inside}}}\n"


def _head(call: Call) -> str:
    tests = ", ".join(_head(one) for one in call.tests)
    parts = [call.name, *(_shown(one) for one in call.arguments)]
    if call.tests:
        parts.append(f"({tests})" if call.listed else tests)
    return " ".join(parts)


def _shown(argument: Argument) -> str:
    match argument:
        case Tag(name=name):
            return f":{name}"
        case int():
            return _number(argument)
        case str():
            return _quoted(argument)
        case tuple():
            return f"[{', '.join(map(_quoted, argument))}]"


def _number(number: int) -> str:
    """Return a number as people write sizes (RFC 5228 2.4.1): `10M`."""
    for power, unit in ((3, "G"), (2, "M"), (1, "K")):
        if number and number % KILO**power == 0:
            return f"{number // KILO**power}{unit}"
    return str(number)


def _quoted(text: str) -> str:
    r"""Return a string: in quotes, `"` and `\` behind a backslash; whole lines as a text block (2.4.2)."""
    if text.endswith("\n"):
        lines = text.split("\n")[:-1]
        return "text:\n" + "".join(f"{_stuffed(line)}\n" for line in lines) + ".\n"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _stuffed(line: str) -> str:
    return f".{line}" if line.startswith(".") else line


def first_difference(ours: Sequence[Call], theirs: Sequence[Call]) -> int:
    """Return the line of the first piece of `theirs` that is not as in `ours`; 0 where they are equal."""
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            return _inner(one, other) or other.line
    if len(theirs) > len(ours):
        return theirs[len(ours)].line
    return theirs[-1].line if len(ours) > len(theirs) and theirs else int(len(ours) != len(theirs))


def _inner(one: Call, other: Call) -> int:
    """Return the line of the first difference inside two calls of one name and with the same arguments."""
    if (one.name, one.arguments, one.listed) != (other.name, other.arguments, other.listed):
        return other.line
    return first_difference(one.tests, other.tests) or first_difference(one.block or (), other.block or ())


def calls_in(calls: Sequence[Call]) -> Iterator[Call]:
    """Yield all calls, those inside others too."""
    for call in calls:
        yield call
        yield from calls_in(call.tests)
        yield from calls_in(call.block or ())
