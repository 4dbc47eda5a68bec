"""Contacts, tickets, sessions and their history: effects become rows."""

from typing import Any, Final

from mailgate.domain.address import fold
from mailgate.domain.contact import company_domain, company_key, fold_name
from mailgate.domain.effects import (
    AddEntry,
    ChangeTicket,
    EntryKind,
    MoveSession,
    OpenContact,
    OpenSession,
    OpenTicket,
)
from mailgate.domain.events import AUTOMATIC, FIRST, EventKind, TicketEvent
from mailgate.domain.helpdesk import StatusKind, status_kind
from mailgate.domain.service import at_opening
from mailgate.domain.session import PAIRS, WORK, State
from mailgate.errors import TryLater
from mailgate.store.application import Application
from mailgate.store.apply_desk import write_follow_up
from mailgate.store.domains import company_of_domain
from mailgate.store.history import add_change, grown
from mailgate.store.interactions import record_answer, record_change, record_move
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import clean, unwords, words
from mailgate.store.rows import ContactRow, EntryRow, TicketRow
from mailgate.store.transaction import millis
from mailgate.store.waiting import agent_of, queue_of, sessions_follow, stop_waiting

# What a rule or a person may set on a ticket; lists are given separated by commas and kept as JSON.
LISTS: Final = frozenset({"categories", "tags"})
NUMBERS: Final = frozenset({"merged_into", "follow_up_at", "contact_id"})
# What of a ticket's history others hear about; the rest are notes and machines' mail.
ENTRY_EVENTS: Final = {
    EntryKind.INCOMING: EventKind.INCOMING,
    EntryKind.ANSWER: EventKind.ANSWERED,
    EntryKind.COMMENT: EventKind.COMMENTED,
}
# Entries that are mails. What a bounce says is ours.
MAILS: Final = frozenset({EntryKind.INCOMING, EntryKind.ANSWER, EntryKind.AUTOMATIC})
TEXTS: Final = frozenset(
    {"status", "priority", "queue", "agent", "subject", "owner_group", "follow_up_agent", "workflow"}
)


def apply_open_contact(effect: OpenContact, app: Application) -> None:
    """Open a contact with its first address, and its company if that is new too (W5)."""
    tx, sql = app.tx, app.tx.hot.people
    company_id = _company(effect, app) if effect.company_name else 0
    app.companies[effect.contact_id] = company_id
    name = clean(effect.name)
    tx.add(
        sql.contact,
        ContactRow(
            id=effect.contact_id,
            name=name,
            categories=words(effect.categories),
            company_id=company_id,
            created_at=tx.now_ms,
            folded=fold_name(name),
        ),
    )
    folded = fold(effect.address)
    row = (folded, effect.contact_id, clean(effect.address), tx.now_ms)
    tx.add(sql.address, row, ("contact", folded))
    for field, source in effect.sources:
        tx.add(sql.source, (effect.contact_id, field, source, tx.now_ms))


def _company(effect: OpenContact, app: Application) -> int:
    """Return the company of this name, which may be a domain; a new one gets its first contact's domain."""
    tx, sql = app.tx, app.tx.hot.people
    name, domain = clean(effect.company_name), company_domain(effect.address)
    folded = company_key(name)
    if folded == domain:
        known = company_of_domain(tx, domain)
    else:
        row = tx.look(sql.find_company, (folded,), ("company", folded)).fetchone()
        known = int(row[0]) if row is not None else 0
    if known:
        return known
    company_id = tx.allocate("company")
    row = (company_id, name, folded, domain, tx.now_ms)
    tx.add(sql.company, row, ("company", folded), ("domain", domain), ("company", company_id))
    return company_id


