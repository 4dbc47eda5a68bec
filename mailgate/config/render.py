"""Writes settings as TOML and as plain data; secrets appear as the place they lie in."""

import json
from collections.abc import Iterator, Mapping
from typing import cast

from mailgate.config.schema import Kind, Setting, settings_of, tag_of
from mailgate.config.secret import Secret
from mailgate.config.section import Section
from mailgate.config.settings import Settings
from mailgate.config.units import format_duration, format_size


def toml_value(setting: Setting, value: object) -> str:
    """Write a value as it stands in the file; secrets as the place they lie in."""
    if setting.kind is Kind.SIZE and isinstance(value, int):
        return quoted(format_size(value))
    if setting.kind is Kind.DURATION and isinstance(value, float):
        return quoted(format_duration(value))
    return _toml(value)


def _toml(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Secret():
            return quoted(value.reference)
        case str():
            return quoted(value)
        case tuple() | list():
            return f"[{', '.join(_toml(item) for item in value)}]"
        case Mapping() if value:
            return f"{{ {', '.join(f'{_key(str(k))} = {_toml(v)}' for k, v in value.items())} }}"
        case Mapping():
            return "{}"
        case None:
            return '""'
        case _:
            return f"{value}"


def quoted(text: str) -> str:
    """Write a text as a TOML string."""
    # JSON's escapes are those of a basic string but for DEL (TOML 1.0, strings).
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if name and name.isascii() and name.replace("-", "_").isidentifier() else quoted(name)


def plain(value: object) -> object:
    """Return settings as dicts, lists and scalars, fit for JSON; secrets as the place they lie in."""
    match value:
        case Section():
            tag = {"kind": tag_of(type(value))} if tag_of(type(value)) else {}
            return tag | {s.name: plain(getattr(value, s.name)) for s in settings_of(type(value))}
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple():
            return [plain(item) for item in value]
        case Secret():
            return value.reference
        case _:
            return value


def changed(section: Section) -> dict[str, object]:
    """Return what differs from the defaults, in the form of `plain`."""
    result: dict[str, object] = {}
    for setting in settings_of(type(section)):
        value = getattr(section, setting.name)
        if setting.kind is Kind.SECTION:
            inner = changed(cast("Section", value))
            if inner:
                result[setting.name] = inner
        elif value != setting.default:
            result[setting.name] = _changed_tables(value)
    return result


def _changed_tables(value: object) -> object:
    match value:
        case Section():
            tag = {"kind": tag_of(type(value))} if tag_of(type(value)) else {}
            return tag | changed(value)
        case Mapping():
            return {str(key): _changed_tables(item) for key, item in value.items()}
        case tuple() if any(isinstance(item, Section) for item in value):
            return [_changed_tables(item) for item in value]
        case _:
            return plain(value)


def show(settings: Settings, *, changed_only: bool = False) -> str:
    """Write settings as TOML that reads back as the same settings."""
    blocks: list[str] = []
    for setting in settings_of(Settings):
        value = getattr(settings, setting.name)
        if changed_only and value == setting.default:
            continue
        for header, section in _tables(setting, value):
            lines = _table_lines(section, changed_only=changed_only)
            blocks.append("\n".join([header, *lines]))
    return "\n\n".join(blocks) + ("\n" if blocks else "")


def _tables(setting: Setting, value: object) -> Iterator[tuple[str, Section]]:
    match value:
        case Section():
            yield f"[{setting.name}]", value
        case Mapping():
            for name, item in value.items():
                yield f"[{setting.name}.{_key(str(name))}]", item
        case tuple():
            for item in value:
                yield f"[[{setting.name}]]", item


def _table_lines(section: Section, *, changed_only: bool) -> Iterator[str]:
    if tag_of(type(section)):
        yield f"kind = {quoted(tag_of(type(section)))}"
    for setting in settings_of(type(section)):
        value = getattr(section, setting.name)
        # A secret that is not set has no TOML form: leaving it out says the same.
        if value is not None and not (changed_only and value == setting.default):
            yield f"{setting.name} = {toml_value(setting, value)}"
