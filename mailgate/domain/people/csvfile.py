"""Contacts as CSV (RFC 4180): read whatever a table program has written, write what none of them runs.

Separators are commas, semicolons or tabs; the first line names the columns, in English or German. A cell that
a table program would take for a formula begins with an apostrophe in what is written, and loses it again when
it is read.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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

SEPARATORS: Final = (",", ";", "\t")
# What is written, in this order; each name is also one that is read.
COLUMNS: Final = (
    "name", "email", "other emails", "company", "type", "vip", "salutation", "language", "portal", "phone",
    "categories", "note",
)  # fmt: skip
# A cell that begins so is run as a formula by table programs; the apostrophe itself keeps this reversible.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")
# A cell in quotes may hold line ends; one that is longer than this was never closed.
LONGEST_RECORD: Final = 500

_NAMES: Final = {
    "name": "name fullname displayname contact contactname kontakt anzeigename vollstandigername",
    "first": "firstname givenname vorname",
    "last": "lastname surname familyname nachname familienname",
    "company": "company companyname organization organisation organizationname organization1name firma"
    " firmenname unternehmen",
    "type": "type contacttype kind typ art kontaktart kontakttyp",
    "vip": "vip important wichtig",
    "salutation": "salutation greeting anrede briefanrede",
    "language": "language lang locale sprache",
    "portal": "portal portalaccess portalzugang",
    "phone": "phone phonenumber telephone tel mobile mobilephone businessphone homephone phone1value telefon"
    " telefonnummer rufnummer mobil handy mobiltelefon telefongeschaftlich telefonprivat",
    "note": "note notes comment comments remark notiz notizen bemerkung bemerkungen kommentar anmerkung",
    "categories": "category categories tag tags label labels groupmembership kategorie kategorien gruppe"
    " gruppen",
    "": "id number nummer",
}
HEADERS: Final = {word: name for name, text in _NAMES.items() for word in text.split()}
_EMAIL: Final = re.compile(
    r"(?:other|further|weitere|primary|business|private)?e?mails?(?:adresses|addresses|address|adressen|adresse)?"
    r"\d*(?:address|adresse|value|wert)?"
)
# Several addresses may stand in one cell; a local part in quotes may hold what else parts them.
_ADDRESS: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s;,"])+')


@dataclass(frozen=True, slots=True)
class _Header:
    """What the columns are: a field, "email", "first", "last", or "" for what is not read."""

    columns: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def good(self) -> int:
        """How many columns are known."""
        return sum(map(bool, self.columns))


def read_csv(text: str) -> Reading:
    """Return the contacts of a table, and what was wrong in which line; a wrong line is not taken."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return Reading(wrong=(Wrong(1, "the file is empty"),))
    separator = max(SEPARATORS, key=lambda one: _header(_cells(lines[start], one)).good)
    header = _header(_cells(lines[start], separator))
    if "email" not in header.columns:
        names = ", ".join(repr(one) for one in _cells(lines[start], separator)[:8])
        text = f"no column of mail addresses among {names}; the first line must name one 'email'"
        return Reading(wrong=(Wrong(start + 1, text),))
    good: list[Line] = []
    wrong: list[Wrong] = []
    for number, cells in _records(lines, start + 1, separator):
        if isinstance(cells, str):
            wrong.append(Wrong(number, cells))
        elif any(cell.strip() for cell in cells):
            found = _contact(header, number, cells)
            (good if isinstance(found, Line) else wrong).append(found)  # type: ignore[arg-type]
    notes = [f"the columns are separated by {'a tab' if separator == chr(9) else repr(separator)}"]
    if header.unknown:
        notes.append(f"not read: {', '.join(map(repr, header.unknown))}")
    return Reading(tuple(good), tuple(wrong), tuple(notes))


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _header(cells: list[str]) -> _Header:
    columns, unknown = [], []
    for cell in cells:
        word = _word(cell)
        name = "email" if _EMAIL.fullmatch(word) else HEADERS.get(word)
        columns.append(name or "")
        if name is None and cell.strip():
            unknown.append(cell.strip())
    return _Header(tuple(columns), tuple(unknown))


def _word(cell: str) -> str:
    """Return a column's name with nothing but its letters and digits, without accents."""
    parts = unicodedata.normalize("NFKD", cell.casefold())
    return "".join(c for c in parts if c.isalnum())


def _records(lines: list[str], start: int, separator: str) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line that each record begins in, with its cells, or with what is wrong with it."""
    place = start
    while place < len(lines):
        if not lines[place].strip():
            place += 1
            continue
        # A cell that is never closed must not swallow the rest of the file.
        rest = (f"{line}\n" for line in lines[place : place + LONGEST_RECORD])
        reader = csv.reader(rest, delimiter=separator, strict=True)
        try:
            cells = next(reader)
        except csv.Error as error:
            large = "limit" in str(error)
            yield place + 1, "a cell is too large" if large else "a quote is not closed, or closed too early"
            place += 1
        else:
            yield place + 1, cells
            place += reader.line_num


def _contact(header: _Header, number: int, cells: list[str]) -> Line | Wrong:
    """Return what one record says, or all that is wrong with it."""
    if len(cells) > len(header.columns) and any(cell.strip() for cell in cells[len(header.columns) :]):
        return Wrong(number, f"has {len(cells)} cells, the first line names {len(header.columns)}")
    said: dict[str, Value] = {}
    texts: dict[str, str] = {}
    addresses: list[str] = []
    problems: list[str] = []
    for name, cell in zip(header.columns, map(_plain, cells), strict=False):
        if name == "email":
            addresses += _ADDRESS.findall(cell.replace(":::", " "))
        elif name and (cell.strip() or name == "company") and not texts.get(name):
            texts[name] = cell
    full = " ".join(texts.pop(one, "").strip() for one in ("first", "last")).strip()
    if full and not texts.get("name"):
        texts["name"] = full
    for name, cell in texts.items():
        try:
            said[name] = read_value(name, cell)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    problems += [wrong for one in addresses or [""] if (wrong := address_complaint(one))]
    if problems:
        return Wrong(number, "; ".join(problems))
    return Line(number, distinct(addresses), said)


def _plain(cell: str) -> str:
    """Return a cell without the apostrophe that keeps it from being a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:2] in FORMULA and cell[1:2] else cell


def write_csv(cards: Iterable[Card]) -> Iterator[str]:
    """Yield the lines of a table of contacts (RFC 4180: commas, CRLF); the first one names the columns."""
    yield _row(COLUMNS)
    for card in cards:
        yield _row((
            card.name, card.addresses[0], " ".join(card.addresses[1:]), card.company, card.type,
            _switch(card.vip), card.salutation, card.language, _switch(card.portal), card.phone,
            "; ".join(card.categories), card.note,
        ))  # fmt: skip


def _switch(value: bool) -> str:  # noqa: FBT001  it is what is written
    return "yes" if value else "no"


def _row(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
    return buffer.getvalue()
