"""Checks a tree of values against the section classes and builds them, noting every mistake on the way.

Nothing stops at the first error: a table with a mistake is not built, and its neighbours are checked.
The value of a secret never becomes part of a message.
"""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar

from mailgate.config.files import Tree
from mailgate.config.positions import Place
from mailgate.config.schema import REQUIRED, Kind, Setting, settings_of, tag_of
from mailgate.config.secret import Secret, SecretError
from mailgate.config.section import Section
from mailgate.config.units import UnitError, format_duration, format_size, parse_duration, parse_size

S = TypeVar("S", bound=Section)

WRONG: Final = object()  # stands for a value about which a complaint was made

EXPECTED: Final[Mapping[Kind, str]] = {
    Kind.TEXT: "a text in quotes",
    Kind.NUMBER: "a whole number",
    Kind.FRACTION: "a number",
    Kind.SWITCH: "true or false",
    Kind.SIZE: 'a size such as "25 MiB"',
    Kind.DURATION: 'a duration such as "5 min"',
    Kind.CHOICE: "one of the words",
    Kind.TEXTS: "a list of texts",
    Kind.SECRET: "a text such as ${credential:NAME}",
    Kind.SECRETS: "a table of secrets",
    Kind.TABLE: "a table of texts",
    Kind.SECTION: "a table",
    Kind.SECTIONS: "a list of tables, each under its own [[…]]",
    Kind.NAMED: "a table of tables",
}


