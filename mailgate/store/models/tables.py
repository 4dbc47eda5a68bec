"""All tables, in the order in which they are made."""

from typing import Final

from mailgate.store.models.audit import Audit
from mailgate.store.models.base import Row
from mailgate.store.models.business import Address, Agent, CatalogueVersion, Queue, Script, Template
from mailgate.store.models.mail import (
    Attempt,
    Delivery,
    EditedPlace,
    Edition,
    Filing,
    Message,
    MessageBody,
    Seen,
    Trace,
)
from mailgate.store.models.outgoing import FailingAddress, GateCount, Outbox, Remembered, Suppression
from mailgate.store.models.people import Company, Contact, ContactAddress
from mailgate.store.models.tickets import (
    Counter,
    Entry,
    MessageRef,
    Participant,
    Session,
    Ticket,
    TicketCount,
)

TABLES: Final[tuple[type[Row], ...]] = (
    Message, MessageBody, Delivery, Filing, Trace, Seen, Attempt, Edition, EditedPlace,
    Company, Contact, ContactAddress,
    Counter, Ticket, TicketCount, Session, Entry, MessageRef, Participant,
    Address, Queue, Agent, Template, Script, CatalogueVersion,
    Outbox, GateCount, Remembered, FailingAddress, Suppression,
    Audit,
)  # fmt: skip
