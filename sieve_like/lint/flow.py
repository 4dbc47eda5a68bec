"""Findings about the course of a script: what never runs, what always holds, what an earlier rule takes."""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Final

from sieve_like.lint.implies import Logic
from sieve_like.lint.script import Finding, Script, place, walk, walk_blocks
from sieve_like.spec import Bound
from sieve_like.syntax import CommandNode

# Commands behind which the rest of a block is not reached.
ENDING: Final = frozenset({"stop", "return", "error", "break", "continue", "test_fail"})
# Commands that change what later tests see, so that nothing can be said about them.
EDITING: Final = frozenset({"addheader", "deleteheader", "replace", "enclose", "include", "convert"})
BLOCKS: Final = frozenset({"if", "elsif", "else"})


def findings(script: Script) -> Iterator[Finding]:
    """Yield all findings of this kind."""
    yield from _block(script.bounds, script.logic)
    for block in _blocks(script):
        yield from _shadowed(block, script.logic)
    for command in script.commands():
        for test in command.tests:
            yield from _conditions(test, script.logic)
    for nodes in walk_blocks(script.nodes):
        for node, after in pairwise([*nodes, None]):
            if node is not None and node.name in BLOCKS and node.block == () and not _goes_on(after):
                yield Finding("L004", node.span, f"the block of this '{node.name}' is empty")


def _goes_on(after: CommandNode | None) -> bool:
    """Whether an `if` has a branch behind this one, for which an empty block may be meant."""
    return after is not None and after.name in {"elsif", "else"}


def _blocks(script: Script) -> Iterator[Sequence[Bound]]:
    yield script.bounds
    for command in script.commands():
        if command.block:
            yield command.block


# --- L001 --------------------------------------------------------------------------------------


def _block(bounds: Sequence[Bound], logic: Logic) -> Iterator[Finding]:
    """Find what stands behind the end of a block; what is in there is not looked at again."""
    ended: Bound | None = None
    for bound in bounds:
        if ended is not None:
            yield Finding(
                "L001",
                bound.span,
                f"this never runs: {_end_of(ended)} of {place(ended.span)} ends it all before",
            )
            return
        for link in (bound, *bound.followers):
            yield from _block(link.block or (), logic)
        if ends(bound, logic):
            ended = bound


def _end_of(bound: Bound) -> str:
    return "every branch of the 'if'" if bound.name == "if" else f"'{bound.name}'"


def ends(bound: Bound, logic: Logic) -> bool:
    """Whether nothing behind this command of the same block is ever reached."""
    if bound.name in ENDING:
        return True
    if bound.name != "if":
        return False
    for link in (bound, *bound.followers):
        if not block_ends(link.block or (), logic):
            return False
        if not link.tests or logic.constant(link.tests[0]) is True:
            return True
    return False


def block_ends(block: Sequence[Bound], logic: Logic) -> bool:
    """Whether a block never comes to its closing brace."""
    return any(ends(bound, logic) for bound in block)


def stops(block: Sequence[Bound]) -> bool:
    """Whether a block always ends the whole script, not only a loop or an included script."""
    return any(bound.name == "stop" for bound in block)


# --- L002 --------------------------------------------------------------------------------------


def _conditions(test: Bound, logic: Logic, *, outermost: bool = True) -> Iterator[Finding]:
    value = logic.constant(test)
    if value is not None:
        if outermost and test.name in {"true", "false"}:
            return  # the usual way to switch a rule on or off
        words = "true" if value else "false"
        if test.name in {"true", "false"}:
            yield Finding("L002", test.span, f"'{words}' in a list of tests has no effect, or decides it all")
        else:
            yield Finding("L002", test.span, f"this '{test.name}' is always {words}")
        return
    for inside in test.tests:
        yield from _conditions(inside, logic, outermost=False)


# --- L003 --------------------------------------------------------------------------------------


def _shadowed(block: Sequence[Bound], logic: Logic) -> Iterator[Finding]:
    """Find branches that an earlier branch, or an earlier rule that stops, always takes."""
    taken: list[Bound] = []  # links whose mails never come further
    for bound in block:
        if bound.name in EDITING or any(one.name in EDITING for one in walk(bound.block or ())):
            taken = []
        if bound.name != "if":
            continue
        earlier: list[Bound] = []
        for link in (bound, *bound.followers):
            by = _taker(link, taken, earlier, logic)
            if by is not None:
                where, how = place(by.span), "" if by in earlier else ", and stops"
                kind = "branch" if by in earlier else "rule"
                text = f"this never runs: the {kind} of {where} holds whenever this one does{how}"
                yield Finding("L003", link.span, text)
            earlier.append(link)
        for link in earlier:
            if not stops(link.block or ()):
                break  # a mail that this branch takes goes on to the next rule
            if link.tests:
                taken.append(link)


def _taker(link: Bound, taken: Sequence[Bound], earlier: Sequence[Bound], logic: Logic) -> Bound | None:
    """Return the link that takes all mails of this one, None where none surely does."""
    if logic.tired:
        return None
    if not link.tests or logic.constant(link.tests[0]) is False:
        return next((one for one in earlier if one.tests and one.tests[0].name == "true"), None)
    test = link.tests[0]
    return next(
        (one for one in chain(earlier, taken) if one.tests and logic.implies(test, one.tests[0])), None
    )
