"""Outcomes on their way into the database: what was sent must not be sent again, whatever it suffers."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from mailgate.errors import ShuttingDown
from mailgate.store.outbox_rows import Settled, settle
from mailgate.store.writer import Writer

log: Final = logging.getLogger("mailgate.outbox")

# Between tries to record outcomes: soon at first, then calmly, until the database is back.
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0


class Settler:
    """Takes outcomes one by one and records them in batches; `recorded` is told of each batch in the end."""

    def __init__(self, writer: Writer, recorded: Callable[[Sequence[Settled]], None]) -> None:
        self._writer = writer
        self._recorded = recorded
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
                await asyncio.wrap_future(self._writer.submit(lambda tx: settle(tx, batch)))
            except ShuttingDown:
                log.warning("%d outcomes were not recorded: the writer has stopped", len(batch))
                return
            except Exception as error:  # noqa: BLE001  whatever it is, these outcomes must be kept
                log.warning("%d outcomes wait to be recorded: %s", len(batch), error)
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_S)
            else:
                return

    async def empty(self) -> None:
        """Wait until everything is recorded."""
        await self._idle.wait()
