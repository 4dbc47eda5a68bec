"""A test file that does not compile: its source without the commands that have errors.

The file has failed then, but its other blocks still tell what works: one mistake does not hide the rest.
"""

from collections.abc import Container, Mapping, Sequence

from sieve_like.errors import CompileErrors, Diagnostic, Diagnostics, Severity
from sieve_like.limits import Limits
from sieve_like.parser import parse
from sieve_like.syntax import CommandNode, ListNode, StringNode

ROUNDS = 5  # what is taken out may make other commands wrong; a file that needs more is left alone


def without_errors(
    source: bytes, errors: CompileErrors, limits: Limits, capabilities: Container[str]
) -> bytes | None:
    """Return the source with its wrong blocks turned into failing ones; None where that is not possible.

    Unknown capabilities are taken out of `require`, other wrong commands are left out. Lines keep their
    numbers.
    """
    text = source.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    commands = parse(text, limits, Diagnostics())
    lines = text.split("\n")
    starts = [_offset(lines, one) for one in commands]
    wrong = _wrong(commands, errors)
    if not wrong:
        return None
    pieces = [text[: starts[0]]]
    for number, node in enumerate(commands):
        end = starts[number + 1] if number + 1 < len(commands) else len(text)
        piece = text[starts[number] : end]
        if number in wrong:
            piece = _instead(node, wrong[number], capabilities) + "\n" * piece.count("\n")
        pieces.append(piece)
    made = "".join(pieces)
    return made.encode() if made != text else None


def _offset(lines: Sequence[str], node: CommandNode) -> int:
    return sum(len(line) + 1 for line in lines[: node.span.line - 1]) + node.span.column - 1


def _wrong(commands: Sequence[CommandNode], errors: CompileErrors) -> Mapping[int, Diagnostic]:
    """Return the number of each command of the top level with an error, and its first error."""
    places = [(one.span.line, one.span.column) for one in commands]
    found: dict[int, Diagnostic] = {}
    for one in errors.diagnostics:
        if one.severity is Severity.ERROR:
            number = sum(place <= (one.span.line, one.span.column) for place in places) - 1
            if number >= 0:
                found.setdefault(number, one)
    return found


def _instead(node: CommandNode, error: Diagnostic, capabilities: Container[str]) -> str:
    """Return what stands for a wrong command."""
    first = node.arguments[0] if node.arguments else None
    if node.name == "test" and isinstance(first, StringNode):
        reason = f"does not compile: line {error.span.line}: {error.message}".replace("$", "")
        return f"test {_quoted(first.value)} {{ test_fail {_quoted(reason)}; }}"
    if node.name == "require" and isinstance(first, StringNode | ListNode):
        names = first.items if isinstance(first, ListNode) else (first,)
        known = [_quoted(one.value) for one in names if one.value in capabilities]
        return f"require [{', '.join(known)}];" if known else ""
    return ""


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", " ").replace("\n", " ")
    return f'"{escaped}"'
