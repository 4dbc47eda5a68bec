"""Names in expressions (vnd.stalwart.expressions): variables with their types, the mail, the envelope.

Variables of Sieve are texts. What `let` computed is remembered with its type, as long as the variable holds
the text that it was given.
"""

import re
from collections.abc import Callable
from typing import Final, cast

from sieve_like.address import split_envelope
from sieve_like.errors import Span
from sieve_like.ext._exprvalues import Value, text_of
from sieve_like.interpreter import Run
from sieve_like.message import AddressLike
from sieve_like.spec import Binding, Namespace

Read = Callable[[Run], Value]
STATE: Final = "vnd.stalwart.expressions"
# header.from.addr, header.to:cc[*].addr[*], header.x-spam: fields, which of them, and what of them.
FIELD: Final = re.compile(
    r"header\.([A-Za-z0-9_-]+(?::[A-Za-z0-9_-]+)*)(\[\*\])?"
    r"(?:\.(raw|text|name|addr|addr\.local|addr\.domain))?(\[\*\])?\Z"
)
ENVELOPE: Final = {"envelope.from": "sender", "envelope.to": "to", "envelope.auth": "auth"}


def store(run: Run, name: str, value: Value, span: Span) -> None:
    """Set a variable to a value, which keeps its type for expressions."""
    folded = name.lower()
    if folded.startswith("global."):
        run.share_variable(folded.removeprefix("global."), text_of(value))
        kept = run.shared[folded.removeprefix("global.")]
    else:
        run.set_variable(folded, text_of(value), span)
        kept = (run.shared if folded in run.shares else run.variables)[folded]
    if not isinstance(value, str):
        _typed(run)[(run.script, folded)] = (kept, value)


def _typed(run: Run) -> dict[tuple[str, str], tuple[str, Value]]:
    return cast("dict[tuple[str, str], tuple[str, Value]]", run.state.setdefault(STATE, {}))


def is_known(name: str, binding: Binding) -> bool:
    """Whether an expression may use a name: what was set before, facts, and namespaces that can be read."""
    space, dot, _ = name.partition(".")
    if not dot:
        return name in binding.scope.shared or name in binding.scope.local
    namespace = binding.has_namespace(space)
    own = name in ENVELOPE or space in {"env", "global"}
    return own or (namespace is not None and namespace.read is not None)


def name_reader(name: str, namespaces: Callable[[str], Namespace | None]) -> Read:
    """Return what reads a variable, or a fact of the envelope or environment; an unknown one is empty."""
    space, dot, rest = name.partition(".")
    if name in ENVELOPE:
        attribute = ENVELOPE[name]
        return lambda run: _path(str(getattr(run.envelope, attribute) or ""))
    if not dot:
        return lambda run: _remembered(
            run, name, (run.shared if name in run.shares else run.variables).get(name, "")
        )
    if space == "env":
        return lambda run: run.host.environment(rest) or ""
    if space == "global":
        return lambda run: _remembered(run, name, run.shared.get(rest, ""))
    namespace = namespaces(space)
    if namespace is None or namespace.read is None:
        return lambda _run: ""
    read = namespace.read
    return lambda run: read(run, rest)


def _path(address: str) -> str:
    local, domain = split_envelope(address)
    return f"{local}@{domain}" if domain else local


def _remembered(run: Run, name: str, text: str) -> Value:
    """Return the value that was computed for a variable, its text where that is not the same any more."""
    kept, value = _typed(run).get((run.script, name), ("", ""))
    return value if kept == text and text else text


def field_reader(name: str) -> Read | None:
    """Return what reads header fields; None for a name that is none."""
    found = FIELD.match(name)
    if found is None:
        return None
    names, part = found[1].lower().split(":"), found[3] or "text"
    all_of_them = bool(found[2] or found[4]) or len(names) > 1

    def read(run: Run) -> Value:
        values = [value for one in names for value in _field(run, one, part)]
        if all_of_them:
            return tuple(values)
        # RFC 5322 3.6.7: the newest field stands first.
        return values[0] if values else ""

    return read


def _field(run: Run, name: str, part: str) -> list[str]:
    if part == "raw":
        return [value.decode("utf-8", "replace") for value in run.message.header(name)]
    if part == "text":
        return list(run.message.text(name))
    return [_part(one, part) for one in run.message.addresses(name) if one.valid]


def _part(address: AddressLike, part: str) -> str:
    match part:
        case "name":
            return address.name
        case "addr.local":
            return address.local
        case "addr.domain":
            return address.domain
        case _:
            return address.address
