"""Contacts are made, changed and merged by people and files; by mails it is `apply_open_contact`.

Each change says who made it and where each value came from, grows the contact's version, and leaves a line in
the audit with what was before and after. What is refused raises DeskError with a sentence; then nothing of it
is written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from peewee import fn

from mailgate.domain.address import fold
from mailgate.domain.contact import company_domain, company_key, fold_name
from mailgate.domain.deskerror import DeskError, NotThere, Stale
from mailgate.domain.people.card import Card, Said, Value, decide, distinct, is_machine, joined
from mailgate.domain.people.stale import differences
from mailgate.store import contacts
from mailgate.store.contacts import Known
from mailgate.store.domains import company_of_domain
from mailgate.store.history import write_change
from mailgate.store.models.people import Contact, ContactAddress, ContactSource
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import clean, words
from mailgate.store.rows import ContactRow
from mailgate.store.transaction import Transaction

# Tickets that follow a merge in one transaction: it must not keep the gateway waiting.
STEP: Final = 500


@dataclass(frozen=True, slots=True)
class By:
    """Who changes something, and where the values come from: the same for a person.

    `overwrite` lets a file change what a person has set.
    """

    who: str
    source: str = ""
    overwrite: bool = False

    @property
    def origin(self) -> str:
        """What is kept beside each value: `agent anna`, `command line (anna)`, `import contacts.csv:7`."""
        return self.source or (self.who if self.who.startswith("command line") else f"agent {self.who}")


@dataclass(frozen=True, slots=True)
class Addresses:
    """What is to become of a contact's addresses; `first` is the one that leads from now on."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    first: str = ""


NO_ADDRESSES: Final = Addresses()


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a contact: fields and their values before and after; `kept` are a person's."""

    contact_id: int
    created: bool = False
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def known(tx: Transaction, contact_id: int, if_version: int | None = None) -> Known:
    """Return a contact, following merges; NotThere, or Stale if it is at another version."""
    found = contacts.contact(tx, contact_id)
    if found is None:
        raise NotThere(f"there is no contact {contact_id}; `mailgate contact list` shows them")
    if if_version is not None and found.version != if_version:
        past = contacts.history(tx, found.contact_id, max(found.version - if_version, 1))
        raise Stale(f"contact {found.contact_id}", if_version, found.version, differences(past))
    return found


def create(tx: Transaction, addresses: tuple[str, ...], said: Said, by: By, *, free: bool = False) -> Changed:
    """Make a contact with these addresses, the first leading; DeskError where one is somebody's already.

    Without a word about its company it joins the one that its address' domain belongs to. `free`: the caller
    has seen in this transaction that nobody has the addresses.
    """
    addresses = distinct(addresses)
    if not free:
        _require_free(tx, addresses, 0)
    contact_id = tx.allocate("contact")
    card = Card(addresses).with_({k: v for k, v in said.items() if v not in {"", ()}})
    name = clean(card.name or addresses[0])
    domain = company_domain(addresses[0])
    company_id = _company(tx, card.company, domain) if "company" in said else _company_at(tx, domain)
    row = ContactRow(
        id=contact_id,
        name=name,
        categories=words(card.categories),
        company_id=company_id,
        created_at=tx.now_ms,
        type=clean(card.type),
        vip=int(card.vip),
        language=card.language,
        salutation=clean(card.salutation),
        folded=fold_name(name),
    )
    tx.add(tx.hot.people.contact, row)
    more = {"portal": int(card.portal), "phone": clean(card.phone), "note": clean(card.note)}
    if any(more.values()):
        tx.query(Contact.update(**more).where(Contact.id == contact_id))
    for place, address in enumerate(addresses):
        _own(tx, contact_id, address, tx.now_ms + place)
    after: dict[str, Value] = {"addresses": addresses}
    after |= {k: v for k, v in said.items() if v not in {"", (), False}}
    for one in after:
        tx.add(tx.hot.people.source, (contact_id, one, by.origin, tx.now_ms))
    _audit(tx, by, "contact add", contact_id, {}, after)
    return Changed(contact_id, created=True, after=after)


