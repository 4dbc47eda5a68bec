"""Contacts and the companies they belong to."""

from peewee import SQL, BigAutoField, BigIntegerField, CompositeKey, TextField

from mailgate.store.models.base import Row, added_int, added_text, int_column, text_column


class Company(Row):
    """A company, found again by its folded name."""

    id = BigAutoField()
    name = text_column()
    folded = TextField(unique=True)
    created_at = int_column()
    version = added_int()
    touched_at = added_int()
    domain = added_text()
    note = added_text()


# A new sender's company is found by the domain of the address.
Company.add_index(Company.index(Company.domain, where=SQL("domain <> ''")))


class Contact(Row):
    """A person or a company address known to us.

    `categories` is a JSON list, `folded` the name to look it up by (`domain/contact.fold_name`).
    """

    id = BigAutoField()
    name = text_column()
    type = text_column()
    vip = int_column()
    categories = text_column()
    company_id = int_column()
    language = text_column()
    salutation = text_column()
    created_at = int_column()
    portal = added_int()
    merged_into = added_int()
    version = added_int()
    touched_at = added_int()
    phone = added_text()
    note = added_text()
    folded = added_text()


Contact.add_index(Contact.index(Contact.company_id, where=SQL("company_id > 0")))
Contact.add_index(Contact.folded, Contact.id)
Contact.add_index(Contact.index(Contact.id, where=SQL("vip > 0"), name="contact_vip"))


class ContactAddress(Row):
    """An address of a contact; `folded` (see `domain/address.fold`) belongs to one contact only."""

    folded = TextField(primary_key=True)
    contact_id = BigIntegerField(index=True)
    address = text_column()
    created_at = int_column()

    class Meta:
        """The address is the row's place."""

        without_rowid = True


class ContactSource(Row):
    """Where a contact's value came from: `mail`, `rule support:12`, `import contacts.csv:7`, an agent."""

    contact_id = BigIntegerField()
    field = TextField()
    source = text_column()
    at = int_column()

    class Meta:
        """One row per contact and field: the last one that set it."""

        primary_key = CompositeKey("contact_id", "field")
        without_rowid = True
