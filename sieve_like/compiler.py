"""Source to program: parse, bind, and make closures; the entry of the whole language.

source -> lexer -> parser -> binder (names, types, constants: all errors of one pass) -> closures -> Program
"""

from collections.abc import Mapping, Sequence
from functools import cache

from sieve_like.binder import Binder
from sieve_like.errors import CompileErrors, Diagnostic, Diagnostics, ScriptFailure, Stage
from sieve_like.host import Catalogue, EmptyCatalogue, EmptyLibrary, Library
from sieve_like.inclusion import Linker
from sieve_like.index import SHORTEST_CHAIN, chain
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.limits import Limits
from sieve_like.parser import parse
from sieve_like.program import Program, Trace
from sieve_like.registry import Registry
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.spec import Bound, CommandSpec, Included, Namespace, Probe, ScriptKey, TestSpec, Unit


def compile_script(
    source: bytes | str,
    *,
    name: str = "script",
    registry: Registry,
    limits: Limits = Limits(),  # noqa: B008 - frozen, so one for all calls is no shared state
    catalogue: Catalogue | None = None,
    library: Library | None = None,
    settings: Settings = NO_SETTINGS,
) -> Program:
    """Compile a script. Raises CompileErrors with all that is wrong; warnings are kept in the program.

    `catalogue` knows the names of the installation, `library` the scripts to include, `settings` what
    extensions are told.
    """
    diagnostics = Diagnostics()
    commands = parse(source, limits, diagnostics)
    stage = Stage.PARSE if diagnostics.errors else Stage.VALIDATION
    # The words are looked up all the same, so that one pass tells all that is wrong.
    diagnostics.further = stage is Stage.PARSE
    scripts = library or EmptyLibrary()

    def binder_for(found: Diagnostics) -> Binder:
        binder = Binder(registry, limits, found, catalogue or EmptyCatalogue())
        binder.settings, binder.library = settings, scripts
        return binder

    binder = binder_for(diagnostics)
    main = binder.script(commands)
    if diagnostics.errors:
        raise CompileErrors(name, diagnostics.ordered(), stage)
    units = Linker(binder_for, scripts, limits, settings).link(binder) if binder.includes else {}
    if diagnostics.errors:
        raise CompileErrors(name, diagnostics.ordered(), Stage.INCLUSION)
    unit = Unit(main, frozenset(binder.scope.shared))
    capabilities = frozenset(binder.required)
    return make_program(name, capabilities, diagnostics.ordered(), unit, units, registry, limits, settings)


def make_program(
    name: str,
    capabilities: frozenset[str],
    warnings: tuple[Diagnostic, ...],
    main: Unit,
    units: Mapping[ScriptKey, Unit],
    registry: Registry,
    limits: Limits,
    settings: Settings,
) -> Program:
    """Return the program of bound scripts; its closures without a trace are made now, so that no run pays."""

    def build(trace: Trace) -> Step:
        return Compiler(registry, limits, trace, units).script(main.commands, main.shared)

    program = Program(name, capabilities, warnings, limits, build, main, units, settings)
    program.prepare()
    return program


class Compiler:
    """Makes closures of bound commands and tests; `traced` ones write the trace."""

    def __init__(
        self, registry: Registry, limits: Limits, trace: Trace, units: Mapping[ScriptKey, Unit]
    ) -> None:
        self.limits, self.traced = limits, trace is not Trace.OFF
        self._registry, self._indexed = registry, trace is not Trace.FULL
        self._units = units
        self._included: dict[ScriptKey, Included] = {}

    def script(self, bounds: Sequence[Bound], shared: frozenset[str]) -> Step:
        """Return the closure of a whole script, which shares these variables with those that it includes."""
        block = self.block(bounds)
        for key in self._units:
            # All of them now, not in the middle of a run.
            included = self.included(key)
            assert included is not None
            included.step()
        if not shared:
            return block

        def step(run: Run) -> Signal | None:
            run.shares = shared
            return block(run)

        return step

    def included(self, key: ScriptKey) -> Included | None:
        """Return an included script, made once for all places; None where it is not there."""
        unit = self._units.get(key)
        if unit is None:
            return None
        if key not in self._included:
            commands = unit.commands
            self._included[key] = Included(cache(lambda: self.block(commands)), unit.shared)
        return self._included[key]

    def namespace(self, name: str) -> Namespace | None:
        """Return a namespace by its name."""
        found = self._registry.namespace(name)
        return found[0] if found is not None else None

    def test(self, bound: Bound) -> Test:
        """Return the closure of a test."""
        assert isinstance(bound.spec, TestSpec)
        return bound.spec.compile(bound, self)

    def block(self, bounds: Sequence[Bound]) -> Step:
        """Return the closure of a block: its commands in order, until one signals to leave it."""
        steps = tuple(self._chained(bounds))
        weight, limit = _weight(bounds), self.limits.steps

        def block(run: Run) -> Signal | None:
            run.steps += weight
            if run.steps > limit:
                raise ScriptFailure("the script takes too long", bounds[0].span)
            for step in steps:
                signal = step(run)
                if signal is not None:
                    return signal
            return None

        return block if steps else _nothing

    def _chained(self, bounds: Sequence[Bound]) -> list[Step]:
        """Return the steps of a block; a block of many guarded commands becomes one step with an index."""
        steps = [self._step(bound) for bound in bounds]
        guards = [command_guard(bound) if self._indexed else None for bound in bounds]
        if sum(guard is not None for guard in guards) < SHORTEST_CHAIN:
            return steps
        return [chain(steps, guards)]

    def _step(self, bound: Bound) -> Step:
        assert isinstance(bound.spec, CommandSpec)
        return bound.spec.compile(bound, self)


def command_guard(bound: Bound) -> tuple[Probe, ...] | None:
    """Return probes of which one must hold for a command to do anything, None where that is not known."""
    if not bound.tests:
        return None
    found: list[Probe] = []
    for link in (bound, *bound.followers):
        guard = link.tests[0].guard() if link.tests else None
        if guard is None:
            return None
        found += guard
    return tuple(found)


def _nothing(run: Run) -> Signal | None:
    del run
    return None


def _weight(bounds: Sequence[Bound]) -> int:
    """Return what entering a block costs: its commands and their tests, not those of inner blocks."""
    return sum(1 + _tests(bound.tests) + _weight_of_followers(bound) for bound in bounds)


def _weight_of_followers(bound: Bound) -> int:
    return sum(_tests(follower.tests) for follower in bound.followers)


def _tests(tests: Sequence[Bound]) -> int:
    return sum(1 + _tests(test.tests) for test in tests)
