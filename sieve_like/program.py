"""A compiled script: immutable, shared between threads, run against one mail at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sieve_like.errors import Diagnostic, ScriptFailure
from sieve_like.host import Host
from sieve_like.interpreter import Run, Step
from sieve_like.limits import Limits
from sieve_like.message import Envelope, Message
from sieve_like.result import Result
from sieve_like.settings import NO_SETTINGS, Settings


class Trace(Enum):
    """How much of a run is written down.

    BRIEF leaves out the rules of long rows which could not match anyway, and costs nearly nothing; FULL has
    every test that ran with the values it compared.
    """

    OFF = "off"
    BRIEF = "brief"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Program:
    """What `compiler.compile_script` returns.

    `build` makes the closures for one kind of trace: without a trace there is no cost for one. Each kind is
    made once, when it is first needed (two threads may both make it; what they make is equal).
    """

    name: str
    capabilities: frozenset[str]
    warnings: tuple[Diagnostic, ...]
    limits: Limits
    build: Callable[[Trace], Step]
    settings: Settings = NO_SETTINGS
    _built: dict[Trace, Step] = field(default_factory=dict, repr=False, compare=False)

    def prepare(self, trace: Trace = Trace.OFF) -> Step:
        """Return the closures for one kind of trace, made now if they are not there yet."""
        step = self._built.get(trace)
        if step is None:
            step = self._built[trace] = self.build(trace)
        return step

    def run(
        self, message: Message, envelope: Envelope, host: Host, *, now: datetime, trace: bool | Trace = False
    ) -> Result:
        """Run against one mail for one recipient; a run-time error is part of the result, never raised.

        `trace=True` is the full one.
        """
        if not isinstance(trace, Trace):
            trace = Trace.FULL if trace else Trace.OFF
        traced = trace is not Trace.OFF
        run = Run(message, envelope, host, now, self.limits, trace=traced, settings=self.settings)
        step = self.prepare(trace)
        try:
            step(run)
        except ScriptFailure as failure:
            return run.failed(failure)
        return run.result()
