"""Addresses whose mail came back, for the command: listed, and forgotten by hand.

Counted by `apply_outgoing.apply_mark_failing`, asked by the gate (row 9 of its table).
"""

from typing import Any, Final

from mailgate.domain.address import fold
from mailgate.store.connection import Connection
from mailgate.store.models.audit import Audit
from mailgate.store.models.outgoing import FailingAddress
from mailgate.store.pack import clean
from mailgate.store.queries import first, rows
from mailgate.store.transaction import Transaction

DAY_MS: Final = 86_400_000


def failing(
    connection: Connection, limit: int, *, after: int, within_ms: int, now_ms: int, every: bool = False
) -> list[dict[str, Any]]:
    """Return addresses with the newest first, each with `failing`: whether the gate holds mail to it back.

    With `every` also those that only count so far. `after` hard bounces, the last within `within_ms`, mark
    an address.
    """
    query = FailingAddress.select()
    if not every:
        query = query.where((FailingAddress.bounces >= after) & (FailingAddress.last_at > now_ms - within_ms))
    found = rows(
        connection, query.order_by(FailingAddress.last_at.desc(), FailingAddress.folded).limit(limit)
    )
    for row in found:
        row["address"] = row.pop("folded")
        row["failing"] = row["bounces"] >= after and row["last_at"] > now_ms - within_ms
    return found


def counted(connection: Connection, address: str) -> dict[str, Any] | None:
    """Return what is counted of one address, None where nothing is."""
    return first(connection, FailingAddress.select().where(FailingAddress.folded == fold(address)))


def clear(tx: Transaction, address: str, who: str) -> bool:
    """Forget what came back from an address; returns whether something was counted."""
    folded = fold(address)
    done = bool(tx.query(FailingAddress.delete().where(FailingAddress.folded == folded)).rowcount)
    if done:
        tx.query(
            Audit.insert(
                at=tx.now_ms, who=clean(who), action="failing clear", subject=clean(folded), detail=""
            )
        )
    return done
