"""The mails as they came, what became of them for each recipient, and why."""

from peewee import SQL, BigAutoField, BigIntegerField, BlobField, CompositeKey, TextField

from mailgate.store.models.base import Row, int_column, text_column


class Message(Row):
    """One mail as received: where it came from and what is in its header; the octets lie beside it.

    `stored` is "inline" (in `message_body`) or "file" (below the blob folder, named by `sha256`).
    """

    id = BigAutoField()
    trace_id = text_column()
    received_at = BigIntegerField()
    source = text_column()
    listener = text_column()
    peer = text_column()
    helo = text_column()
    client = text_column()
    qid = text_column()
    sender = text_column()
    msgid = text_column()
    subject = text_column()
    size = int_column()
    sha256 = BlobField()
    stored = text_column()
    smtputf8 = int_column()
    defects = text_column()


Message.add_index(Message.trace_id)
Message.add_index(Message.index(Message.qid, where=SQL("qid <> ''")))
Message.add_index(Message.index(Message.msgid, where=SQL("msgid <> ''")))
# The sweep asks for files only; small mails pay nothing for this index.
Message.add_index(Message.index(Message.sha256, where=SQL("stored = 'file'")))


class MessageBody(Row):
    """The octets of a small mail, apart from its row so that listings stay cheap."""

    message_id = BigIntegerField(primary_key=True)
    octets = BlobField()


class Delivery(Row):
    """What became of one mail for one recipient.

    `status`: accepted, refused, unprocessed, aside, discarded. `dedupe` is the key of exactly-once.
    `folder` and `flags` are the first place in our own store; further ones stand in `filing`.
    """

    id = BigAutoField()
    message_id = BigIntegerField(index=True)
    at = BigIntegerField()
    recipient = text_column()
    orcpt = text_column()
    dedupe = BlobField()
    status = text_column()
    code = int_column()
    enhanced = text_column()
    reply = text_column()
    rule = text_column()
    action = text_column()
    summary = text_column()
    folder = text_column()
    flags = text_column()
    ticket_id = int_column()
    mail_class = text_column()
    class_reason = text_column()
    reason = text_column()
    error = text_column()


Delivery.add_index(Delivery.index(Delivery.ticket_id, where=SQL("ticket_id > 0")))
Delivery.add_index(
    Delivery.index(
        Delivery.status, Delivery.id, where=SQL("status IN ('unprocessed', 'aside', 'unparsable')")
    )
)


class Filing(Row):
    """A further place of a delivery in our own store (fileinto with :copy, two fileintos)."""

    id = BigAutoField()
    delivery_id = BigIntegerField(index=True)
    folder = text_column()
    flags = text_column()


class Edition(Row):
    """A mail as rules have edited it: `octets` are its beginning, the rest is the mail's from `tail` on.

    `stored` is "inline", or "file" where the beginning itself lies below the blob folder, named by `sha256`.
    """

    id = BigAutoField()
    message_id = BigIntegerField(index=True)
    sha256 = BlobField()
    size = int_column()
    tail = int_column()
    stored = text_column()
    octets = BlobField()


Edition.add_index(Edition.index(Edition.sha256, where=SQL("stored = 'file'")))


class EditedPlace(Row):
    """A place of a delivery in our own store that holds an edited mail instead of the one that came."""

    delivery_id = BigIntegerField()
    folder = TextField()
    edition_id = int_column()

    class Meta:
        """One row per delivery and folder."""

        primary_key = CompositeKey("delivery_id", "folder")
        without_rowid = True


class Trace(Row):
    """Why it became so: JSON, compressed where that pays (`store/pack.py`)."""

    delivery_id = BigIntegerField(primary_key=True)
    packed = BlobField()


class Seen(Row):
    """Exactly once: the key of a delivery and the reply that it got, kept for 14 days."""

    key = BlobField(primary_key=True)
    delivery_id = int_column()
    code = int_column()
    enhanced = text_column()
    reply = text_column()
    summary = text_column()
    until = BigIntegerField(index=True)

    class Meta:
        """The key is the row's place."""

        without_rowid = True


class Attempt(Row):
    """How often the processing of one delivery crashed; counted outside its savepoint."""

    key = BlobField(primary_key=True)
    tries = int_column()
    first_at = int_column()
    last_at = int_column()
    error = text_column()

    class Meta:
        """The key is the row's place."""

        without_rowid = True
