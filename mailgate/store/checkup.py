"""Whether everything is where it should be.

Rows whose partner is missing, rows that contradict each other, blobs that are gone, a damaged file.
"""

import sqlite3
import time
from typing import Any, Final, cast

from peewee import JOIN, fn

from mailgate.domain.links import LinkKind, inverse
from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.models.mail import Delivery, Filing, Message, MessageBody, Trace
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.people import Company, Contact, ContactAddress
from mailgate.store.models.tickets import (
    Assignment,
    Entry,
    EntryPlace,
    FollowUp,
    Interaction,
    MessageRef,
    Participant,
    Session,
    Ticket,
    TicketCount,
    TicketLink,
)
from mailgate.store.queries import rows
from mailgate.store.templatefiles import named_blobs

# (child, its column, parent, what to say); 0 in the column means "none" and is fine.
PARTNERS: Final[tuple[tuple[Any, Any, Any, str], ...]] = (
    (Delivery, Delivery.message_id, Message, "delivery without its mail"),
    (MessageBody, MessageBody.message_id, Message, "octets without their mail"),
    (Filing, Filing.delivery_id, Delivery, "place without its delivery"),
    (Trace, Trace.delivery_id, Delivery, "trace without its delivery"),
    (Delivery, Delivery.ticket_id, Ticket, "delivery whose ticket is missing"),
    (Session, Session.ticket_id, Ticket, "session without its ticket"),
    (Ticket, Ticket.session_id, Session, "ticket without its session"),
    (Ticket, Ticket.contact_id, Contact, "ticket whose contact is missing"),
    (ContactAddress, ContactAddress.contact_id, Contact, "address without its contact"),
    (Entry, Entry.ticket_id, Ticket, "entry without its ticket"),
    (Entry, Entry.message_id, Message, "entry whose mail is missing"),
    (Outbox, Outbox.message_id, Message, "outbox row whose mail is missing"),
    (Outbox, Outbox.ticket_id, Ticket, "outbox row whose ticket is missing"),
    (Ticket, Ticket.merged_into, Ticket, "ticket merged into one that is missing"),
    (Ticket, Ticket.company_id, Company, "ticket whose company is missing"),
    (Contact, Contact.company_id, Company, "contact whose company is missing"),
    (MessageRef, MessageRef.ticket_id, Ticket, "Message-ID of a ticket that is missing"),
    (Participant, Participant.ticket_id, Ticket, "participant of a ticket that is missing"),
    (TicketLink, TicketLink.ticket_id, Ticket, "link of a ticket that is missing"),
    (TicketLink, TicketLink.other_id, Ticket, "link to a ticket that is missing"),
    (EntryPlace, EntryPlace.entry_id, Entry, "place of an entry that is missing"),
    (EntryPlace, EntryPlace.ticket_id, Ticket, "place of an entry in a ticket that is missing"),
    (FollowUp, FollowUp.ticket_id, Ticket, "reminder of a ticket that is missing"),
    (Interaction, Interaction.session_id, Session, "interaction without its session"),
    (Interaction, Interaction.ticket_id, Ticket, "interaction of a ticket that is missing"),
    (Assignment, Assignment.ticket_id, Ticket, "assignment of a ticket that is missing"),
    (Assignment, Assignment.session_id, Session, "assignment of a session that is missing"),
)

# So many instructions of SQLite's machine take less than a millisecond.
STEPS: Final = 10_000


def orphans(connection: Connection) -> list[str]:
    """Return one line for each kind of row whose partner is missing, with how many there are."""
    found = []
    for child, column, parent, text in PARTNERS:
        there = parent.alias("there")
        known = fn.EXISTS(there.select(there.id).where(there.id == column))
        query = child.select(fn.COUNT(column).alias("n")).where((column != 0) & ~known)
        count = rows(connection, query)[0]["n"]
        if count:
            found.append(f"{count} x {text}")
    inline = Message.select(Message.id).where(
        (Message.stored == "inline") & Message.id.not_in(MessageBody.select(MessageBody.message_id))
    )
    lost = len(rows(connection, inline))
    return [*found, f"{lost} x mail without its octets"] if lost else found