def change(
    tx: Transaction,
    contact_id: int,
    said: Said,
    by: By,
    *,
    addresses: Addresses = NO_ADDRESSES,
    if_version: int | None = None,
    present: Known | None = None,
) -> Changed:
    """Set fields and addresses of a contact; saying again what is so changes not even its version.

    `present` is the contact as the caller has just read it in this transaction.
    """
    if present is None:
        present = known(tx, contact_id, if_version)
    if said.get("name") == "" and not is_machine(by.origin):
        raise DeskError("a contact needs a name")
    decided = decide(present.card, present.sources, said, by.origin, overwrite=by.overwrite)
    after: dict[str, Value] = dict(decided.changes)
    listed = _addresses(tx, present, addresses)
    if listed != present.card.addresses:
        after["addresses"] = listed
    before = {name: getattr(present.card, name) for name in after}
    if not after:
        return Changed(present.contact_id, kept=decided.kept)
    _write(tx, present, decided.changes)
    for one in after:
        tx.add(tx.hot.people.source, (present.contact_id, one, by.origin, tx.now_ms))
    _audit(tx, by, "contact set", present.contact_id, before, after)
    return Changed(present.contact_id, before=before, after=after, kept=decided.kept)


def _write(tx: Transaction, present: Known, changes: Mapping[str, Value]) -> None:
    columns: dict[Any, Any] = {Contact.version: Contact.version + 1, Contact.touched_at: tx.now_ms}
    first = present.card.addresses[0] if present.card.addresses else ""
    for name, value in changes.items():
        match name, value:
            case "company", str():
                columns[Contact.company_id] = _company(tx, value, company_domain(first))
            case "categories", tuple():
                columns[Contact.categories] = clean(words(value))
            case _, bool():
                columns[getattr(Contact, name)] = int(value)
            case _:
                columns[getattr(Contact, name)] = clean(str(value))
    if "name" in changes:
        columns[Contact.folded] = fold_name(clean(str(changes["name"])))
    same = (Contact.id == present.contact_id) & (Contact.version == present.version)
    if not tx.query(Contact.update(columns).where(same)).rowcount:
        # Only another process on PostgreSQL can have been faster.
        raise Stale(f"contact {present.contact_id}", present.version, present.version + 1)


# -- addresses


def _require_free(tx: Transaction, addresses: tuple[str, ...], contact_id: int) -> None:
    for address in addresses:
        owner = contacts.owner(tx, fold(address))
        if owner not in {0, contact_id}:
            raise DeskError(
                f"{address} is an address of contact {owner}; `mailgate contact merge` makes two contacts one"
            )


def _own(tx: Transaction, contact_id: int, address: str, at: int) -> None:
    folded = fold(address)
    tx.add(tx.hot.people.address, (folded, contact_id, clean(address), at), ("contact", folded))


def _addresses(tx: Transaction, present: Known, wanted: Addresses) -> tuple[str, ...]:
    """Add, take away and put in order; returns the addresses as they are then."""
    have = {fold(one): one for one in present.card.addresses}
    said = (*wanted.add, wanted.first) if wanted.first else wanted.add
    new = tuple(one for one in distinct(said) if fold(one) not in have)
    _require_free(tx, new, present.contact_id)
    for place, address in enumerate(new):
        have[fold(address)] = address
        _own(tx, present.contact_id, address, tx.now_ms + place)
    for address in wanted.remove:
        if have.pop(fold(address), None) is None:
            raise DeskError(f"{address} is no address of contact {present.contact_id}")
        tx.query(ContactAddress.delete().where(ContactAddress.folded == fold(address)))
    if not have:
        raise DeskError("a contact needs one address at least")
    if wanted.first:
        lead(tx, present.contact_id, wanted.first)
        have = {fold(wanted.first): have[fold(wanted.first)], **have}
    return tuple(have.values())


