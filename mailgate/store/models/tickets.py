"""Tickets, their sessions and their append-only history."""

from peewee import SQL, BigAutoField, BigIntegerField, CompositeKey, TextField

from mailgate.store.models.base import Row, added_int, added_text, int_column, text_column


class Counter(Row):
    """The last id given, per kind; ticket numbers are made of it, so none is ever used twice."""

    kind = TextField(primary_key=True)
    value = int_column()

    class Meta:
        """The kind is the row's place."""

        without_rowid = True


class Ticket(Row):
    """The case with a number. `session_id` is its current session, `categories` and `tags` are JSON lists."""

    id = BigAutoField()
    number = TextField(unique=True)
    queue = text_column()
    subject = text_column()
    status = text_column()
    priority = text_column()
    contact_id = int_column()
    agent = text_column()
    owner_group = text_column()
    categories = text_column()
    tags = text_column()
    follow_up_agent = text_column()
    follow_up_at = int_column()
    workflow = text_column()
    claims = int_column()
    merged_into = int_column()
    match_key = text_column()
    session_id = int_column()
    created_at = int_column()
    touched_at = int_column()
    company_id = added_int()
    version = added_int()
    reaction_due = added_int()
    warning_due = added_int()
    execution_due = added_int()
    alarm_at = added_int()
    reacted_at = added_int()
    closed_at = added_int()
    alarm = added_text()


# A list page is one walk down an index, whatever the number of tickets (`store/ticketlist.py`): by creation,
Ticket.add_index(Ticket.queue, Ticket.status, Ticket.id)
# and by what was touched last.
Ticket.add_index(Ticket.queue, Ticket.status, Ticket.touched_at, Ticket.id)
Ticket.add_index(Ticket.contact_id, Ticket.match_key, Ticket.id)
Ticket.add_index(Ticket.index(Ticket.contact_id, Ticket.touched_at, Ticket.id, where=SQL("contact_id > 0")))
# Most new tickets have no agent, no company, no due time, the usual priority: they pay nothing for these.
Ticket.add_index(
    Ticket.index(Ticket.agent, Ticket.status, Ticket.touched_at, Ticket.id, where=SQL("agent <> ''"))
)
Ticket.add_index(
    Ticket.index(
        Ticket.priority, Ticket.status, Ticket.touched_at, Ticket.id, where=SQL("priority <> 'normal'")
    )
)
Ticket.add_index(Ticket.index(Ticket.alarm, Ticket.touched_at, Ticket.id, where=SQL("alarm <> ''")))
Ticket.add_index(Ticket.index(Ticket.status, Ticket.execution_due, Ticket.id, where=SQL("execution_due > 0")))
Ticket.add_index(Ticket.index(Ticket.company_id, Ticket.touched_at, Ticket.id, where=SQL("company_id > 0")))
# When an alarm is due next; only tickets with one to come are in it (T9).
Ticket.add_index(Ticket.index(Ticket.alarm_at, where=SQL("alarm_at > 0")))
Ticket.add_index(Ticket.index(Ticket.merged_into, where=SQL("merged_into > 0")))


class TicketCount(Row):
    """How many tickets a queue has in each status; counting a million rows when asked would cost too much."""

    queue = TextField()
    status = TextField()
    n = int_column()

    class Meta:
        """One row per queue and status."""

        primary_key = CompositeKey("queue", "status")
        without_rowid = True


class Session(Row):
    """One e-mail conversation inside a ticket; states and moves are those of `domain/session.py`."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    state = text_column()
    reason = text_column()
    opened_at = int_column()
    last_at = int_column()
    closed_at = added_int()
    agent = added_text()


# The timers' way to what is due: a state and how long nothing has happened; new sessions have no timer (G12).
Session.add_index(
    Session.index(
        Session.state,
        Session.last_at,
        where=SQL("state IN ('active', 'reopened', 'paused', 'resolved')"),
    )
)
# How much work an agent has is counted here when it is asked for (G15).
Session.add_index(
    Session.index(Session.agent, where=SQL("agent <> '' AND state IN ('unopened', 'active', 'reopened')"))
)


class Interaction(Row):
    """What happened in a session (G7): a word of `domain/session.Interaction`, by whom, in which queue."""

    id = BigAutoField()
    session_id = BigIntegerField(index=True)
    ticket_id = int_column()
    at = BigIntegerField()
    kind = text_column()
    agent = text_column()
    queue = text_column()
    detail = text_column()


class Entry(Row):
    """One entry of a ticket's history; never changed, never deleted.

    For a change, `field`, `old` and `new` say what; for a mail, `message_id` names its row.
    """

    id = BigAutoField()
    ticket_id = BigIntegerField()
    session_id = int_column()
    at = BigIntegerField()
    kind = text_column()
    author = text_column()
    text = text_column()
    message_id = int_column()
    outbox_id = int_column()
    msgid = text_column()
    unverified = int_column()
    field = text_column()
    old = text_column()
    new = text_column()
    rule = added_text()
    # Whether `text` is only what is new in a mail; what a bounce said, as JSON.
    trimmed = added_int()
    report = added_text()


Entry.add_index(Entry.ticket_id, Entry.id)


class MessageRef(Row):
    """A Message-ID of a conversation, ours or theirs: what In-Reply-To and References are looked up in."""

    msgid = TextField()
    ticket_id = BigIntegerField()
    session_id = int_column()
    at = int_column()

    class Meta:
        """One row per id and ticket."""

        primary_key = CompositeKey("msgid", "ticket_id")
        without_rowid = True


class Participant(Row):
    """Somebody who takes part in a ticket beside its contact; `confirmed` by an agent or by us."""

    ticket_id = BigIntegerField()
    folded = TextField()
    address = text_column()
    role = text_column()
    confirmed = int_column()
    at = int_column()

    class Meta:
        """One row per ticket and address."""

        primary_key = CompositeKey("ticket_id", "folded")
        without_rowid = True


class TicketLink(Row):
    """Two tickets that belong together, one row in each direction; `kind` is a word of `domain/links.py`."""

    ticket_id = BigIntegerField()
    other_id = BigIntegerField()
    kind = TextField()
    at = int_column()
    author = text_column()

    class Meta:
        """One row per pair and kind."""

        primary_key = CompositeKey("ticket_id", "other_id", "kind")
        without_rowid = True


class EntryPlace(Row):
    """An entry that a split took to another ticket: history itself is never changed, only where it shows."""

    entry_id = BigIntegerField(primary_key=True)
    ticket_id = BigIntegerField(index=True)

    class Meta:
        """The entry is the row's place."""

        without_rowid = True


class FollowUp(Row):
    """A reminder of a ticket at a date for a named agent (W6); `done_at` 0 = still to come."""

    id = BigAutoField()
    ticket_id = BigIntegerField(index=True)
    agent = text_column()
    at = BigIntegerField()
    note = text_column()
    author = text_column()
    created_at = int_column()
    done_at = int_column()
    done_by = text_column()


FollowUp.add_index(FollowUp.index(FollowUp.at, where=SQL("done_at = 0")))


class Assignment(Row):
    """Who was given a session when (G15): ties and the daily limit are read off these rows."""

    id = BigAutoField()
    agent = text_column()
    at = BigIntegerField()
    queue = text_column()
    ticket_id = int_column()
    session_id = int_column()


Assignment.add_index(Assignment.agent, Assignment.at)
