"""The rows that wait in memory for one target, and the batches that are on their way to it.

Each target has a lane of its own, so a slow one delays nobody but itself.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from mailgate.domain.target import Target
from mailgate.store.rows import OutboxRow

# Takes a batch to its end and returns whether the target was away: nobody was there at all.
Carry = Callable[[Target, Sequence[OutboxRow]], Awaitable[bool]]

# A target that is away is left alone for a moment, each time twice as long: a restart is over in seconds, and
# a long outage must not cost a try, a log line and a transaction for every mail that comes in meanwhile.
FIRST_REST_S: Final = 1.0
LONGEST_REST_S: Final = 30.0

# A limit per minute counts over this long.
MINUTE_S: Final = 60.0
# How much the last batch counts for the pace of a lane: one odd batch changes little, three in a row much.
WEIGHT: Final = 0.3


class Lane:
    """One target's queue; `carry` takes a batch to its end, raising nothing.

    It is full when more than `room` rows wait in it and they will wait for longer than `slow_s`, and while it
    rests because the target was away, of which `rest` is told with the seconds. In any 60 seconds at most
    `per_minute` rows are begun; 0 is without a limit.
    """

    def __init__(
        self,
        target: Target,
        room: int,
        slow_s: float,
        carry: Carry,
        rest: Callable[[float], None],
        per_minute: int = 0,
    ) -> None:
        self._target = target
        self._room = room
        self._slow_s = slow_s
        self._carry = carry
        self._rest = rest
        self._rows: deque[OutboxRow] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._open = True
        # Seconds per row, and when the last batch ended or the first one began.
        self._pace = 0.0
        self._mark = 0.0
        self._rest_s = 0.0
        self._rests_until = 0.0
        self._limit = per_minute
        # When the rows of the last minute were begun, and who looks again when there may be more.
        self._begun: deque[float] = deque()
        self._again: asyncio.TimerHandle | None = None

    @property
    def behind_s(self) -> float:
        """How long the last row in the queue will have to wait, as far as anybody can tell."""
        now = asyncio.get_running_loop().time()
        since = now - self._mark if self._running else 0.0
        limited = len(self._rows) * MINUTE_S / self._limit if self._limit else 0.0
        return max(since, len(self._rows) * self._pace, self._rests_until - now, limited)

    @property
    def rests(self) -> bool:
        """Whether the target was away a moment ago."""
        return asyncio.get_running_loop().time() < self._rests_until

    @property
    def full(self) -> bool:
        """Whether another row had better wait in the database."""
        return self.rests or (len(self._rows) >= self._room and self.behind_s > self._slow_s)

    def add(self, rows: Iterable[OutboxRow]) -> None:
        """Queue rows and start what may start."""
        self._rows.extend(rows)
        self._pump()

    def _pump(self) -> None:
        """Start batches; what waits is shared out among all that may run."""
        while self._open and self._rows and (free := self._target.parallel - len(self._running)) > 0:
            if not self._running:
                self._mark = asyncio.get_running_loop().time()
            size = self._allowed(min(self._target.batch, -(-len(self._rows) // free)))
            if not size:
                return
            batch = [self._rows.popleft() for _ in range(size)]
            task = asyncio.create_task(self._run(batch))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _allowed(self, size: int) -> int:
        """Return how many of so many rows may begin now; where none may, look again when one may."""
        if not self._limit:
            return size
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._begun and self._begun[0] <= now - MINUTE_S:
            self._begun.popleft()
        size = min(size, self._limit - len(self._begun))
        self._begun.extend([now] * size)
        if not size and self._again is None:
            self._again = loop.call_at(self._begun[0] + MINUTE_S, self._look_again)
        return size

    def _look_again(self) -> None:
        self._again = None
        self._pump()

    async def _run(self, batch: Sequence[OutboxRow]) -> None:
        away = await self._carry(self._target, batch)
        now = asyncio.get_running_loop().time()
        self._rest_s = min(2 * self._rest_s or FIRST_REST_S, LONGEST_REST_S) if away else 0.0
        self._rests_until = now + self._rest_s
        if away:
            self._rest(self._rest_s)
        self._pace += WEIGHT * ((now - self._mark) / len(batch) - self._pace)
        self._mark = now

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._pump()

    def unload(self) -> list[OutboxRow]:
        """Return the rows for which there is no room, the newest ones, none where the lane is not full."""
        room = 0 if self.rests else self._room
        return [self._rows.pop() for _ in range(len(self._rows) - room)] if self.full else []

    def shut(self) -> list[OutboxRow]:
        """Start nothing more; returns the rows that were not begun."""
        self._open = False
        if self._again is not None:
            self._again.cancel()
        rest = list(self._rows)
        self._rows.clear()
        return rest

    @property
    def running(self) -> set["asyncio.Task[None]"]:
        """The batches on their way."""
        return set(self._running)
