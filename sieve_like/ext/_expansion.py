"""References to variables in strings (RFC 5229 3): found when a script is compiled, filled in when it runs.

References are filled in once, never again in the result; what only looks like one stays as it is.
"""

import re
from collections.abc import Callable
from typing import Final

from sieve_like.errors import ScriptFailure, Span, did_you_mean
from sieve_like.interpreter import Run
from sieve_like.spec import Binding, Namespace
from sieve_like.values import Constant, Dynamic, Expr

IDENTIFIER = r"[A-Za-z_][A-Za-z0-9_]*"
# RFC 5229 3: namespaces, then an identifier or a number.
REFERENCE: Final = re.compile(
    rf"\$\{{((?:{IDENTIFIER}\.(?:(?:{IDENTIFIER}|[0-9]+)\.)*)?(?:{IDENTIFIER}|[0-9]+))\}}"
)
NAME: Final = re.compile(rf"(?:{IDENTIFIER}\.(?:(?:{IDENTIFIER}|[0-9]+)\.)*)?{IDENTIFIER}\Z")

PLAIN_NAME: Final = re.compile(rf"{IDENTIFIER}\Z")

Read = Callable[[Run], str]


def expansion(text: str, span: Span, binding: Binding) -> Expr:
    """Return a string constant, or what fills in its variables."""
    if "${" not in text:
        return Constant(text)
    pieces: list[str | Read] = []
    at = 0
    for found in REFERENCE.finditer(text):
        pieces += [text[at : found.start()], reference(found[1], span, binding)]
        at = found.end()
    pieces.append(text[at:])
    if len(pieces) == 1:
        return Constant(text)
    limit = binding.limits.string_size
    readers = tuple(piece for piece in pieces if piece)

    def read(run: Run) -> str:
        return _join(readers, run, limit, span)

    return Dynamic(read, text)


def _join(pieces: tuple[str | Read, ...], run: Run, limit: int, span: Span) -> str:
    """Return the text; one that grows beyond the limit ends the run (each variable may hold 4 KiB)."""
    values: list[str] = []
    size = 0
    for piece in pieces:
        value = piece if isinstance(piece, str) else piece(run)
        size += len(value)
        if size > limit:
            raise ScriptFailure(f"a string has more than {limit} characters with its variables", span)
        values.append(value)
    return "".join(values)


def reference(name: str, span: Span, binding: Binding) -> Read:
    """Return what reads a variable; one never set is empty, an unknown namespace is an error (RFC 5229 3)."""
    if name.isdigit():
        return _match_value(name, span, binding)
    if len(name) > binding.limits.variable_name:
        binding.error(span, f"the name of a variable has at most {binding.limits.variable_name} characters")
    folded = name.lower()
    if "." not in folded:
        if binding.scope.is_shared(folded):
            return lambda run: run.shared.get(folded, "")
        return lambda run: run.variables.get(folded, "")
    space, _, rest = folded.partition(".")
    namespace = find_namespace(space, rest, span, binding)
    if namespace is None:
        return lambda _run: ""
    if namespace.read is not None:
        found = namespace.read
        return lambda run: found(run, rest)
    return lambda run: run.namespace(space, rest)


def _match_value(number: str, span: Span, binding: Binding) -> Read:
    limit = binding.limits.match_values
    digits = number.lstrip("0") or "0"
    if len(digits) > len(str(limit)) or int(digits) > limit:
        binding.error(span, f"match value ${{{number}}} is out of range: the last one is ${{{limit}}}")
        return lambda _run: ""
    index = int(digits)
    return lambda run: run.match_values[index] if index < len(run.match_values) else ""


def find_namespace(space: str, rest: str, span: Span, binding: Binding) -> Namespace | None:
    """Return a namespace that has such a name; else report it."""
    namespace = binding.has_namespace(space)
    if namespace is None:
        hint = did_you_mean(space, binding.namespaces())
        binding.error(span, f"unknown namespace '{space}' of the variable '{space}.{rest}'{hint}")
        return None
    complaint = namespace.check(rest) if namespace.check is not None else ""
    if complaint:
        binding.error(span, complaint)
        return None
    if namespace.names and rest not in namespace.names:
        hint = did_you_mean(rest, namespace.names, lambda name: f"'{space}.{name}'")
        binding.error(span, f"there is no variable '{space}.{rest}'{hint}")
        return None
    return namespace