def apply_open_ticket(effect: OpenTicket, app: Application) -> None:
    """Open a ticket with its first session."""
    tx, sql, now = app.tx, app.tx.hot.tickets, app.tx.now_ms
    times = at_opening(app.catalogue, effect.queue, effect.priority, effect.status, now)
    tx.add(
        sql.ticket,
        TicketRow(
            id=effect.ticket_id,
            number=effect.number,
            queue=effect.queue,
            subject=clean(effect.subject),
            status=effect.status,
            priority=effect.priority,
            contact_id=effect.contact_id,
            agent=effect.agent,
            owner_group=effect.owner_group,
            categories=words(effect.categories),
            tags=words(effect.tags),
            follow_up_agent=effect.follow_up_agent,
            follow_up_at=millis(effect.follow_up_at) if effect.follow_up_at else 0,
            workflow=effect.workflow,
            claims=effect.claims,
            match_key=clean(effect.match_key),
            session_id=effect.session_id,
            created_at=now,
            touched_at=now,
            company_id=effect.company_id or app.companies.get(effect.contact_id, 0),
            reaction_due=times.reaction_due,
            warning_due=times.warning_due,
            execution_due=times.execution_due,
            # An alarm that is on from the start is raised by the job, as every other one.
            alarm_at=now if times.alarm else times.alarm_at,
        ),
        ("ticket", effect.ticket_id),
        ("number", effect.number),
        ("of contact", effect.contact_id),
    )
    session = (effect.session_id, effect.ticket_id, "unopened", "", now, now, effect.agent)
    tx.add(sql.session, session, ("session", effect.session_id))
    tx.add(sql.count, (effect.queue, effect.status, 1))
    for address in effect.participants:
        folded = fold(address)
        row = (effect.ticket_id, folded, clean(address), "cc", 1, now)
        tx.add(sql.participant, row, ("takes part", effect.ticket_id, folded))
    if effect.follow_up_at is not None:
        write_follow_up(app, effect.ticket_id, effect.follow_up_agent, effect.follow_up_at)
    if status_kind(app.catalogue.statuses, effect.status) is StatusKind.CLOSED:
        tx.query(Ticket.update({Ticket.closed_at: now}).where(Ticket.id == effect.ticket_id))
    app.fresh_tickets.add(effect.ticket_id)
    app.events.append(
        TicketEvent(EventKind.CREATED, effect.ticket_id, effect.session_id, new=effect.workflow)
    )
    app.ticket_id, app.number = effect.ticket_id, effect.number


def apply_entry(effect: AddEntry, app: Application, outbox_id: int = 0) -> None:
    """Add to a ticket's history; remembers the Message-ID and an unconfirmed sender."""
    tx, sql, now = app.tx, app.tx.hot.tickets, app.tx.now_ms
    msgid = clean(effect.message_id)
    tx.add(
        sql.entry,
        EntryRow(
            id=effect.entry_id,
            ticket_id=effect.ticket_id,
            session_id=effect.session_id,
            at=now,
            kind=effect.kind.value,
            author=clean(effect.author),
            text="" if _untold(effect, app) else clean(effect.text),
            message_id=app.message_id if effect.with_message else 0,
            outbox_id=outbox_id,
            msgid=msgid,
            unverified=int(effect.unverified),
            rule=effect.rule,
            trimmed=int(effect.trimmed),
            report=clean(effect.report),
        ),
    )
    if msgid:
        tx.add(sql.reference, (msgid, effect.ticket_id, effect.session_id, now), ("msgid", msgid))
    if effect.unverified and effect.author and effect.kind is EntryKind.INCOMING:
        # Shown at the ticket as unconfirmed; gets no copies until an agent confirms it.
        folded = fold(effect.author)
        row = (effect.ticket_id, folded, clean(effect.author), "unconfirmed", 0, now)
        tx.add(sql.participant, row, ("takes part", effect.ticket_id, folded))
    if effect.ticket_id not in app.fresh_tickets:
        tx.execute(sql.touch, (now, effect.ticket_id))
        if effect.touches_session:
            tx.execute(sql.touch_session, (now, effect.session_id))
    if effect.with_message:
        app.ticket_id = effect.ticket_id
    if effect.kind is EntryKind.ANSWER and effect.touches_session:
        record_answer(tx, effect)  # a person's: automatic ones leave the session as it is
    kind = ENTRY_EVENTS.get(effect.kind)
    if kind is not None:
        new = ""
        if kind is EventKind.INCOMING:
            new = FIRST if effect.ticket_id in app.fresh_tickets else ""
        elif kind is EventKind.ANSWERED:
            new = "" if effect.touches_session else AUTOMATIC
        app.events.append(TicketEvent(kind, effect.ticket_id, effect.session_id, by=effect.author, new=new))


def _untold(effect: AddEntry, app: Application) -> bool:
    """Whether the history keeps times and ids of mails alone, and not their texts (G9)."""
    return app.catalogue.desk.mail_texts == "off" and effect.kind in MAILS


def apply_change_ticket(effect: ChangeTicket, app: Application) -> None:
    """Set one field of a ticket; the old value goes into the history. ValueError for a field that is none."""
    tx = app.tx
    column = Ticket._meta.fields[effect.field]  # noqa: SLF001  Peewee's own way in
    row = tx.query(
        Ticket.select(column, Ticket.session_id, Ticket.queue, Ticket.status).where(
            Ticket.id == effect.ticket_id
        )
    ).fetchone()
    if row is None:
        raise ValueError(f"no ticket {effect.ticket_id} to change")
    old, session_id, queue, status = row
    new = _stored(effect.field, effect.value) if effect.how == "set" else _list_after(effect, old)
    if old == new:
        return
    changed = {column: new, Ticket.touched_at: tx.now_ms, **grown(), **_closing(app, effect, new)}
    tx.query(Ticket.update(changed).where(Ticket.id == effect.ticket_id))
    _recount(app, effect.field, str(new), queue, status)
    record_change(tx, session_id, effect.ticket_id, effect.field, str(new), effect.by)
    if effect.field == "agent":
        sessions_follow(tx, effect.ticket_id, session_id, str(new))
    if effect.field in {"agent", "queue"}:
        stop_waiting(tx, queue, effect.ticket_id)
    app.events.append(
        TicketEvent(
            EventKind.CHANGED,
            effect.ticket_id,
            session_id,
            effect.by,
            effect.field,
            str(old),
            str(new),
        )
    )
    add_change(
        app,
        effect.ticket_id,
        effect.by,
        effect.field,
        str(old),
        str(new),
        session_id=session_id,
        text=effect.note,
        grow=False,
    )


