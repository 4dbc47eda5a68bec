"""Arguments of one command or test against its grammar: tags, values, types, constants (RFC 5228 2.6)."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from sieve_like.errors import Span, did_you_mean
from sieve_like.spec import (
    AddressPart,
    Bound,
    CommandSpec,
    Comparator,
    Complaint,
    Extension,
    Inner,
    Kind,
    Match,
    Matching,
    MatchType,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.syntax import Argument, CommandNode, ListNode, NumberNode, StringNode, TagNode, TestNode
from sieve_like.values import Constant, Dynamic, Expr, Value, listed

if TYPE_CHECKING:  # the binder makes one of these per command
    from sieve_like.binder import Binder

Word = TypeVar("Word")
DEFAULT_COMPARATOR = "i;ascii-casemap"  # RFC 5228 2.7.3
DEFAULT_MATCH = "is"  # RFC 5228 2.7.1
DEFAULT_PART = "all"  # RFC 5228 2.7.4

# What a test's values are compared with; these lists are long, and checks of single keys know their places.
KEYS = "keys"


@dataclass(slots=True)
class _Matching:
    """The shared tags of matching tests as they are found."""

    comparator: Comparator | None = None
    type: MatchType | None = None
    relation: str = ""
    part: AddressPart | None = None
    span: Span = field(default_factory=Span)


class ArgumentBinder:
    """Binds the arguments of one node; `what` is how messages call it ("the test 'header'")."""

    def __init__(
        self, binder: "Binder", spec: CommandSpec | TestSpec, node: CommandNode | TestNode, what: str
    ) -> None:
        self._binder, self._spec, self._node, self._what = binder, spec, node, what
        self._matching = spec.matching
        self._args: dict[str, Expr] = {}
        self._spans: dict[str, Span] = {}
        self._nodes: dict[str, Argument] = {}
        self._added: list[tuple[Tag, Expr]] = []
        self._groups: dict[str, str] = {}
        self._found = _Matching()

    def bind(self) -> Bound:
        """Return the node with its arguments; what is wrong with them was reported."""
        self._positionals(self._tags())
        for tag in self._spec.tags:
            if tag.required and tag.key not in self._args:
                self._binder.error(self._node.span, f"{self._what} needs the tag ':{tag.name}'")
        self._companions()
        return Bound(
            self._spec.name,
            self._spec,
            self._node.span,
            self._args,
            self._spans,
            tuple(self._added),
            self._match(),
        )

    def _companions(self) -> None:
        """Report tags that make no sense without another one (`:last` without `:index`)."""
        added = (one.tag for one, _ in self._binder.registry.added(self._spec.name))
        for tag in (*self._spec.tags, *added):
            if tag.needs and tag.key in self._args and tag.needs not in self._args:
                self._binder.error(
                    self._spans[tag.key], f"':{tag.name}' makes no sense without ':{tag.needs}'"
                )

    # --- tags -----------------------------------------------------------------------------------------------

    def _tags(self) -> list[Argument]:
        """Take the tags with their values out of the arguments; return the positional ones."""
        rest: list[Argument] = []
        waiting = list(reversed(self._node.arguments))
        while waiting:
            argument = waiting.pop()
            if not isinstance(argument, TagNode):
                rest.append(argument)
                continue
            if rest:
                # RFC 5228 2.6.2: tagged arguments come before positional ones.
                self._binder.error(
                    argument.span, f"the tag ':{argument.name}' must stand before the positional arguments"
                )
            self._tag(argument, waiting)
        return rest

    def _tag(self, node: TagNode, waiting: list[Argument]) -> None:
        own = next((tag for tag in self._spec.tags if tag.name == node.name), None)
        if own is not None:
            self._take(own, node, waiting)
            return
        for added, extension in self._binder.registry.added(self._spec.name):
            if added.tag.name == node.name:
                self._available(extension, node)
                expr = self._take(added.tag, node, waiting)
                if expr is not None and added.tag.hook is not None:
                    self._added.append((added.tag, expr))
                return
        if self._matching is Matching.NONE or not self._matching_tag(node, waiting):
            self._unknown(node, waiting)

    def _available(self, extension: Extension, node: TagNode) -> None:
        self._binder.available(extension, node.span, f"the tag ':{node.name}'", self._what)

    def _unknown(self, node: TagNode, waiting: list[Argument]) -> None:
        known = [tag.name for tag in self._spec.tags]
        known += [added.tag.name for added, _ in self._binder.registry.added(self._spec.name)]
        if self._matching is not Matching.NONE:
            known += ["comparator", *self._binder.registry.words("match type")]
        if self._matching is Matching.ADDRESS:
            known += self._binder.registry.words("address part")
        if self._binder.unknown_tag(self._what, node.name):
            hint = did_you_mean(node.name, known, lambda name: f"':{name}'")
            self._binder.error(node.span, f"unknown tag ':{node.name}' for {self._what}{hint}")
        else:
            self._binder.diagnostics.fail()
        # A value behind it would look like a positional argument too many: with as many as that, drop one.
        plain = [argument for argument in waiting if not isinstance(argument, TagNode)]
        if len(plain) > len(self._spec.positionals) and not isinstance(waiting[-1], TagNode):
            waiting.pop()

    def _exclusive(self, group: str, node: TagNode) -> bool:
        """Whether no other tag of the group was given."""
        if group in self._groups:
            other = self._groups[group]
            message = (
                f"the tag ':{node.name}' is given twice"
                if other == node.name
                else f"only one of ':{other}' and ':{node.name}' may be given"
            )
            self._binder.error(node.span, f"{message} for {self._what}")
            return False
        self._groups[group] = node.name
        return True

    def _take(self, tag: Tag, node: TagNode, waiting: list[Argument]) -> Expr | None:
        """Take a tag and its value."""
        fits = self._exclusive(tag.group or f":{tag.name}", node)
        if tag.kind is Kind.FLAG:
            expr: Expr | None = Constant(value=True)
        elif not waiting or isinstance(waiting[-1], TagNode):
            self._binder.error(node.span, f"the tag ':{tag.name}' needs a {tag.kind.value} behind it")
            return None
        else:
            expr = self._value(waiting.pop(), tag, f"the tag ':{tag.name}'")
        if expr is not None and fits:
            self._args[tag.key] = expr
            self._spans.setdefault(tag.key, node.span)
        return expr

    # --- comparator, match type, address part ---------------------------------------------------------------

    def _matching_tag(self, node: TagNode, waiting: list[Argument]) -> bool:
        """Take a tag that all matching tests share; False if it is none."""
        registry = self._binder.registry
        if node.name == "comparator":
            self._comparator(node, waiting)
            return True
        match_type = registry.match_type(node.name)
        if match_type is not None:
            self._available(match_type[1], node)
            self._match_type(match_type[0], node, waiting)
            return True
        part = registry.address_part(node.name)
        if part is not None and self._matching is Matching.ADDRESS:
            self._available(part[1], node)
            if self._exclusive("address part", node):
                self._found.part = part[0]
            return True
        return False

    def _constant_word(self, node: TagNode, waiting: list[Argument]) -> StringNode | None:
        """Take the string behind a tag; it must be known now, since it decides how the test is compiled."""
        if waiting and isinstance(waiting[-1], StringNode):
            word = waiting.pop()
            assert isinstance(word, StringNode)
            if isinstance(self._binder.text(word), Constant):
                return word
            self._binder.error(word.span, f"the tag ':{node.name}' needs a constant string")
            return None
        self._binder.error(node.span, f"the tag ':{node.name}' needs a string behind it")
        return None

    def _comparator(self, node: TagNode, waiting: list[Argument]) -> None:
        word = self._constant_word(node, waiting)
        if not self._exclusive("comparator", node) or word is None:
            return
        found = self._binder.registry.comparator(word.value)
        if found is None:
            hint = did_you_mean(word.value, self._binder.registry.words("comparator"))
            self._binder.error(word.span, f"unknown comparator '{word.value}'{hint}")
            return
        if found[1].capability not in self._binder.enabled:
            needed = f"'require \"{found[1].capability}\"' at the top of the script"
            self._binder.error(word.span, f"the comparator '{word.value}' needs {needed}")
        self._found.comparator = found[0]

    def _match_type(self, match_type: MatchType, node: TagNode, waiting: list[Argument]) -> None:
        relation = ""
        if match_type.relations:
            word = self._constant_word(node, waiting)
            relation = word.value.lower() if word is not None else ""
            if word is not None and relation not in match_type.relations:
                allowed = ", ".join(f"'{one}'" for one in match_type.relations)
                self._binder.error(word.span, f"':{node.name}' needs one of {allowed}, not '{word.value}'")
        if self._exclusive("match type", node):
            self._found.type, self._found.relation, self._found.span = match_type, relation, node.span

    def _match(self) -> Match | None:
        """Return comparator, match type and part of the test, with the defaults of RFC 5228 2.7."""
        if self._matching is Matching.NONE:
            return None
        registry, found = self._binder.registry, self._found
        comparator = found.comparator or _first(registry.comparator(self._default_comparator()))
        match_type = found.type or _first(registry.match_type(DEFAULT_MATCH))
        if match_type.substrings and not comparator.substrings:
            span = found.span
            self._binder.error(
                span, f"the comparator '{comparator.name}' can't be used with ':{match_type.name}'"
            )
        if match_type.check_key is not None and KEYS in self._nodes:
            self._complain(self._nodes[KEYS], self._args[KEYS], match_type.check_key)
        part = found.part
        if part is None and self._matching is Matching.ADDRESS:
            part = _first(registry.address_part(DEFAULT_PART))
        return Match(comparator, match_type, found.relation, part, part_said=found.part is not None)

    def _default_comparator(self) -> str:
        return self._spec.comparator if isinstance(self._spec, TestSpec) else DEFAULT_COMPARATOR

    # --- positional arguments and values --------------------------------------------------------------------

    def _positionals(self, given: list[Argument]) -> None:
        wanted = list(self._spec.positionals)
        optional = [word for word in wanted if word.optional]
        while len(wanted) > len(given) and optional:
            wanted.remove(optional.pop())
        if len(given) < len(wanted):
            missing = wanted[len(given)]
            self._binder.error(self._node.span, f"{self._what} needs a {missing.kind.value} ({missing.name})")
        elif len(given) > len(wanted):
            extra = given[len(wanted)]
            count = len(self._spec.positionals)
            takes = (
                f"takes {count} positional argument{'s' if count != 1 else ''}"
                if count
                else "takes no argument"
            )
            self._binder.error(extra.span, f"{self._what} {takes}; this one is too many")
        # Established engines look at the values once the shape is right (a semicolon is there).
        with self._binder.further() if self._misshapen() else nullcontext():
            for word, argument in zip(wanted, given, strict=False):
                expr = self._value(argument, word, f"the argument '{word.name}' of {self._what}")
                if expr is not None:
                    self._args[word.key] = expr

    def _misshapen(self) -> bool:
        """Whether tests stand behind the arguments where none belong."""
        return bool(self._node.tests) and self._spec.tests is Inner.NONE

    def _value(self, node: Argument, word: Tag | Positional, what: str) -> Expr | None:
        """Return the value of an argument if its type fits; constants are checked here."""
        expr = self._typed(node, word.kind)
        if expr is None:
            self._binder.error(node.span, f"{what} must be a {word.kind.value}, not {_type_name(node)}")
            return None
        if word.constant and isinstance(expr, Dynamic):
            self._binder.error(node.span, f"{what} must not hold variables")
            return None
        if word.check is not None:
            self._complain(node, expr, word.check)
        if word.names and isinstance(expr, Constant):
            for value, span in _single(node, expr.value):
                self._binder.check_name(word.names, str(value), span)
        self._spans[word.key], self._nodes[word.key] = node.span, node
        if isinstance(node, ListNode) and word.key != KEYS:
            # Each string of a list has its place, which `declare.spots` gives to checks.
            self._spans.update((f"{word.key} {n}", item.span) for n, item in enumerate(node.items))
        return expr

    def _complain(self, node: Argument, expr: Expr, check: Complaint) -> None:
        if isinstance(expr, Constant):
            for value, span in _single(node, expr.value):
                complaint = check(value)
                if complaint:
                    self._binder.error(span, complaint)

    def _typed(self, node: Argument, kind: Kind) -> Expr | None:
        match kind, node:
            case Kind.NUMBER, NumberNode(value=value):
                return Constant(value)
            case Kind.STRING, StringNode():
                return self._binder.text(node)
            case Kind.STRINGS, StringNode():
                return listed([self._binder.text(node)])
            case Kind.STRINGS, ListNode(items=items):
                return listed([self._binder.text(item) for item in items])
            case _:
                return None


def _first(found: tuple[Word, Extension] | None) -> Word:
    """Return a word that the core always has."""
    assert found is not None, "the registry lacks the core of the language"
    return found[0]


def _single(node: Argument, value: Value) -> list[tuple[str | int, Span]]:
    """Return the single values of a constant argument with the place of each."""
    if isinstance(value, tuple):
        spans = [item.span for item in node.items] if isinstance(node, ListNode) else [node.span]
        return list(zip(value, spans, strict=False))
    return [(value, node.span)]


def _type_name(node: Argument) -> str:
    match node:
        case StringNode():
            return "a string"
        case ListNode():
            return "a string list"
        case NumberNode():
            return "a number"
        case TagNode(name=name):
            return f"the tag ':{name}'"
