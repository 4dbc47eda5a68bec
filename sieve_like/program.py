"""A compiled script: immutable, shared between threads, run against one mail at a time."""

from collections.abc import Callable, Mapping
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
from sieve_like.spec import ScriptKey, Unit


class Trace(Enum):
    """How much of a run is written down.

    BRIEF leaves out the rules of long rows which could not match anyway, and costs nearly nothing; FULL has
    every test that ran with the values it compared.
    """

    OFF = "off"
    BRIEF = "brief"
    FULL = "full"


# The members under names of their own: to look one up in its class takes as long as a rule.
_OFF = Trace.OFF
_KINDS = (_OFF, Trace.FULL)


@dataclass(frozen=True, slots=True)
class Program:
    """What `compiler.compile_script` returns.

    `build` makes the closures for one kind of trace: without a trace there is no cost for one. Each kind is
    made once, when it is first needed (two threads may both make it; what they make is equal). `main` and
    `units` are the bound scripts, which `saved.dump` writes down.
    """

    name: str
    capabilities: frozenset[str]
    warnings: tuple[Diagnostic, ...]
    limits: Limits
    build: Callable[[Trace], Step]
    main: Unit
    units: Mapping[ScriptKey, Unit]
    settings: Settings = NO_SETTINGS
    # By value: a member of an Enum takes longer to be looked up than some runs take.
    _built: dict[str, Step] = field(default_factory=dict, repr=False, compare=False)

    def prepare(self, trace: Trace = Trace.OFF) -> Step:
        """Return the closures for one kind of trace, made now if they are not there yet."""
        step = self._built.get(trace._value_)
        if step is None:
            step = self._built[trace._value_] = self.build(trace)
        return step

    def run(
        self, message: Message, envelope: Envelope, host: Host, *, now: datetime, trace: bool | Trace = False
    ) -> Result:
        """Run against one mail for one recipient; a run-time error is part of the result, never raised.

        `trace=True` is the full one.
        """
        kind = _KINDS[trace] if isinstance(trace, bool) else trace
        run = Run(message, envelope, host, now, self.limits, trace=kind is not _OFF, settings=self.settings)
        step = self.prepare(kind)
        try:
            step(run)
        except ScriptFailure as failure:
            return run.failed(failure)
        except RecursionError:
            # Limits of nesting keep scripts far from it; a host that is deep in calls itself may not be.
            return run.failed(ScriptFailure("the script is nested too deeply"))
        return run.result()
