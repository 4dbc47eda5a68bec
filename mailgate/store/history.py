"""One change of a ticket as an entry of its history: who, when, from what to what, by which rule.

Each entry but a session's move makes the ticket's version grow by one: that is what two people who change
the same ticket are told apart by (`domain/desk`).
"""

from typing import Any, Final

from peewee import Expression

from mailgate.domain.assignment import AUTHOR
from mailgate.domain.effects import EntryKind
from mailgate.store.application import Application
from mailgate.store.models.tickets import Ticket
from mailgate.store.pack import clean
from mailgate.store.rows import EntryRow
from mailgate.store.transaction import Transaction

# Whose changes are a rule's also where no mail is in hand.
WORKFLOW: Final = "workflow "


def rule_of(app: Application, by: str) -> str:
    """Return the rule behind a change, "" where a person or a job made it."""
    if by == AUTHOR:
        return ""  # who shares out work is no rule, though it does so while a mail comes in
    return clean(by) if app.mail is not None or by.startswith(WORKFLOW) else ""


def grown() -> dict[Any, Expression]:
    """Return what an UPDATE of a ticket needs so that its version grows."""
    return {Ticket.version: Ticket.version + 1}


def add_change(
    app: Application,
    ticket_id: int,
    by: str,
    field: str,
    old: str,
    new: str,
    *,
    session_id: int = 0,
    text: str = "",
    grow: bool = True,
) -> None:
    """Write the entry; with `grow` the ticket is touched and its version grows, else the caller does that."""
    rule = rule_of(app, by)
    write_change(app.tx, (ticket_id, session_id), by, (field, old, new), text=text, rule=rule)
    if grow:
        app.tx.execute(app.tx.hot.tickets.touch, (app.tx.now_ms, ticket_id))


def write_change(
    tx: Transaction,
    of: tuple[int, int],
    by: str,
    change: tuple[str, str, str],
    *,
    text: str = "",
    rule: str = "",
) -> None:
    """Write the entry alone: `of` are the ids of ticket and session, `change` is the field, old, new."""
    ticket_id, session_id = of
    field, old, new = change
    tx.add(
        tx.hot.tickets.entry,
        EntryRow(
            id=tx.allocate("entry"),
            ticket_id=ticket_id,
            session_id=session_id,
            at=tx.now_ms,
            kind=EntryKind.CHANGE.value,
            author=clean(by),
            text=clean(text),
            field=field,
            old=clean(old),
            new=clean(new),
            rule=rule,
        ),
    )
