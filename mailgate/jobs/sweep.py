"""Sweeps away blobs that no row names, and spool files that nobody finished: what a crash leaves behind."""

from contextlib import closing
from dataclasses import asdict

from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.sweep import sweep

HOUR = 3600.0


def run(context: JobContext) -> dict[str, object]:
    """Sweep; safe while mail comes in."""
    with closing(context.store.reader()) as connection:
        swept = sweep(connection, context.store.blobs, grace_s=context.sweep_after_s)
    return asdict(swept) if swept.octets or swept.blobs or swept.spool else {}


JOB = JobSpec("sweep", HOUR, run)
