"""Every statement of the hot path, compiled once when a database is opened (see `store/statements.py`).

Grouped as the models are. Each query comes with the names of its parameters in the order in which they are
given.
"""

from dataclasses import dataclass, field
from typing import Any

from peewee import EXCLUDED, JOIN, SQL, fn

from mailgate.store.hotfields import EMPTY, NONE, ONE
from mailgate.store.hotfields import insert_field as _insert
from mailgate.store.hotfields import query_field as _query
from mailgate.store.hotfields import upsert_field as _upsert
from mailgate.store.hotpeople import PeopleSql
from mailgate.store.models.business import CatalogueVersion
from mailgate.store.models.mail import (
    Attempt,
    Delivery,
    EditedPlace,
    Filing,
    Message,
    MessageBody,
    Seen,
    Trace,
)
from mailgate.store.models.outgoing import FailingAddress, GateCount, Outbox, Remembered, Suppression
from mailgate.store.models.tickets import (
    Counter,
    Entry,
    Interaction,
    MessageRef,
    Participant,
    Session,
    Ticket,
    TicketCount,
)
from mailgate.store.rows import (
    DeliveryRow,
    EntryRow,
    InteractionRow,
    MessageRow,
    OutboxRow,
    SeenRow,
    TicketRow,
)
from mailgate.store.statements import insert_query, literal, slot


@dataclass(frozen=True, slots=True)
class MailSql:
    """Mails, deliveries, exactly-once."""

    message: str = _insert(Message, MessageRow._fields)
    body: str = _insert(MessageBody, ("message_id", "octets"))
    delivery: str = _insert(Delivery, DeliveryRow._fields)
    filing: str = _insert(Filing, ("delivery_id", "folder", "flags"))
    edited_place: str = _upsert(
        EditedPlace,
        "delivery_id folder edition_id",
        "delivery_id folder",
        lambda: {EditedPlace.edition_id: EXCLUDED.edition_id},
    )
    trace: str = _insert(Trace, ("delivery_id", "packed"))
    seen: str = _insert(Seen, SeenRow._fields)
    find_seen: str = _query(
        "key",
        lambda: Seen.select(Seen.code, Seen.enhanced, Seen.reply, Seen.summary, Seen.until).where(
            Seen.key == slot("key")
        ),
    )
    forget_seen: str = _query("key", lambda: Seen.delete().where(Seen.key == slot("key")))
    attempt: str = _upsert(
        Attempt,
        "key tries first_at last_at error",
        "key",
        lambda: {
            Attempt.tries: Attempt.tries + EXCLUDED.tries,
            Attempt.last_at: EXCLUDED.last_at,
            Attempt.error: EXCLUDED.error,
        },
    )
    tries: str = _query("key", lambda: Attempt.select(Attempt.tries).where(Attempt.key == slot("key")))


def _ticket_columns() -> tuple[Any, ...]:
    return (
        Ticket.id,
        Ticket.number,
        Ticket.subject,
        Ticket.status,
        Ticket.priority,
        Ticket.queue,
        Ticket.agent,
        Ticket.contact_id,
        Ticket.session_id,
        Session.state,
        Ticket.merged_into,
        Session.last_at,
    )


def ticket_query() -> Any:
    """Return a SELECT of tickets with the columns of `ports.TicketView`."""
    return Ticket.select(*_ticket_columns()).join(Session, on=(Session.id == Ticket.session_id))


