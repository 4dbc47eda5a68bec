"""The syntax tree gets its meaning: words are looked up, arguments checked; all errors are found in one pass.

What comes out (`Bound`) is complete and correct if no error was reported; the compiler makes closures of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sieve_like.arguments import ArgumentBinder
from sieve_like.errors import Diagnostics, Span, did_you_mean
from sieve_like.host import Catalogue, EmptyLibrary, Library
from sieve_like.limits import Limits
from sieve_like.registry import Registry
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.spec import Bound, CommandSpec, Extension, Inner, Namespace
from sieve_like.syntax import CommandNode, StringNode, TestNode
from sieve_like.values import Constant, Expr

Literal = Callable[[str, Span, "Binder"], str]


class Binder:
    """Binds one script. `enabled` are the capabilities that hold here, `required` what the script asked for.

    `started` is true behind the first command that is no `require`; `depth` counts blocks around the command.
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
        self.settings: Settings = NO_SETTINGS
        self.library: Library = EmptyLibrary()
        self.started = False
        self.depth = 0
        self._said: set[tuple[str, str]] = set()
        self._literals: list[Literal] = []
        self._expansion: Callable[[str, Span, Binder], Expr] | None = None
        self._find_string_stages()

    def script(self, commands: Sequence[CommandNode]) -> tuple[Bound, ...]:
        """Bind a whole script."""
        return self.block(commands)

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
        self._enable(extension)
        self._find_string_stages()

    def _enable(self, extension: Extension) -> None:
        self.enabled.add(extension.capability)
        for name in extension.implies:
            if name not in self.enabled:
                self._enable(self.registry.capabilities[name])

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

    def available(self, extension: Extension, span: Span, what: str) -> None:
        """Report a word whose capability is not required; from then on it counts as enabled."""
        if extension.capability not in self.enabled:
            self.error(span, f"{what} needs 'require \"{extension.capability}\"' at the top of the script")
            self._enable(extension)

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
        for node in nodes:
            bound = self._command(node, last)
            if bound is not None:
                if isinstance(bound.spec, CommandSpec) and bound.spec.follows:
                    if bounds:
                        bounds[-1] = replace(bounds[-1], followers=(*bounds[-1].followers, bound))
                else:
                    bounds.append(bound)
            last = node.name
        return tuple(bounds)

    def _command(self, node: CommandNode, last: str) -> Bound | None:
        found = self.registry.command(node.name)
        if found is None:
            self._unknown_command(node)
            self.started = True
            self._inner_block(node)
            return None
        spec, extension = found
        self.available(extension, node.span, f"the command '{node.name}'")
        if spec.follows and last not in spec.follows:
            wanted = " or ".join(f"'{name}'" for name in spec.follows)
            self.error(node.span, f"'{node.name}' must come directly after {wanted}")
        if node.name != "require":
            self.started = True
        before = self.diagnostics.errors
        bound = ArgumentBinder(self, spec, node, f"the command '{node.name}'").bind()
        sound = self.diagnostics.errors == before
        tests = self._command_tests(node, spec)
        block = self._inner_block(node) if self._block_fits(node, spec) else None
        bound = replace(bound, tests=tests, block=block)
        if spec.check is not None and sound:
            spec.check(bound, self)
        if spec.enter is not None:
            spec.enter(bound, self)
        return bound

    def _unknown_command(self, node: CommandNode) -> None:
        if ("command", node.name) in self._said:
            return
        self._said.add(("command", node.name))
        hint = did_you_mean(node.name, self.registry.words("command"))
        if self.registry.test(node.name) is not None:
            hint = f" ('{node.name}' is a test: it stands behind 'if')"
        self.error(node.span, f"unknown command '{node.name}'{hint}")

    def _block_fits(self, node: CommandNode, spec: CommandSpec) -> bool:
        if spec.block and node.block is None:
            self.error(node.span, f"the command '{node.name}' needs a block '{{ … }}', not ';'")
        elif not spec.block and node.block is not None:
            self.error(node.span, f"the command '{node.name}' takes no block")
        return node.block is not None

    def _inner_block(self, node: CommandNode) -> tuple[Bound, ...]:
        self.depth += 1
        try:
            return self.block(node.block or ())
        finally:
            self.depth -= 1

    def _command_tests(self, node: CommandNode, spec: CommandSpec) -> tuple[Bound, ...]:
        if spec.tests is Inner.NONE and node.tests:
            # `keep` and the next command without a semicolon between look like a command with a test.
            inner = node.tests[0]
            if self.registry.command(inner.name) is not None and not node.listed:
                self.error(inner.span, f"';' is missing between '{node.name}' and '{inner.name}'")
            else:
                self.error(inner.span, f"the command '{node.name}' takes no test")
            return ()
        return self._tests(node, spec.tests, f"the command '{node.name}'")

    # --- tests ----------------------------------------------------------------------------------------------

    def _tests(self, node: CommandNode | TestNode, wanted: Inner, what: str) -> tuple[Bound, ...]:
        """Bind the tests inside a command or test, and check how many there are."""
        match wanted:
            case Inner.NONE if node.tests:
                self.error(node.tests[0].span, f"{what} takes no test inside")
            case Inner.ONE if len(node.tests) != 1 or node.listed:
                self.error(node.span, f"{what} needs exactly one test")
            case Inner.MANY if not node.listed:
                self.error(node.span, f"{what} needs a list of tests in parentheses")
            case _:
                pass
        bounds = [self._test(test) for test in node.tests]
        return tuple(bound for bound in bounds if bound is not None)

    def _test(self, node: TestNode) -> Bound | None:
        found = self.registry.test(node.name)
        if found is None:
            self._unknown_test(node)
            for inner in node.tests:
                self._test(inner)
            return None
        spec, extension = found
        what = f"the test '{node.name}'"
        self.available(extension, node.span, what)
        before = self.diagnostics.errors
        bound = ArgumentBinder(self, spec, node, what).bind()
        if spec.check is not None and self.diagnostics.errors == before:
            spec.check(bound, self)
        return replace(bound, tests=self._tests(node, spec.tests, what))

    def _unknown_test(self, node: TestNode) -> None:
        if ("test", node.name) in self._said:
            return
        self._said.add(("test", node.name))
        hint = did_you_mean(node.name, self.registry.words("test"))
        if self.registry.command(node.name) is not None:
            hint = f" ('{node.name}' is a command)"
        self.error(node.span, f"unknown test '{node.name}'{hint}")

    # --- names of the installation --------------------------------------------------------------------------

    def check_name(self, kind: str, name: str, span: Span) -> None:
        """Report a constant name that the installation does not have, with a suggestion."""
        if not self.catalogue.known(kind, name):
            hint = did_you_mean(name, self.catalogue.names(kind))
            self.error(span, f"there is no {kind} '{name}'{hint}")
