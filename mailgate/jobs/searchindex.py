"""Puts new entries of histories into the index of words, after their commit: the intake pays nothing for it.

How far it has come stands in the database (`search_mark`), so a restart goes on there. While mail waits to be
written it does one batch and steps back; else it goes on until nothing is left.
"""

import time
from contextlib import closing
from functools import partial

from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store import search

# How soon a mail is found after it came in.
EVERY_S = 1.0
# How long it may take longer while mail comes in all the time.
PATIENCE_S = 30.0
# As long as a run may take: others want the writer, too.
LONGEST_S = 10.0


def run(context: JobContext) -> dict[str, object]:
    """Index what is new, batch by batch; under load mail comes first, as long as nothing waits too long."""
    if context.writer.busy and _may_wait(context):
        return {}
    entries, batches = 0, 0
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        with closing(context.store.reader()) as connection:
            batch = search.pending(connection, int(time.time() * 1000))
        if not batch.rows and batch.mark == batch.before:
            break
        entries += context.writer.submit(partial(search.write, batch=batch)).result()
        batches += 1
        if context.writer.waiting:
            break
        if not batch.full:
            _tidy(context, until)
            break
    # A line per second about what goes well would only hide the others.
    return {"entries": entries, "batches": batches} if batches > 1 else {}


def _may_wait(context: JobContext) -> bool:
    """Whether the oldest that waits came in lately."""
    with closing(context.store.reader()) as connection:
        return search.waits_since(connection) > (time.time() - PATIENCE_S) * 1000


def _tidy(context: JobContext, until: float) -> None:
    """Merge what the batches left, while nobody else wants the writer."""
    while time.monotonic() < until and not context.writer.waiting:
        if not context.writer.submit(search.tidy).result():
            break


JOB = JobSpec("searchindex", EVERY_S, run)
