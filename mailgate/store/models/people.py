"""Contacts and the companies they belong to."""

from peewee import BigAutoField, BigIntegerField, TextField

from mailgate.store.models.base import Row, int_column, text_column


class Company(Row):
    """A company, found again by its folded name."""

    id = BigAutoField()
    name = text_column()
    folded = TextField(unique=True)
    created_at = int_column()


class Contact(Row):
    """A person or a company address known to us; `categories` is a JSON list."""

    id = BigAutoField()
    name = text_column()
    type = text_column()
    vip = int_column()
    categories = text_column()
    company_id = int_column()
    language = text_column()
    salutation = text_column()
    created_at = int_column()


class ContactAddress(Row):
    """An address of a contact; `folded` (see `domain/address.fold`) belongs to one contact only."""

    folded = TextField(primary_key=True)
    contact_id = BigIntegerField(index=True)
    address = text_column()
    created_at = int_column()

    class Meta:
        """The address is the row's place."""

        without_rowid = True
