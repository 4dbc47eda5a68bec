"""What people do to tickets beside setting a field: link, merge, split, follow-ups, who takes part.

History is append-only: merging and splitting change where an entry shows (`merged.py`), never the entry.
"""

from datetime import datetime
from typing import Any, Final

from mailgate.domain.address import fold
from mailgate.domain.effects import (
    AddFollowUp,
    EndFollowUp,
    LinkTickets,
    MergeTickets,
    MoveEntries,
    RemoveParticipant,
    SetParticipant,
    UnlinkTickets,
)
from mailgate.domain.events import EventKind, TicketEvent
from mailgate.domain.links import LinkKind, inverse, said
from mailgate.store.application import Application
from mailgate.store.history import add_change
from mailgate.store.merged import family_of
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.tickets import (
    Entry,
    EntryPlace,
    FollowUp,
    MessageRef,
    Participant,
    Ticket,
    TicketLink,
)
from mailgate.store.pack import clean
from mailgate.store.transaction import from_millis, millis

# Who ended a reminder: the job that told its agent.
TOLD: Final = "told"
# A split is in the history already when its link is made.
SPLITS: Final = frozenset({LinkKind.SPLIT_FROM, LinkKind.SPLIT_INTO})


def apply_link_tickets(effect: LinkTickets, app: Application) -> None:
    """Tie two tickets, one row in each direction; nothing happens where they are tied so already."""
    back = inverse(effect.kind)
    first = (effect.ticket_id, effect.other_id, effect.kind, effect.other_number)
    second = (effect.other_id, effect.ticket_id, back, effect.number)
    for ticket_id, other_id, kind, number in (first, second):
        if _linked(app, ticket_id, other_id, kind):
            continue
        row = {"ticket_id": ticket_id, "other_id": other_id, "kind": kind}
        app.tx.query(TicketLink.insert(**row, at=app.tx.now_ms, author=clean(effect.by)))
        if kind not in SPLITS:
            _changed(app, ticket_id, effect.by, "link", "", said(kind, number))


def _linked(app: Application, ticket_id: int, other_id: int, kind: str) -> bool:
    found = TicketLink.select(TicketLink.at).where(*_link(ticket_id, other_id, kind))
    return app.tx.query(found).fetchone() is not None


def _link(ticket_id: int, other_id: int, kind: str) -> tuple[Any, ...]:
    return TicketLink.ticket_id == ticket_id, TicketLink.other_id == other_id, TicketLink.kind == kind


def apply_unlink_tickets(effect: UnlinkTickets, app: Application) -> None:
    """Untie two tickets, in both directions."""
    back = inverse(effect.kind)
    first = (effect.ticket_id, effect.other_id, effect.kind, effect.other_number)
    second = (effect.other_id, effect.ticket_id, back, effect.number)
    for ticket_id, other_id, kind, number in (first, second):
        if app.tx.query(TicketLink.delete().where(*_link(ticket_id, other_id, kind))).rowcount:
            _changed(app, ticket_id, effect.by, "link", said(kind, number), "")


def _changed(app: Application, ticket_id: int, by: str, field: str, old: str, new: str) -> None:
    """Write a change into the history and let the followers hear of it."""
    add_change(app, ticket_id, by, field, old, new)
    app.events.append(TicketEvent(EventKind.CHANGED, ticket_id, 0, by, field, old, new))


def apply_merge_tickets(effect: MergeTickets, app: Application) -> None:
    """Let a ticket, and all that were merged into it, stand for another one.

    All of them point straight at it, so that a number is one step away however often tickets were merged.
    """
    tx = app.tx
    family = list(family_of(effect.ticket_id, lambda query: tx.query(query).fetchall()))
    tx.query(Ticket.update({Ticket.merged_into: effect.into_id}).where(Ticket.id.in_(family)))
    tx.query(FollowUp.update({FollowUp.ticket_id: effect.into_id}).where(FollowUp.ticket_id.in_(family)))
    for ticket_id in (effect.ticket_id, effect.into_id):
        _show_next(app, ticket_id)
    _bring_participants(effect, app)
    _changed(app, effect.ticket_id, effect.by, "merged into", "", effect.into_number)
    _changed(app, effect.into_id, effect.by, "merged", "", effect.number)


def _bring_participants(effect: MergeTickets, app: Application) -> None:
    """Whoever took part goes on to; a copy of answers gets only who got one before."""
    columns = (Participant.folded, Participant.address, Participant.role, Participant.confirmed)
    query = Participant.select(*columns).where(Participant.ticket_id == effect.ticket_id)
    for folded, address, role, confirmed in app.tx.query(query).fetchall():
        row = (effect.into_id, folded, address, role, confirmed, app.tx.now_ms)
        app.tx.execute(app.tx.hot.tickets.participant, row)


