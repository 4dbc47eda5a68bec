"""Compiled scripts as octets: what the binder made is written down, the closures are made anew from it.

A host keeps them across restarts, by a digest of all that they depend on: the source and those of included
scripts, the names of the catalogue, limits and settings, and the version of the program. The format is JSON:
reading a file that somebody changed yields another script or SavedError, but runs nothing.
"""

import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from sieve_like.compiler import make_program
from sieve_like.errors import Diagnostic, Severity, Span
from sieve_like.host import Catalogue, EmptyCatalogue, EmptyLibrary, Library
from sieve_like.limits import Limits
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.spec import Bound, CommandSpec, Match, Namespace, Scope, ScriptKey, Tag, TestSpec, Unit
from sieve_like.values import Constant, Expr, listed

FORMAT: Final = 1  # of what is written; another one is not read

Plain = Any  # what JSON holds: texts, numbers, lists and objects of them


class SavedError(Exception):
    """Octets that hold no program of this engine: compile the source instead."""


def dump(program: Program) -> bytes:
    """Return a program as octets."""
    plain = {
        "format": FORMAT,
        "name": program.name,
        "capabilities": sorted(program.capabilities),
        "warnings": [
            [one.severity.value, one.message, _span(one.span), one.source_line, one.script]
            for one in program.warnings
        ],
        "main": _unit(program.main),
        "units": [[key.name, key.personal, _unit(unit)] for key, unit in program.units.items()],
    }
    return json.dumps(plain, separators=(",", ":")).encode("ascii")


def load(octets: bytes, *, registry: Registry, limits: Limits, settings: Settings = NO_SETTINGS) -> Program:
    """Return a program from octets that `dump` made. Raises SavedError for others."""
    try:
        plain = json.loads(octets)
        if plain["format"] != FORMAT:
            _refuse()
        capabilities = frozenset(map(str, plain["capabilities"]))
        reader = _Reader(registry, limits, settings, capabilities)
        return make_program(
            plain["name"],
            capabilities,
            tuple(
                Diagnostic(Severity(severity), message, Span(*span), line, script, counted=False)
                for severity, message, span, line, script in plain["warnings"]
            ),
            reader.unit(plain["main"]),
            {ScriptKey(name, personal): reader.unit(unit) for name, personal, unit in plain["units"]},
            registry,
            limits,
            settings,
        )
    except SavedError:
        raise
    except Exception as error:
        raise SavedError(f"no saved program: {error!r}") from error


def _refuse() -> NoReturn:
    raise SavedError("saved by another version")


# --- writing ------------------------------------------------------------------------------------------------


def _span(span: Span) -> Plain:
    return [span.line, span.column, span.end_line, span.end_column]


def _unit(unit: Unit) -> Plain:
    return [sorted(unit.shared), [_bound(one) for one in unit.commands]]


def _bound(bound: Bound) -> Plain:
    """Return a command or test as a list; what nothing stands in at the end is left out."""
    plain = [
        bound.name,
        _span(bound.span),
        {key: [_expr(expr), *_span(bound.spans.get(key, bound.span))] for key, expr in bound.args.items()},
        _match(bound.match),
        [_bound(test) for test in bound.tests],
        None if bound.block is None else [_bound(one) for one in bound.block],
        [_bound(one) for one in bound.followers],
        bound.known,
        [[tag.name, _expr(expr)] for tag, expr in bound.added],
    ]
    while not plain[-1] and plain[-1] is not False and len(plain) > len(("name", "span", "args")):
        if plain[-1] == [] and len(plain) == BLOCK + 1:
            break  # an empty block is not the same as none
        plain.pop()
    return plain


BLOCK: Final = 5  # the place of the block in that list
MISSING: Final[tuple[Plain, ...]] = ("", (), {}, None, (), None, (), None, ())  # what was left out


def _expr(expr: Expr) -> Plain:
    if isinstance(expr, Constant):
        return list(expr.value) if isinstance(expr.value, tuple) else expr.value
    if expr.items:
        return {"list": [_expr(item) for item in expr.items]}
    return {"text": expr.source}


def _match(match: Match | None) -> Plain:
    if match is None:
        return None
    part = match.part.name if match.part is not None else None
    return [match.comparator.name, match.type.name, match.relation, part, match.part_said]


