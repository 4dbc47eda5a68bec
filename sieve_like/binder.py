"""The syntax tree gets its meaning: words are looked up, arguments checked; all errors are found in one pass.

What comes out (`Bound`) is complete and correct if no error was reported; the compiler makes closures of it.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sieve_like.arguments import ArgumentBinder
from sieve_like.errors import Diagnostics, Span, did_you_mean
from sieve_like.host import Catalogue, EmptyLibrary, Library
from sieve_like.limits import Limits
from sieve_like.registry import Registry
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.spec import Bound, CommandSpec, Extension, Inner, Namespace, Scope, ScriptKey, TestSpec
from sieve_like.syntax import CommandNode, StringNode, TestNode
from sieve_like.values import Constant, Expr

HINTED = 100  # errors that come with a suggestion
Literal = Callable[[str, Span, "Binder"], str]


class Binder:
    """Binds one script. `enabled` are the capabilities that hold here, `required` what the script asked for.

    `started` is true behind a command that is no `require`; `depth` counts blocks around the command.

    Errors count as in established engines: the first one of a command or test, then those of the tests inside
    it and of its block. What can't be reached is not looked at (RFC 5463 4 asks for it behind `ihave`).
    """

    def __init__(
        self, registry: Registry, limits: Limits, diagnostics: Diagnostics, catalogue: Catalogue
    ) -> None:
        self.registry, self.limits, self.diagnostics, self.catalogue = (
            registry,
            limits,
            diagnostics,
            catalogue,
        )
        self.enabled: set[str] = {e.capability for e in registry.extensions if e.always}
        self.required: set[str] = set()
        self._required_at: dict[str, Span] = {}
        self._needs_checked = False
        self.settings: Settings = NO_SETTINGS
        self.library: Library = EmptyLibrary()
        self.started = False
        self.depth = 0
        self.loops: tuple[Bound, ...] = ()
        self.scope = Scope()
        self.includes: list[tuple[ScriptKey, Span, bool]] = []
        self._said: set[tuple[str, str, bool]] = set()
        self._literals: list[Literal] = []
        self._expansion: Callable[[str, Span, Binder], Expr] | None = None
        self._find_string_stages()

    def script(self, commands: Sequence[CommandNode]) -> tuple[Bound, ...]:
        """Bind a whole script."""
        return self.block(commands)

    def _check_needs(self) -> None:
        """Report capabilities that make no sense without others that are not there.

        Established engines do so before the first command they know, and look no further if one is missing.
        """
        self._needs_checked = True
        for capability, span in self._required_at.items():
            for name in self.registry.capabilities[capability].needs:
                if name not in self.enabled:
                    self.error(span, f"'{capability}' can't be used without '{name}', which is not required")
                    self.diagnostics.further = True

    # --- what specs may use (spec.Binding) ------------------------------------------------------------------

    def error(self, span: Span, message: str) -> None:
        """Report an error."""
        self.diagnostics.error(span, message)

    def warning(self, span: Span, message: str) -> None:
        """Report a warning."""
        self.diagnostics.warning(span, message)

    def require(self, capability: str, span: Span) -> None:
        """Make a capability available from here on (RFC 5228 3.2); twice is fine, unknown is an error."""
        extension = self.registry.capabilities.get(capability)
        if extension is None:
            hint = did_you_mean(capability, self.registry.capabilities)
            self.error(span, f"unknown capability '{capability}'{hint}")
            return
        self.required.add(capability)
        self._required_at.setdefault(capability, span)
        self._enable(extension)
        self._find_string_stages()

    def _enable(self, extension: Extension) -> None:
        self.enabled.add(extension.capability)
        for name in extension.implies:
            if name not in self.enabled:
                self._enable(self.registry.capabilities[name])

    def capabilities(self) -> Collection[str]:
        """Return all capabilities that there are."""
        return self.registry.capabilities

    def include(self, key: ScriptKey, span: Span, *, once: bool) -> None:
        """Have another script compiled with this one (RFC 6609)."""
        self.includes.append((key, span, once))

    def has_namespace(self, name: str) -> Namespace | None:
        """Return a namespace of an enabled extension."""
        found = self.registry.namespace(name)
        if found is None or not any(owner.capability in self.enabled for owner in found[1]):
            return None
        return found[0]

    def namespaces(self) -> Sequence[str]:
        """Return the names of the namespaces of enabled extensions."""
        return [name for name in self.registry.words("namespace") if self.has_namespace(name) is not None]

    def envelope_parts(self) -> Sequence[str]:
        """Return the envelope parts that enabled extensions know."""
        return [part for e in self._enabled_extensions() for part in e.envelope_parts]

    def _enabled_extensions(self) -> list[Extension]:
        return [e for e in self.registry.extensions if e.capability in self.enabled]

    def available(self, extension: Extension, span: Span, what: str, owner: str = "") -> bool:
        """Report a word whose capability is not required, once for each word; return whether it is there."""
        if extension.capability in self.enabled:
            return True
        if self._first(f"missing of {owner}", what):
            self.error(span, f"{what} needs 'require \"{extension.capability}\"' at the top of the script")
        else:
            self.diagnostics.fail()
        return False

    def _first(self, kind: str, name: str) -> bool:
        """Whether this is said for the first time; what does not count may be said again when it does."""
        key = (kind, name, not self.diagnostics.counting)
        if key in self._said or (kind, name, False) in self._said:
            return False
        self._said.add(key)
        return True

    def unknown_tag(self, owner: str, name: str) -> bool:
        """Whether an unknown tag of a command is met for the first time."""
        return self._first(f"tag of {owner}", name)

    @contextmanager
    def further(self) -> Iterator[None]:
        """Look at what established engines skip: errors in there do not count, nothing becomes available."""
        before, enabled = self.diagnostics.further, set(self.enabled)
        self.diagnostics.further = True
        try:
            yield
        finally:
            self.diagnostics.further = before
            if self.enabled != enabled:
                self.enabled = enabled
                self._find_string_stages()

    # --- strings --------------------------------------------------------------------------------------------

    def _find_string_stages(self) -> None:
        extensions = self._enabled_extensions()
        self._literals = [e.literal for e in extensions if e.literal is not None]
        self._expansion = next((e.expansion for e in extensions if e.expansion is not None), None)

    def text(self, node: StringNode) -> Expr:
        """Return a string as the enabled extensions understand it: first rewritten, then expanded."""
        value = node.value
        for literal in self._literals:
            value = literal(value, node.span, self)
        return Constant(value) if self._expansion is None else self._expansion(value, node.span, self)

    # --- commands -------------------------------------------------------------------------------------------

    def block(self, nodes: Sequence[CommandNode]) -> tuple[Bound, ...]:
        """Bind the commands of a block; `elsif` and `else` become followers of their `if`."""
        bounds: list[Bound] = []
        last = ""  # the name of the last command, also where it had errors
        settled = False  # whether a branch of this chain is always taken, so that no later one is
        for node in nodes:
            bound = self._command(node, last, settled=settled)
            if bound is not None:
                if isinstance(bound.spec, CommandSpec) and bound.spec.follows:
                    if bounds:
                        bounds[-1] = replace(bounds[-1], followers=(*bounds[-1].followers, bound))
                else:
                    bounds.append(bound)
                    settled = False
                settled = settled or (bool(bound.tests) and bound.tests[0].known is True)
            last = node.name
        return tuple(bounds)

    def _command(self, node: CommandNode, last: str, *, settled: bool) -> Bound | None:
        found = self.registry.command(node.name)
        if found is not None and node.name != "require" and not self._needs_checked:
            self._check_needs()
        if node.broken and found is not None:
            self._inner_block(node)
            return None
        if found is None:
            self._unknown(node.name, node.span, "command")
            with self.further():
                self._inner_block(node)
            return None
        spec, extension = found
        if self.enabled.isdisjoint(spec.also) and not self.available(
            extension, node.span, f"the command '{node.name}'"
        ):
            with self.further():
                return self._known_command(node, spec, last, dead=False)
        return self._known_command(node, spec, last, dead=settled and bool(spec.follows))

    def _known_command(self, node: CommandNode, spec: CommandSpec, last: str, *, dead: bool) -> Bound:
        """Bind a command in the order of established engines: itself, then its tests, then its block."""
        errors = self.diagnostics.errors
        bound, sound = self._itself(node, spec, last)
        if node.name != "require":
            self.started = True
        if sound and spec.enter is not None:
            spec.enter(bound, self)
        if self.diagnostics.errors != errors:
            dead = False
        tests: tuple[Bound, ...] = ()
        if spec.tests is not Inner.NONE and not dead:
            tests = self._tests(node)
        if self.diagnostics.errors == errors and tests and tests[0].known is False:
            dead = True
        block: tuple[Bound, ...] | None = () if node.block is not None else None
        if spec.block and not dead:
            around = self.loops
            if spec.loop:
                self.loops = (*around, bound)
            block = self._inner_block(node)
            self.loops = around
        return replace(bound, tests=tests, block=block)

    def _itself(self, node: CommandNode, spec: CommandSpec, last: str) -> tuple[Bound, bool]:
        """Bind arguments, check what stands behind them and then the whole; return whether all is sound."""
        what = f"the command '{node.name}'"
        self.diagnostics.open()
        bound = ArgumentBinder(self, spec, node, what).bind()
        sound = self.diagnostics.close()
        self.diagnostics.open()
        if spec.tests is Inner.NONE and node.tests:
            self._superfluous_test(node)
        else:
            self._count_tests(node, spec.tests, what)
        if sound:
            self._check_block(node, spec)
        if not self.diagnostics.close() or not sound:
            return bound, False
        self.diagnostics.open()
        if spec.follows and last not in spec.follows:
            wanted = " or ".join(f"'{name}'" for name in spec.follows)
            self.error(node.span, f"'{node.name}' must come directly after {wanted}")
        elif spec.check is not None:
            spec.check(bound, self)
        return bound, self.diagnostics.close()

    def _unknown(self, name: str, span: Span, kind: str) -> None:
        """Report a word that is no command, or no test: a name is reported once, a wrong use each time."""
        other = "test" if kind == "command" else "command"
        known = self.registry.test(name) if kind == "command" else self.registry.command(name)
        if known is not None:
            place = (
                f"'{name}' is a test: it stands behind 'if'"
                if kind == "command"
                else f"'{name}' is a {other}"
            )
            self.error(span, f"unknown {kind} '{name}' ({place})")
        elif self._first("word", name):
            # Nobody reads so many, and looking for a name that is near takes its time.
            some = self.diagnostics.errors < HINTED
            hint = did_you_mean(name, self.registry.words(kind)) if some else ""
            self.error(span, f"unknown {kind} '{name}'{hint}")

    def _check_block(self, node: CommandNode, spec: CommandSpec) -> None:
        if spec.block and node.block is None:
            self.error(node.span, f"the command '{node.name}' needs a block '{{ … }}', not ';'")
        elif not spec.block and node.block is not None:
            self.error(node.span, f"the command '{node.name}' takes no block")

    def _inner_block(self, node: CommandNode) -> tuple[Bound, ...]:
        self.depth += 1
        try:
            return self.block(node.block or ())
        finally:
            self.depth -= 1

    def _superfluous_test(self, node: CommandNode) -> None:
        """Report a test where none belongs, often the next command after a semicolon that is missing."""
        inner = node.tests[0]
        if self.registry.command(inner.name) is not None and not node.listed:
            self.error(inner.span, f"';' is missing between '{node.name}' and '{inner.name}'")
        else:
            self.error(inner.span, f"the command '{node.name}' takes no test")

    # --- tests ----------------------------------------------------------------------------------------------

    def _count_tests(self, node: CommandNode | TestNode, wanted: Inner, what: str) -> None:
        """Check how many tests stand inside a command or test."""
        match wanted:
            case Inner.NONE if node.tests:
                self.error(node.tests[0].span, f"{what} takes no test inside")
            case Inner.ONE if len(node.tests) != 1 or node.listed:
                self.error(node.span, f"{what} needs exactly one test")
            case Inner.MANY if not node.listed:
                self.error(node.span, f"{what} needs a list of tests in parentheses")
            case _:
                pass

    def _tests(self, node: CommandNode | TestNode, *, settles: bool | None = None) -> tuple[Bound, ...]:
        """Bind the tests inside a command or test, up to the one that settles the outcome."""
        bounds: list[Bound] = []
        for test in node.tests:
            bound = self._test(test)
            if bound is not None:
                bounds.append(bound)
                if settles is not None and bound.known is settles:
                    break
        return tuple(bounds)

    def _test(self, node: TestNode) -> Bound | None:
        found = self.registry.test(node.name)
        if found is None:
            self._unknown(node.name, node.span, "test")
            with self.further():
                self._tests(node)
            return None
        spec, extension = found
        if not self.available(extension, node.span, f"the test '{node.name}'"):
            with self.further():
                return self._known_test(node, replace(spec, enter=None, known=None))
        return self._known_test(node, spec)

    def _known_test(self, node: TestNode, spec: TestSpec) -> Bound:
        errors, what = self.diagnostics.errors, f"the test '{node.name}'"
        self.diagnostics.open()
        bound = ArgumentBinder(self, spec, node, what).bind()
        sound = self.diagnostics.close()
        self.diagnostics.open()
        self._count_tests(node, spec.tests, what)
        sound = self.diagnostics.close() and sound
        if sound and spec.check is not None:
            self.diagnostics.open()
            spec.check(bound, self)
            self.diagnostics.close()
        if spec.tests is not Inner.NONE:
            bound = replace(bound, tests=self._tests(node, settles=spec.settles))
        if self.diagnostics.errors != errors:
            return bound
        if spec.enter is not None:
            spec.enter(bound, self)
        return bound if spec.known is None else replace(bound, known=spec.known(bound, self))

    # --- names of the installation --------------------------------------------------------------------------

    def check_name(self, kind: str, name: str, span: Span) -> None:
        """Report a constant name that the installation does not have, with a suggestion."""
        if not self.catalogue.known(kind, name):
            hint = did_you_mean(name, self.catalogue.names(kind))
            self.error(span, f"there is no {kind} '{name}'{hint}")
