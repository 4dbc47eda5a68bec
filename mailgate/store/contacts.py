"""Contacts as commands and the desk see them: found by any address, listed by page, likely duplicates.

Everything here only reads, in a transaction or on a connection of its own, and walks an index. What an
address means is `domain/contact.lookup_keys`, for mail and commands alike.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Protocol

from peewee import JOIN, SQL, fn

from mailgate.domain.access import Reach
from mailgate.domain.address import fold, strip_detail
from mailgate.domain.contact import company_domain, company_key, fold_name, lookup_keys
from mailgate.domain.people.card import Card, duplicate_keys
from mailgate.store.connection import Cursor
from mailgate.store.hotpeople import first_address
from mailgate.store.models.audit import Audit
from mailgate.store.models.people import Company, Contact, ContactAddress, ContactSource
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import unwords
from mailgate.store.visible import ALL, within

# Merged contacts can be merged again; a longer chain than this is a mistake in the data, and not followed.
MERGE_HOPS: Final = 16
# Contacts that are read at once while all of them are walked.
STEP: Final = 1000
# Above every character that a folded name or address can have.
LAST: Final = "\U0010ffff"
Row = dict[str, Any]


class Asked(Protocol):
    """A transaction or a connection."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""


@dataclass(frozen=True, slots=True)
class Known:
    """A contact as it stands: `sources` says which field came from where, missing is the mail."""

    contact_id: int
    version: int
    card: Card
    sources: dict[str, str] = field(default_factory=dict)
    company_id: int = 0
    domain: str = ""
    created_at: int = 0
    touched_at: int = 0
    merged_from: int = 0  # the id that was asked for, where a merge has led here


@dataclass(frozen=True, slots=True)
class Group:
    """Contacts that are likely one: `why` says what they have in common."""

    why: str
    contacts: tuple[Known, ...]


def rows(asked: Asked, query: Any) -> list[Row]:
    """Return the rows of a Peewee query as dictionaries by column."""
    sql, parameters = query.sql()
    cursor: Any = asked.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def find_contact(asked: Asked, address: str) -> int:
    """Return the id of the contact that this address means, 0 where it means none."""
    for key in lookup_keys(address):
        contact_id = owner(asked, key)
        if contact_id:
            return contact_id
    return 0


def owner(asked: Asked, folded: str) -> int:
    """Return the contact that this very address belongs to, 0 for none."""
    query = ContactAddress.select(ContactAddress.contact_id).where(ContactAddress.folded == folded)
    found = rows(asked, query)
    return int(found[0]["contact_id"]) if found else 0


def owners(asked: Asked, folded: Sequence[str]) -> dict[str, int]:
    """Return which of these very addresses belong to whom."""
    found: dict[str, int] = {}
    for start in range(0, len(folded), STEP):
        some = list(folded[start : start + STEP])
        columns = (ContactAddress.folded, ContactAddress.contact_id)
        query = ContactAddress.select(*columns).where(ContactAddress.folded.in_(some))
        found |= {row["folded"]: int(row["contact_id"]) for row in rows(asked, query)}
    return found


def many(asked: Asked, ids: Sequence[int]) -> dict[int, Known]:
    """Return contacts by their ids, those that were merged left out."""
    found: dict[int, Known] = {}
    for start in range(0, len(ids), STEP):
        some = _known(asked, ids[start : start + STEP])
        found |= {known.contact_id: known for row, known in some if not row["merged_into"]}
    return found


def contact(asked: Asked, contact_id: int) -> Known | None:
    """Return a contact by its id, following merges; None where there is no such contact."""
    asked_for = contact_id
    for _ in range(MERGE_HOPS):
        found = _known(asked, [contact_id])
        if not found:
            return None
        row, known = found[0]
        if not row["merged_into"]:
            return known if contact_id == asked_for else _merged(known, asked_for)
        contact_id = row["merged_into"]
    return None


def _merged(known: Known, asked_for: int) -> Known:
    values = {name: getattr(known, name) for name in Known.__slots__}
    return Known(**{**values, "merged_from": asked_for})


