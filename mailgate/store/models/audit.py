"""Who changed what by hand or by a command; append-only."""

from peewee import BigAutoField, BigIntegerField

from mailgate.store.models.base import Row, text_column


class Audit(Row):
    """One change: `who` (a user, a command), `action`, what it was done to, and details."""

    id = BigAutoField()
    at = BigIntegerField()
    who = text_column()
    action = text_column()
    subject = text_column()
    detail = text_column()


# The history of one contact is asked for by its name there (`contact 17`).
Audit.add_index(Audit.subject, Audit.id)
