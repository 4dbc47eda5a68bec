"""Match types :count and :value.

RFC 5231. Done: all of it. :count matches the number of values of all named fields together; :value is true
if any pair of value and key is. An absent field counts 0, but has no value that could be compared.
"""

from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt, ne

from sieve_like.interpreter import Run
from sieve_like.spec import Comparator, Extension, Matcher, MatchType, Originals

RELATIONS: dict[str, Callable[[str, str], bool]] = {
    "gt": gt, "ge": ge, "lt": lt, "le": le, "eq": eq, "ne": ne,
}  # fmt: skip


def _value(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    holds, order = RELATIONS[relation], comparator.order
    wanted = [order(key) for key in keys]

    def matcher(run: Run, values: Sequence[str]) -> bool:
        del values
        return any(holds(order(value), key) for value in originals(run) for key in wanted)

    return matcher


def _count(comparator: Comparator, relation: str, keys: tuple[str, ...], originals: Originals) -> Matcher:
    del originals
    holds, order = RELATIONS[relation], comparator.order
    wanted = [order(key) for key in keys]

    def matcher(run: Run, values: Sequence[str]) -> bool:
        del run
        number = order(str(len(values)))
        return any(holds(number, key) for key in wanted)

    return matcher


EXTENSION = Extension(
    "relational",
    "5231",
    match_types=(
        MatchType("value", _value, relations=tuple(RELATIONS)),
        MatchType("count", _count, relations=tuple(RELATIONS), counts=True),
    ),
    card=__doc__,
)
