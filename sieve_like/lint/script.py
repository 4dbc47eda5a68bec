"""What the checks of the linter look at: the bound script, its source, and where in it each string stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sieve_like.declare import spots
from sieve_like.errors import NOWHERE, Diagnostic, Severity, Span
from sieve_like.limits import Limits
from sieve_like.lint.codes import BY_CODE
from sieve_like.lint.implies import Logic
from sieve_like.registry import Registry
from sieve_like.spec import Bound
from sieve_like.syntax import CommandNode, ListNode, StringNode, TestNode

Node = CommandNode | TestNode


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its code, where, and the sentence for this very place."""

    code: str
    span: Span
    message: str

    def __post_init__(self) -> None:
        assert self.code in BY_CODE, self.code

    def diagnostic(self, lines: Sequence[str]) -> Diagnostic:
        """Return it as a warning, with the code behind the sentence."""
        line = lines[self.span.line - 1] if 0 < self.span.line <= len(lines) else ""
        return Diagnostic(Severity.WARNING, f"{self.message} [{self.code}]", self.span, line)


@dataclass(frozen=True, slots=True)
class Script:
    """A script that compiles, as the checks see it.

    `own` are addresses whose mail comes to this script. `texts` are the strings of each list, by the place of
    the list.
    """

    bounds: tuple[Bound, ...]
    nodes: tuple[CommandNode, ...]
    registry: Registry
    limits: Limits
    own: frozenset[str]
    texts: Mapping[Span, tuple[StringNode, ...]]
    logic: Logic = field(default_factory=Logic)

    def spots(self, bound: Bound, argument: str) -> list[tuple[str, Span]]:
        """Return the constant strings of an argument, each with its place; [] for what holds variables."""
        found = spots(bound, argument)
        nodes = self.texts.get(bound.spans.get(argument, bound.span), ())
        if len(nodes) != len(found):
            return found
        return [(text, node.span) for (text, _), node in zip(found, nodes, strict=True)]

    def commands(self) -> Iterator[Bound]:
        """Yield every command, those of inner blocks among them, in the order of the source."""
        yield from walk(self.bounds)

    def tests(self) -> Iterator[Bound]:
        """Yield every test, those inside others among them."""
        for command in self.commands():
            yield from inner_tests(command)

    def strings(self) -> Iterator[StringNode]:
        """Yield every string of the source, in its order."""
        for node in walk_nodes(self.nodes):
            for argument in node.arguments:
                match argument:
                    case StringNode():
                        yield argument
                    case ListNode(items=items):
                        yield from items
                    case _:
                        pass


def walk(bounds: Sequence[Bound]) -> Iterator[Bound]:
    """Yield commands and those in their blocks."""
    for bound in bounds:
        for link in (bound, *bound.followers):
            yield link
            yield from walk(link.block or ())


def inner_tests(bound: Bound) -> Iterator[Bound]:
    """Yield the tests inside a command or test, at any depth."""
    for test in bound.tests:
        yield test
        yield from inner_tests(test)


def walk_nodes(nodes: Sequence[Node]) -> Iterator[Node]:
    """Yield nodes of the syntax tree and those inside them, in the order of the source."""
    for node in nodes:
        yield node
        yield from walk_nodes(node.tests)
        if isinstance(node, CommandNode):
            yield from walk_nodes(node.block or ())


def walk_blocks(nodes: Sequence[CommandNode]) -> Iterator[Sequence[CommandNode]]:
    """Yield the commands of the script and those of every block."""
    yield nodes
    for node in nodes:
        if node.block is not None:
            yield from walk_blocks(node.block)


def texts_of(nodes: Sequence[CommandNode]) -> Mapping[Span, tuple[StringNode, ...]]:
    """Return the strings of all lists by the place of the list, single strings by their own."""
    found: dict[Span, tuple[StringNode, ...]] = {}
    for node in walk_nodes(nodes):
        for argument in node.arguments:
            match argument:
                case StringNode(span=span):
                    found[span] = (argument,)
                case ListNode(items=items, span=span):
                    found[span] = items
                case _:
                    pass
    return found


def place(span: Span) -> str:
    """Return a place as a sentence names it."""
    return f"line {span.line}" if span != NOWHERE else "elsewhere"
