"""The rows of the hot path as named tuples: their fields are the columns, in the order of the INSERT.

`store/hot.py` compiles the INSERT of each from the model and these field names, so neither can drift.
"""

from typing import NamedTuple


class MessageRow(NamedTuple):
    """See `models/mail.Message`."""

    id: int
    trace_id: str
    received_at: int
    source: str
    listener: str
    peer: str
    helo: str
    client: str
    qid: str
    sender: str
    msgid: str
    subject: str
    size: int
    sha256: bytes
    stored: str
    smtputf8: int
    defects: str


class DeliveryRow(NamedTuple):
    """See `models/mail.Delivery`."""

    id: int
    message_id: int
    at: int
    recipient: str
    orcpt: str
    dedupe: bytes
    status: str
    code: int
    enhanced: str
    reply: str
    rule: str
    action: str
    summary: str
    folder: str
    flags: str
    ticket_id: int
    mail_class: str
    class_reason: str
    reason: str
    error: str


class SeenRow(NamedTuple):
    """See `models/mail.Seen`."""

    key: bytes
    delivery_id: int
    code: int
    enhanced: str
    reply: str
    summary: str
    until: int


class ContactRow(NamedTuple):
    """See `models/people.Contact`."""

    id: int
    name: str
    categories: str
    company_id: int
    created_at: int
    type: str = ""
    vip: int = 0
    language: str = ""
    salutation: str = ""
    folded: str = ""


class TicketRow(NamedTuple):
    """See `models/tickets.Ticket`."""

    id: int
    number: str
    queue: str
    subject: str
    status: str
    priority: str
    contact_id: int
    agent: str
    owner_group: str
    categories: str
    tags: str
    follow_up_agent: str
    follow_up_at: int
    workflow: str
    claims: int
    match_key: str
    session_id: int
    created_at: int
    touched_at: int
    merged_into: int = 0
    company_id: int = 0
    reaction_due: int = 0
    warning_due: int = 0
    execution_due: int = 0
    alarm_at: int = 0


class EntryRow(NamedTuple):
    """See `models/tickets.Entry`."""

    id: int
    ticket_id: int
    session_id: int
    at: int
    kind: str
    author: str
    text: str = ""
    message_id: int = 0
    outbox_id: int = 0
    msgid: str = ""
    unverified: int = 0
    field: str = ""
    old: str = ""
    new: str = ""
    rule: str = ""
    trimmed: int = 0
    report: str = ""


class InteractionRow(NamedTuple):
    """See `models/tickets.Interaction`; the database gives the id."""

    session_id: int
    ticket_id: int
    at: int
    kind: str
    agent: str
    queue: str
    detail: str


class OutboxRow(NamedTuple):
    """See `models/outgoing.Outbox`; `draft` is the JSON of a `Draft` or empty."""

    id: int
    kind: str
    state: str
    mail_kind: str
    target: str
    ticket_id: int
    entry_id: int
    session_id: int
    message_id: int
    delivery_id: int
    trace_id: str
    envelope_from: str
    to_address: str
    folder: str
    flags: str
    make_folder: int
    draft: bytes
    msgid: str
    rule: str
    attempts: int
    due: int
    lease_until: int
    owner: str
    created_at: int
    finished_at: int
    reason: str
    last_reply: str
