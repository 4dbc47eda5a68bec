"""Contacts out of files: each line becomes a contact, adds to one, or says what stands in its way (W5, S4).

Saying the same again changes nothing. A dry run goes the same way without writing: what earlier lines of the
file would have made is kept in memory, so that later lines find it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from mailgate.domain.address import fold
from mailgate.domain.deskerror import DeskError
from mailgate.domain.people.card import Card, Line, Wrong, decide, distinct
from mailgate.store import contact_changes, contacts
from mailgate.store.contact_changes import Addresses, By, Changed
from mailgate.store.contacts import Asked
from mailgate.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """Fields of a line that were left as a person has set them."""

    number: int
    contact_id: int
    address: str
    fields: tuple[str, ...]


@dataclass(slots=True)
class Report:
    """What became of a file: lines by result, in its order; growing while it is read."""

    added: int = 0
    changed: int = 0
    same: int = 0
    kept: list[Kept] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)

    def count(self, line: Line, done: Changed) -> None:
        """Add one line."""
        if done.created:
            self.added += 1
        elif done.after:
            self.changed += 1
        else:
            self.same += 1
        if done.kept:
            self.kept.append(Kept(line.number, done.contact_id, line.addresses[0], done.kept))

    def add(self, other: "Report") -> None:
        """Add another part of the same file."""
        self.added += other.added
        self.changed += other.changed
        self.same += other.same
        self.kept += other.kept
        self.wrong += other.wrong


def import_lines(tx: Transaction, lines: Iterable[Line], file: str, by: By) -> Report:
    """Write some lines in this transaction; a line that cannot be written leaves the others alone.

    `file` is its name for the history: each value remembers the line that it came from.
    """
    report = Report()
    for line in lines:
        origin = replace(by, source=f"import {file}:{line.number}")
        try:
            # Nothing is written before all of a line is known to fit, so it needs no savepoint.
            report.count(line, _take(tx, line, origin))
        except DeskError as error:
            report.wrong.append(Wrong(line.number, str(error)))
    return report


def _owner(owners: Iterable[int]) -> int:
    """Return the one contact that a line means, 0 for a new one; DeskError where it means several."""
    found = sorted({one for one in owners if one})
    if len(found) > 1:
        several = " and ".join(map(str, found))
        raise DeskError(f"its addresses belong to the contacts {several}; `mailgate contact merge` first")
    return found[0] if found else 0


def _take(tx: Transaction, line: Line, by: By) -> Changed:
    owner = _owner(contacts.owner(tx, fold(one)) for one in line.addresses)
    if not owner:
        return contact_changes.create(tx, line.addresses, line.said, by)
    return contact_changes.change(tx, owner, line.said, by, addresses=Addresses(add=line.addresses))


class DryRun:
    """The same without writing: `asked` only reads. Contacts that it would make have ids below 0."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._owners: dict[str, int] = {}
        self._cards: dict[int, tuple[Card, dict[str, str]]] = {}

    def import_lines(self, lines: Iterable[Line], file: str, by: By) -> Report:
        """Return what would become of these lines."""
        report = Report()
        for line in lines:
            try:
                report.count(line, self._take(line, f"import {file}:{line.number}", by))
            except DeskError as error:
                report.wrong.append(Wrong(line.number, str(error)))
        return report

    def _take(self, line: Line, source: str, by: By) -> Changed:
        keys = [fold(one) for one in line.addresses]
        owner = _owner(self._owners.get(key) or contacts.owner(self._asked, key) for key in keys)
        if not owner:
            owner = -1 - len(self._cards)
            card = Card(line.addresses).with_({k: v for k, v in line.said.items() if v not in {"", ()}})
            self._keep(owner, replace(card, name=card.name or line.addresses[0]), {}, keys)
            return Changed(owner, created=True, after={"addresses": line.addresses})
        card, sources = self._card(owner)
        decided = decide(card, sources, line.said, source, overwrite=by.overwrite)
        after = dict(decided.changes)
        listed = distinct((*card.addresses, *line.addresses))
        if listed != card.addresses:
            after["addresses"] = listed
        self._keep(owner, card.with_(after), {**sources, **dict.fromkeys(after, source)}, keys)
        return Changed(owner, after=after, kept=decided.kept)

    def _card(self, owner: int) -> tuple[Card, dict[str, str]]:
        if owner not in self._cards:
            known = contacts.contact(self._asked, owner)
            if known is None:
                raise DeskError(f"there is no contact {owner} any more")
            self._cards[owner] = (known.card, dict(known.sources))
        return self._cards[owner]

    def _keep(self, owner: int, card: Card, sources: dict[str, str], keys: list[str]) -> None:
        self._cards[owner] = (card, sources)
        self._owners.update(dict.fromkeys(keys, owner))
