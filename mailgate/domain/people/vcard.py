"""Contacts as vCards: 3.0 (RFC 2426) and 4.0 (RFC 6350) are read and written, 2.1 is tolerated when read.

A card with a mistake is reported with the line that it stands in, and the next one is read all the same. What
a vCard has no property for (VIP, portal, salutation, free types) stands in properties of our own,
`X-MAILGATE-…`.
"""

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from mailgate.domain.people.card import (
    Card,
    Line,
    Reading,
    Value,
    Wrong,
    address_complaint,
    distinct,
    read_value,
)

VERSIONS: Final = ("2.1", "3.0", "4.0")
# RFC 6350 3.2: a line is folded at 75 octets.
FOLD: Final = 75
OURS: Final = "X-MAILGATE-"
# What a property says, by its name.
_FIELDS: Final = {
    "FN": "name", "ORG": "company", "TEL": "phone", "NOTE": "note", "LANG": "language", "X-LANG": "language",
    f"{OURS}TYPE": "type", f"{OURS}VIP": "vip", f"{OURS}PORTAL": "portal", f"{OURS}SALUTATION": "salutation",
}  # fmt: skip
# RFC 6350 6.1.4; other kinds are groups and places, and no contacts of ours.
_KINDS: Final = {"individual": "person", "org": "company"}
_PROPERTY: Final = re.compile(
    r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:\"[^\"]*\"|[^\":;])*+)*+):(.*)", re.DOTALL
)
_PARAM: Final = re.compile(r";\s*([A-Za-z0-9-]+)(?:=((?:\"[^\"]*\"|[^\";])*))?")
_PIECE: Final = re.compile(r"\\.|.", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(slots=True)
class _Property:
    """One property: its name in capitals, what stands in its parameters, and its raw value."""

    number: int
    name: str
    params: dict[str, str]
    value: str

    @property
    def rank(self) -> int:
        """How much it is preferred: 1 is most (RFC 6350 5.3), TYPE=pref is the older way to say so."""
        pref = self.params.get("PREF", "")
        if pref.isdigit():
            return int(pref)
        types = self.params.get("TYPE", "").casefold().split(",")
        return 1 if "pref" in types or "PREF" in self.params else 101


@dataclass(slots=True)
class _Found:
    """One card while it is read."""

    number: int
    properties: list[_Property] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


def read_vcards(text: str) -> Reading:
    """Return the contacts of a file of cards, and what was wrong in which line; a wrong card is not taken."""
    good: list[Line] = []
    wrong: list[Wrong] = []
    card: _Found | None = None
    for number, line in _unfolded(text):
        word = line.strip().upper().replace(" ", "")
        if word == "BEGIN:VCARD":
            if card is not None:
                wrong.append(Wrong(card.number, f"the card has no END:VCARD before line {number}"))
            card = _Found(number)
        elif card is None:
            wrong.append(Wrong(number, f"{line.strip()[:40]!r} stands outside of a card"))
        elif word == "END:VCARD":
            found = _contact(card)
            if isinstance(found, Line):
                good.append(found)
            else:
                wrong += found
            card = None
        else:
            _add(card, number, line)
    if card is not None:
        wrong.append(Wrong(card.number, "the card has no END:VCARD"))
    if not good and not wrong:
        wrong.append(Wrong(1, "there is no card in it"))
    return Reading(tuple(good), tuple(wrong))


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, those that it goes on in joined to it (RFC 6350 3.2)."""
    begun, pieces = 0, [""]
    for number, line in enumerate(text.split("\n"), 1):
        soft = pieces[-1].endswith("=") and _is_quoted(pieces[0])
        if begun and soft:
            pieces.append(line)
        elif begun and line[:1] in {" ", "\t"}:
            pieces.append(line[1:])
        else:
            if "".join(pieces).strip():
                yield begun, _joined(pieces)
            begun, pieces = number, [line]
    if "".join(pieces).strip():
        yield begun, _joined(pieces)


def _is_quoted(line: str) -> bool:
    return "QUOTED-PRINTABLE" in line.partition(":")[0].upper()


def _joined(pieces: list[str]) -> str:
    # The soft line breaks of quoted-printable are undone with the rest of it.
    return ("\n" if _is_quoted(pieces[0]) else "").join(pieces)


def _add(card: _Found, number: int, line: str) -> None:
    parsed = _PROPERTY.fullmatch(line.strip())
    if parsed is None:
        card.wrong.append(Wrong(number, f"{line.strip()[:40]!r} is no property: NAME:value"))
        return
    params: dict[str, str] = {}
    for name, value in _PARAM.findall(parsed[2]):
        key, said = (name.upper(), value.replace('"', "")) if value else ("TYPE", name)
        params[key] = f"{params[key]},{said}" if key in params else said
        if name.upper() == "QUOTED-PRINTABLE":  # vCard 2.1 leaves out the parameter's name
            params["ENCODING"] = name
    card.properties.append(_Property(number, parsed[1].upper(), params, _decoded(parsed[3], params)))


def _decoded(value: str, params: dict[str, str]) -> str:
    if params.get("ENCODING", "").upper() not in {"QUOTED-PRINTABLE", "Q"}:
        return value
    octets = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return octets.decode(params.get("CHARSET", "utf-8"), "replace")
    except LookupError:
        return octets.decode("utf-8", "replace")


def _contact(card: _Found) -> Line | list[Wrong]:
    """Return what a card says, or all that is wrong with it."""
    wrong = list(card.wrong)
    ranked = sorted(card.properties, key=lambda one: one.rank)
    version = next((one for one in ranked if one.name == "VERSION"), None)
    if version is not None and version.value.strip() not in VERSIONS:
        wrong.append(Wrong(version.number, f"vCard {version.value.strip()} is not known, 3.0 and 4.0 are"))
    said: dict[str, Value] = {}
    for one in ranked:
        name, text = _FIELDS.get(one.name, ""), _text(one)
        if not name or name in said or (not text and name != "company"):
            continue
        try:
            said[name] = read_value(name, text)
        except ValueError as error:
            wrong.append(Wrong(one.number, f"{one.name}: {error}"))
    _more(ranked, said)
    emails = [one for one in ranked if one.name == "EMAIL" and one.value.strip()]
    addresses = [_plain(one.value).removeprefix("mailto:") for one in emails]
    for one, address in zip(emails, addresses, strict=True):
        if problem := address_complaint(address):
            wrong.append(Wrong(one.number, f"EMAIL: {problem}"))
    if not emails:
        wrong.append(Wrong(card.number, address_complaint("")))
    return wrong or Line(card.number, distinct(addresses), said)


def _text(one: _Property) -> str:
    """Return a property's value as plain text; of a structured one the first part."""
    if one.name == "ORG":
        return _plain(_split(one.value, ";")[0])
    return _plain(one.value)


def _more(ranked: list[_Property], said: dict[str, Value]) -> None:
    """Add what several properties say together, or one of them where a better one is missing."""
    categories = [
        _plain(word) for one in ranked if one.name == "CATEGORIES" for word in _split(one.value, ",")
    ]
    if any(categories):
        said["categories"] = read_value("categories", ";".join(categories))
    kind = next((one.value.strip().casefold() for one in ranked if one.name == "KIND"), "")
    if "type" not in said and kind in _KINDS:
        said["type"] = _KINDS[kind]
    if "name" not in said:
        parts = next((_split(one.value, ";") for one in ranked if one.name == "N"), [])
        family, given = (*map(_plain, parts[:2]), "", "")[:2]
        if name := f"{given} {family}".strip():
            said["name"] = read_value("name", name)


def _split(value: str, separator: str) -> list[str]:
    """Return the parts between separators that are not escaped."""
    parts = [""]
    for piece in _PIECE.findall(value):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _plain(value: str) -> str:
    """Return a value without its escapes (RFC 6350 3.4)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def write_vcards(cards: Iterable[Card], version: str = "4.0") -> Iterator[str]:
    """Yield each contact as a card of this version, folded, with the line ends of the standard."""
    for card in cards:
        yield "".join(f"{_folded(line)}\r\n" for line in _lines(card, version))


def _lines(card: Card, version: str) -> Iterator[str]:
    latest = version == VERSIONS[-1]
    yield from ("BEGIN:VCARD", f"VERSION:{version}", f"FN:{_escape(card.name)}")
    if latest:
        yield from ([f"KIND:{'org' if card.type == 'company' else 'individual'}"] if card.type else [])
    else:
        yield f"N:{_escape(card.name)};;;;"
    for place, address in enumerate(card.addresses, 1):
        yield (
            f"EMAIL;PREF={place}:{_escape(address)}" if latest else f"EMAIL{_type(place)}:{_escape(address)}"
        )
    yield f"ORG:{_escape(card.company)}"
    plain = (
        ("TEL", card.phone), ("LANG" if latest else "X-LANG", card.language), ("NOTE", card.note),
        (f"{OURS}TYPE", card.type), (f"{OURS}SALUTATION", card.salutation),
    )  # fmt: skip
    yield from (f"{name}:{_escape(value)}" for name, value in plain if value)
    if card.categories:
        yield f"CATEGORIES:{','.join(map(_escape, card.categories))}"
    yield from (f"{OURS}VIP:{_switch(card.vip)}", f"{OURS}PORTAL:{_switch(card.portal)}", "END:VCARD")


def _type(place: int) -> str:
    return ";TYPE=internet,pref" if place == 1 else ";TYPE=internet"


def _switch(value: bool) -> str:  # noqa: FBT001  it is what is written
    return "yes" if value else "no"


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;")
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return a line in pieces of 75 octets at most, no character torn apart (RFC 6350 3.2)."""
    pieces, piece, size = [], "", 0
    for character in line:
        octets = len(character.encode("utf-8", "replace"))
        if size + octets > FOLD:
            pieces.append(piece)
            piece, size = " ", 1
        piece += character
        size += octets
    return "\r\n".join([*pieces, piece])