@dataclass(frozen=True, slots=True)
class TicketSql:
    """Ids, tickets, sessions, history, threading."""

    counters: str = _query("", lambda: Counter.select(Counter.kind, Counter.value))
    set_counter: str = _query(
        "value kind",
        lambda: Counter.update({Counter.value: slot("value")}).where(Counter.kind == slot("kind")),
    )
    ticket: str = _insert(Ticket, TicketRow._fields)
    session: str = _insert(Session, ("id", "ticket_id", "state", "reason", "opened_at", "last_at", "agent"))
    entry: str = _insert(Entry, EntryRow._fields)
    count: str = _upsert(
        TicketCount, "queue status n", "queue status", lambda: {TicketCount.n: TicketCount.n + EXCLUDED.n}
    )
    reference: str = _upsert(
        MessageRef,
        "msgid ticket_id session_id at",
        "msgid ticket_id",
        lambda: {MessageRef.session_id: EXCLUDED.session_id},
    )
    participant: str = _query(
        "ticket_id folded address role confirmed at",
        lambda: insert_query(
            Participant, ("ticket_id", "folded", "address", "role", "confirmed", "at")
        ).on_conflict_ignore(),
    )
    touch: str = _query(
        "now id",
        lambda: Ticket.update({Ticket.touched_at: slot("now"), Ticket.version: Ticket.version + ONE}).where(
            Ticket.id == slot("id")
        ),
    )
    touch_session: str = _query(
        "now id", lambda: Session.update({Session.last_at: slot("now")}).where(Session.id == slot("id"))
    )
    set_session: str = _query(
        "session_id id",
        lambda: Ticket.update({Ticket.session_id: slot("session_id")}).where(Ticket.id == slot("id")),
    )
    move_session: str = _query(
        "state reason now closed id",
        lambda: Session.update(
            {
                Session.state: slot("state"),
                Session.reason: slot("reason"),
                Session.last_at: slot("now"),
                Session.closed_at: slot("closed"),
            }
        ).where(Session.id == slot("id")),
    )
    interaction: str = _insert(Interaction, InteractionRow._fields)
    owner_of: str = _query(
        "id", lambda: Ticket.select(Ticket.agent, Ticket.queue).where(Ticket.id == slot("id"))
    )
    find_session: str = _query(
        "id", lambda: Session.select(Session.ticket_id, Session.state).where(Session.id == slot("id"))
    )
    find: str = _query("id", lambda: ticket_query().where(Ticket.id == slot("id")))
    find_number: str = _query("number", lambda: ticket_query().where(Ticket.number == slot("number")))
    find_key: str = _query(
        "contact key queue any_queue since",
        lambda: (
            ticket_query()
            .where(
                (Ticket.contact_id == slot("contact"))
                & (Ticket.match_key == slot("key"))
                & ((Ticket.queue == slot("queue")) | (slot("any_queue") == SQL("''")))
                & (Ticket.touched_at >= slot("since"))
                & (Ticket.merged_into == NONE)
            )
            .order_by(Ticket.id.desc())
            .limit(ONE)
        ),
    )
    by_reference: str = _query(
        "msgid",
        lambda: (
            MessageRef.select(MessageRef.ticket_id)
            .where(MessageRef.msgid == slot("msgid"))
            .order_by(MessageRef.ticket_id)
        ),
    )
    takes_part: str = _query(
        "ticket_id folded",
        lambda: Participant.select(Participant.confirmed).where(
            (Participant.ticket_id == slot("ticket_id")) & (Participant.folded == slot("folded"))
        ),
    )


@dataclass(frozen=True, slots=True)
class OutSql:
    """What is written to the outbox, and what the gate counts and remembers."""

    outbox: str = _insert(Outbox, OutboxRow._fields)
    suppression: str = _insert(
        Suppression, ("delivery_id", "at", "mail_kind", "to_address", "verdict", "reason", "rule")
    )
    find_sent: str = _query(
        "msgid",
        lambda: (
            Outbox.select(Outbox.id, Outbox.ticket_id, Outbox.session_id, Outbox.to_address)
            .where((Outbox.msgid == slot("msgid")) & (Outbox.msgid != EMPTY))
            .limit(ONE)
        ),
    )
    sent_draft: str = _query(
        "msgid",
        lambda: (
            Outbox.select(Outbox.draft)
            .where((Outbox.msgid == slot("msgid")) & (Outbox.msgid != EMPTY) & (Outbox.kind == SQL("'send'")))
            .limit(ONE)
        ),
    )
    remember: str = _upsert(
        Remembered, "scope key until", "scope key", lambda: {Remembered.until: EXCLUDED.until}
    )
    remembered: str = _query(
        "scope key now",
        lambda: Remembered.select(ONE).where(
            (Remembered.scope == slot("scope"))
            & (Remembered.key == slot("key"))
            & (Remembered.until > slot("now"))
        ),
    )
    count: str = _upsert(
        GateCount,
        "scope key width bucket n",
        "scope key width bucket",
        lambda: {GateCount.n: GateCount.n + EXCLUDED.n},
    )
    counted: str = _query(
        "scope key width bucket",
        lambda: GateCount.select(fn.COALESCE(fn.SUM(GateCount.n), NONE)).where(
            (GateCount.scope == slot("scope"))
            & (GateCount.key == slot("key"))
            & (GateCount.width == slot("width"))
            & (GateCount.bucket >= slot("bucket"))
        ),
    )
    fail: str = _upsert(
        FailingAddress,
        "folded bounces first_at last_at reason soft",
        "folded",
        lambda: {
            FailingAddress.bounces: FailingAddress.bounces + EXCLUDED.bounces,
            FailingAddress.last_at: EXCLUDED.last_at,
            FailingAddress.reason: EXCLUDED.reason,
        },
    )
    fail_soft: str = _upsert(
        FailingAddress,
        "folded bounces first_at last_at reason soft",
        "folded",
        lambda: {FailingAddress.soft: FailingAddress.soft + EXCLUDED.soft},
    )
    forget_failing: str = _query(
        "folded since",
        lambda: FailingAddress.delete().where(
            (FailingAddress.folded == slot("folded")) & (FailingAddress.last_at < slot("since"))
        ),
    )
    clear_failing: str = _query(
        "folded", lambda: FailingAddress.delete().where(FailingAddress.folded == slot("folded"))
    )
    failing: str = _query(
        "folded since",
        lambda: FailingAddress.select(FailingAddress.bounces).where(
            (FailingAddress.folded == slot("folded")) & (FailingAddress.last_at > slot("since"))
        ),
    )
    bump_catalogue: str = _query(
        "now",
        lambda: CatalogueVersion.update(
            {
                CatalogueVersion.version: CatalogueVersion.version + ONE,
                CatalogueVersion.changed_at: slot("now"),
            }
        ).where(CatalogueVersion.id == ONE),
    )


