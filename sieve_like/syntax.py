"""The syntax tree: what the parser makes of the tokens, before any word has a meaning."""

from dataclasses import dataclass

from sieve_like.errors import Span


@dataclass(frozen=True, slots=True)
class StringNode:
    """One string; `value` has its escapes resolved, variables are not looked at yet."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class ListNode:
    """A bracketed list of strings."""

    items: tuple[StringNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class NumberNode:
    """A number, its unit applied."""

    value: int
    span: Span


@dataclass(frozen=True, slots=True)
class TagNode:
    """A tag, without its colon, in lower case."""

    name: str
    span: Span


Argument = StringNode | ListNode | NumberNode | TagNode


@dataclass(frozen=True, slots=True)
class TestNode:
    """A test with its arguments and the tests inside it; `listed` says whether those stand in parentheses."""

    name: str
    span: Span
    arguments: tuple[Argument, ...] = ()
    tests: tuple["TestNode", ...] = ()
    listed: bool = False

    __test__ = False  # the name looks like a test class to pytest


@dataclass(frozen=True, slots=True)
class CommandNode:
    """A command; `block` is None where a semicolon ended it. `span` is that of its name.

    A `broken` one has errors of its grammar: what is known of its arguments and tests is not all there was.
    """

    name: str
    span: Span
    arguments: tuple[Argument, ...] = ()
    tests: tuple[TestNode, ...] = ()
    listed: bool = False
    block: tuple["CommandNode", ...] | None = None
    broken: bool = False
