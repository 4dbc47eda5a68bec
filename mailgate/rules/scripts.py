"""Compiled scripts: one immutable book per version of the catalogue.

A script that does not compile keeps its last good version running (its error is shown in `status` and
counted); a script that never compiled leaves its addresses with the plain keep, so no mail waits for a rule
author.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Protocol

from mailgate.domain.routing import Catalogue
from mailgate.domain.templatenames import template_names
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Severity
from sieve_like.limits import Limits
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.saved import SavedError, dump, load
from sieve_like.settings import NO_SETTINGS, Settings

DEFAULT_LIMITS: Final = Limits()
# A script without this word includes no other.
INCLUDES: Final = "include"


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


class SavedPrograms(Protocol):
    """Where compiled scripts outlive the process, by a digest of all that they depend on."""

    def get(self, key: str) -> bytes | None:
        """Return what was kept under a key."""

    def put(self, key: str, octets: bytes) -> None:
        """Keep a compiled script."""


class NothingSaved:
    """Keeps nothing: every script is compiled."""

    def get(self, key: str) -> bytes | None:
        """Nothing is there."""
        del key
        return None

    def put(self, key: str, octets: bytes) -> None:
        """Drop it."""
        del key, octets


NOTHING_SAVED: Final = NothingSaved()


@dataclass(frozen=True, slots=True)
class Maker:
    """What all scripts of a book are compiled with; `version` is the program's, part of what is kept."""

    registry: Registry
    limits: Limits
    names: "CatalogueNames"
    library: "CatalogueLibrary"
    told: Settings
    saved: SavedPrograms
    version: str

    def __call__(self, source: str, name: str, digest: bytes) -> Program:
        """Return the program, from what was kept where that still fits; raises CompileErrors."""
        key = self._key(name, digest)
        octets = self.saved.get(key)
        if octets is not None:
            try:
                return load(octets, registry=self.registry, limits=self.limits, settings=self.told)
            except SavedError:
                pass  # of another version, or damaged: the source is the truth
        program = compile_script(
            source,
            name=name,
            registry=self.registry,
            limits=self.limits,
            catalogue=self.names,
            library=self.library,
            settings=self.told,
        )
        self.saved.put(key, dump(program))
        return program

    def _key(self, name: str, digest: bytes) -> str:
        words = (name, repr(self.limits), repr(sorted(self.told.items())), self.version)
        return sha256("\0".join(words).encode("utf-8", "surrogateescape") + digest).hexdigest()


class CatalogueNames:
    """Lets the compiler check constant names (queues, templates) and suggest the right one."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kinds: dict[str, Collection[str]] = {
            "queue": catalogue.queues,
            "template": template_names(catalogue),
            "script": catalogue.scripts,
            "status": catalogue.statuses,
            "priority": catalogue.priorities,
            **catalogue.listed,
        }
        if catalogue.agents:
            # "auto" leaves it to whoever shares out the work (G15).
            self._kinds["agent"] = (*catalogue.agents, "auto", "")
        if catalogue.workflows:
            self._kinds["workflow"] = (*catalogue.workflows, "")

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
        return sorted(name for name in self._kinds.get(kind, ()) if name)


class CatalogueLibrary:
    """The stored scripts, for `include` (RFC 6609): personal and global ones are the same here."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._scripts = catalogue.scripts

    def script(self, name: str, *, personal: bool) -> bytes | None:
        """Return the source of a stored script, None where there is none."""
        del personal
        source = self._scripts.get(name)
        return None if source is None else source.encode("utf-8", "surrogateescape")


def complaints_of(
    name: str, source: str, catalogue: Catalogue, registry: Registry, told: Settings = NO_SETTINGS
) -> tuple[tuple[int, str], ...]:
    """Return (line, message) of everything the compiler says against a script; nothing where it is fine."""
    try:
        names = CatalogueNames(catalogue)
        library = CatalogueLibrary(catalogue)
        compile_script(source, name=name, registry=registry, catalogue=names, library=library, settings=told)
    except CompileErrors as errors:
        return tuple((d.span.line, d.message) for d in errors.diagnostics if d.severity is Severity.ERROR)
    return ()


def compile_book(
    catalogue: Catalogue,
    registry: Registry,
    last: ScriptBook,
    limits: Limits = DEFAULT_LIMITS,
    told: Settings = NO_SETTINGS,
    *,
    saved: SavedPrograms = NOTHING_SAVED,
    version: str = "",
) -> ScriptBook:
    """Return the book for this catalogue; what did not change is taken over from the last one.

    `told` is what extensions of the language are told; it does not change while a process runs. `saved` has
    what an earlier process of this `version` has compiled.
    """
    names = CatalogueNames(catalogue)
    make = Maker(registry, limits, names, CatalogueLibrary(catalogue), told, saved, version)
    every = "\0".join(f"{name}\0{source}" for name, source in sorted(catalogue.scripts.items()))
    return ScriptBook(
        catalogue.version,
        {
            name: _compile(name, source, every, names, last, make)
            for name, source in catalogue.scripts.items()
        },
    )


def _compile(
    name: str,
    source: str,
    every: str,
    names: CatalogueNames,
    last: ScriptBook,
    make: Maker,
) -> Compiled:
    # A queue or template that goes away makes a script wrong that names it, though nobody touched it; and one
    # that includes others changes with them (`every` are all sources).
    text = every if INCLUDES in source else source
    digest = sha256(f"{source}\0{text}".encode("utf-8", "surrogateescape") + names.digest).digest()
    before = last.scripts.get(name)
    if before is not None and before.digest == digest and not before.error:
        return before
    try:
        program = make(source, name, digest)
    except CompileErrors as errors:
        return Compiled(before.program if before is not None else None, digest, str(errors))
    return Compiled(program, digest)
