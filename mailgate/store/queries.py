"""What commands, the control socket and tests ask: listings by key, the whole story of a mail, raw octets.

Each takes a connection that only reads (`Store.reader`) and answers with plain dictionaries. Pages go by
key, never by offset: a page costs the same at a million rows.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from peewee import SQL

from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault
from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.hotpeople import first_address
from mailgate.store.merged import family_of, shown_under
from mailgate.store.models.mail import Delivery, Filing, Message, MessageBody, Trace
from mailgate.store.models.outgoing import Outbox, Suppression
from mailgate.store.models.people import Company, Contact, ContactAddress
from mailgate.store.models.tickets import (
    Entry,
    FollowUp,
    Participant,
    Session,
    Ticket,
    TicketCount,
    TicketLink,
)
from mailgate.store.pack import unpack
from mailgate.store.statements import literal

Row = dict[str, Any]

# What a person should look at: kept raw, set aside, or taken though its structure cannot be told.
LISTED: Final = ("unprocessed", "aside", "unparsable")
# A page that a person reads; commands may ask for another size.
PAGE: Final = 50


@contextmanager
def reading(store: Store) -> Iterator[Connection]:
    """Give a connection that only reads, for one short question."""
    with closing(store.reader()) as connection:
        yield connection


def rows(connection: Connection, query: Any) -> list[Row]:
    """Return the rows of a Peewee query as dictionaries by column."""
    sql, parameters = query.sql()
    cursor: Any = connection.execute(sql, tuple(parameters))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def first(connection: Connection, query: Any) -> Row | None:
    """Return the first row, or None."""
    found = rows(connection, query.limit(1))
    return found[0] if found else None


def _deliveries() -> Any:
    return Delivery.select(
        Delivery.id,
        Delivery.message_id,
        Delivery.at,
        Delivery.recipient,
        Delivery.status,
        Delivery.code,
        Delivery.enhanced,
        Delivery.reply,
        Delivery.rule,
        Delivery.action,
        Delivery.summary,
        Delivery.folder,
        Delivery.flags,
        Delivery.ticket_id,
        Delivery.mail_class,
        Delivery.class_reason,
        Delivery.reason,
        Delivery.error,
        Message.trace_id,
        Message.received_at,
        Message.source,
        Message.qid,
        Message.sender,
        Message.msgid,
        Message.subject,
        Message.size,
        Message.defects,
    ).join(Message, on=(Message.id == Delivery.message_id))


def find_deliveries(connection: Connection, term: str, limit: int = PAGE) -> list[Row]:
    """Return the deliveries that a queue id, Message-ID, trace id or ticket number names, oldest first."""
    ticket = first(connection, Ticket.select(Ticket.id).where(Ticket.number == term))
    if ticket is not None:
        # SQLite takes a partial index only if the query repeats its condition; so below, too.
        family = family_of(ticket["id"], lambda query: _tuples(connection, query))
        condition = Delivery.ticket_id.in_(family) & (Delivery.ticket_id > 0)
    elif messages := _message_ids(connection, term):
        condition = Delivery.message_id.in_(messages)
    else:
        return []
    return rows(connection, _deliveries().where(condition).order_by(Delivery.id).limit(limit))


def _message_ids(connection: Connection, term: str) -> list[int]:
    """Return the ids of the mails with this queue id, Message-ID (with or without brackets) or trace id."""
    bracketed = term if term.startswith("<") else f"<{term}>"
    conditions = (
        Message.trace_id == term,
        (Message.qid == term) & (Message.qid != SQL("''")),
        (Message.msgid == bracketed) & (Message.msgid != SQL("''")),
    )
    found: set[int] = set()
    if term:
        for condition in conditions:
            found.update(row["id"] for row in rows(connection, Message.select(Message.id).where(condition)))
    return sorted(found)


def list_deliveries(
    connection: Connection, *, status: str = "", before_id: int = 0, limit: int = PAGE
) -> list[Row]:
    """Return deliveries, newest first, below `before_id`; those of LISTED have an index."""
    query = _deliveries().order_by(Delivery.id.desc()).limit(limit)
    if status:
        query = query.where(Delivery.status == literal(status))
        if status in LISTED:
            # SQLite takes a partial index only if the query repeats its condition.
            query = query.where(Delivery.status.in_([literal(one) for one in LISTED]))
    if before_id:
        query = query.where(Delivery.id < before_id)
    return rows(connection, query)


def delivery(connection: Connection, delivery_id: int) -> Row | None:
    """Return the whole story of one delivery: trace, further places, what was sent, what was not and why."""
    found = first(connection, _deliveries().where(Delivery.id == delivery_id))
    if found is None:
        return None
    trace = first(connection, Trace.select(Trace.packed).where(Trace.delivery_id == delivery_id))
    found["trace"] = unpack(trace["packed"]) if trace is not None else None
    found["filings"] = rows(connection, Filing.select().where(Filing.delivery_id == delivery_id))
    found["suppressed"] = rows(connection, Suppression.select().where(Suppression.delivery_id == delivery_id))
    found["outbox"] = rows(
        connection,
        outbox_query()
        .where((Outbox.delivery_id == delivery_id) & (Outbox.delivery_id > 0))
        .order_by(Outbox.id),
    )
    return found


def octets(connection: Connection, blobs: Blobs, message_id: int) -> Octets:
    """Return the octets of a received mail as they came; HouseFault where they are missing."""
    row = first(
        connection,
        Message.select(Message.size, Message.sha256, Message.stored).where(Message.id == message_id),
    )
    if row is None:
        raise HouseFault(f"no mail {message_id}")
    sha256 = bytes(row["sha256"])
    if row["stored"] == "file":
        return Octets(row["size"], sha256, path=blobs.path(sha256))
    query = MessageBody.select(MessageBody.octets).where(MessageBody.message_id == message_id)
    body = first(connection, query)
    if body is None:
        raise HouseFault(f"mail {message_id} has lost its octets")
    return Octets(row["size"], sha256, data=bytes(body["octets"]))


def message(connection: Connection, message_id: int) -> Row | None:
    """Return the row of a received mail."""
    return first(connection, Message.select().where(Message.id == message_id))


def outbox_query() -> Any:
    """Return a SELECT of outgoing rows without their drafts."""
    return Outbox.select(
        Outbox.id,
        Outbox.kind,
        Outbox.state,
        Outbox.mail_kind,
        Outbox.target,
        Outbox.ticket_id,
        Outbox.message_id,
        Outbox.delivery_id,
        Outbox.trace_id,
        Outbox.envelope_from,
        Outbox.to_address,
        Outbox.folder,
        Outbox.msgid,
        Outbox.rule,
        Outbox.attempts,
        Outbox.due,
        Outbox.created_at,
        Outbox.finished_at,
        Outbox.reason,
        Outbox.last_reply,
    )


def outbox_row(connection: Connection, outbox_id: int) -> Row | None:
    """Return one outbox row with its draft as plain data."""
    found = first(connection, Outbox.select().where(Outbox.id == outbox_id))
    if found is not None:
        found["draft"] = unpack(found["draft"])
    return found


def ticket_counts(connection: Connection) -> list[Row]:
    """Return how many tickets each queue has in each status, from the table that keeps count."""
    return rows(connection, TicketCount.select().order_by(TicketCount.queue, TicketCount.status))


def ticket(connection: Connection, number: str) -> Row | None:
    """Return a ticket with contact, sessions, history, participants, links, reminders and mails in and out.

    Of tickets that were merged into it everything is there too; of one that was merged what it had itself.
    """
    found = first(connection, Ticket.select().where(Ticket.number == number))
    if found is None:
        return None
    family = family_of(found["id"], lambda query: _tuples(connection, query))
    found["contact"] = _contact(connection, found["contact_id"])
    sessions = Session.select().where(Session.ticket_id.in_(family))
    found["sessions"] = rows(connection, sessions.order_by(Session.id))
    shown = shown_under(family, lambda query: _tuples(connection, query))
    found["entries"] = rows(connection, Entry.select().where(shown).order_by(Entry.id))
    _name_tickets(connection, found)
    people = Participant.select().where(Participant.ticket_id == found["id"])
    found["participants"] = rows(connection, people.order_by(Participant.folded))
    query = _deliveries().where(Delivery.ticket_id.in_(family) & (Delivery.ticket_id > 0))
    found["deliveries"] = rows(connection, query.order_by(Delivery.id))
    found["links"] = _links(connection, family)
    reminders = FollowUp.select().where(FollowUp.ticket_id.in_(family))
    found["follow_ups"] = rows(connection, reminders.order_by(FollowUp.at, FollowUp.id))
    merged = Ticket.select(Ticket.number).where(Ticket.id.in_(family[1:])).order_by(Ticket.id)
    found["merged"] = [row["number"] for row in rows(connection, merged)] if family[1:] else []
    sent = [entry["outbox_id"] for entry in found["entries"] if entry["outbox_id"]]
    query = outbox_query().where(Outbox.id.in_(sent)).order_by(Outbox.id)
    found["outbox"] = rows(connection, query) if sent else []
    if found["claims"]:
        claimed = first(connection, Ticket.select(Ticket.number).where(Ticket.id == found["claims"]))
        found["claims_number"] = claimed["number"] if claimed is not None else ""
    return found


def _name_tickets(connection: Connection, found: Row) -> None:
    """Let each entry say at which ticket it was written: one that was merged or split, or this one."""
    names = {found["id"]: found["number"]}
    if others := {entry["ticket_id"] for entry in found["entries"]} - set(names):
        query = Ticket.select(Ticket.id, Ticket.number).where(Ticket.id.in_(sorted(others)))
        names |= {row["id"]: row["number"] for row in rows(connection, query)}
    for entry in found["entries"]:
        entry["ticket"] = names.get(entry["ticket_id"], "")


def _tuples(connection: Connection, query: Any) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows(connection, query)]


def _links(connection: Connection, family: Sequence[int]) -> list[Row]:
    """Return the links of a ticket to others: what it is to them, their numbers, statuses, subjects."""
    other = Ticket.alias("other")
    query = (
        TicketLink.select(TicketLink.kind, other.number, other.status, other.subject, TicketLink.author)
        .join(other, on=(other.id == TicketLink.other_id))
        .where(TicketLink.ticket_id.in_(family) & TicketLink.other_id.not_in(family))
        .distinct()
    )
    return rows(connection, query.order_by(TicketLink.kind, other.number))


def _contact(connection: Connection, contact_id: int) -> Row | None:
    found = first(connection, Contact.select().where(Contact.id == contact_id))
    if found is not None and found["merged_into"]:
        # The tickets of a merged contact follow in steps.
        kept = first(connection, Contact.select().where(Contact.id == found["merged_into"]))
        found = kept or found
    if found is not None:
        query = ContactAddress.select().where(ContactAddress.contact_id == found["id"])
        found["addresses"] = rows(connection, query.order_by(*first_address()))
        company = first(connection, Company.select(Company.name).where(Company.id == found["company_id"]))
        found["company"] = company["name"] if company is not None else ""
    return found


def counts_by_status(connection: Connection) -> dict[str, int]:
    """Return how many deliveries a person should look at, by the statuses of LISTED."""
    return {status: len(rows(connection, _waiting(status))) for status in LISTED}


def _waiting(status: str) -> Any:
    listed = Delivery.status.in_([literal(one) for one in LISTED])
    return Delivery.select(Delivery.id).where((Delivery.status == literal(status)) & listed)