def _known(asked: Asked, ids: Sequence[int]) -> list[tuple[Row, Known]]:
    """Return the rows with these ids and what they say, in the order of `ids`."""
    wanted = list(ids)
    columns = (Company.name.alias("company"), Company.domain.alias("domain"))
    on = Company.id == Contact.company_id
    query = Contact.select(Contact, *columns).join(Company, JOIN.LEFT_OUTER, on=on)
    found = {row["id"]: row for row in rows(asked, query.where(Contact.id.in_(wanted)))}
    addresses = ContactAddress.select(ContactAddress.contact_id, ContactAddress.address).where(
        ContactAddress.contact_id.in_(wanted)
    )
    by_contact: dict[int, list[str]] = {}
    for row in rows(asked, addresses.order_by(*first_address())):
        by_contact.setdefault(row["contact_id"], []).append(row["address"])
    sources: dict[int, dict[str, str]] = {}
    for row in rows(asked, ContactSource.select().where(ContactSource.contact_id.in_(wanted))):
        sources.setdefault(row["contact_id"], {})[row["field"]] = row["source"]
    return [
        (found[one], _from_row(found[one], by_contact.get(one, ()), sources.get(one, {})))
        for one in wanted
        if one in found
    ]


def _from_row(row: Row, addresses: Sequence[str], sources: dict[str, str]) -> Known:
    return Known(
        contact_id=row["id"],
        version=row["version"],
        card=Card(
            addresses=tuple(one for one in addresses if one),
            name=row["name"],
            company=row["company"] or "",
            type=row["type"],
            vip=bool(row["vip"]),
            salutation=row["salutation"],
            language=row["language"],
            portal=bool(row["portal"]),
            phone=row["phone"],
            categories=unwords(row["categories"]),
            note=row["note"],
        ),
        sources=sources,
        company_id=row["company_id"],
        domain=row["domain"] or "",
        created_at=row["created_at"],
        touched_at=row["touched_at"],
    )


