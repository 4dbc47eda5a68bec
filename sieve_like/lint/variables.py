"""Findings about variables: used and never set, set and never used, match variables without a match."""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from sieve_like.errors import Span, did_you_mean
from sieve_like.lint.script import Finding, Node, Script, walk_nodes
from sieve_like.spec import Bound
from sieve_like.syntax import StringNode, TagNode

REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*|[0-9]+)\}")
WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Tags that name the variable into which a command writes.
WRITTEN: Final = ("outcome", "variable")
SETTERS: Final = frozenset({"set", "let", "extracttext"})
# Commands and tests whose strings are expressions over variables.
EXPRESSIONS: Final = frozenset({"let", "eval", "while"})
MATCHERS: Final = frozenset({"matches", "regex"})
# Scripts that share variables with others don't show all of their use.
SHARED: Final = frozenset({"include", "global", "export", "import"})


def findings(script: Script) -> Iterator[Finding]:
    """Yield all findings of this kind."""
    commands = list(script.commands())
    if not any(one.name in SETTERS or "variables" in _required(one) for one in commands):
        return
    names = {one.name for one in (*commands, *script.tests())}
    written = _written(script)
    read = _read(script, expressions=bool(names & EXPRESSIONS))
    shared = bool(names & SHARED)
    if not shared:
        for name, span in read.items():
            if name not in written and not name.isdigit():
                hint = did_you_mean(name, written)
                yield Finding("L040", span, f"the variable '{name}' is never set{hint}")
        for name, span in written.items():
            if name not in read:
                yield Finding("L041", span, f"the variable '{name}' is never used")
    yield from _early(script)


def _required(command: Bound) -> tuple[str, ...]:
    value = command.constant("capabilities") if command.name == "require" else None
    return value if isinstance(value, tuple) else ()


def _written(script: Script) -> Mapping[str, Span]:
    """Return the variables that something sets, with the first place; also in code that never runs."""
    found: dict[str, Span] = {}
    for node in walk_nodes(script.nodes):
        for name in _names(node):
            if "." not in name.value:
                found.setdefault(name.value.lower(), name.span)
    return found


def _names(node: Node) -> Iterator[StringNode]:
    """Yield the strings of a command that name variables to be set."""
    for tag, value in pairwise(node.arguments):
        if isinstance(tag, TagNode) and tag.name in WRITTEN and isinstance(value, StringNode):
            yield value
    strings = [argument for argument in node.arguments if isinstance(argument, StringNode)]
    if node.name in SETTERS and strings:
        yield strings[-1 if node.name == "extracttext" else 0]


def _read(script: Script, *, expressions: bool) -> Mapping[str, Span]:
    """Return the variables that a string refers to, with the first place."""
    found: dict[str, Span] = {}
    for node in script.strings():
        for name in REFERENCE.findall(node.value):
            found.setdefault(name.lower(), node.span)
    if expressions:
        for bound in (*script.commands(), *script.tests()):
            if bound.name in EXPRESSIONS:
                for text, span in _all_texts(script, bound):
                    for name in WORD.findall(text):
                        found.setdefault(name.lower(), span)
    return found


def _all_texts(script: Script, bound: Bound) -> Iterator[tuple[str, Span]]:
    for argument in bound.args:
        if argument != "name":
            yield from script.spots(bound, argument)


def _early(script: Script) -> Iterator[Finding]:
    """Find match variables that stand before every test that could set them."""
    first = min(
        (test.span.line for test in script.tests() if test.match is not None and _sets(test)), default=None
    )
    for node in script.strings():
        if any(map(str.isdigit, REFERENCE.findall(node.value))) and (first is None or _before(node, first)):
            yield Finding("L042", node.span, "a match variable, and nothing before it has matched")
            return


def _sets(test: Bound) -> bool:
    return test.match is not None and test.match.type.name in MATCHERS


def _before(node: StringNode, line: int) -> bool:
    return node.span.line < line