def _due_rows() -> Any:
    """Rows that may be sent now.

    Of one ticket only the first is ever taken, and none while another is under way; to the same address a
    later mail never overtakes an earlier one that waits for its next try.
    """
    row, other = Outbox.alias("o"), Outbox.alias("p")
    ahead = other.select(ONE).where(
        (other.ticket_id == row.ticket_id)
        & (other.ticket_id > NONE)
        & (other.id != row.id)
        & other.state.in_([literal("waiting"), literal("leased")])
        & (
            (other.state == literal("leased"))
            | ((other.id < row.id) & ((other.due <= slot("now")) | (other.to_address == row.to_address)))
        )
    )
    query = (
        row.select(row.id)
        .where(
            (row.state == literal("waiting"))
            & (row.due <= slot("now"))
            & ((row.ticket_id == NONE) | ~fn.EXISTS(ahead))
        )
        .order_by(row.due, row.id)
        .limit(slot("limit"))
    )
    # Several gateways on one PostgreSQL: what another one is claiming is passed over, not waited for.
    return query.for_update(skip_locked=True) if _many_writers() else query


def _many_writers() -> bool:
    return bool(Outbox._meta.database.for_update)  # noqa: SLF001  Peewee's own way in


@dataclass(frozen=True, slots=True)
class OutboxSql:
    """The worker's side of the outbox."""

    expire: str = _query(
        "now",
        lambda: Outbox.update({Outbox.state: literal("waiting"), Outbox.owner: EMPTY}).where(
            (Outbox.state == literal("leased")) & (Outbox.lease_until <= slot("now"))
        ),
    )
    claim: str = _query(
        "lease_until owner now now limit",
        lambda: (
            Outbox.update(
                {
                    Outbox.state: literal("leased"),
                    Outbox.lease_until: slot("lease_until"),
                    Outbox.owner: slot("owner"),
                }
            )
            .where(Outbox.id.in_(_due_rows()))
            .returning(*(Outbox._meta.fields[name] for name in OutboxRow._fields))  # noqa: SLF001
        ),
    )
    mail: str = _query(
        "id",
        lambda: (
            Message.select(
                Message.trace_id,
                Message.source,
                Message.received_at,
                Message.smtputf8,
                Message.size,
                Message.sha256,
                Message.stored,
                MessageBody.octets,
            )
            .join(MessageBody, JOIN.LEFT_OUTER, on=(MessageBody.message_id == Message.id))
            .where(Message.id == slot("id"))
        ),
    )
    renew: str = _query(
        "lease_until id owner",
        lambda: Outbox.update({Outbox.lease_until: slot("lease_until")}).where(_held_by_owner()),
    )
    postpone: str = _query(
        "until until target",
        lambda: Outbox.update({Outbox.due: slot("until")}).where(
            (Outbox.state == literal("waiting"))
            & (Outbox.due < slot("until"))
            & (Outbox.target == slot("target"))
        ),
    )
    settle: str = _query(
        "state attempts due finished_at reason last_reply id owner",
        lambda: Outbox.update(
            {
                Outbox.state: slot("state"),
                Outbox.attempts: Outbox.attempts + slot("attempts"),
                Outbox.due: slot("due"),
                Outbox.owner: EMPTY,
                Outbox.finished_at: slot("finished_at"),
                Outbox.reason: slot("reason"),
                Outbox.last_reply: slot("last_reply"),
            }
        ).where(_held_by_owner()),
    )
    next_due: str = _query(
        "",
        lambda: (
            Outbox.select(Outbox.due)
            .where(Outbox.state == literal("waiting"))
            .order_by(Outbox.due, Outbox.id)
            .limit(ONE)
        ),
    )
    next_lease: str = _query(
        "",
        lambda: (
            Outbox.select(Outbox.lease_until)
            .where(Outbox.state == literal("leased"))
            .order_by(Outbox.lease_until)
            .limit(ONE)
        ),
    )


def _held_by_owner() -> Any:
    return (Outbox.id == slot("id")) & (Outbox.owner == slot("owner")) & (Outbox.state == literal("leased"))


@dataclass(frozen=True, slots=True)
class Hot:
    """All of them; made after the models were bound to the database."""

    mail: MailSql = field(default_factory=MailSql)
    people: PeopleSql = field(default_factory=PeopleSql)
    tickets: TicketSql = field(default_factory=TicketSql)
    out: OutSql = field(default_factory=OutSql)
    outbox: OutboxSql = field(default_factory=OutboxSql)
