"""Contacts out of files: each line becomes a contact, adds to one, or says what stands in its way (W5, S4).

Saying the same again changes nothing. A dry run goes the same way without writing: what earlier lines of the
file would have made is kept in memory, so that later lines find it.
"""

from collections.abc import Iterable, Sequence
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


def import_lines(tx: Transaction, lines: Sequence[Line], file: str, by: By) -> Report:
    """Write some lines in this transaction; a line that cannot be written leaves the others alone.

    `file` is its name for the history: each value remembers the line that it came from.
    """
    report = Report()
    owners = contacts.owners(tx, _keys(lines))
    present = contacts.many(tx, sorted(set(owners.values())))
    for line in lines:
        keys = _keys([line])
        origin = replace(by, source=f"import {file}:{line.number}")
        try:
            # Nothing is written before all of a line is known to fit, so it needs no savepoint.
            owner = _owner(owners.get(key, 0) for key in keys)
            if owner:
                wanted, there = Addresses(add=line.addresses), present.get(owner)
                done = contact_changes.change(tx, owner, line.said, origin, addresses=wanted, present=there)
                if done.after:
                    present.pop(owner, None)  # no longer as it was read
            else:
                done = contact_changes.create(tx, line.addresses, line.said, origin, free=True)
        except DeskError as error:
            report.wrong.append(Wrong(line.number, str(error)))
        else:
            owners |= dict.fromkeys(keys, done.contact_id)
            report.count(line, done)
    return report


def _keys(lines: Iterable[Line]) -> list[str]:
    return [fold(one) for line in lines for one in line.addresses]


def _owner(owners: Iterable[int]) -> int:
    """Return the one contact that a line means, 0 for a new one; DeskError where it means several."""
    found = sorted({one for one in owners if one})
    if len(found) > 1:
        several = " and ".join(map(str, found))
        raise DeskError(f"its addresses belong to the contacts {several}; `mailgate contact merge` first")
    return found[0] if found else 0


class DryRun:
    """The same without writing: `asked` only reads. Contacts that it would make have ids below 0."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._made = 0
        self._owners: dict[str, int] = {}
        self._cards: dict[int, tuple[Card, dict[str, str]]] = {}

    def import_lines(self, lines: Sequence[Line], file: str, by: By) -> Report:
        """Return what would become of these lines."""
        report = Report()
        found = contacts.owners(self._asked, _keys(lines))
        for key, owner in found.items():
            self._owners.setdefault(key, owner)
        unread = set(found.values()) - self._cards.keys()
        for owner, known in contacts.many(self._asked, sorted(unread)).items():
            self._cards[owner] = (known.card, dict(known.sources))
        for line in lines:
            try:
                report.count(line, self._take(line, f"import {file}:{line.number}", by))
            except DeskError as error:
                report.wrong.append(Wrong(line.number, str(error)))
        return report

    def _take(self, line: Line, source: str, by: By) -> Changed:
        keys = [fold(one) for one in line.addresses]
        owner = _owner(self._owners.get(key, 0) for key in keys)
        if not owner:
            self._made -= 1
            owner = self._made
            card = Card(line.addresses).with_({k: v for k, v in line.said.items() if v not in {"", ()}})
            self._keep(owner, replace(card, name=card.name or line.addresses[0]), {}, keys)
            return Changed(owner, created=True, after={"addresses": line.addresses})
        card, sources = self._cards[owner]
        decided = decide(card, sources, line.said, source, overwrite=by.overwrite)
        after = dict(decided.changes)
        listed = distinct((*card.addresses, *line.addresses))
        if listed != card.addresses:
            after["addresses"] = listed
        self._keep(owner, card.with_(after), {**sources, **dict.fromkeys(after, source)}, keys)
        return Changed(owner, after=after, kept=decided.kept)

    def _keep(self, owner: int, card: Card, sources: dict[str, str], keys: list[str]) -> None:
        self._cards[owner] = (card, sources)
        self._owners.update(dict.fromkeys(keys, owner))