def _closing(app: Application, effect: ChangeTicket, new: Any) -> dict[Any, Any]:
    """Return when the ticket was closed, where its status says so; 0 for one that is open again."""
    if effect.field != "status":
        return {}
    closed = status_kind(app.catalogue.statuses, new) is StatusKind.CLOSED
    return {Ticket.closed_at: app.tx.now_ms if closed else 0}


def _list_after(effect: ChangeTicket, old: str) -> str:
    """Return a list with words added or taken away; words are compared without case."""
    if effect.field not in LISTS:
        raise ValueError(f"the field {effect.field!r} is no list")
    before = unwords(old)
    named = unwords(_stored(effect.field, effect.value))
    folded = {word.casefold() for word in (named if effect.how == "remove" else before)}
    if effect.how == "remove":
        return words(tuple(word for word in before if word.casefold() not in folded))
    return words((*before, *(word for word in dict.fromkeys(named) if word.casefold() not in folded)))


def _stored(field: str, value: str) -> Any:
    """Return the value as its column keeps it."""
    if field in LISTS:
        return words(tuple(part.strip() for part in clean(value).split(",") if part.strip()))
    if field in NUMBERS:
        return int(value)
    if field in TEXTS:
        return clean(value)
    raise ValueError(f"a ticket has no field {field!r} to set")


def _recount(app: Application, field: str, new: str, queue: str, status: str) -> None:
    """Keep the counts per queue and status right."""
    after = {"queue": (new, status), "status": (queue, new)}.get(field)
    if after is not None:
        app.tx.execute(app.tx.hot.tickets.count, (queue, status, -1))
        app.tx.execute(app.tx.hot.tickets.count, (*after, 1))


def apply_move_session(effect: MoveSession, app: Application) -> None:
    """Move a session to another state; what it was goes into the ticket's history (G7)."""
    tx, sql = app.tx, app.tx.hot.tickets
    row = tx.look(sql.find_session, (effect.session_id,), ("session", effect.session_id)).fetchone()
    if row is None:
        raise ValueError(f"no session {effect.session_id} to move")
    ticket_id, old = row
    if old == effect.state:
        return
    if (old, effect.state) not in PAIRS:
        # Another gateway moved it after this was planned; planned anew it will be right.
        raise TryLater(f"session {effect.session_id} has just become {old}, try again later")
    app.events.append(
        TicketEvent(EventKind.SESSION, ticket_id, effect.session_id, effect.by, old=old, new=effect.state)
    )
    closed = tx.now_ms if effect.state == State.CLOSED.value else 0
    tx.execute(sql.move_session, (effect.state, clean(effect.reason), tx.now_ms, closed, effect.session_id))
    _note_session(app, ticket_id, effect, old)
    record_move(tx, effect, ticket_id)
    if effect.state not in WORK:
        stop_waiting(tx, queue_of(tx, ticket_id), ticket_id)


def apply_open_session(effect: OpenSession, app: Application) -> None:
    """Start a ticket's next session; the one before stays as it is."""
    tx, sql = app.tx, app.tx.hot.tickets
    tx.execute(
        sql.session,
        (
            effect.session_id,
            effect.ticket_id,
            "unopened",
            effect.reason,
            tx.now_ms,
            tx.now_ms,
            agent_of(tx, effect.ticket_id),
        ),
    )
    tx.execute(sql.set_session, (effect.session_id, effect.ticket_id))
    opened = TicketEvent(EventKind.SESSION, effect.ticket_id, effect.session_id, effect.by, new="unopened")
    app.events.append(opened)
    first = MoveSession(effect.session_id, "unopened", effect.reason, effect.by)
    _note_session(app, effect.ticket_id, first, "")


def _note_session(app: Application, ticket_id: int, effect: MoveSession, old: str) -> None:
    add_change(
        app,
        ticket_id,
        effect.by,
        "session",
        old,
        effect.state,
        session_id=effect.session_id,
        text=effect.reason,
        grow=False,
    )
