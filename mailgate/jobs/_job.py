"""What a job is: a name, how often, and a function that runs in a thread of its own."""

from collections.abc import Callable
from dataclasses import dataclass

from mailgate.domain.action import PlanPolicy
from mailgate.metrics import Metrics
from mailgate.store.db import Store
from mailgate.store.unit import UnitRules
from mailgate.store.writer import Writer


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job may use; `sweep_after_s` is how old a file must be to be swept.

    `rules` gives what a change needs as of now (`deskunit.perform`), `policy` what mails of ours need.
    """

    store: Store
    writer: Writer
    sweep_after_s: float
    rules: Callable[[], UnitRules]
    policy: PlanPolicy
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What a file in `mailgate/jobs/` exports as JOB; `run` returns facts for the log, {} for none.

    `every_s` is measured by the gateway's clock: where a test moves that, the job is due.
    """

    name: str
    every_s: float
    run: Callable[[JobContext], dict[str, object]]