def lead(tx: Transaction, contact_id: int, address: str) -> None:
    """Put an address before all others of its contact: addresses stand in the order of their times."""
    query = ContactAddress.select(ContactAddress.folded, ContactAddress.created_at)
    there = contacts.rows(tx, query.where(ContactAddress.contact_id == contact_id))
    others = [row["created_at"] for row in there if row["folded"] != fold(address)]
    own = next(row["created_at"] for row in there if row["folded"] == fold(address))
    if others and own >= min(others):
        update = ContactAddress.update(created_at=min(others) - 1)
        tx.query(update.where(ContactAddress.folded == fold(address)))


# -- companies


def _company(tx: Transaction, name: str, domain: str) -> int:
    """Return the company of this name, made if it is new; 0 for no name."""
    if not name:
        return 0
    folded = company_key(clean(name))
    row = tx.look(tx.hot.people.find_company, (folded,), ("company", folded)).fetchone()
    if row is not None:
        return int(row[0])
    company_id = tx.allocate("company")
    # A domain leads to one company: the one that had it first.
    free = domain if domain and not _company_at(tx, domain) else ""
    values = (company_id, clean(name), folded, free, tx.now_ms)
    tx.add(tx.hot.people.company, values, ("company", folded), ("domain", free), ("company", company_id))
    return company_id


def _company_at(tx: Transaction, domain: str) -> int:
    """Return the company that this domain belongs to, 0 for none and for public mail providers."""
    return company_of_domain(tx, domain) if domain else 0


def remove(tx: Transaction, contact_id: int, by: By, *, if_version: int | None = None) -> Known:
    """Forget a contact that no ticket is of; its history stays. DeskError while there are tickets."""
    present = known(tx, contact_id, if_version)
    waiting = _count(tx, present.contact_id)
    if waiting:
        raise DeskError(f"contact {present.contact_id} has {waiting} tickets; merge it into another one")
    for model in (ContactAddress, ContactSource):
        tx.query(model.delete().where(model.contact_id == present.contact_id))
    tx.query(Contact.delete().where(Contact.id == present.contact_id))
    before = {"name": present.card.name, "addresses": present.card.addresses}
    _audit(tx, by, "contact remove", present.contact_id, before, dict.fromkeys(before))
    return present


