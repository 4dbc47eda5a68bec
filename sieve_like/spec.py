"""The words of the language as data: commands, tests, tags, comparators, match types, namespaces, extensions.

An extension is one file that exports `EXTENSION`. What it offers is checked by `binder.py` from these tables;
`compile` functions turn checked arguments into closures. Host extensions mostly use `action_command` and
`simple_test` from `declare.py`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

from sieve_like.errors import Span
from sieve_like.host import Catalogue, Library
from sieve_like.interpreter import Run, Step, Test
from sieve_like.limits import Limits
from sieve_like.result import Action
from sieve_like.settings import Settings
from sieve_like.values import Expr, Value


class Kind(Enum):
    """The type of an argument. A string stands for a list of one (RFC 5228 2.4.2.1)."""

    FLAG = "flag"
    STRING = "string"
    STRINGS = "string list"
    NUMBER = "number"

    @property
    def empty(self) -> Value:
        """Return the value of an argument that was not given and has no default."""
        match self:
            case Kind.STRING:
                return ""
            case Kind.STRINGS:
                return ()
            case _:
                return 0


# Says what is wrong with one value, "" where nothing is. Constants are checked when the script is compiled,
# values with variables when it runs.
Complaint = Callable[[str | int], str]


@dataclass(frozen=True, slots=True)
class Amend:
    """A tag that changes the action of the command it is added to (`:copy`, `:flags`).

    Those with a lower `order` are applied first: what others build upon (`:fcc`) is 0, the rest 1.
    """

    amend: Callable[[Action, Value, Run], Action]
    order: int = 1


@dataclass(frozen=True, slots=True)
class Modify:
    """A modifier of `set` (RFC 5229 4.1), highest precedence first; too long, it is cut `by_character`."""

    precedence: int
    modify: Callable[[str], str]
    by_character: bool = False


# Reads the values of all fields of one name from a mail: unfolded, trimmed, not decoded.
Fields = Callable[[Run, str], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Narrow:
    """A tag that changes which header fields a test sees (`:index`, `:mime`): it wraps what reads them.

    `narrow` gets the reader so far and the test, and returns another one. Those with a lower `order` are
    asked first: where fields are taken from (0) comes before which of them is meant (1).
    """

    narrow: Callable[[Fields, "Bound"], Fields]
    order: int = 0


@dataclass(frozen=True, slots=True)
class Extract:
    """A tag that picks what of a field is compared (`:param`): from its name, its value, the tag's own."""

    extract: Callable[[str, bytes, Value], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged argument `:name`, with a value unless its kind is FLAG.

    `field` is its name among the arguments (default: `name`); tags of one `group` exclude each other;
    `constant` forbids variables in the value; `check` complains about values; `names` is a kind of name of
    the catalogue; `needs` is another tag without which this one makes no sense.
    """

    name: str
    kind: Kind = Kind.FLAG
    field: str = ""
    group: str = ""
    constant: bool = False
    required: bool = False
    default: Value | None = None
    check: Complaint | None = None
    names: str = ""
    needs: str = ""
    hook: Amend | Modify | Narrow | Extract | None = None

    @property
    def key(self) -> str:
        """Return the field's name."""
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class Positional:
    """A positional argument; optional ones come last."""

    name: str
    kind: Kind = Kind.STRING
    optional: bool = False
    constant: bool = False
    default: Value | None = None
    check: Complaint | None = None
    names: str = ""

    @property
    def key(self) -> str:
        """Return the field's name."""
        return self.name


class Matching(Enum):
    """Which of the tags that all matching tests share a test takes (RFC 5228 2.7)."""

    NONE = "none"
    MATCH = "comparator and match type"
    ADDRESS = "comparator, match type and address part"


@dataclass(frozen=True, slots=True)
class Fact:
    """Values that a test reads: `key` names them in the run's cache, `read` finds them; "" is not cached."""

    key: str
    read: Callable[[Run], Sequence[str]]

    def values(self, run: Run) -> Sequence[str]:
        """Return the values, from the cache where they are known."""
        if not self.key:
            return self.read(run)
        values = run.facts.get(self.key)
        if values is None:
            values = run.facts[self.key] = self.read(run)
        return values


@dataclass(frozen=True, slots=True)
class Probe:
    """One necessary condition: a value of this fact is ("is") or holds ("in") this text."""

    fact: Fact
    how: str
    text: str


class Inner(Enum):
    """How many tests stand inside a command or test."""

    NONE = "none"
    ONE = "one"
    MANY = "a list"


@dataclass(frozen=True, slots=True)
class TestSpec:
    """A test: its grammar and the function that makes its closure.

    `check` looks at the whole test once its arguments are fine; it reports through the binder it is given.
    `guard` returns probes of which one must hold for the test to be true, None where nothing can be said; a
    test whose probes all fail must be false without any effect (the index does not even call it then).
    `known` returns the outcome where no mail can change it: what it excludes is not even looked at. An inner
    test that is known to be `settles` makes those behind it superfluous. `enter` says what a sound test means
    for the script behind it (`ihave`).
    """

    name: str
    compile: Callable[["Bound", "Compiling"], Test]
    tags: tuple[Tag, ...] = ()
    positionals: tuple[Positional, ...] = ()
    matching: Matching = Matching.NONE
    tests: Inner = Inner.NONE
    check: Callable[["Bound", "Binding"], None] | None = None
    guard: Callable[["Bound"], "tuple[Probe, ...] | None"] | None = None
    known: Callable[["Bound", "Binding"], bool | None] | None = None
    settles: bool | None = None
    enter: Callable[["Bound", "Binding"], None] | None = None
    comparator: str = "i;ascii-casemap"  # where the script names none (RFC 5228 2.7.3)

    __test__ = False  # the name looks like a test class to pytest


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: its grammar and the function that makes its closure.

    `block` says that a block must follow; `follows` names the commands that must stand directly before (elsif
    after if): such a command is compiled by the one which opens the chain, as one of its `followers`. `loop`
    says that the block is one round of a loop: it is in `Binding.loops` while the block is bound. `also` are
    capabilities of others with which the command is available too (`break`). `matching` is as in a test.
    """

    name: str
    compile: Callable[["Bound", "Compiling"], Step]
    tags: tuple[Tag, ...] = ()
    positionals: tuple[Positional, ...] = ()
    tests: Inner = Inner.NONE
    block: bool = False
    follows: tuple[str, ...] = ()
    loop: bool = False
    also: tuple[str, ...] = ()
    matching: Matching = Matching.NONE
    check: Callable[["Bound", "Binding"], None] | None = None
    # What it means before the commands behind it are looked at, for instance that `require` opens the file.
    enter: Callable[["Bound", "Binding"], None] | None = None


@dataclass(frozen=True, slots=True)
class AddedTag:
    """A tag that an extension adds to commands or tests of others, named by `owners`."""

    owners: tuple[str, ...]
    tag: Tag


@dataclass(frozen=True, slots=True)
class Comparator:
    """How values are compared (RFC 4790): two are equal if their folded forms are; `order` sorts them.

    `substrings` says whether :contains and :matches make sense.
    """

    name: str
    fold: Callable[[str], str]
    order: Callable[[str], str]
    substrings: bool = True


# Takes a run and the folded values, and says whether one matches.
Matcher = Callable[[Run, Sequence[str]], bool]
# Reads the values of a test as they are in the mail, in the order of the folded ones.
Originals = Callable[[Run], Sequence[str]]


@dataclass(frozen=True, slots=True)
class MatchType:
    """A match type. `make` gets comparator, relation ("" without one), the keys, and where the originals are.

    `counts` means that the number of values is matched instead of the values (RFC 5231 4.2). `substrings`
    means that the comparator must offer them. `probe` tells the index what must hold for a folded key to
    match: that a value is ("is") or holds ("in") a text; None where nothing can be said.
    """

    name: str
    make: Callable[[Comparator, str, tuple[str, ...], Originals], Matcher]
    relations: tuple[str, ...] = ()
    substrings: bool = False
    counts: bool = False
    check_key: Complaint | None = None
    probe: Callable[[str], tuple[str, str] | None] | None = None


PartOf = Callable[[str, str, str], str | None]


@dataclass(frozen=True, slots=True)
class AddressPart:
    """A part of an address; `part` gets local part, domain and (for `all`) the whole; None: it has none.

    `told` makes such a function where the installation's settings matter (delimiters of RFC 5233).
    """

    name: str
    part: PartOf
    told: Callable[[Settings], PartOf] | None = None

    def of(self, settings: Settings) -> PartOf:
        """Return the function that takes the part from an address under these settings."""
        return self.part if self.told is None else self.told(settings)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A variable namespace (RFC 5229 3). Without `read` the host answers; without `write` it is read-only.

    `names` lists all names there are, so that a misspelt one is an error; empty means that any may exist.
    `check` complains about names that can't exist.
    """

    name: str
    names: tuple[str, ...] = ()
    read: Callable[[Run, str], str] | None = None
    write: Callable[[Run, str, str], None] | None = None
    check: Complaint | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """Everything that one `require` makes available. `capability` "" is the core, which needs none.

    `builtin` capabilities may be required but need not be. Who requires it must require those that it `needs`
    as well; those that it `implies` come with it. `literal` rewrites string constants, `expansion`
    finds what is to be filled in at run time. `card` is what the documentation shows: what is done, what is
    not.
    """

    capability: str
    rfc: str = ""
    commands: tuple[CommandSpec, ...] = ()
    tests: tuple[TestSpec, ...] = ()
    tags: tuple[AddedTag, ...] = ()
    comparators: tuple[Comparator, ...] = ()
    match_types: tuple[MatchType, ...] = ()
    address_parts: tuple[AddressPart, ...] = ()
    envelope_parts: tuple[str, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    implies: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    builtin: bool = False
    literal: Callable[[str, Span, "Binding"], str] | None = None
    expansion: Callable[[str, Span, "Binding"], Expr] | None = None
    card: str = ""

    @property
    def name(self) -> str:
        """Return the capability, by which parts of a folder are told apart; "" for the core."""
        return self.capability

    @property
    def always(self) -> bool:
        """Whether it is there without `require`."""
        return self.builtin or not self.capability


@dataclass(frozen=True, slots=True)
class Bound:
    """A command or test whose arguments are checked: what `compile` functions get.

    `args` has what was said, by field; `added` the tags of other extensions; `match` what all matching
    tests share.
    """

    name: str
    spec: CommandSpec | TestSpec
    span: Span
    args: Mapping[str, Expr]
    spans: Mapping[str, Span]
    added: tuple[tuple[Tag, Expr], ...] = ()
    match: "Match | None" = None
    tests: tuple["Bound", ...] = ()
    block: tuple["Bound", ...] | None = None
    followers: tuple["Bound", ...] = ()
    known: bool | None = None  # the outcome of a test that no mail can change

    def constant(self, name: str) -> Value | None:
        """Return the value of an argument where it is known now, else None."""
        expr = self.args.get(name)
        return getattr(expr, "value", None)

    def guard(self) -> tuple[Probe, ...] | None:
        """Return probes of which one must hold for this test to be true, None where nothing can be said."""
        spec = self.spec
        return spec.guard(self) if isinstance(spec, TestSpec) and spec.guard is not None else None

    def hooks(self, kind: type) -> list[tuple[Tag, Expr]]:
        """Return the tags of other extensions with a hook of this kind, in the order of the source."""
        return [(tag, expr) for tag, expr in self.added if isinstance(tag.hook, kind)]


@dataclass(frozen=True, slots=True)
class Match:
    """Comparator, match type, relation and address part of one test; `part_said` if the script names it."""

    comparator: Comparator
    type: MatchType
    relation: str = ""
    part: AddressPart | None = None
    part_said: bool = False


class ScriptKey(NamedTuple):
    """A script that others may include: those of the user and those of the house have names of their own."""

    name: str
    personal: bool = True


@dataclass(frozen=True, slots=True)
class Unit:
    """One bound script: its commands, and the names of variables that it shares with others."""

    commands: tuple[Bound, ...]
    shared: frozenset[str]


@dataclass(slots=True)
class Scope:
    """The names of variables in one script: `shared` with others by `global` (RFC 6609 3.4), or `local`."""

    shared: set[str] = field(default_factory=set)
    local: set[str] = field(default_factory=set)

    def is_shared(self, name: str) -> bool:
        """Whether a name, in lower case, is shared; if not, it is a local one from now on."""
        if name in self.shared:
            return True
        self.local.add(name)
        return False


class Binding(Protocol):
    """What checks may use while a script is bound (the binder)."""

    limits: Limits
    settings: Settings
    library: Library
    catalogue: Catalogue
    enabled: set[str]
    started: bool
    depth: int
    scope: "Scope"
    loops: tuple[Bound, ...]  # the loops around this place of the same script, the innermost one last

    def error(self, span: Span, message: str) -> None:
        """Report an error."""
        ...

    def warning(self, span: Span, message: str) -> None:
        """Report a warning."""
        ...

    def require(self, capability: str, span: Span) -> None:
        """Make a capability available from here on."""
        ...

    def capabilities(self) -> Collection[str]:
        """Return all capabilities that there are."""
        ...

    def include(self, key: ScriptKey, span: Span, *, once: bool) -> None:
        """Have another script compiled with this one (RFC 6609); `once` lets circles end themselves."""
        ...

    def has_namespace(self, name: str) -> Namespace | None:
        """Return a namespace of an enabled extension."""
        ...

    def namespaces(self) -> Sequence[str]:
        """Return the names of the namespaces of enabled extensions."""
        ...

    def envelope_parts(self) -> Sequence[str]:
        """Return the envelope parts that enabled extensions know."""
        ...


class Compiling(Protocol):
    """What `compile` functions may use while closures are made (the compiler)."""

    traced: bool
    limits: Limits

    def block(self, bounds: Sequence[Bound]) -> Step:
        """Return the closure of a block."""
        ...

    def test(self, bound: Bound) -> Test:
        """Return the closure of a test."""
        ...

    def namespace(self, name: str) -> Namespace | None:
        """Return a namespace by its name."""
        ...

    def included(self, key: ScriptKey) -> "Included | None":
        """Return an included script, None where an optional one is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Included:
    """An included script: what makes its closure or returns it, and the names that it shares with others.

    The closure is made when it is first needed: with `:once` a script may include itself.
    """

    step: Callable[[], Step]
    shared: frozenset[str]
