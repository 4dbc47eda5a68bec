"""When the write-ahead log is moved into the database: from an idle moment, or before it grows large."""

import time
from typing import Final

from mailgate.store.connection import Backend, Connection
from mailgate.store.options import KIB, MIB

# A rough upper figure for the pages that one delivery dirties beside its octets.
PER_UNIT: Final = 24 * KIB
# Without any idle moment the log is moved at this size all the same: about 30 ms of work.
BUSY_LIMIT: Final = 32 * MIB
# A log file larger than this is cut back to nothing when idle (only a long reader lets it grow so far).
FILE_LIMIT: Final = 64 * MIB
# Between two tries after one that failed (a full disk): short against the time in which the log grows large.
REST_S: Final = 10.0


class Checkpoints:
    """Counts roughly what the log holds and decides when to move it; used by the writer's thread only."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        # A log may be left over from the last run.
        self.pending = 1
        self._rests_until = 0.0

    def rest(self) -> None:
        """Try nothing for a while after a failure: a person is needed, and one line in the log is enough."""
        self._rests_until = time.monotonic() + REST_S

    def wrote(self, units: int, size: int) -> None:
        """Count one committed batch."""
        self.pending += units * PER_UNIT + size

    def run(self, connection: Connection, *, idle: bool) -> None:
        """Move the log if it is time; a reader in its way leaves some for later."""
        if time.monotonic() < self._rests_until:
            return
        if not self.pending or not (idle or self.pending >= BUSY_LIMIT):
            return
        frames, moved = self._backend.checkpoint(connection, truncate=False)
        complete = frames == moved
        if complete and idle and self._backend.log_size() > FILE_LIMIT:
            self._backend.checkpoint(connection, truncate=True)
        # What a reader holds back is tried again in the next idle moment, and after as much again under load.
        self.pending = 0 if complete else 1