# -- lists


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which contacts a list shows; all that is said must hold.

    `term` is the beginning of a name or of an address; `after` is the id that the page before ended with.
    """

    term: str = ""
    vip: bool = False
    company: str = ""
    category: str = ""
    type: str = ""
    after: int = 0


def contacts(asked: Asked, wanted: Wanted, limit: int) -> list[Known]:
    """Return a page of contacts: by name and address for a term, else in the order of their ids."""
    if wanted.term:
        ids = _by_term(asked, wanted, limit)
    else:
        query = Contact.select(Contact.id).where(*_filters(asked, wanted), Contact.id > wanted.after)
        ids = [row["id"] for row in rows(asked, query.order_by(Contact.id).limit(limit))]
    return [known for _, known in _known(asked, ids)]


def _filters(asked: Asked, wanted: Wanted) -> list[Any]:
    filters: list[Any] = [Contact.merged_into == SQL("0")]
    if wanted.vip:
        filters.append(Contact.vip > SQL("0"))
    if wanted.type:
        filters.append(fn.LOWER(Contact.type) == wanted.type.lower())
    if wanted.category:
        # Categories are kept as a JSON list; a word stands there in quotes.
        filters.append(Contact.categories.contains(f'"{wanted.category}"'))
    if wanted.company:
        # SQLite takes a partial index only if the query repeats its condition.
        filters += [Contact.company_id == find_company(asked, wanted.company), Contact.company_id > SQL("0")]
    return filters


def _by_term(asked: Asked, wanted: Wanted, limit: int) -> list[int]:
    filters, found = _filters(asked, wanted), []
    if "@" not in wanted.term:
        name, folded = octets(Contact.folded), fold_name(wanted.term)
        begins = (name >= folded) & (name < folded + LAST)
        by_name = Contact.select(Contact.id).where(begins, *filters).order_by(name, Contact.id)
        found += rows(asked, by_name.limit(limit))
    address, folded = octets(ContactAddress.folded), fold(wanted.term)
    begins = (address >= folded) & (address < folded + LAST)
    by_address = ContactAddress.select(Contact.id).join(Contact, on=(Contact.id == ContactAddress.contact_id))
    found += rows(asked, by_address.where(begins, *filters).order_by(address).limit(limit))
    return list(dict.fromkeys(row["id"] for row in found))[:limit]


def octets(column: Any) -> Any:
    """Return a column as it is compared octet by octet: an index of PostgreSQL finds beginnings only so."""
    database = column.model._meta.database  # noqa: SLF001  Peewee's own way in
    return column.collate('"C"') if type(database).__name__.startswith("Postgres") else column


def find_company(asked: Asked, name: str) -> int:
    """Return the id of the company with this name, or this domain, 0 for none."""
    key = company_key(name)
    found = rows(asked, Company.select(Company.id).where(Company.folded == key))
    if not found:
        # Both forms of a domain are one, and it is kept as A-labels.
        at = (Company.domain == company_domain(f"x@{key}")) & (Company.domain != SQL("''"))
        found = rows(asked, Company.select(Company.id).where(at).order_by(Company.id).limit(1))
    return int(found[0]["id"]) if found else 0


# -- everything about one contact


def history(asked: Asked, contact_id: int, limit: int) -> list[Row]:
    """Return the newest changes of a contact: who, what, before and after."""
    query = Audit.select().where(Audit.subject == f"contact {contact_id}")
    return rows(asked, query.order_by(Audit.id.desc()).limit(limit))


def tickets_of(asked: Asked, contact_id: int, limit: int, reach: Reach = ALL) -> list[Row]:
    """Return the newest tickets of a contact; `reach` is which of them somebody may see (W2)."""
    columns = (Ticket.number, Ticket.queue, Ticket.status, Ticket.subject, Ticket.touched_at)
    query = Ticket.select(*columns).where(Ticket.contact_id == contact_id)
    if not reach.everything:
        query = query.where(within(reach))
    return rows(asked, query.order_by(Ticket.id.desc()).limit(limit))


def merged_ids(asked: Asked, contact_id: int) -> list[int]:
    """Return the ids of the contacts that were merged into this one, as its history knows them."""
    merges = (Audit.subject == f"contact {contact_id}") & (Audit.action == "contact merge")
    found = rows(asked, Audit.select(Audit.detail).where(merges).order_by(Audit.id))
    return [int(json.loads(row["detail"])["after"]["merged"]) for row in found]


# -- all of them


def all_contacts(asked: Asked, wanted: Wanted | None = None) -> Iterator[Known]:
    """Yield every contact that has an address, page by page, in the order of their ids."""
    filters = _filters(asked, wanted or Wanted())
    last = 0
    while True:
        query = Contact.select(Contact.id).where(*filters, Contact.id > last)
        ids = [row["id"] for row in rows(asked, query.order_by(Contact.id).limit(STEP))]
        if not ids:
            return
        last = ids[-1]
        yield from (known for _, known in _known(asked, ids) if known.card.addresses)


def duplicates(asked: Asked, limit: int) -> list[Group]:
    """Return contacts that are likely one person: same name at a company, same phone, same address.

    Two walks: the first remembers one number for each thing that two may have in common, the second keeps
    only those that came twice. So memory is some 100 octets a contact, and nothing is compared in pairs.
    """
    seen: set[int] = set()
    twice: set[int] = set()
    for known in all_contacts(asked):
        for key in _keys(known):
            number = hash(key)
            (twice if number in seen else seen).add(number)
    shared = (
        [(key, known) for known in all_contacts(asked) for key in _keys(known) if hash(key) in twice]
        if twice
        else []
    )
    shared.sort(key=lambda one: (one[0], one[1].contact_id))
    groups = [
        Group(key[0], tuple(known for _, known in some)) for key, some in groupby(shared, key=itemgetter(0))
    ]
    return [one for one in groups if len(one.contacts) > 1][:limit]


def _keys(known: Known) -> list[tuple[str, str]]:
    """Return what a contact may have in common with its duplicates, each once."""
    bare = (("address without detail", strip_detail(fold(one))) for one in known.card.addresses)
    return list(dict.fromkeys((*duplicate_keys(known.card, known.domain), *bare)))
