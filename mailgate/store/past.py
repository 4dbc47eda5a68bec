"""Stored mails as they stood at the door, in their order, and what became of each; for replay.

Everything is read in batches, and nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from peewee import JOIN, SQL

from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.notify import RULE as NOTIFY
from mailgate.domain.routing import OWN_STORE
from mailgate.domain.workflow import PREFIX as WORKFLOW
from mailgate.store.apply_outgoing import SNOOZED
from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.details import decode
from mailgate.store.models.mail import Delivery, Filing, Message, MessageBody, Trace
from mailgate.store.models.outgoing import Outbox, Suppression
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import unpack
from mailgate.store.statements import literal
from mailgate.store.transaction import from_millis, millis

# What a script decided, whatever it was; crashed and superseded deliveries were decided by nobody.
DECIDED: Final = ("accepted", "refused", "discarded", "aside", "unparsable")
# As many as one query may name, and as many mails of 4 KB as a batch easily holds in memory.
BATCH: Final = 250


@dataclass(slots=True)
class Done:
    """One delivery: the mail as it came, for its one recipient, and what the rules had decided.

    `at_ms` is when that was. `places` are (folder, flags, later) of our own store and of targets; `sent` are
    (kind, mail kind or target, address) of what left or wanted to; `opened` says that the ticket was opened
    by this mail.
    """

    delivery_id: int
    at_ms: int
    received: Received
    status: str
    rule: str
    error: str
    ticket_id: int = 0
    ticket: str = ""
    opened: bool = False
    places: list[tuple[str, str, bool]] = field(default_factory=list)
    sent: list[tuple[str, str, str]] = field(default_factory=list)


def ids(connection: Connection) -> tuple[int, int]:
    """Return the first id of a delivery and the one behind the last; equal where there are none."""
    text = 'SELECT COALESCE(MIN("id"), 1), COALESCE(MAX("id"), 0) FROM "delivery"'
    row = connection.execute(text).fetchone()
    return int(row[0]), int(row[1]) + 1


def first_since(connection: Connection, since: datetime) -> int:
    """Return the id of the first delivery since a time; ids grow with time, so it is found by halves."""
    low, high = ids(connection)
    at = millis(since)
    while low < high:
        middle = (low + high) // 2
        query = Delivery.select(Delivery.at).where(Delivery.id >= middle).order_by(Delivery.id).limit(1)
        row = _rows(connection, query)[0]
        if row[0] < at:
            low = middle + 1
        else:
            high = middle
    return low


def done_between(connection: Connection, blobs: Blobs, first: int, behind: int) -> Iterator[list[Done]]:
    """Yield the decided deliveries with ids from `first` on and below `behind`, a batch at a time."""
    for start in range(first, behind, BATCH):
        yield _batch(connection, blobs, start, min(start + BATCH, behind))


def traces(connection: Connection, delivery_ids: list[int]) -> dict[int, dict[str, Any]]:
    """Return the stored traces of deliveries."""
    query = Trace.select(Trace.delivery_id, Trace.packed).where(Trace.delivery_id.in_(delivery_ids))
    return {row[0]: unpack(row[1]) or {} for row in _rows(connection, query)}


def _batch(connection: Connection, blobs: Blobs, first: int, behind: int) -> list[Done]:
    found = {row[0]: _done(row, blobs) for row in _rows(connection, _deliveries(first, behind))}
    if found:
        _add_places(connection, found)
        _add_sent(connection, found)
        _add_stopped(connection, found)
        _add_tickets(connection, found)
    return list(found.values())


def _rows(connection: Connection, query: Any) -> list[Any]:
    sql, values = query.sql()
    return list(connection.execute(sql, tuple(values)).fetchall())


def _deliveries(first: int, behind: int) -> Any:
    decided = Delivery.status.in_([literal(word) for word in DECIDED])
    return (
        Delivery.select(
            Delivery.id, Delivery.at, Delivery.recipient, Delivery.orcpt, Delivery.status, Delivery.rule,
            Delivery.error, Delivery.folder, Delivery.flags, Delivery.ticket_id,
            Message.sender, Message.source, Message.listener, Message.peer, Message.helo, Message.qid,
            Message.received_at, Message.trace_id, Message.smtputf8, Message.size, Message.sha256,
            Message.stored, MessageBody.octets,
        )
        .join(Message, on=(Message.id == Delivery.message_id))
        .join(MessageBody, JOIN.LEFT_OUTER, on=(MessageBody.message_id == Message.id))
        .where((Delivery.id >= first) & (Delivery.id < behind) & decided)
        .order_by(Delivery.id)
    )  # fmt: skip


def _done(row: Any, blobs: Blobs) -> Done:
    delivery_id, at, recipient, orcpt, status, rule, error, folder, flags, ticket_id = row[:10]
    sender, source, listener, peer, helo, qid, received_at, trace_id, smtputf8 = row[10:19]
    size, sha256, stored, data = row[19:]
    digest = bytes(sha256)
    octets = (
        Octets(size, digest, path=blobs.path(digest))
        if stored == "file"
        else Octets(size, digest, data=bytes(data or b""))
    )
    received = Received(
        octets,
        Envelope(sender, (Recipient(recipient, orcpt),), smtputf8=bool(smtputf8)),
        Origin(Source(source), listener, peer, helo, qid),
        from_millis(received_at),
        trace_id,
    )
    places = [(folder, flags, False)] if folder else []
    return Done(delivery_id, at, received, status, rule, error, ticket_id, places=places)


def _add_places(connection: Connection, found: dict[int, Done]) -> None:
    query = Filing.select(Filing.delivery_id, Filing.folder, Filing.flags)
    for delivery_id, folder, flags in _rows(connection, query.where(Filing.delivery_id.in_(list(found)))):
        found[delivery_id].places.append((folder, flags, False))


def _add_sent(connection: Connection, found: dict[int, Done]) -> None:
    """Add what went to targets and out of the house."""
    query = Outbox.select(
        Outbox.delivery_id, Outbox.kind, Outbox.mail_kind, Outbox.target, Outbox.to_address, Outbox.folder,
        Outbox.flags, Outbox.draft, Outbox.rule,
    ).where((Outbox.delivery_id > SQL("0")) & Outbox.delivery_id.in_(list(found)))  # fmt: skip
    for delivery_id, kind, mail_kind, target, to_address, folder, flags, draft, rule in _rows(
        connection, query
    ):
        if _follows(rule):
            continue
        one = found[delivery_id]
        match kind:
            case "deliver":
                _add_delivery(one, target, folder, flags, bytes(draft))
            case "redirect":
                one.sent.append((kind, "", to_address))
            case "send":
                one.sent.append((kind, mail_kind, to_address))
            case _:
                one.sent.append((kind, target, ""))


def _follows(rule: str) -> bool:
    """Whether a mail of ours came of what the decision did to a ticket, not of the decision itself."""
    return rule == NOTIFY or rule.startswith(WORKFLOW)


def _add_delivery(one: Done, target: str, folder: str, flags: str, draft: bytes) -> None:
    """Add the place of a delivery to a target; that of a copy of a mail of ours (RFC 8580) is none."""
    details = decode(draft)
    if details.copy_of:
        return
    if target == OWN_STORE:
        # Snoozed in our own store: it lies there already, in the folder Snoozed or where it has come back to.
        one.places = [place for place in one.places if place[0] not in (SNOOZED, folder)]
    one.places.append((folder, flags, details.snoozed))


def _add_stopped(connection: Connection, found: dict[int, Done]) -> None:
    """Add the mails that the gate has stopped: the rules wanted them all the same."""
    query = Suppression.select(
        Suppression.delivery_id,
        Suppression.mail_kind,
        Suppression.to_address,
        Suppression.verdict,
        Suppression.rule,
    ).where(Suppression.delivery_id.in_(list(found)))
    for delivery_id, mail_kind, to_address, verdict, rule in _rows(connection, query):
        if verdict == "suppress" and not _follows(rule):
            found[delivery_id].sent.append(("send", mail_kind, to_address))


def _add_tickets(connection: Connection, found: dict[int, Done]) -> None:
    wanted: defaultdict[int, list[Done]] = defaultdict(list)
    for one in found.values():
        if one.ticket_id:
            wanted[one.ticket_id].append(one)
    if not wanted:
        return
    query = Ticket.select(Ticket.id, Ticket.number, Ticket.created_at).where(Ticket.id.in_(list(wanted)))
    for ticket_id, number, created_at in _rows(connection, query):
        for one in wanted[ticket_id]:
            one.ticket = number
        # Opened by the first of those that came at that moment: they may have shared a transaction.
        first = next((one for one in wanted[ticket_id] if one.at_ms == created_at), None)
        if first is not None:
            first.opened = True
