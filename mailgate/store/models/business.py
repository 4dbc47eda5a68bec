"""What the business changes: addresses, queues, agents, templates, scripts.

`origin` names the file that a row came from ("" = made by hand); `version` grows with each change of the row.
"""

from peewee import BigIntegerField, TextField

from mailgate.store.models.base import Row, int_column, text_column


class Address(Row):
    """An address (exact, `@domain` or glob) and what serves it; `position` orders the patterns."""

    address = TextField(primary_key=True)
    script = text_column()
    queue = text_column()
    target = text_column()
    enabled = int_column()
    position = int_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Queue(Row):
    """A queue: the address it answers from, its language, whether it is on, its business hours.

    `holidays` is a JSON list of dates, "" for none.
    """

    name = TextField(primary_key=True)
    address = text_column()
    from_name = text_column()
    language = text_column()
    enabled = int_column()
    hours = text_column()
    timezone = text_column()
    holidays = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Agent(Row):
    """Somebody who answers: the address for notices, and the queues (a JSON list)."""

    name = TextField(primary_key=True)
    address = text_column()
    queues = text_column()
    enabled = int_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Template(Row):
    """A text for answers."""

    name = TextField(primary_key=True)
    subject = text_column()
    text = text_column()
    html = text_column()
    language = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Script(Row):
    """A rule script, kept as it was given."""

    name = TextField(primary_key=True)
    source = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class CatalogueVersion(Row):
    """One row (id 1): grows with every change, so that other processes notice."""

    id = BigIntegerField(primary_key=True)
    version = int_column()
    changed_at = int_column()
