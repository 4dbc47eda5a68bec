"""Is everything where it should be? Rows whose partner is missing, blobs that are gone, a damaged file."""

import sqlite3
import time
from typing import Any, Final, cast

from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.models.mail import Delivery, Filing, Message, MessageBody, Trace
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.people import Contact, ContactAddress
from mailgate.store.models.tickets import Entry, Session, Ticket
from mailgate.store.queries import rows

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
)

# So many instructions of SQLite's machine take less than a millisecond.
STEPS: Final = 10_000


def orphans(connection: Connection) -> list[str]:
    """Return one line for each kind of row whose partner is missing, with how many there are."""
    found = []
    for child, column, parent, text in PARTNERS:
        query = child.select(column).where((column != 0) & column.not_in(parent.select(parent.id)))
        count = len(rows(connection, query))
        if count:
            found.append(f"{count} x {text}")
    inline = Message.select(Message.id).where(
        (Message.stored == "inline") & Message.id.not_in(MessageBody.select(MessageBody.message_id))
    )
    lost = len(rows(connection, inline))
    return [*found, f"{lost} x mail without its octets"] if lost else found


def missing_blobs(connection: Connection, blobs: Blobs) -> list[str]:
    """Return the digests of large mails whose file is not there."""
    query = Message.select(Message.sha256).where(Message.stored == "file").distinct()
    digests = [bytes(row["sha256"]) for row in rows(connection, query)]
    return [digest.hex() for digest in digests if not blobs.path(digest).exists()]


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
