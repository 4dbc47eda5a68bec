"""Whether one test holds whenever another one does: what can be said from their words alone.

"No" means that nothing is known. Tests that depend on variables are never compared, since a variable may
change between them; tests that set match variables are, since only whether they hold matters here.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sieve_like.errors import ScriptFailure
from sieve_like.glob import compile_glob
from sieve_like.spec import Bound, Match
from sieve_like.values import Constant, Value

# Tests that only look at the mail as it came, with names of fields and keys: the argument with the names.
LOOKING: Final = {"header": "headers", "address": "headers", "envelope": "parts"}
FACTS: Final = frozenset({*LOOKING, "exists", "size"})
LISTS: Final = frozenset({"allof", "anyof", "not"})
# Fields that mails have once: two of them with different values are no one mail.
ONCE: Final = frozenset({"subject", "date", "message-id", "list-id"})
# How deep lists of tests are compared; deeper ones are written by programs, and time would grow fast.
DEPTH: Final = 6
LONGEST: Final = 100  # tests of one list that are compared with each other
# Comparisons for one script: a second or two. A thousand rules need half a million.
COMPARISONS: Final = 2_000_000
STEPS: Final = 10_000  # tries of one pattern; more says nothing
NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Looked:
    """What a test without variables looks at, folded as it compares; `tags` are its other arguments."""

    names: frozenset[str]
    keys: tuple[str, ...]
    tags: tuple[tuple[str, Value], ...]
    how: str = ""


class Logic:
    """Compares the tests of one script; remembers what each of them looks at."""

    def __init__(self) -> None:
        self._known: dict[int, Looked | None] = {}
        self._left = COMPARISONS

    @property
    def tired(self) -> bool:
        """Whether so much was compared that nothing more is said about this script."""
        return self._left <= 0

    def implies(self, given: Bound, other: Bound, depth: int = DEPTH) -> bool:
        """Whether `other` is true for every mail for which `given` is."""
        self._left -= 1
        if depth <= 0 or self.tired:
            return False
        if other.name == "true" or given.name == "false":
            return True
        depth -= 1
        match given.name, other.name:
            case "not", "not":
                return self.implies(other.tests[0], given.tests[0], depth)
            case "anyof", _:
                return all(self.implies(one, other, depth) for one in given.tests)
            case _, "allof":
                return all(self.implies(given, one, depth) for one in other.tests)
            case "allof", "anyof":
                return any(self.implies(one, other, depth) for one in given.tests) or any(
                    self.implies(given, one, depth) for one in other.tests
                )
            case "allof", _:
                return any(self.implies(one, other, depth) for one in given.tests)
            case _, "anyof":
                return any(self.implies(given, one, depth) for one in other.tests)
            case _, "not":
                return self.excludes(given, other.tests[0], depth)
            case _:
                return self._leaf(given, other)

    def excludes(self, one: Bound, other: Bound, depth: int = DEPTH) -> bool:
        """Whether no mail makes both tests true."""
        self._left -= 1
        if depth <= 0 or self.tired:
            return False
        if "false" in {one.name, other.name}:
            return True
        depth -= 1
        for first, second in ((one, other), (other, one)):
            match first.name:
                case "not" if self.implies(second, first.tests[0], depth):
                    return True
                case "allof" if any(self.excludes(test, second, depth) for test in first.tests):
                    return True
                case "anyof" if all(self.excludes(test, second, depth) for test in first.tests):
                    return True
                case _:
                    pass
        return self._different(one, other)

    def constant(self, test: Bound) -> bool | None:
        """Return what a test always is, None where it depends on the mail."""
        match test.name:
            case "true" | "false":
                return test.name == "true"
            case "not":
                inside = self.constant(test.tests[0]) if test.tests else None
                return None if inside is None else not inside
            case "allof" | "anyof":
                deciding = test.name == "anyof"
                values = [self.constant(one) for one in test.tests]
                if deciding in values or self._opposites(test):
                    return deciding
                return not deciding if all(value is not None for value in values) else None
            case _:
                return None

    def _opposites(self, test: Bound) -> bool:
        """Whether two tests of a list can't both be true (allof), or one of them always is (anyof)."""
        pairs = list(combinations(test.tests[:LONGEST], 2))
        if test.name == "allof":
            return any(self.excludes(one, other) for one, other in pairs)
        return any(
            first.name == "not" and self.implies(first.tests[0], second)
            for pair in pairs
            for first, second in (pair, pair[::-1])
        )

    # --- single tests ---------------------------------------------------------------------------------------

    def _looked(self, test: Bound) -> Looked | None:
        """Return what a test looks at, None for one that depends on variables or on something else."""
        known = self._known.get(id(test), self)
        if not isinstance(known, Logic):
            return known
        found = _look(test)
        self._known[id(test)] = found
        return found

    def _leaf(self, given: Bound, other: Bound) -> bool:
        first, second = self._looked(given), self._looked(other)
        if first is None or second is None:
            return False
        if other.name == "exists":
            return _exists(given, first, second)
        if given.name != other.name:
            return False
        if given.name == "size":
            return _size(first, second)
        return (
            bool(first.names)
            and first.names <= second.names
            and first.tags == second.tags
            and _alike(given.match, other.match)
            and _covers(first, second)
        )

    def _different(self, one: Bound, other: Bound) -> bool:
        """Whether both ask one field, that is there once, for different values; or opposite sizes."""
        first, second = self._looked(one), self._looked(other)
        if first is None or second is None or one.name != other.name:
            return False
        if one.name == "size":
            limits = {**dict(first.tags), **dict(second.tags)}
            return _number(limits, "over") >= _number(limits, "under") - 1 >= 0
        once = one.name == "envelope" or (one.name == "header" and first.names <= ONCE)
        return (
            once
            and len(first.names) == 1
            and first.names == second.names
            and first.tags == second.tags
            and first.how == second.how == "is"
            and _alike(one.match, other.match)
            and set(first.keys).isdisjoint(second.keys)
        )