def contradictions(connection: Connection) -> list[str]:
    """Return one line for each kind of rows that do not say the same, with how many there are."""
    strayed = Ticket.select(fn.COUNT(Ticket.id).alias("n")).join(
        Session, on=(Session.id == Ticket.session_id)
    )
    counted = {
        "ticket whose current session is another ticket's": strayed.where(Session.ticket_id != Ticket.id),
        "current session that is not its ticket's agent's": strayed.where(Session.agent != Ticket.agent),
        "link that the other ticket does not have": _one_sided(),
    }
    found = {text: int(rows(connection, query)[0]["n"]) for text, query in counted.items()}
    found["count of a queue's tickets in a status that is wrong"] = _wrong_counts(connection)
    found["ticket merged in a circle"] = _circles(connection, Ticket)
    found["contact merged in a circle"] = _circles(connection, Contact)
    return [f"{count} x {text}" for text, count in found.items() if count]


def _one_sided() -> Any:
    other = TicketLink.alias("other")
    back = [(TicketLink.kind == kind.value) & (other.kind == inverse(kind.value)) for kind in LinkKind]
    same = back[0]
    for one in back[1:]:
        same |= one
    here = (other.ticket_id == TicketLink.other_id) & (other.other_id == TicketLink.ticket_id)
    query = TicketLink.select(fn.COUNT(TicketLink.ticket_id).alias("n"))
    return query.join(other, JOIN.LEFT_OUTER, on=(here & same)).where(other.ticket_id.is_null())


def _wrong_counts(connection: Connection) -> int:
    query = Ticket.select(Ticket.queue, Ticket.status, fn.COUNT(Ticket.id).alias("n"))
    real = rows(connection, query.group_by(Ticket.queue, Ticket.status))
    there = {(row["queue"], row["status"]): int(row["n"]) for row in real}
    kept = {(row["queue"], row["status"]): int(row["n"]) for row in rows(connection, TicketCount.select())}
    return sum(there.get(place, 0) != kept.get(place, 0) for place in there.keys() | kept.keys())


def _circles(connection: Connection, model: Any) -> int:
    """Return how many rows lead nowhere, however often one asks what they were merged into."""
    query = model.select(model.id, model.merged_into).where(model.merged_into > 0)
    into = {row["id"]: row["merged_into"] for row in rows(connection, query)}
    ends: dict[int, bool] = {}
    for start in into:
        way: list[int] = []
        here = start
        while here in into and here not in ends:
            ends[here] = False
            way.append(here)
            here = into[here]
        good = ends.get(here, True)
        ends.update(dict.fromkeys(way, good))
    return sum(not good for good in ends.values())


def missing_blobs(connection: Connection, blobs: Blobs) -> list[str]:
    """Return the digests of large mails whose file is not there."""
    query = Message.select(Message.sha256).where(Message.stored == "file").distinct()
    digests = [bytes(row["sha256"]) for row in rows(connection, query)]
    return [digest.hex() for digest in digests if not blobs.path(digest).exists()]


def faults(connection: Connection, blobs: Blobs, *, sqlite: bool) -> list[str]:
    """Return a line for all that is wrong: the file, partners of rows, contradictions, lost files."""
    gone = [f"the file of a large mail is missing: {one}" for one in missing_blobs(connection, blobs)]
    kept = sorted(one for one in named_blobs(connection) if not blobs.path(bytes.fromhex(one)).exists())
    gone += [f"a file of a template or of an answer is missing: {one}" for one in kept]
    broken = damage(connection) if sqlite else []
    return [*broken, *orphans(connection), *contradictions(connection), *gone]


def hasty_damage(connection: Connection, seconds: float) -> list[str] | None:
    """Return what SQLite's quick check finds in so many seconds; None where it found nothing by then."""
    raw = cast("sqlite3.Connection", connection)
    until = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        lines = [row[0] for row in connection.execute("PRAGMA quick_check").fetchall()]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return None
    finally:
        raw.set_progress_handler(None, 0)
    return [line for line in lines if line != "ok"]


def damage(connection: Connection) -> list[str]:
    """Return what SQLite's own integrity check finds, nothing where all is well."""
    lines = [row[0] for row in connection.execute("PRAGMA integrity_check").fetchall()]
    return [line for line in lines if line != "ok"]
