"""What leaves the house: the outbox, and what the gate counts and remembers."""

from typing import Final

from peewee import SQL, BigAutoField, BigIntegerField, BlobField, CompositeKey, TextField

from mailgate.store.models.base import Row, added_int, int_column, text_column


class Outbox(Row):
    """One piece of outgoing work.

    `kind`: send (a mail of ours, `draft` is its JSON), redirect, deliver (the received mail `message_id`).
    `state`: waiting, leased, sent, held, given_up, digest. `due` and `lease_until` are times.
    """

    id = BigAutoField()
    kind = text_column()
    state = text_column()
    mail_kind = text_column()
    target = text_column()
    ticket_id = int_column()
    entry_id = int_column()
    session_id = int_column()
    message_id = int_column()
    delivery_id = int_column()
    trace_id = text_column()
    envelope_from = text_column()
    to_address = text_column()
    folder = text_column()
    flags = text_column()
    make_folder = int_column()
    draft = BlobField()
    msgid = text_column()
    rule = text_column()
    attempts = int_column()
    due = int_column()
    lease_until = int_column()
    owner = text_column()
    created_at = int_column()
    finished_at = int_column()
    reason = text_column()
    last_reply = text_column()


# Each index holds only the rows of its question, so a million sent rows cost the worker nothing.
Outbox.add_index(Outbox.index(Outbox.due, Outbox.id, where=SQL("state = 'waiting'")))
Outbox.add_index(Outbox.index(Outbox.lease_until, where=SQL("state = 'leased'")))
Outbox.add_index(
    Outbox.index(Outbox.ticket_id, Outbox.id, where=SQL("ticket_id > 0 AND state IN ('waiting', 'leased')"))
)
Outbox.add_index(Outbox.index(Outbox.state, Outbox.id, where=SQL("state IN ('held', 'given_up', 'digest')")))
Outbox.add_index(Outbox.index(Outbox.msgid, where=SQL("msgid <> ''")))
Outbox.add_index(Outbox.index(Outbox.delivery_id, where=SQL("delivery_id > 0")))


class OutboxFile(Row):
    """A file that a mail of ours takes along: `blob` names its octets in the store of blobs (G20)."""

    blob = TextField()
    outbox_id = BigIntegerField()

    class Meta:
        """One row per file and mail."""

        primary_key = CompositeKey("blob", "outbox_id")
        without_rowid = True


class GateCount(Row):
    """How often something happened in one stretch of time: `width` seconds from `bucket` times that."""

    scope = TextField()
    key = TextField()
    width = BigIntegerField()
    bucket = BigIntegerField()
    n = int_column()

    class Meta:
        """One row per scope, key, width and stretch."""

        primary_key = CompositeKey("scope", "key", "width", "bucket")
        without_rowid = True


class Remembered(Row):
    """A key that holds until a time: answered senders, duplicate ids."""

    scope = TextField()
    key = TextField()
    until = BigIntegerField()

    class Meta:
        """One row per scope and key."""

        primary_key = CompositeKey("scope", "key")
        without_rowid = True


# After two months an address gets another chance: mailboxes come back, and reports can be wrong.
FAILING_FOR_MS: Final = 60 * 86400 * 1000


class FailingAddress(Row):
    """An address whose mail came back for good, and how often; `soft` counts what was not for good."""

    folded = TextField(primary_key=True)
    bounces = int_column()
    first_at = int_column()
    last_at = int_column()
    reason = text_column()
    soft = added_int()

    class Meta:
        """The address is the row's place."""

        without_rowid = True


class Suppression(Row):
    """A mail that was not sent, or not at once, and why (the gate's reasons)."""

    id = BigAutoField()
    delivery_id = BigIntegerField(index=True)
    at = BigIntegerField()
    mail_kind = text_column()
    to_address = text_column()
    verdict = text_column()
    reason = text_column()
    rule = text_column()
