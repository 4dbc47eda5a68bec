"""All extensions that a compilation knows: found by looking in a folder, checked to fit together, immutable.

A file of the folder exports `EXTENSION`; one whose name starts with an underscore is shared by its
neighbours.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import TypeVar

from sieve_like.errors import RegistryError
from sieve_like.spec import (
    AddedTag,
    AddressPart,
    CommandSpec,
    Comparator,
    Extension,
    MatchType,
    Namespace,
    TestSpec,
)

STANDARD = "sieve_like.ext"
Named = TypeVar("Named", CommandSpec, TestSpec, Comparator, MatchType, AddressPart)


def discover(package: str = STANDARD) -> tuple[Extension, ...]:
    """Import every file of a package and return what they export as EXTENSION, in the order of file names.

    Raises RegistryError with one line per file that exports none.
    """
    found: list[Extension] = []
    missing: list[str] = []
    names = sorted(
        m.name for m in iter_modules(import_module(package).__path__) if not m.name.startswith("_")
    )
    for name in names:
        extension = getattr(import_module(f"{package}.{name}"), "EXTENSION", None)
        if isinstance(extension, Extension):
            found.append(extension)
        else:
            missing.append(f"{package}.{name} exports no EXTENSION")
    if missing:
        raise RegistryError("\n".join(missing))
    return tuple(found)


class Registry:
    """An immutable set of extensions with lookups by word; each lookup tells the capability that it needs.

    Raises RegistryError if two extensions use one name, or imply what nobody offers.
    """

    __slots__ = (
        "_added",
        "_commands",
        "_comparators",
        "_extensions",
        "_match_types",
        "_namespaces",
        "_parts",
        "_tests",
        "capabilities",
    )  # fmt: skip

    def __init__(self, extensions: Iterable[Extension]) -> None:
        self._extensions = tuple(extensions)
        problems: list[str] = []
        self._commands = _collect("command", [(e, e.commands) for e in self._extensions], problems)
        self._tests = _collect("test", [(e, e.tests) for e in self._extensions], problems)
        self._comparators = _collect("comparator", [(e, e.comparators) for e in self._extensions], problems)
        self._match_types = _collect("match type", [(e, e.match_types) for e in self._extensions], problems)
        self._parts = _collect("address part", [(e, e.address_parts) for e in self._extensions], problems)
        self._namespaces = _namespaces(self._extensions, problems)
        self._added = _added_tags(self._extensions, problems)
        self.capabilities: Mapping[str, Extension] = _capabilities(self._extensions, problems)
        if problems:
            raise RegistryError("\n".join(problems))

    @classmethod
    def standard(cls) -> "Registry":
        """Return the registry of all extensions that come with the language."""
        return cls(discover(STANDARD))

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """All extensions, in the order in which they were given."""
        return self._extensions

    def with_extensions(self, *extensions: Extension) -> "Registry":
        """Return a registry that has these as well."""
        return Registry((*self._extensions, *extensions))

    def command(self, name: str) -> tuple[CommandSpec, Extension] | None:
        """Return a command and its extension."""
        return self._commands.get(name)

    def test(self, name: str) -> tuple[TestSpec, Extension] | None:
        """Return a test and its extension."""
        return self._tests.get(name)

    def comparator(self, name: str) -> tuple[Comparator, Extension] | None:
        """Return a comparator and its extension; its name has no case, as in established engines."""
        return self._comparators.get(name.lower())

    def match_type(self, name: str) -> tuple[MatchType, Extension] | None:
        """Return a match type and its extension."""
        return self._match_types.get(name)

    def address_part(self, name: str) -> tuple[AddressPart, Extension] | None:
        """Return an address part and its extension."""
        return self._parts.get(name)

    def namespace(self, name: str) -> tuple[Namespace, tuple[Extension, ...]] | None:
        """Return a namespace and all extensions that it comes with."""
        return self._namespaces.get(name)

    def added(self, owner: str) -> Sequence[tuple[AddedTag, Extension]]:
        """Return the tags that extensions add to a command or test."""
        return self._added.get(owner, ())

    def words(self, kind: str) -> Sequence[str]:
        """Return all names of a kind, for suggestions; the kinds are the keys below."""
        tables: dict[str, Mapping[str, object]] = {
            "command": self._commands, "test": self._tests, "comparator": self._comparators,
            "match type": self._match_types, "address part": self._parts, "namespace": self._namespaces,
        }  # fmt: skip
        return tuple(tables[kind])


def _collect(
    what: str, offers: Iterable[tuple[Extension, Iterable[Named]]], problems: list[str]
) -> dict[str, tuple[Named, Extension]]:
    table: dict[str, tuple[Named, Extension]] = {}
    for extension, words in offers:
        for word in words:
            if word.name in table:
                other = table[word.name][1]
                problems.append(
                    f"{what} {word.name!r} of {_title(extension)} is one of {_title(other)} already"
                )
            table[word.name] = (word, extension)
    return table


def _namespaces(
    extensions: Iterable[Extension], problems: list[str]
) -> dict[str, tuple[Namespace, tuple[Extension, ...]]]:
    """Return the namespaces; several extensions may offer the same one, but not two of one name."""
    table: dict[str, tuple[Namespace, tuple[Extension, ...]]] = {}
    for extension in extensions:
        for word in extension.namespaces:
            known, owners = table.get(word.name, (word, ()))
            if known != word:
                problems.append(
                    f"namespace {word.name!r} of {_title(extension)} differs from that of {_title(owners[0])}"
                )
            table[word.name] = (known, (*owners, extension))
    return table


def _capabilities(extensions: Iterable[Extension], problems: list[str]) -> Mapping[str, Extension]:
    table: dict[str, Extension] = {}
    for extension in extensions:
        if extension.capability and extension.capability in table:
            problems.append(f"capability {extension.capability!r} is offered twice")
        if extension.capability:
            table[extension.capability] = extension
    problems.extend(
        f"{_title(extension)} implies {name!r}, which nobody offers"
        for extension in extensions
        for name in extension.implies
        if name not in table
    )
    return MappingProxyType(table)


def _added_tags(
    extensions: Iterable[Extension], problems: list[str]
) -> dict[str, tuple[tuple[AddedTag, Extension], ...]]:
    table: dict[str, tuple[tuple[AddedTag, Extension], ...]] = {}
    taken: dict[tuple[str, str], Extension] = {}
    for extension in extensions:
        own: list[CommandSpec | TestSpec] = [*extension.commands, *extension.tests]
        taken |= {(spec.name, tag.name): extension for spec in own for tag in spec.tags}
    for extension in extensions:
        for added in extension.tags:
            for owner in added.owners:
                key = (owner, added.tag.name)
                if key in taken:
                    problems.append(
                        f"tag ':{key[1]}' of {owner!r} is offered by {_title(taken[key])} already"
                    )
                taken[key] = extension
                table[owner] = (*table.get(owner, ()), (added, extension))
    return table


def _title(extension: Extension) -> str:
    return repr(extension.capability) if extension.capability else "the core"