def suggestion(word: str, known: list[str]) -> str:
    """Return `, did you mean 'x'?` for the nearest known word, or ""."""
    near = get_close_matches(word.lower(), known, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def type_name(value: object) -> str:
    """Name the type of a TOML value as people do."""
    match value:
        case bool():
            return "true or false"
        case str():
            return "a text"
        case int():
            return "a whole number"
        case float():
            return "a number with a fraction"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return "a date or time"


class Walker:
    """One walk over one tree; complaints are added to the tree."""

    def __init__(self, tree: Tree, *, resolve_secrets: bool) -> None:
        self.tree = tree
        self.resolve_secrets = resolve_secrets
        self.readers: Mapping[Kind, Callable[[Setting, object, Place], object]] = {
            Kind.TEXT: self.text,
            Kind.NUMBER: self.number,
            Kind.FRACTION: self.number,
            Kind.SWITCH: self.switch,
            Kind.SIZE: self.quantity,
            Kind.DURATION: self.quantity,
            Kind.CHOICE: self.choice,
            Kind.TEXTS: self.texts,
            Kind.SECRET: self.secret,
            Kind.SECRETS: self.secrets,
            Kind.TABLE: self.words,
            Kind.SECTION: self.section,
            Kind.SECTIONS: self.sections,
            Kind.NAMED: self.named,
        }

    def table(self, section: type[S], values: Mapping[str, object], place: Place) -> S | None:
        """Build one section; None if anything in it is wrong."""
        settings = settings_of(section)
        self.unknown(section, values, place)
        built: dict[str, object] = {}
        for setting in settings:
            if setting.name in values:
                built[setting.name] = self.value(setting, values[setting.name], (*place, setting.name))
            elif setting.default is REQUIRED:
                built[setting.name] = self.complain((*place, setting.name), "is missing")
        if WRONG in built.values():
            return None
        made = section(**built)
        for name, message in made.complaints():
            steps = (int(step) if step.isdecimal() else step for step in name.split("."))
            self.complain((*place, *steps), message)
        return made

    def complain(self, place: Place, message: str) -> object:
        """Note a complaint and return the mark of a wrong value."""
        self.tree.complain(place, message)
        return WRONG

    def unknown(self, section: type[Section], values: Mapping[str, object], place: Place) -> None:
        """Complain about every key that the section does not have."""
        known = [s.name for s in settings_of(section)]
        if tag_of(section):
            known.append("kind")
        what = "setting" if place else "section"
        for key in values:
            if key not in known:
                hint = suggestion(key, known) or f"; there are {', '.join(known)}"
                self.complain((*place, key), f"unknown {what}{hint}")

    def value(self, setting: Setting, value: object, place: Place) -> object:
        """Read one value by the kind of its setting."""
        return self.readers[setting.kind](setting, value, place)

    def wrong_type(self, setting: Setting, value: object, place: Place) -> object:
        """Complain about a value of another type."""
        return self.complain(place, f"must be {EXPECTED[setting.kind]}, not {type_name(value)}")

    def text(self, setting: Setting, value: object, place: Place) -> object:
        """Read a text and check its syntax."""
        if not isinstance(value, str):
            return self.wrong_type(setting, value, place)
        message = setting.check(value) if setting.check else ""
        return self.complain(place, message) if message else value

    def switch(self, setting: Setting, value: object, place: Place) -> object:
        """Read true or false."""
        return value if isinstance(value, bool) else self.wrong_type(setting, value, place)

    def number(self, setting: Setting, value: object, place: Place) -> object:
        """Read a number and check its bounds."""
        whole = setting.kind is Kind.NUMBER
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return self.wrong_type(setting, value, place)
        number = value
        return self.bounded(setting, number if whole else float(number), place)

    def quantity(self, setting: Setting, value: object, place: Place) -> object:
        """Read a size or a duration; a bare number is bytes, and of durations only 0 may be bare."""
        size = setting.kind is Kind.SIZE
        if isinstance(value, int) and not isinstance(value, bool) and (size or value == 0):
            return self.bounded(setting, value if size else float(value), place)
        if not isinstance(value, str):
            return self.wrong_type(setting, value, place)
        try:
            number: float = parse_size(value) if size else parse_duration(value)
        except UnitError as error:
            return self.complain(place, str(error))
        return self.bounded(setting, number, place)

    def bounded(self, setting: Setting, number: float, place: Place) -> object:
        """Check a number against the bounds of its setting."""
        if setting.ge is not None and not number >= setting.ge:
            return self.complain(place, f"must be at least {written(setting.kind, setting.ge)}")
        if setting.le is not None and not number <= setting.le:
            return self.complain(place, f"must be at most {written(setting.kind, setting.le)}")
        return number

    def choice(self, setting: Setting, value: object, place: Place) -> object:
        """Read one of a few words."""
        words = ", ".join(setting.choices)
        if not isinstance(value, str):
            return self.complain(place, f"must be one of {words}, not {type_name(value)}")
        if value in setting.choices:
            return value
        return self.complain(place, f"{value!r} is none of {words}{suggestion(value, list(setting.choices))}")

    def texts(self, setting: Setting, value: object, place: Place) -> object:
        """Read a list of texts."""
        if not isinstance(value, list):
            return self.wrong_type(setting, value, place)
        items: list[object] = []
        for index, item in enumerate(value):
            if isinstance(item, str):
                items.append(self.text(setting, item, (*place, index)))
            else:
                items.append(self.complain((*place, index), f"must be a text, not {type_name(item)}"))
        return WRONG if WRONG in items else tuple(items)

    def secret(self, setting: Setting, value: object, place: Place) -> object:
        """Read the place of a secret and, if asked to, the secret itself."""
        if not isinstance(value, str):
            return self.wrong_type(setting, value, place)
        try:
            secret = Secret.parse(value)
            if self.resolve_secrets:
                secret.resolve()
        except SecretError as error:
            return self.complain(place, str(error))
        return secret

    def secrets(self, setting: Setting, value: object, place: Place) -> object:
        """Read a table of secrets."""
        if not isinstance(value, dict):
            return self.wrong_type(setting, value, place)
        read = {key: self.secret(setting, item, (*place, key)) for key, item in value.items()}
        return WRONG if WRONG in read.values() else read

    def words(self, setting: Setting, value: object, place: Place) -> object:
        """Read a table of texts; the check is about its names."""
        if not isinstance(value, dict):
            return self.wrong_type(setting, value, place)
        read: dict[str, object] = {}
        for key, item in value.items():
            message = setting.check(key) if setting.check else ""
            if not message and not isinstance(item, str):
                message = f"must be a text, not {type_name(item)}"
            read[key] = self.complain((*place, key), message) if message else item
        return WRONG if WRONG in read.values() else read

    def section(self, setting: Setting, value: object, place: Place) -> object:
        """Read one table."""
        if not isinstance(value, dict):
            return self.wrong_type(setting, value, place)
        return self.table(setting.sections[0], value, place) or WRONG

    def sections(self, setting: Setting, value: object, place: Place) -> object:
        """Read a list of tables, in which unique settings may not repeat."""
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            return self.wrong_type(setting, value, place)
        section = setting.sections[0]
        for unique in (s.name for s in settings_of(section) if s.unique):
            self.repeated(unique, value, place)
        built = [self.table(section, item, (*place, index)) for index, item in enumerate(value)]
        return WRONG if None in built else tuple(built)

    def repeated(self, name: str, tables: list[dict[str, object]], place: Place) -> None:
        """Complain where two tables of a list have the same value."""
        first: dict[str, int] = {}
        for index, table in enumerate(tables):
            value = table.get(name)
            if not isinstance(value, str):
                continue
            if value in first:
                file, line = self.tree.where((*place, first[value], name))
                self.complain((*place, index, name), f"{value!r} stands in {file}:{line} already")
            first.setdefault(value, index)

    def named(self, setting: Setting, value: object, place: Place) -> object:
        """Read tables by name, each of the class that its `kind` selects."""
        if not isinstance(value, dict):
            return self.wrong_type(setting, value, place)
        built: dict[str, object] = {}
        for key, item in value.items():
            message = setting.check(key) if setting.check else ""
            if message:
                built[key] = self.complain((*place, key), message)
            elif isinstance(item, dict):
                built[key] = self.tagged(setting, item, (*place, key))
            else:
                built[key] = self.complain((*place, key), f"must be a table, not {type_name(item)}")
        return WRONG if WRONG in built.values() else built

    def tagged(self, setting: Setting, values: dict[str, object], place: Place) -> object:
        """Read a table whose `kind` says which settings it has."""
        classes = {tag_of(section): section for section in setting.sections}
        kinds = ", ".join(classes)
        kind = values.get("kind")
        if kind is None:
            return self.complain((*place, "kind"), f"is missing; there are {kinds}")
        if not isinstance(kind, str):
            return self.complain((*place, "kind"), f"must be one of {kinds}, not {type_name(kind)}")
        if kind not in classes:
            hint = suggestion(kind, list(classes))
            return self.complain((*place, "kind"), f"{kind!r} is none of {kinds}{hint}")
        return self.table(classes[kind], values, place) or WRONG


def written(kind: Kind, number: float) -> str:
    """Write a number as it stands in the file."""
    match kind:
        case Kind.SIZE:
            return format_size(round(number))
        case Kind.DURATION:
            return format_duration(number)
        case _:
            return f"{number:g}" if number < 1e6 else f"{number:.0f}"  # noqa: PLR2004  %g would write 1e+06
