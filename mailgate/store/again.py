"""A stored mail once more: processed again by one command (P8), or only looked at (trace, replay).

Processing again writes a new delivery of the same mail and marks the old one; looking writes nothing at all.
"""

from datetime import datetime
from typing import Any, Final

from peewee import SQL, fn

from mailgate.domain.effects import Decision
from mailgate.domain.envelope import Envelope, Origin, Received, Recipient, Source
from mailgate.domain.mail import Mail
from mailgate.domain.ports import Kind
from mailgate.errors import HouseFault, TryLater
from mailgate.store import queries
from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.faults import Abandoned, system_fault
from mailgate.store.mailrows import MailRows
from mailgate.store.models.mail import Delivery
from mailgate.store.models.people import Contact
from mailgate.store.models.tickets import Entry, Session, Ticket
from mailgate.store.read import UnitReader
from mailgate.store.transaction import Transaction, from_millis
from mailgate.store.unit import DeliveryOutcome, Incoming, UnitRules, decide_and_apply, dedupe_key, describe

# Deliveries that wait for a person may be processed again, or taken off the list (their mail stays); all
# others have become something already.
WAITING: Final = ("unprocessed", "aside")


def received_of(connection: Connection, blobs: Blobs, delivery_id: int) -> Received:
    """Return a delivery's mail as it stood at the door, for its one recipient; HouseFault where it is not."""
    delivery = queries.first(connection, Delivery.select().where(Delivery.id == delivery_id))
    if delivery is None:
        raise HouseFault(f"no delivery {delivery_id}")
    row = queries.message(connection, delivery["message_id"])
    if row is None:
        raise HouseFault(f"delivery {delivery_id} has lost its mail")
    recipient = Recipient(delivery["recipient"], delivery["orcpt"])
    return Received(
        octets=queries.octets(connection, blobs, delivery["message_id"]),
        envelope=Envelope(row["sender"], (recipient,), smtputf8=bool(row["smtputf8"])),
        origin=Origin(
            Source(row["source"]), row["listener"], row["peer"], row["helo"], row["qid"], row["client"]
        ),
        at=from_millis(row["received_at"]),
        trace_id=row["trace_id"],
    )


class _Refused(Exception):  # noqa: N818  it rolls back, it is no mistake
    """The rules refuse a mail that was accepted long ago."""


def reprocess(tx: Transaction, delivery_id: int, incoming: Incoming, rules: UnitRules) -> DeliveryOutcome:
    """Decide a waiting delivery anew (`incoming` is made from `received_of`); raises only Abandoned.

    If that crashes again, or the rules would now refuse what was accepted, it stays where it is, with the
    reason.
    """
    (recipient,) = incoming.received.envelope.recipients
    row = tx.query(
        Delivery.select(Delivery.message_id, Delivery.status).where(Delivery.id == delivery_id)
    ).fetchone()
    if row is None or row[1] not in WAITING:
        return DeliveryOutcome(HouseFault().reply, recipient.address, error="is not waiting to be processed")
    key = dedupe_key(incoming.received.envelope.sender, recipient.address, incoming.received.octets.sha256)
    rows = MailRows(tx, incoming.received, incoming.view, message_id=row[0])
    try:
        with tx.savepoint():
            tx.execute(tx.hot.mail.forget_seen, (key,))
            _mark(tx, delivery_id, status="reprocessed")
            return _again(tx, incoming, recipient, rules, rows, key)
    except Abandoned:
        raise
    except Exception as error:  # noqa: BLE001  it stays unprocessed
        house = error if isinstance(error, TryLater) else system_fault(error)
        text = "the rules refuse it" if isinstance(error, _Refused) else describe(error)
        _mark(tx, delivery_id, error=text)
        return DeliveryOutcome((house or HouseFault()).reply, recipient.address, error=text)


def _again(
    tx: Transaction,
    incoming: Incoming,
    recipient: Recipient,
    rules: UnitRules,
    rows: MailRows,
    key: bytes,
) -> DeliveryOutcome:
    outcome = decide_and_apply(tx, incoming, recipient, rules, rows, key)
    if outcome.status == "refused":
        raise _Refused
    return outcome


def _mark(tx: Transaction, delivery_id: int, **columns: str) -> None:
    tx.query(Delivery.update(**columns).where(Delivery.id == delivery_id))


class PreviewReader(UnitReader):
    """Answers like a unit's, on a connection that cannot write; ids are those that would come next."""

    __slots__ = ("_given",)
    locks = False

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._given: dict[str, int] = {}

    def allocate(self, kind: Kind) -> int:
        """Return the id after the highest that is in use; nothing is reserved."""
        if kind not in self._given:
            models: dict[Kind, Any] = {
                "ticket": Ticket,
                "session": Session,
                "contact": Contact,
                "entry": Entry,
            }
            query = models[kind].select(fn.COALESCE(fn.MAX(models[kind].id), SQL("0")))
            self._given[kind] = int(self._tx.query(query).fetchone()[0])
        self._given[kind] += 1
        return self._given[kind]


def preview(
    store: Store, connection: Connection, incoming: Incoming, rules: UnitRules, at: datetime
) -> Decision:
    """Return what the rules would decide for the (first) recipient, as if it were `at`; writes nothing.

    `connection` is one of `Store.reader`. TryLater if no rule serves the address.
    """
    recipient = incoming.received.envelope.recipients[0]
    route = rules.catalogue.route(recipient.address)
    if route is None:
        raise TryLater(f"no address {recipient.address}")
    tx = Transaction(store.backend, connection, store.hot, at)
    mail = Mail(incoming.received, incoming.view, incoming.facts, recipient)
    return rules.decide(mail, route, rules.catalogue, PreviewReader(tx), at)
