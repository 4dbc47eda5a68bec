"""What a session records about itself (G7): one row each time, written where the effects become rows.

That it was queued is no row: it is the moment at which the session was opened, so a mail costs nothing more.
"""

from typing import Final

from mailgate.domain.effects import AddEntry, MoveSession
from mailgate.domain.session import RECORDED, Interaction, State, answered_as
from mailgate.store.models.tickets import Interaction as Recorded
from mailgate.store.pack import clean
from mailgate.store.rows import InteractionRow
from mailgate.store.transaction import Transaction
from mailgate.store.waiting import queue_of

# The interactions that say who answered.
ANSWERS: Final = (Interaction.ANSWERED.value, Interaction.REASSIGNED.value)


def record_move(tx: Transaction, effect: MoveSession, ticket_id: int) -> None:
    """Record that a session was paused, resolved, closed or reopened, and by whom."""
    kind = RECORDED.get(State(effect.state))
    if kind is not None:
        queue = queue_of(tx, ticket_id)
        record(tx, effect.session_id, ticket_id, kind, effect.by, queue, effect.reason)


def record_answer(tx: Transaction, entry: AddEntry) -> None:
    """Record a person's answer: as another agent's where somebody else had answered or had the ticket."""
    answers = Recorded.select(Recorded.agent).where(
        (Recorded.session_id == entry.session_id) & Recorded.kind.in_(ANSWERS)
    )
    found = tx.query(answers.order_by(Recorded.id.desc()).limit(1)).fetchone()
    owner = tx.look(tx.hot.tickets.owner_of, (entry.ticket_id,), ("ticket", entry.ticket_id)).fetchone()
    agent, queue = owner if owner is not None else ("", "")
    kind = answered_as(found[0] if found is not None else agent, entry.author)
    record(tx, entry.session_id, entry.ticket_id, kind, entry.author, queue, "")


def record_change(tx: Transaction, session_id: int, ticket_id: int, field: str, new: str, by: str) -> None:
    """Record that a ticket was moved to another queue or given to an agent."""
    match field:
        case "queue":
            record(tx, session_id, ticket_id, Interaction.MOVED, by, new, "")
        case "agent":
            record(tx, session_id, ticket_id, Interaction.ASSIGNED, by, queue_of(tx, ticket_id), new)


def record(
    tx: Transaction, session_id: int, ticket_id: int, kind: Interaction, agent: str, queue: str, detail: str
) -> None:
    """Write one interaction; `agent` is who did it, as in the history's author."""
    row = InteractionRow(session_id, ticket_id, tx.now_ms, kind.value, clean(agent), queue, clean(detail))
    tx.add(tx.hot.tickets.interaction, row)