def _look(test: Bound) -> Looked | None:
    if test.name not in FACTS or not all(isinstance(expr, Constant) for expr in test.args.values()):
        return None
    argument = LOOKING.get(test.name, "headers")
    tags = {name: test.constant(name) for name in test.args if name not in {argument, "keys", "limit"}}
    limit = test.constant("limit")
    if limit is not None:
        tags = dict.fromkeys(tags, limit)  # a size: its direction with its limit
    names, keys = test.constant(argument), test.constant("keys")
    fold = test.match.comparator.fold if test.match is not None else str
    return Looked(
        frozenset(map(str.lower, names)) if isinstance(names, tuple) else NOTHING,
        tuple(map(fold, keys)) if isinstance(keys, tuple) else (),
        tuple(sorted((name, value) for name, value in tags.items() if value is not None)),
        test.match.type.name if test.match is not None else "",
    )


def _alike(first: Match | None, second: Match | None) -> bool:
    """Whether two tests compare the same part with the same comparator, and no numbers."""
    if first is None or second is None or first.relation or second.relation:
        return False
    return first.comparator is second.comparator and first.part == second.part


def _exists(given: Bound, first: Looked, second: Looked) -> bool:
    """Whether a test is only true where all these fields are there."""
    certain = given.name == "exists" or (
        given.name in {"header", "address"}
        and len(first.names) == 1
        and first.how in {"is", "contains", "matches"}
    )
    return (
        certain and not first.tags and not second.tags and bool(second.names) and second.names <= first.names
    )


def _size(first: Looked, second: Looked) -> bool:
    given, other = dict(first.tags), dict(second.tags)
    if "over" in given and "over" in other:
        return _number(given, "over") >= _number(other, "over")
    return "under" in given and "under" in other and _number(given, "under") <= _number(other, "under")


def _number(tags: dict[str, Value], name: str) -> int:
    value = tags.get(name)
    return value if isinstance(value, int) else -1


def _covers(first: Looked, second: Looked) -> bool:
    """Whether each key of the first matches only what some key of the second matches as well."""
    return bool(first.keys) and all(
        any(_covered(first.how, key, second.how, wide) for wide in second.keys) for key in first.keys
    )


def _covered(how: str, key: str, wide_how: str, wide: str) -> bool:
    """Whether a value that matches `key` matches `wide` too, each in its own way."""
    match wide_how, how:
        case ("is", "is") | ("regex", "regex"):
            return key == wide
        case "contains", "is" | "contains":
            return wide in key
        case "contains", "matches":
            return wide in compile_glob(key).literal()
        case "matches", "is":
            return _glob_matches(wide, key)
        case "matches", "matches" | "contains":
            return wide == "*" or (how == "matches" and key == wide)
        case _:
            return False


def _glob_matches(pattern: str, value: str) -> bool:
    spent = 0

    def charge(steps: int) -> None:
        nonlocal spent
        spent += steps
        if spent > STEPS:
            raise ScriptFailure("")

    try:
        return compile_glob(pattern).match(value, charge) is not None
    except ScriptFailure:
        return False