# -- merge


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did in one transaction; `more` tickets of the other contact still wait."""

    keep_id: int
    other_id: int
    addresses: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    tickets: int = 0
    more: bool = False


def merge(
    tx: Transaction, keep_id: int, other_id: int, by: By, *, if_version: int | None = None, dry: bool = False
) -> Merged:
    """Make two contacts one: `keep` gets the other's addresses, tickets, categories, and what it lacks.

    The other is found by its old id for ever. Tickets follow in steps: while `more` says so, call it again.
    A `dry` one only says what it would do.
    """
    if not dry:
        tx.lock("contact merge")
    keep = known(tx, keep_id, if_version)
    other = contacts.contact(tx, other_id)
    if other is None:
        raise NotThere(f"there is no contact {other_id}; `mailgate contact list` shows them")
    if other.contact_id == keep.contact_id:
        if other.merged_from != other_id and keep.merged_from != keep_id:
            raise DeskError(f"{keep_id} and {other_id} are one contact already")
        return _rest(tx, keep, other_id if other.merged_from == other_id else keep_id, by, dry=dry)
    changes = _gained(keep, other)
    listed = (*keep.card.addresses, *other.card.addresses)
    waiting = _count(tx, other.contact_id)
    done = Merged(keep.contact_id, other.contact_id, other.card.addresses, tuple(changes), waiting)
    if dry:
        return done
    _write(tx, keep, changes)
    for name in changes:
        source = other.sources.get(name, "mail")
        tx.add(tx.hot.people.source, (keep.contact_id, name, source, tx.now_ms))
    _move_addresses(tx, keep, other)
    merged = {Contact.merged_into: keep.contact_id, Contact.version: Contact.version + 1}
    tx.query(Contact.update({**merged, Contact.touched_at: tx.now_ms}).where(Contact.id == other.contact_id))
    before = {name: getattr(keep.card, name) for name in changes}
    after = {**changes, "addresses": listed}
    subject = {"addresses": keep.card.addresses, **before}
    _audit(tx, by, "contact merge", keep.contact_id, subject, {**after, "merged": other.contact_id})
    _audit(tx, by, "contact merged", other.contact_id, {}, {"merged into": keep.contact_id})
    company_id = keep.company_id or other.company_id
    moved = _move_tickets(tx, other.contact_id, keep.contact_id, company_id, by.who)
    return Merged(keep.contact_id, other.contact_id, done.addresses, done.fields, moved, more=moved < waiting)


def _gained(keep: Known, other: Known) -> dict[str, Value]:
    """Return what the kept contact gets of the other: what it lacks, all categories, VIP and portal."""
    gained: dict[str, Value] = {}
    for name in ("company", "type", "salutation", "language", "phone"):
        if getattr(other.card, name) and not getattr(keep.card, name):
            gained[name] = getattr(other.card, name)
    if "@" in keep.card.name and other.card.name and "@" not in other.card.name:
        gained["name"] = other.card.name
    for name in ("vip", "portal"):
        if getattr(other.card, name) and not getattr(keep.card, name):
            gained[name] = True
    categories = joined(keep.card.categories, other.card.categories)
    if categories != keep.card.categories:
        gained["categories"] = categories
    notes = "\n\n".join(one for one in (keep.card.note, other.card.note) if one)
    if notes != keep.card.note:
        gained["note"] = notes
    return gained


def _move_addresses(tx: Transaction, keep: Known, other: Known) -> None:
    first = keep.card.addresses[0] if keep.card.addresses else ""
    owner = ContactAddress.contact_id == other.contact_id
    tx.query(ContactAddress.update(contact_id=keep.contact_id).where(owner))
    if first:
        lead(tx, keep.contact_id, first)
    tx.query(ContactSource.delete().where(ContactSource.contact_id == other.contact_id))


def _rest(tx: Transaction, keep: Known, other_id: int, by: By, *, dry: bool) -> Merged:
    """Let the tickets follow that an earlier merge of the same two has left."""
    waiting = _count(tx, other_id)
    if dry:
        return Merged(keep.contact_id, other_id, tickets=waiting)
    moved = _move_tickets(tx, other_id, keep.contact_id, keep.company_id, by.who)
    return Merged(keep.contact_id, other_id, tickets=moved, more=moved < waiting)


def _count(tx: Transaction, contact_id: int) -> int:
    query = Ticket.select(fn.COUNT(Ticket.id)).where(Ticket.contact_id == contact_id)
    return int(tx.query(query).fetchone()[0])


def _move_tickets(tx: Transaction, other_id: int, keep_id: int, company_id: int, who: str) -> int:
    """Give the next tickets of a contact to another one, by index; their history says so."""
    query = Ticket.select(Ticket.id, Ticket.session_id).where(Ticket.contact_id == other_id)
    found = tx.query(query.order_by(Ticket.id).limit(STEP)).fetchall()
    if not found:
        return 0
    columns: dict[Any, Any] = {Ticket.contact_id: keep_id, Ticket.version: Ticket.version + 1}
    if company_id:
        columns[Ticket.company_id] = company_id
    tx.query(Ticket.update(columns).where(Ticket.id.in_([row[0] for row in found])))
    for ticket_id, session_id in found:
        write_change(tx, (ticket_id, session_id), who, ("contact_id", str(other_id), str(keep_id)))
    return len(found)


def _audit(
    tx: Transaction, by: By, action: str, contact_id: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Write who did what, the values before and after as JSON, and the line of a file that they came from."""
    said: dict[str, Any] = {"before": dict(before), "after": dict(after)}
    if by.source:
        said["source"] = by.source
    detail = clean(json.dumps(said, ensure_ascii=False))
    tx.add(tx.hot.people.audit, (tx.now_ms, clean(by.who), action, f"contact {contact_id}", detail))
