"""All tables, in the order in which they are made."""

from typing import Final

from mailgate.store.models.access import Credential, LoginLink, Presence
from mailgate.store.models.audit import Audit
from mailgate.store.models.base import Row
from mailgate.store.models.business import (
    Address,
    Agent,
    Automation,
    CatalogueVersion,
    DeskSetting,
    Priority,
    Queue,
    Script,
    Status,
    Team,
    Template,
    TemplateFile,
    Workflow,
)
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
from mailgate.store.models.outgoing import (
    FailingAddress,
    GateCount,
    Outbox,
    OutboxFile,
    Remembered,
    Suppression,
)
from mailgate.store.models.people import Company, Contact, ContactAddress, ContactSource
from mailgate.store.models.search import SearchMark
from mailgate.store.models.tickets import (
    Assignment,
    Counter,
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

TABLES: Final[tuple[type[Row], ...]] = (
    Message, MessageBody, Delivery, Filing, Trace, Seen, Attempt, Edition, EditedPlace,
    Company, Contact, ContactAddress, ContactSource,
    Counter, Ticket, TicketCount, Session, Interaction, Entry, EntryPlace, MessageRef, Participant,
    TicketLink, FollowUp, Assignment, SearchMark,
    Address, Queue, Agent, Template, TemplateFile, Script, CatalogueVersion,
    Team, Status, Priority, Workflow, Automation, DeskSetting,
    Presence, Credential, LoginLink,
    Outbox, OutboxFile, GateCount, Remembered, FailingAddress, Suppression,
    Audit,
)  # fmt: skip
