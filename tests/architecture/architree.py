"""The source tree as the architecture tests see it: files, modules, syntax trees and direct imports."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("mailgate", "sieve_like")


@dataclass(frozen=True)
class Import:
    """One import: the module named, the name taken out of it ("" for `import x`), and the line."""

    module: str
    name: str
    line: int
    level: int = 0


def relative(path: Path) -> str:
    """Return a path as messages show it."""
    return path.relative_to(ROOT).as_posix()


@cache
def product_files() -> tuple[Path, ...]:
    """Every Python file of the two packages."""
    return tuple(sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """Return the dotted name of a file; a package's `__init__.py` has the package's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def module_names() -> frozenset[str]:
    """Return the names of all our modules and packages; a folder without `__init__.py` is none."""
    return frozenset(map(module_name, product_files()))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Return every import in a file, also those inside functions."""

    def found() -> Iterator[Import]:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                yield from (Import(alias.name, "", node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield Import(node.module or "", alias.name, node.lineno, node.level)

    return tuple(found())


def target(one: Import) -> str:
    """Return the module that an import really names: `from a import b` is a.b where that is a module of ours."""
    whole = f"{one.module}.{one.name}"
    return whole if one.name and whole in module_names() else one.module


def exports(path: Path, name: str) -> bool:
    """Whether a file assigns this name at its top level."""
    for node in tree(path).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(one, ast.Name) and one.id == name for one in targets):
            return True
    return False


def report(offenders: list[str]) -> str:
    """Return all offenders at once, one a line."""
    return f"{len(offenders)} found:\n  " + "\n  ".join(offenders)
