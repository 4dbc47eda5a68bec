"""An answer is taken back: its rows of the outbox end as undone, or none of them does.

Whether it has left is decided by the rows themselves: what the worker claims it claims in a transaction, so
either the rows are found waiting here and never sent, or they are not and nothing is undone.
"""

from typing import Any, Final

from mailgate.domain.deskerror import DeskError
from mailgate.domain.effects import UndoAnswer
from mailgate.store.application import Application
from mailgate.store.history import add_change
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.tickets import Entry
from mailgate.store.pack import clean
from mailgate.store.transaction import Transaction

# The state of such a row; nothing brings it back to waiting.
UNDONE: Final = "undone"
# States in which a row has not left.
OPEN: Final = ("waiting", "held", "digest")
# Rows of one answer are written in one transaction: the first, then a copy for everybody in Cc, and for Sent.
MOST_ROWS: Final = 1000
# What the history calls it.
FIELD: Final = "answer"


def apply_undo_answer(effect: UndoAnswer, app: Application) -> None:
    """Take an answer back and write that into the history; DeskError where any of it has left."""
    tx = app.tx
    found = tx.query(Entry.select(Entry.outbox_id).where(Entry.id == effect.entry_id)).fetchone()
    first = int(found[0]) if found is not None else 0
    if not first:
        raise DeskError(f"entry {effect.entry_id} was no mail")
    mine = (Outbox.id >= first) & (Outbox.id <= first + MOST_ROWS) & (Outbox.entry_id == effect.entry_id)
    undo_rows(tx, mine, effect.by)
    add_change(app, effect.ticket_id, effect.by, FIELD, f"entry {effect.entry_id}", UNDONE)


def undo_rows(tx: Transaction, which: Any, by: str) -> int:
    """End these rows as undone; returns how many. DeskError where one has left, or where there is none."""
    change = Outbox.update(state=UNDONE, finished_at=tx.now_ms, reason=clean(f"taken back by {by}"))
    count = tx.query(change.where(which & Outbox.state.in_(list(OPEN)))).rowcount
    rest = Outbox.select(Outbox.id, Outbox.state, Outbox.to_address).where(which & (Outbox.state != UNDONE))
    gone = tx.query(rest.order_by(Outbox.id)).fetchone()
    if gone is not None:
        said = {"leased": "is being sent", "sent": "has left"}.get(gone[1], f"is {gone[1]}".replace("_", " "))
        raise DeskError(f"too late: the mail to {gone[2]} {said} (outgoing {gone[0]})")
    if not count:
        raise DeskError("it was taken back before, or is not in the outbox any more")
    return count
