"""Our own store as a target: what was snoozed comes back to its folder when its time has come.

Everything else that is stored here needs no target: it is filed in the transaction that accepts the mail.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from mailgate.domain.target import Job, Outcome, Sent
from mailgate.store.apply_outgoing import SNOOZED
from mailgate.store.models.mail import Delivery, EditedPlace, Filing
from mailgate.store.models.outgoing import Outbox
from mailgate.store.transaction import Transaction
from mailgate.store.writer import Writer

# As many as one transaction of the writer carries easily.
BATCH: Final = 64


class OwnStore:
    """Takes deliveries whose mail lies in the folder Snoozed, and puts it where the rule said."""

    parallel = 1
    batch = BATCH

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Move the mails; raises MailError where the database can't be written, and they are tried again."""
        ids = [job.outbox_id for job in jobs]
        await asyncio.wrap_future(self._writer.submit(lambda tx: awaken(tx, ids)))
        return [Sent(f"back in {job.folder}") for job in jobs]

    async def close(self) -> None:
        """There is nothing to let go of."""


def awaken(tx: Transaction, outbox_ids: Sequence[int]) -> int:
    """Move the mails of these rows out of the folder Snoozed; returns how many were there still."""
    query = Outbox.select(Outbox.delivery_id, Outbox.folder, Outbox.flags)
    query = query.where(Outbox.id.in_(list(outbox_ids)))
    return sum(_move(tx, *row) for row in tx.query(query).fetchall())


def _move(tx: Transaction, delivery_id: int, folder: str, flags: str) -> bool:
    first = (Delivery.id == delivery_id) & (Delivery.folder == SNOOZED)
    further = (Filing.delivery_id == delivery_id) & (Filing.folder == SNOOZED)
    moved = tx.query(Delivery.update(folder=folder, flags=flags).where(first)).rowcount
    moved = moved or tx.query(Filing.update(folder=folder, flags=flags).where(further)).rowcount
    edited = (EditedPlace.delivery_id == delivery_id) & (EditedPlace.folder == SNOOZED)
    tx.query(EditedPlace.update(folder=folder).where(edited))
    return bool(moved)
