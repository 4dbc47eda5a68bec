"""A contact as people and files say it: fields, what is wrong with a value, and who may change what (W5, S4).

A value that a person has set is not changed by a mail, a rule or an import; `decide` is the one place that
says so.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mailgate.domain.address import fold, sendable
from mailgate.domain.contact import NAME_LENGTH, company_domain

Value = str | bool | tuple[str, ...]
# What is said about a contact, by field; a field that is not in it is not spoken of.
Said = Mapping[str, Value]

SWITCHES: Final = ("vip", "portal")
FIELDS: Final = (
    "name", "company", "type", "vip", "salutation", "language", "portal", "phone", "categories", "note",
)  # fmt: skip
# More is a page of text, and no note beside a contact any more.
NOTE_LENGTH: Final = 10_000
PHONE_LENGTH: Final = 40
# A number of fewer digits is an extension, which many people share.
PHONE_DIGITS: Final = 7
# Without country code and trunk prefix, which are written in several ways, this much is left of a number.
PHONE_TAIL: Final = 9

_TYPE: Final = re.compile(r"[^\W_][\w-]{0,39}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")  # RFC 5646 2.1, without its rarities
_YES: Final = frozenset({"yes", "y", "true", "1", "on", "x", "ja", "j", "wahr"})
_NO: Final = frozenset({"no", "n", "false", "0", "off", "nein", "falsch"})


@dataclass(frozen=True, slots=True)
class Card:
    """All that is known of a contact; the first address is the one that we write to."""

    addresses: tuple[str, ...]
    name: str = ""
    company: str = ""
    type: str = ""
    vip: bool = False
    salutation: str = ""
    language: str = ""
    portal: bool = False
    phone: str = ""
    categories: tuple[str, ...] = ()
    note: str = ""

    def with_(self, said: Said) -> "Card":
        """Return the card with these values."""
        changes: dict[str, Any] = dict(said)
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Line:
    """One contact of a file: what it says, and the line that it begins in."""

    number: int
    addresses: tuple[str, ...]
    said: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of a file; its contact is not taken."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file said; `notes` are for the person who reads the report."""

    lines: tuple[Line, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """What of the said values is to be written, and the fields that keep what a person has set."""

    changes: dict[str, Value]
    kept: tuple[str, ...] = ()


def is_machine(source: str) -> bool:
    """Whether a source is a mail, a rule or a file; everybody else is a person ("" is the mail)."""
    return source in {"", "mail"} or source.startswith(("rule ", "import "))


def decide(
    present: Card, sources: Mapping[str, str], said: Said, source: str, *, overwrite: bool = False
) -> Decided:
    """Return which of these values are to be written over the present ones.

    Machines add to categories and otherwise take nothing away: an empty value of theirs says nothing. What a
    person has set they leave alone, unless told to `overwrite`.
    """
    changes: dict[str, Value] = {}
    kept: list[str] = []
    machine = is_machine(source)
    for name, value in said.items():
        old = getattr(present, name)
        if machine and value in {"", ()}:
            continue
        if machine and name == "categories" and not overwrite:
            value = joined(old, value)  # noqa: PLW2901  what it would be afterwards
        if value == old:
            continue
        if machine and not overwrite and not is_machine(sources.get(name, "")):
            kept.append(name)
        else:
            changes[name] = value
    return Decided(changes, tuple(kept))


def joined(one: Iterable[str], other: Any) -> tuple[str, ...]:
    """Return both lists as one; words are compared without case, the first spelling stays."""
    found: dict[str, str] = {}
    for word in (*one, *other):
        found.setdefault(word.casefold(), word)
    return tuple(found.values())


def read_value(name: str, text: str) -> Value:
    """Return a field's value as a person wrote it; raises ValueError saying what is wrong with it."""
    if name in SWITCHES:
        return _switch(text)
    if name == "categories":
        return _words(re.split(r"[,;|]", text))
    if name == "note":
        return _note(text)
    line = _one_line(text)
    if len(line) > NAME_LENGTH:
        raise ValueError(f"has {len(line)} characters, {NAME_LENGTH} are the most")
    if line and name == "type" and not _TYPE.fullmatch(line):
        raise ValueError(f"{line!r} is no single word, such as 'person' or 'company'")
    if line and name == "language":
        if not _LANGUAGE.fullmatch(line):
            raise ValueError(f"{line!r} is no language, write it as 'de' or 'pt-BR'")
        return line.replace("_", "-")
    if line and name == "phone":
        return _phone(line)
    return line


def _one_line(text: str) -> str:
    """Return a text on one line, without what is invisible."""
    spaced = (" " if c.isspace() else c for c in text)
    return " ".join("".join(c for c in spaced if c.isprintable()).split())


def _note(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    note = "".join(c for c in lines if c.isprintable() or c == "\n").strip()
    if len(note) > NOTE_LENGTH:
        raise ValueError(f"has {len(note)} characters, {NOTE_LENGTH} are the most")
    return note


def _switch(text: str) -> bool:
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO or not word:
        return False
    raise ValueError(f"{text.strip()!r} is neither yes nor no")


def _words(parts: Iterable[str]) -> tuple[str, ...]:
    words = tuple(word for word in map(_one_line, parts) if word)
    long = next((word for word in words if len(word) > NAME_LENGTH), "")
    if long:
        raise ValueError(f"{long[:20]!r} … is too long for a word")
    return joined(words, ())


def _phone(text: str) -> str:
    number = text.removeprefix("tel:")
    if len(number) > PHONE_LENGTH or sum(c.isdigit() for c in number) < 2:  # noqa: PLR2004  an extension has two
        raise ValueError(f"{text!r} is no phone number")
    return number


def phone_key(phone: str) -> str:
    """Return what two ways to write one number have in common, "" where that would say nothing."""
    digits = "".join(c for c in phone if c.isascii() and c.isdigit())
    return digits[-PHONE_TAIL:] if len(digits) >= PHONE_DIGITS else ""


def address_complaint(address: str) -> str:
    """Return what is wrong with a contact's address, "" where nothing is."""
    if not address:
        return "has no mail address"
    return "" if sendable(address) else f"{address!r} is no mail address"


def distinct(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return the addresses without those that say the same again; the first spelling stays."""
    found: dict[str, str] = {}
    for one in addresses:
        found.setdefault(fold(one), one)
    return tuple(found.values())


def name_key(name: str) -> str:
    """Return a name as it is compared: without case, and in whatever order ("Berg, Anna" is "Anna Berg")."""
    words = (word.strip(".,;") for word in name.casefold().split())
    return "" if "@" in name else " ".join(sorted(word for word in words if word))


def duplicate_keys(card: Card, domain: str) -> tuple[tuple[str, str], ...]:
    """Return what two cards of one person have in common, as (why, key); `domain` is the company's."""
    keys: list[tuple[str, str]] = []
    name = name_key(card.name)
    domain = domain or company_domain(card.addresses[0] if card.addresses else "")
    if name and domain:
        keys.append(("name and company", f"{name}@{domain}"))
    if phone := phone_key(card.phone):
        keys.append(("phone", phone))
    return tuple(keys)
