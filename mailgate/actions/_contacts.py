"""Contacts out of mail: who wrote, and the new contact where nobody knows them (W5, S4)."""

from mailgate.domain.action import Plan
from mailgate.domain.contact import clean_name, company_name
from mailgate.domain.effects import OpenContact
from mailgate.domain.ports import ContactView

# Who writes without any address.
NOBODY = "unknown sender"


def open_contact(
    plan: Plan, *, categories: tuple[str, ...] = (), company: str = "", rule: str = ""
) -> ContactView:
    """Plan a new contact for the author; later questions of this run already see it.

    `rule` is who gave categories and company, where a script did; what else is known came with the mail.
    """
    contact = ContactView(
        contact_id=plan.reader.allocate("contact"),
        name=clean_name(plan.author_name) or plan.author or NOBODY,
        address=plan.author,
        categories=categories,
        company=company or company_name(plan.author),
    )
    given = (("categories", categories), ("company", company))
    sources = tuple((field, f"rule {rule}") for field, value in given if value and rule)
    plan.add(
        OpenContact(
            contact.contact_id, contact.address, contact.name, contact.categories, contact.company, sources
        )
    )
    plan.contact, plan.contact_asked = contact, True
    return contact


def ensure_contact(plan: Plan) -> ContactView:
    """Return the author's contact; a ticket needs one, so an unknown author gets one without categories.

    All mail that names no author at all (a notice with a null sender and no From) shares one contact.
    """
    known = plan.known_contact() or (None if plan.author else plan.reader.contact(""))
    return known or open_contact(plan)
