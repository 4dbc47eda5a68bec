"""Outcomes on their way into the database: what was sent must not be sent again, whatever it suffers."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from mailgate.errors import ShuttingDown, TryLater
from mailgate.store.faults import Abandoned, system_fault
from mailgate.store.outbox_rows import Ended, Settled, settle
from mailgate.store.transaction import Transaction
from mailgate.store.writer import Writer

log: Final = logging.getLogger("mailgate.outbox")

# Between tries to record outcomes: soon at first, then calmly, until the database is back.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0


# What follows from a row that was given up, in the same transaction.
GivenUp = Callable[[Transaction, Ended], None]


def nothing_follows(_tx: Transaction, _ended: Ended) -> None:
    """Let a row that was given up be the end of it."""


class Settler:
    """Takes outcomes one by one and records them in batches; `recorded` is told of each batch in the end.

    `given_up` is called in the transaction for each row that is given up. Where it fails, by a fault that is
    not the database's, nothing of it is kept and the outcome is recorded all the same.
    """

    def __init__(
        self,
        writer: Writer,
        recorded: Callable[[Sequence[Settled]], None],
        given_up: GivenUp = nothing_follows,
    ) -> None:
        self._writer = writer
        self._recorded = recorded
        self._given_up = given_up
        self._waiting: list[Settled] = []
        self._ready = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, result: Settled) -> None:
        """Queue an outcome."""
        self._waiting.append(result)
        self._idle.clear()
        self._ready.set()

    async def run(self) -> None:
        """Record outcomes until cancelled."""
        while True:
            await self._ready.wait()
            self._ready.clear()
            batch, self._waiting = self._waiting, []
            await self._record(batch)
            self._recorded(batch)
            if not self._waiting:
                self._idle.set()

    async def _record(self, batch: Sequence[Settled]) -> None:
        wait = FIRST_WAIT_S
        while True:
            try:
                await asyncio.wrap_future(self._writer.submit(lambda tx: self._settle(tx, batch)))
            except ShuttingDown:
                log.warning("%d outcomes were not recorded: the writer has stopped", len(batch))
                return
            except Exception as error:  # noqa: BLE001  whatever it is, these outcomes must be kept
                log.warning("%d outcomes wait to be recorded: %s", len(batch), error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                return

    def _settle(self, tx: Transaction, batch: Sequence[Settled]) -> None:
        for ended in settle(tx, batch).given_up:
            try:
                with tx.savepoint():
                    self._given_up(tx, ended)
            except Exception as error:
                if isinstance(error, Abandoned | TryLater) or system_fault(error) or tx.is_broken_by(error):
                    raise
                log.exception("outbox row %d was given up, and what follows failed", ended.row.id)

    async def empty(self) -> None:
        """Wait until everything is recorded."""
        await self._idle.wait()
