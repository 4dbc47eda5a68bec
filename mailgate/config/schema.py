"""Reads section classes: which settings there are, of what kind, with which notes and defaults.

One description serves the walker that checks mailgate.toml, and the pages that are generated from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from mailgate.config.secret import Secret
from mailgate.config.section import Check, Section


class Kind(StrEnum):
    """What stands at a setting."""

    TEXT = "text"
    NUMBER = "whole number"
    FRACTION = "number"
    SWITCH = "true or false"
    SIZE = "size"
    DURATION = "duration"
    CHOICE = "choice"
    TEXTS = "list of texts"
    SECRET = "secret"  # noqa: S105  the name of a kind
    SECRETS = "table of secrets"
    TABLE = "table of texts"
    SECTION = "table"
    SECTIONS = "list of tables"
    NAMED = "table of tables"


REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: `default` is REQUIRED where there is none; `sections` are the tables that fit."""

    name: str
    kind: Kind
    description: str
    default: object
    choices: tuple[str, ...] = ()
    sections: tuple[type[Section], ...] = ()
    ge: float | None = None
    le: float | None = None
    examples: tuple[object, ...] = ()
    check: Check | None = None
    unique: bool = False


SCALARS: Final[Mapping[object, Kind]] = {
    str: Kind.TEXT,
    int: Kind.NUMBER,
    float: Kind.FRACTION,
    bool: Kind.SWITCH,
    Secret: Kind.SECRET,
}


@cache
def settings_of(section: type[Section]) -> tuple[Setting, ...]:
    """Return the settings of a section class in their order."""
    hints = get_type_hints(section, include_extras=True)
    return tuple(_setting(field, hints[field.name]) for field in msgspec.structs.fields(section))


def tag_of(section: type[Section]) -> str:
    """Return the `kind` that selects this class in a table of tables; "" for a plain section."""
    tag = section.__struct_config__.tag
    return tag if isinstance(tag, str) else ""


def title_of(section: type[Section]) -> str:
    """Return the sentence above a section."""
    return (section.__doc__ or "").strip().partition("\n")[0]


def _setting(field: msgspec.structs.FieldInfo, hint: Any) -> Setting:
    bare, notes = _unwrap(hint)
    extra: dict[str, Any] = {}
    for meta in notes:
        extra.update(meta.extra or {})
    kind, choices, sections = _kind(bare, str(extra.get("unit", "")))
    last = notes[-1] if notes else Meta()
    return Setting(
        name=field.name,
        kind=kind,
        description=last.description or (title_of(sections[0]) if sections else ""),
        default=_default(field),
        choices=choices,
        sections=sections,
        ge=last.ge,
        le=last.le,
        examples=tuple(last.examples or ()),
        check=extra.get("check"),
        unique=bool(extra.get("unique")),
    )


def _unwrap(hint: Any) -> tuple[Any, list[Meta]]:
    if get_origin(hint) is Annotated:
        bare, *notes = get_args(hint)
        return bare, [n for n in notes if isinstance(n, Meta)]
    return hint, []


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return REQUIRED


def _kind(bare: Any, unit: str) -> tuple[Kind, tuple[str, ...], tuple[type[Section], ...]]:
    if unit in {"size", "duration"}:
        return Kind(unit), (), ()
    if bare in SCALARS:
        return SCALARS[bare], (), ()
    if isinstance(bare, type) and issubclass(bare, Section):
        return Kind.SECTION, (), (bare,)
    return _generic(bare)


def _generic(bare: Any) -> tuple[Kind, tuple[str, ...], tuple[type[Section], ...]]:
    origin, arguments = get_origin(bare), get_args(bare)
    if origin is Literal:
        return Kind.CHOICE, arguments, ()
    if origin in {UnionType, Union} and set(arguments) == {Secret, NoneType}:
        return Kind.SECRET, (), ()
    if origin is tuple and arguments[0] is str:
        return Kind.TEXTS, (), ()
    if origin is tuple:
        return Kind.SECTIONS, (), (arguments[0],)
    if arguments[1:] == (Secret,):
        return Kind.SECRETS, (), ()
    if arguments == (str, str):
        return Kind.TABLE, (), ()
    if arguments[:1] == (str,):
        return Kind.NAMED, (), get_args(arguments[1])
    raise TypeError(f"no setting can have the type {bare}")
