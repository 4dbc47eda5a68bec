"""The hot statements on contacts and companies; `hot.py` says how they are kept."""

from dataclasses import dataclass
from typing import Any

from peewee import EXCLUDED

from mailgate.store.hotfields import EMPTY, ONE, insert_field, query_field, upsert_field
from mailgate.store.models.audit import Audit
from mailgate.store.models.people import Company, Contact, ContactAddress, ContactSource
from mailgate.store.rows import ContactRow
from mailgate.store.statements import slot


def _contact_columns() -> tuple[Any, ...]:
    return (
        Contact.id,
        Contact.name,
        ContactAddress.address,
        Contact.type,
        Contact.vip,
        Contact.categories,
        Contact.company_id,
        Contact.language,
        Contact.salutation,
        Contact.merged_into,
    )


def contact_query() -> Any:
    """Return a SELECT of contacts by their addresses, with the columns of `read.contact_view`."""
    return ContactAddress.select(*_contact_columns()).join(
        Contact, on=(Contact.id == ContactAddress.contact_id)
    )


def first_address() -> tuple[Any, ...]:
    """Return the order in which a contact's addresses stand: the one that was there first leads."""
    return (ContactAddress.created_at, ContactAddress.folded)


@dataclass(frozen=True, slots=True)
class PeopleSql:
    """Contacts and companies."""

    contact: str = insert_field(Contact, ContactRow._fields)
    address: str = insert_field(ContactAddress, ("folded", "contact_id", "address", "created_at"))
    company: str = insert_field(Company, ("id", "name", "folded", "domain", "created_at"))
    source: str = upsert_field(
        ContactSource,
        "contact_id field source at",
        "contact_id field",
        lambda: {ContactSource.source: EXCLUDED.source, ContactSource.at: EXCLUDED.at},
    )
    audit: str = insert_field(Audit, ("at", "who", "action", "subject", "detail"))
    find_contact: str = query_field(
        "folded",
        lambda: contact_query().where(ContactAddress.folded == slot("folded")),
    )
    merged: str = query_field(
        "id",
        lambda: contact_query().where(Contact.id == slot("id")).order_by(*first_address()).limit(ONE),
    )
    find_company: str = query_field(
        "folded", lambda: Company.select(Company.id).where(Company.folded == slot("folded"))
    )
    company_at: str = query_field(
        "domain",
        lambda: (
            Company.select(Company.id)
            .where((Company.domain == slot("domain")) & (Company.domain != EMPTY))
            .order_by(Company.id)
            .limit(ONE)
        ),
    )
    company_name: str = query_field(
        "id", lambda: Company.select(Company.name).where(Company.id == slot("id"))
    )
    owner_of: str = query_field(
        "folded",
        lambda: ContactAddress.select(ContactAddress.contact_id).where(
            ContactAddress.folded == slot("folded")
        ),
    )
