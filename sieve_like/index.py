"""Many rules in a row: look first at what could match at all, then run only those rules, in their order.

A help desk's script is a thousand times "if this header holds that text". Each such rule has probes: unless
one of them holds, the rule does nothing. All probes of a chain are answered together: equal values by one
look into a dictionary, substrings by one pass over the texts of that header.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Fact, Probe

# Below this number asking each rule is as fast.
SHORTEST_CHAIN = 8

Rules = tuple[int, ...]


@dataclass(slots=True)
class _Table:
    """The probes into one fact: texts that a value must be, and texts that it must hold."""

    fact: Fact
    equal: dict[str, Rules] = field(default_factory=dict)
    inside: dict[str, Rules] = field(default_factory=dict)

    def add(self, probe: Probe, rule: int) -> None:
        table = self.equal if probe.how == "is" else self.inside
        table[probe.text] = (*table.get(probe.text, ()), rule)


def chain(steps: Sequence[Step], guards: Sequence[tuple[Probe, ...] | None]) -> Step:
    """Return one step that does what the given steps do one after the other; a guard of None always runs."""
    tables: dict[str, _Table] = {}
    always: list[int] = []
    for rule, guard in enumerate(guards):
        if guard is None:
            always.append(rule)
            continue
        for probe in guard:
            tables.setdefault(probe.fact.key, _Table(probe.fact)).add(probe, rule)
    prepared = [(t.fact, t.equal, tuple(t.inside.items())) for t in tables.values()]
    return _runner(tuple(steps), prepared, tuple(always))


def _runner(
    steps: tuple[Step, ...],
    tables: list[tuple[Fact, dict[str, Rules], tuple[tuple[str, Rules], ...]]],
    always: Rules,
) -> Step:
    def candidates(run: Run) -> list[int]:
        found = set(always)
        for fact, equal, inside in tables:
            for value in fact.values(run):
                if equal:
                    found.update(equal.get(value, ()))
                for text, rules in inside:
                    if text in value:
                        found.update(rules)
        return sorted(found, reverse=True)  # the next one is taken from the end

    def step(run: Run) -> Signal | None:
        edition = run.edition
        waiting = candidates(run)
        while waiting:
            rule = waiting.pop()
            signal = steps[rule](run)
            if signal is not None:
                return signal
            if run.edition != edition:
                # The rule changed the message: what the later ones would find is another question now.
                edition = run.edition
                waiting = [later for later in candidates(run) if later > rule]
        return None

    return step
