"""Many rules in a row: look first at what could match at all, then run only those rules, in their order.

A help desk's script is a thousand times "if this header holds that text". Each such rule has probes: unless
one of them holds, the rule does nothing. All probes of a chain are answered together: equal values by one
look into a dictionary, substrings by one pass over the value. Every text that is looked for is filed under
one of its groups of three letters, the one that the fewest others have; of a value all groups are taken, and
only texts filed under one of them are looked for. (A set of RE2 would be as fast, but it gives up without a
word when a value makes its automaton too large, and then rules would be skipped.)
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Fact, Probe

# Below this number asking each rule is as fast.
SHORTEST_CHAIN = 8
# Below this number of texts looking for each of them is as fast as taking the groups of a value.
FEWEST_FILED = 16
GROUP = 3  # letters: shorter groups are shared by too many texts, longer ones leave out too many

Rules = tuple[int, ...]
Texts = tuple[tuple[str, Rules], ...]


@dataclass(slots=True)
class _Table:
    """The probes into one fact: texts that a value must be, and texts that it must hold."""

    fact: Fact
    equal: dict[str, Rules] = field(default_factory=dict)
    inside: dict[str, Rules] = field(default_factory=dict)

    def add(self, probe: Probe, rule: int) -> None:
        table = self.equal if probe.how == "is" else self.inside
        table[probe.text] = (*table.get(probe.text, ()), rule)


@dataclass(frozen=True, slots=True)
class _Finder:
    """Texts that values may hold: those filed by group, and those which are looked for one by one."""

    keys: frozenset[str]
    filed: dict[str, Texts]
    others: Texts

    def find(self, value: str, found: set[int]) -> None:
        """Add the rules of all texts that the value holds."""
        for text, rules in self.others:
            if text in value:
                found.update(rules)
        if not self.keys:
            return
        for group in self.keys.intersection({value[at : at + GROUP] for at in range(len(value) - GROUP + 1)}):
            for text, rules in self.filed[group]:
                if text in value:
                    found.update(rules)


def _finder(inside: dict[str, Rules]) -> _Finder:
    """File the texts that are long enough, where there are enough of them."""
    long = {text: rules for text, rules in inside.items() if len(text) >= GROUP}
    if len(long) < FEWEST_FILED:
        return _Finder(frozenset(), {}, tuple(inside.items()))
    shared = Counter(group for text in long for group in set(_groups(text)))
    filed: dict[str, Texts] = {}
    for text, rules in long.items():
        rarest = min(_groups(text), key=shared.__getitem__)
        filed[rarest] = (*filed.get(rarest, ()), (text, rules))
    others = tuple((text, rules) for text, rules in inside.items() if text not in long)
    return _Finder(frozenset(filed), filed, others)


def _groups(text: str) -> Iterator[str]:
    return (text[at : at + GROUP] for at in range(len(text) - GROUP + 1))


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
    prepared = [(t.fact, t.equal, _finder(t.inside) if t.inside else None) for t in tables.values()]
    return _runner(tuple(steps), prepared, tuple(always))


def _runner(
    steps: tuple[Step, ...],
    tables: list[tuple[Fact, dict[str, Rules], _Finder | None]],
    always: Rules,
) -> Step:
    def candidates(run: Run) -> list[int]:
        found = set(always)
        for fact, equal, finder in tables:
            for value in fact.values(run):
                if value in equal:
                    found.update(equal[value])
                if finder is not None:
                    finder.find(value, found)
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
