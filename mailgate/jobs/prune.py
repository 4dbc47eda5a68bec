"""Forgets what has had its time: exactly-once keys, tries, counts of the gate."""

from mailgate.jobs._job import JobContext, JobSpec
from mailgate.store.sweep import prune

HOUR = 3600.0


def run(context: JobContext) -> dict[str, object]:
    """Forget, in one transaction of the writer."""
    gone = context.writer.submit(prune).result()
    return {"rows": gone} if gone else {}


JOB = JobSpec("prune", HOUR, run)
