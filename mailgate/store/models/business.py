"""What the business changes: addresses, queues, agents, templates, scripts.

`origin` names the file that a row came from ("" = made by hand); `version` grows with each change of the row.
"""

from peewee import SQL, BigIntegerField, CompositeKey, TextField

from mailgate.store.models.base import Row, added_int, added_text, int_column, text_column


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
    send_only = added_int()


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
    assign_limit = added_int()
    assign_closed_hours = added_int()
    assign_absent = added_int()
    assign_not_new = added_int()
    assign_not_answers = added_int()
    mailbox = added_text()
    template_set = added_text()
    signature = added_text()
    region = added_text()
    teams = added_text()
    assignment = added_text()
    signature_off = added_int()
    answer_new = added_text()
    answer_closed = added_text()
    answer_paused = added_text()
    answer_inactive = added_text()
    answer_from = added_text()
    sent_copy = added_text()
    answer_inactive_days = BigIntegerField(constraints=[SQL("DEFAULT 15")])
    notify = TextField(constraints=[SQL("DEFAULT 'off'")])


class Agent(Row):
    """Somebody who answers: the address for notices, and the queues (a JSON list)."""

    name = TextField(primary_key=True)
    address = text_column()
    queues = text_column()
    enabled = int_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()
    full_name = added_text()
    role = added_text()
    language = added_text()


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
    recipients = added_text()
    format = TextField(constraints=[SQL("DEFAULT 'text'")])


class TemplateFile(Row):
    """A file that goes along with a template (G20); with a `cid` it is an image in its HTML.

    `blob` names its octets in the store of blobs.
    """

    template = TextField()
    name = TextField()
    kind = TextField()
    size = BigIntegerField()
    cid = TextField()
    blob = TextField(index=True)
    changed_at = BigIntegerField()

    class Meta:
        """One row per template and name."""

        primary_key = CompositeKey("template", "name")
        without_rowid = True


class Script(Row):
    """A rule script, kept as it was given."""

    name = TextField(primary_key=True)
    source = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Team(Row):
    """Agents under one name: what queues, owner groups and access speak of (W2, G14); a JSON list."""

    name = TextField(primary_key=True)
    description = text_column()
    members = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Status(Row):
    """A status that tickets may have; `kind` is open, waiting or closed."""

    name = TextField(primary_key=True)
    kind = text_column()
    position = int_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Priority(Row):
    """A priority and its service times (T9), as a person writes them: `4h`, `2d`; "" for none."""

    name = TextField(primary_key=True)
    position = int_column()
    reaction = text_column()
    warning = text_column()
    execution = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Workflow(Row):
    """On an event, if conditions, then actions (N4); both are JSON."""

    name = TextField(primary_key=True)
    event = text_column()
    description = text_column()
    enabled = int_column()
    conditions = text_column()
    actions = text_column()
    position = int_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class Automation(Row):
    """Rules without code for one address (W1, S3): the form that its script is made of; JSON."""

    name = TextField(primary_key=True)
    address = text_column()
    description = text_column()
    enabled = int_column()
    creator = text_column()
    teams = text_column()
    rules = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class DeskSetting(Row):
    """One value of `domain/helpdesk.DeskPolicy` that is not its default, as a person writes it."""

    name = TextField(primary_key=True)
    value = text_column()
    origin = text_column()
    version = int_column()
    changed_at = int_column()


class CatalogueVersion(Row):
    """One row (id 1): grows with every change, so that other processes notice."""

    id = BigIntegerField(primary_key=True)
    version = int_column()
    changed_at = int_column()