# --- reading ------------------------------------------------------------------------------------------------


class _Reader:
    """Makes bound commands again; it is also the binding which expansions of strings ask."""

    def __init__(
        self, registry: Registry, limits: Limits, settings: Settings, capabilities: frozenset[str]
    ) -> None:
        self.limits, self.settings = limits, settings
        self.library: Library = EmptyLibrary()
        self.catalogue: Catalogue = EmptyCatalogue()
        self.enabled = set(capabilities)
        self.started, self.depth = True, 0
        self.loops: tuple[Bound, ...] = ()
        self.scope = Scope()
        self._registry = registry
        self._expansions = [e.expansion for e in registry.extensions if e.expansion is not None]

    def unit(self, plain: Plain) -> Unit:
        """Return one script."""
        shared, commands = plain
        self.scope = Scope(set(shared))
        return Unit(tuple(self._command(one) for one in commands), frozenset(shared))

    def _command(self, plain: Plain) -> Bound:
        found = self._registry.command(plain[0])
        if found is None:
            raise SavedError(f"there is no command '{plain[0]}'")
        return self._bound(found[0], plain)

    def _test(self, plain: Plain) -> Bound:
        found = self._registry.test(plain[0])
        if found is None:
            raise SavedError(f"there is no test '{plain[0]}'")
        return self._bound(found[0], plain)

    def _bound(self, spec: CommandSpec | TestSpec, plain: Plain) -> Bound:
        padded: list[Plain] = [*plain, *MISSING[len(plain) :]]
        name, span, args, match, tests, block, followers, known, added = padded
        place = Span(*span)
        return Bound(
            name,
            spec,
            place,
            {key: self._expr(value[0], place) for key, value in args.items()},
            {key: Span(*value[1:]) for key, value in args.items()},
            tuple((self._tag(name, tag), self._expr(value, place)) for tag, value in added),
            self._match(match),
            tuple(self._test(one) for one in tests),
            None if block is None else tuple(self._command(one) for one in block),
            tuple(self._command(one) for one in followers),
            known,
        )

    def _tag(self, owner: str, name: str) -> Tag:
        return next(one.tag for one, _ in self._registry.added(owner) if one.tag.name == name)

    def _match(self, plain: Plain) -> Match | None:
        if plain is None:
            return None
        comparator, match_type, relation, part, said = plain
        found, kind = self._registry.comparator(comparator), self._registry.match_type(match_type)
        address = self._registry.address_part(part) if part is not None else None
        if found is None or kind is None:
            raise SavedError(f"there is no '{comparator}' or no '{match_type}'")
        return Match(found[0], kind[0], relation, address[0] if address is not None else None, said)

    def _expr(self, plain: Plain, span: Span) -> Expr:
        match plain:
            case list():
                return Constant(tuple(plain))
            case {"list": items}:
                return listed([self._expr(item, span) for item in items])
            case {"text": text}:
                for expansion in self._expansions:
                    return expansion(text, span, self)
                raise SavedError("there are no variables")
            case _:
                return Constant(plain)

    # --- what expansions of strings ask of a binding --------------------------------------------------------

    def error(self, span: Span, message: str) -> None:
        """Refuse: what was bound without an error has none now."""
        raise SavedError(f"line {span.line}: {message}")

    def warning(self, span: Span, message: str) -> None:
        """Leave it: the warnings are saved."""

    def require(self, capability: str, span: Span) -> None:
        """Leave it: capabilities are saved."""

    def capabilities(self) -> Sequence[str]:
        """Return all capabilities that there are."""
        return tuple(self._registry.capabilities)

    def include(self, key: ScriptKey, span: Span, *, once: bool) -> None:
        """Leave it: included scripts are saved."""

    def has_namespace(self, name: str) -> Namespace | None:
        """Return a namespace; whether it was available is settled."""
        found = self._registry.namespace(name)
        return found[0] if found is not None else None

    def namespaces(self) -> Sequence[str]:
        """Return the names of the namespaces."""
        return self._registry.words("namespace")

    def envelope_parts(self) -> Sequence[str]:
        """Return nothing: they are checked already."""
        return ()
