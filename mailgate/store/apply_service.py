"""Service times become rows (T9): when a ticket is due, which alarm is on, that somebody has answered."""

from typing import Final

from mailgate.domain.effects import SetReacted, SetService, StartWorkflow
from mailgate.domain.events import EventKind, TicketEvent
from mailgate.domain.service import AUTHOR
from mailgate.store.application import Application
from mailgate.store.history import add_change
from mailgate.store.models.tickets import Ticket

# What the history calls the alarm.
ALARM: Final = "alarm"


def apply_set_service(effect: SetService, app: Application) -> None:
    """Keep a ticket's times; an alarm that goes on or off is an entry of the history, and an event."""
    tx = app.tx
    query = Ticket.select(Ticket.alarm, Ticket.session_id).where(Ticket.id == effect.ticket_id)
    row = tx.query(query).fetchone()
    if row is None:
        raise ValueError(f"no ticket {effect.ticket_id} to set times of")
    before, session_id = row
    tx.query(
        Ticket.update(
            {
                Ticket.reaction_due: effect.reaction_due,
                Ticket.warning_due: effect.warning_due,
                Ticket.execution_due: effect.execution_due,
                Ticket.alarm: effect.alarm,
                Ticket.alarm_at: effect.alarm_at,
            }
        ).where(Ticket.id == effect.ticket_id)
    )
    if before == effect.alarm:
        return
    if effect.alarm:
        tx.happened.append(("service_alarms", effect.alarm))
    add_change(app, effect.ticket_id, AUTHOR, ALARM, before, effect.alarm, session_id=session_id)
    app.events.append(
        TicketEvent(
            EventKind.ALARM, effect.ticket_id, session_id, AUTHOR, ALARM, old=before, new=effect.alarm
        )
    )


def apply_set_reacted(effect: SetReacted, app: Application) -> None:
    """Keep when an agent answered first, or forget it for a ticket that was opened again."""
    reacted = app.tx.now_ms if effect.reacted else 0
    app.tx.query(Ticket.update({Ticket.reacted_at: reacted}).where(Ticket.id == effect.ticket_id))


def apply_start_workflow(effect: StartWorkflow, app: Application) -> None:
    """Let the followers hear that a workflow is to run for a ticket."""
    kind = EventKind.TIME if effect.timed else EventKind.STARTED
    app.events.append(TicketEvent(kind, effect.ticket_id, by=effect.by, new=effect.workflow))
