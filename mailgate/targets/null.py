"""The target that takes everything and keeps nothing: for tests and measurements."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.domain.target import Job, Outcome, Sent, TargetKind


@dataclass(frozen=True, slots=True)
class NullOptions:
    """There is nothing to set."""


@dataclass(frozen=True, slots=True)
class NullTarget:
    """Says of every job that it is done."""

    options: NullOptions
    parallel: int = 1
    batch: int = 256

    async def deliver(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Drop the jobs."""
        return [Sent("dropped") for _ in jobs]

    async def close(self) -> None:
        """There is nothing to let go of."""


TARGET = TargetKind("null", NullOptions, NullTarget)
