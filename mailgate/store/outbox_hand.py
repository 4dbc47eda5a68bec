"""What a person does to single rows of the outbox beside holding and releasing: choose them, send elsewhere.

Every change is in the audit; one of a ticket's mail also stands in the ticket's history.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
from peewee import fn

from mailgate.domain.deskerror import DeskError, NotThere
from mailgate.domain.draft import Draft
from mailgate.store.connection import Connection
from mailgate.store.history import write_change
from mailgate.store.models.audit import Audit
from mailgate.store.models.outgoing import Outbox
from mailgate.store.pack import clean
from mailgate.store.statements import literal
from mailgate.store.transaction import Transaction
from mailgate.store.undo import undo_rows

# What goes to an address that a person may change; everything else goes where a rule or a setting says.
ADDRESSED: Final = ("send", "redirect")
# States in which a row has not left and is in nobody's hands.
ELSEWHERE: Final = ("waiting", "held", "given_up")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: to an address, or to a whole domain (`@example.net`), of a ticket, written before a time.

    What is "" or 0 narrows nothing; `before_ms` is in ms since 1970.
    """

    to: str = ""
    ticket_id: int = 0
    before_ms: int = 0

    def narrow(self, query: Any) -> Any:
        """Return a query of outgoing rows with these conditions."""
        address = fn.LOWER(Outbox.to_address)
        if self.to.startswith("@"):
            query = query.where(fn.SUBSTR(address, -len(self.to)) == self.to.lower())
        elif self.to:
            query = query.where(address == self.to.lower())
        if self.ticket_id:
            query = query.where(Outbox.ticket_id == self.ticket_id)
        if self.before_ms:
            query = query.where(Outbox.created_at < self.before_ms)
        return query


EVERYTHING: Final = Wanted()


def chosen(connection: Connection, states: tuple[str, ...], wanted: Wanted) -> list[int]:
    """Return the ids of all rows in these states that are wanted, oldest first."""
    query = Outbox.select(Outbox.id).where(Outbox.state.in_([literal(one) for one in states]))
    sql, values = wanted.narrow(query).order_by(Outbox.id).sql()
    return [int(row[0]) for row in connection.execute(sql, tuple(values)).fetchall()]


def redirect(tx: Transaction, row_id: int, address: str, who: str) -> str:
    """Send a mail that has not left to another address, now; returns whom it was for.

    The tries start again; one that waits in its undo window goes on waiting. Raises NotThere, DeskError.
    """
    fields = (Outbox.kind, Outbox.state, Outbox.to_address, Outbox.ticket_id, Outbox.session_id, Outbox.draft)
    found = tx.query(Outbox.select(*fields).where(Outbox.id == row_id)).fetchone()
    if found is None:
        raise NotThere(f"there is no outgoing row {row_id}; `mailgate queue list` shows them")
    kind, state, before, ticket_id, session_id, draft = found
    if kind not in ADDRESSED:
        raise DeskError(f"row {row_id} is a {kind}: only mails of ours and redirects have another way to go")
    values = {"to_address": clean(address), "attempts": 0, "finished_at": 0}
    if kind == "send":
        values["draft"] = _to(bytes(draft), address)
    if state != "waiting":
        values |= {"state": "waiting", "due": tx.now_ms, "reason": ""}
    which = (Outbox.id == row_id) & Outbox.state.in_(list(ELSEWHERE))
    if not tx.query(Outbox.update(**values).where(which)).rowcount:
        raise DeskError(f"row {row_id} is {state.replace('_', ' ')}: it cannot go elsewhere any more")
    audit = {"who": clean(who), "action": "outbox redirect", "subject": str(row_id)}
    tx.query(Audit.insert(at=tx.now_ms, **audit, detail=clean(f"{before} -> {address}")))
    if ticket_id:
        write_change(tx, (ticket_id, session_id), who, ("recipient", str(before), address))
        tx.execute(tx.hot.tickets.touch, (tx.now_ms, ticket_id))
    tx.signals.add("outbox")
    return str(before)


def _to(draft: bytes, address: str) -> bytes:
    """Return a draft to somebody else; its Message-ID and with it its token stay those of the first."""
    said = msgspec.json.decode(draft, type=Draft)
    return msgspec.json.encode(replace(said, to_address=address, to_name=""))


def undo_row(tx: Transaction, row_id: int, who: str) -> None:
    """Take back a mail that belongs to no entry; raises DeskError where it has left."""
    undo_rows(tx, Outbox.id == row_id, who)
    audit = {"who": clean(who), "action": "outbox undo", "subject": str(row_id)}
    tx.query(Audit.insert(at=tx.now_ms, **audit, detail="1"))
