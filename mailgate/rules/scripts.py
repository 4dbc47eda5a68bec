"""Compiled scripts: one immutable book per version of the catalogue.

A script that does not compile keeps its last good version running (its error is shown in `status` and
counted); a script that never compiled leaves its addresses with the plain keep, so no mail waits for a rule
author.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from mailgate.domain.routing import Catalogue
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Severity
from sieve_like.limits import Limits
from sieve_like.program import Program
from sieve_like.registry import Registry

DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Compiled:
    """One script: the program that runs, the hash of its source, and what is wrong with a newer source."""

    program: Program | None
    digest: bytes
    error: str = ""


@dataclass(frozen=True, slots=True)
class ScriptBook:
    """All scripts by name, as of one version of the catalogue."""

    version: int = -1
    scripts: Mapping[str, Compiled] = field(default_factory=dict)

    def program(self, name: str) -> Program | None:
        """Return what runs under this name, or None where nothing ever compiled."""
        compiled = self.scripts.get(name)
        return compiled.program if compiled is not None else None

    def errors(self) -> dict[str, str]:
        """Return the compile errors by script name."""
        return {name: c.error for name, c in self.scripts.items() if c.error}


class CatalogueNames:
    """Lets the compiler check constant names (queues, templates) and suggest the right one."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kinds = {
            "queue": catalogue.queues,
            "template": catalogue.templates,
            "script": catalogue.scripts,
        }

    @property
    def digest(self) -> bytes:
        """A digest of all names: two catalogues with the same check scripts alike."""
        words = [f"{kind}\0{name}" for kind, names in self._kinds.items() for name in sorted(names)]
        return sha256("\n".join(words).encode("utf-8", "surrogateescape")).digest()

    def known(self, kind: str, name: str) -> bool:
        """Whether the installation has this name; kinds that it does not keep are never wrong."""
        return kind not in self._kinds or name in self._kinds[kind]

    def names(self, kind: str) -> list[str]:
        """Return what a suggestion may be taken from."""
        return sorted(self._kinds.get(kind, ()))


def complaints_of(
    name: str, source: str, catalogue: Catalogue, registry: Registry
) -> tuple[tuple[int, str], ...]:
    """Return (line, message) of everything the compiler says against a script; nothing where it is fine."""
    try:
        compile_script(source, name=name, registry=registry, catalogue=CatalogueNames(catalogue))
    except CompileErrors as errors:
        return tuple((d.span.line, d.message) for d in errors.diagnostics if d.severity is Severity.ERROR)
    return ()


def compile_book(
    catalogue: Catalogue, registry: Registry, last: ScriptBook, limits: Limits = DEFAULT_LIMITS
) -> ScriptBook:
    """Return the book for this catalogue; what did not change is taken over from the last one."""
    names = CatalogueNames(catalogue)
    return ScriptBook(
        catalogue.version,
        {
            name: _compile(name, source, names, registry, last, limits)
            for name, source in catalogue.scripts.items()
        },
    )


def _compile(
    name: str, source: str, names: CatalogueNames, registry: Registry, last: ScriptBook, limits: Limits
) -> Compiled:
    # A queue or template that goes away makes a script wrong that names it, though nobody touched it.
    digest = sha256(source.encode("utf-8", "surrogateescape") + names.digest).digest()
    before = last.scripts.get(name)
    if before is not None and before.digest == digest and not before.error:
        return before
    try:
        program = compile_script(source, name=name, registry=registry, limits=limits, catalogue=names)
    except CompileErrors as errors:
        return Compiled(before.program if before is not None else None, digest, str(errors))
    return Compiled(program, digest)
