"""On a full disk the log was not movable, and that was logged with a traceback twenty times a second."""

import sqlite3

from mailgate.store.checkpoint import Checkpoints


class FullDisk:
    """A backend that cannot move its log; it counts the tries."""

    tries = 0

    def checkpoint(self, _connection, *, truncate):
        self.tries += 1
        raise sqlite3.OperationalError("database or disk is full")

    def log_size(self):
        return 0


def test_a_checkpoint_that_failed_rests():
    """After a failure nothing is tried for a while, however often the writer is idle."""
    backend = FullDisk()
    checkpoints = Checkpoints(backend)
    for _ in range(50):
        try:
            checkpoints.run(None, idle=True)
        except sqlite3.OperationalError:
            checkpoints.rest()
    assert backend.tries == 1
