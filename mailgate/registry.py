"""Finds the parts that are one file each: actions, targets, jobs, commands.

A package is searched in sorted order; every module in it must export the given constant. Modules whose
name starts with an underscore are helpers of their package and are left alone.
"""

from importlib import import_module
from pkgutil import iter_modules


class RegistryError(Exception):
    """A module without its export, or a name that two modules use; the text names all offenders."""


def module_names(package: str) -> tuple[str, ...]:
    """Return the names of the parts of a package, sorted, without importing them."""
    path = import_module(package).__path__
    return tuple(sorted(m.name for m in iter_modules(path) if not m.name.startswith("_")))


def load(package: str, module: str, export: str) -> tuple[str, object]:
    """Import one module and return what it exports, with its name: its `name`, else the module's.

    Raises RegistryError if the module does not export it.
    """
    found = getattr(import_module(f"{package}.{module}"), export, None)
    if found is None:
        raise RegistryError(f"{package}.{module} exports no {export}")
    name = getattr(found, "name", None)
    return (name if isinstance(name, str) and name else module), found


def discover(package: str, export: str) -> dict[str, object]:
    """Import every part of a package and return what they export, by name.

    Raises RegistryError with one line per missing export and per name used twice.
    """
    parts: dict[str, object] = {}
    homes: dict[str, str] = {}
    errors: list[str] = []
    for module in module_names(package):
        try:
            name, part = load(package, module, export)
        except RegistryError as error:
            errors.append(str(error))
            continue
        if name in parts:
            errors.append(f"{package}.{module} and {package}.{homes[name]} both export {export} {name!r}")
        parts[name] = part
        homes[name] = module
    if errors:
        raise RegistryError("\n".join(errors))
    return parts