def apply_move_entries(effect: MoveEntries, app: Application) -> None:
    """Let entries show under another ticket; what answers their mails is found there from now on."""
    tx = app.tx
    ids = list(effect.entry_ids)
    for entry_id in ids:
        row = {"entry_id": entry_id, "ticket_id": effect.to_id}
        tx.query(EntryPlace.delete().where(EntryPlace.entry_id == entry_id))
        tx.query(EntryPlace.insert(**row))
    family = list(family_of(effect.from_id, lambda query: tx.query(query).fetchall()))
    rows = tx.query(Entry.select(Entry.msgid, Entry.outbox_id).where(Entry.id.in_(ids))).fetchall()
    for msgid in dict.fromkeys(row[0] for row in rows if row[0]):
        tx.query(MessageRef.delete().where((MessageRef.msgid == msgid) & MessageRef.ticket_id.in_(family)))
        tx.execute(tx.hot.tickets.reference, (msgid, effect.to_id, effect.to_session_id, tx.now_ms))
    if sent := [row[1] for row in rows if row[1]]:
        # A mail of ours belongs where it shows: what its token says is asked of its row (`domain/thread.py`).
        here = {Outbox.ticket_id: effect.to_id, Outbox.session_id: effect.to_session_id}
        tx.query(Outbox.update(here).where(Outbox.id.in_(sent)))
    listed = ", ".join(map(str, ids))
    text = f"entries {listed}"
    add_change(app, effect.from_id, effect.by, "split into", "", effect.to_number, text=text)
    add_change(app, effect.to_id, effect.by, "split from", "", effect.from_number, text=text)


def apply_add_follow_up(effect: AddFollowUp, app: Application) -> None:
    """Keep a reminder; the ticket shows the next one."""
    write_follow_up(app, effect.ticket_id, effect.agent, effect.at, effect.note, effect.by)
    when = f"{effect.at:%Y-%m-%d %H:%M} UTC {effect.agent}: {effect.note}".rstrip(": ")
    add_change(app, effect.ticket_id, effect.by, "follow-up", "", when)
    _show_next(app, effect.ticket_id)


def write_follow_up(
    app: Application, ticket_id: int, agent: str, at: datetime, note: str = "", by: str = ""
) -> None:
    """Write the reminder's row alone: for a ticket that is opened with one."""
    row = {
        "ticket_id": ticket_id,
        "agent": clean(agent),
        "at": millis(at),
        "note": clean(note),
        "author": clean(by),
        "created_at": app.tx.now_ms,
        "done_at": 0,
        "done_by": "",
    }
    app.tx.query(FollowUp.insert(**row))


def apply_end_follow_up(effect: EndFollowUp, app: Application) -> None:
    """End a reminder, once; whose agent was told stays at the ticket until a person ends it."""
    tx = app.tx
    columns = (FollowUp.agent, FollowUp.at, FollowUp.note, FollowUp.done_by)
    row = tx.query(FollowUp.select(*columns).where(FollowUp.id == effect.follow_up_id)).fetchone()
    if row is None:
        raise ValueError(f"no follow-up {effect.follow_up_id} to end")
    agent, at, note, ended = row
    if ended and (effect.told or ended != TOLD):
        return
    done_by = TOLD if effect.told else clean(effect.by)
    tx.query(
        FollowUp.update({FollowUp.done_at: tx.now_ms, FollowUp.done_by: done_by}).where(
            FollowUp.id == effect.follow_up_id
        )
    )
    when = f"{from_millis(at):%Y-%m-%d %H:%M} UTC {agent}: {note}".rstrip(": ")
    add_change(app, effect.ticket_id, effect.by, "follow-up", when, "due" if effect.told else "done")
    if effect.told:
        event = TicketEvent(EventKind.FOLLOW_UP, effect.ticket_id, by=effect.by, new=agent)
        app.events.append(event)
    else:
        _show_next(app, effect.ticket_id)


def _show_next(app: Application, ticket_id: int) -> None:
    """Write the next reminder to the ticket's own columns, for listings and rules."""
    query = FollowUp.select(FollowUp.agent, FollowUp.at).where(
        (FollowUp.ticket_id == ticket_id) & ((FollowUp.done_at == 0) | (FollowUp.done_by == TOLD))
    )
    row = app.tx.query(query.order_by(FollowUp.at, FollowUp.id).limit(1)).fetchone()
    agent, at = row if row is not None else ("", 0)
    app.tx.query(
        Ticket.update({Ticket.follow_up_agent: agent, Ticket.follow_up_at: at}).where(Ticket.id == ticket_id)
    )


def apply_set_participant(effect: SetParticipant, app: Application) -> None:
    """Let somebody take part, or change how."""
    tx, folded = app.tx, fold(effect.address)
    place = (Participant.ticket_id == effect.ticket_id) & (Participant.folded == folded)
    row = tx.query(Participant.select(Participant.role, Participant.confirmed).where(place)).fetchone()
    old = _part(effect.address, *row) if row is not None else ""
    new = _part(effect.address, effect.role, effect.confirmed)
    if old == new:
        return
    tx.query(Participant.delete().where(place))
    values = (effect.ticket_id, folded, clean(effect.address), effect.role, int(effect.confirmed), tx.now_ms)
    tx.execute(tx.hot.tickets.participant, values)
    _changed(app, effect.ticket_id, effect.by, "participant", old, new)


def _part(address: str, role: str, confirmed: int) -> str:
    return f"{address} ({role}{'' if confirmed else ', not confirmed'})"


def apply_remove_participant(effect: RemoveParticipant, app: Application) -> None:
    """Let somebody take part no longer."""
    place = (Participant.ticket_id == effect.ticket_id) & (Participant.folded == fold(effect.address))
    if app.tx.query(Participant.delete().where(place)).rowcount:
        _changed(app, effect.ticket_id, effect.by, "participant", effect.address, "")
