"""The scripts that a script includes (RFC 6609): read, bound, and checked for circles, number and depth.

It begins when the script itself has no errors, as established engines do it, and ends with the first
included script that has some; those are reported with its name.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sieve_like.binder import Binder
from sieve_like.errors import Diagnostics, Span
from sieve_like.host import Library
from sieve_like.limits import Limits
from sieve_like.parser import parse
from sieve_like.settings import Settings
from sieve_like.spec import ScriptKey, Unit


@dataclass(slots=True)
class Linker:
    """Binds included scripts, each once; `binder` makes a binder that reports to the diagnostics given."""

    binder: Callable[[Diagnostics], Binder]
    library: Library
    limits: Limits
    settings: Settings

    def link(self, binder: Binder) -> dict[ScriptKey, Unit]:
        """Return all scripts that a bound script includes at any depth; errors are in its diagnostics."""
        units: dict[ScriptKey, Unit] = {}
        self._includes(binder, units, ())
        return units

    def _includes(self, binder: Binder, units: dict[ScriptKey, Unit], around: tuple[ScriptKey, ...]) -> bool:
        """Bind what one script includes, up to the first error; return whether there is none."""
        for key, span, once in binder.includes:
            if key in around and once:
                continue  # it runs already, so it is skipped (RFC 6609 3.2)
            if key in around:
                binder.error(span, f"the script '{key.name}' includes itself")
                return False
            if key not in units and not self._script(key, span, binder, units, around):
                return False
        return True

    def _script(
        self,
        key: ScriptKey,
        span: Span,
        parent: Binder,
        units: dict[ScriptKey, Unit],
        around: tuple[ScriptKey, ...],
    ) -> bool:
        depth = self.settings.number("sieve_include_max_nesting_depth", self.limits.include_depth)
        count = self.settings.number("sieve_include_max_includes", self.limits.includes)
        if len(around) >= depth:
            parent.error(span, f"scripts are included deeper than {depth} levels")
            return False
        if len(units) + len(around) >= count:
            parent.error(span, f"more than {count} scripts are included")
            return False
        diagnostics = Diagnostics()
        binder = self.binder(diagnostics)
        source = self.library.script(key.name, personal=key.personal) or b""
        commands = parse(source, self.limits, diagnostics)
        diagnostics.further = diagnostics.errors > 0
        bounds = binder.script(commands)
        sound = not diagnostics.errors and self._includes(binder, units, (*around, key))
        parent.diagnostics.take(diagnostics, key.name)
        if not sound:
            parent.error(span, f"the included script '{key.name}' has errors")
            return False
        units[key] = Unit(bounds, frozenset(binder.scope.shared))
        return True
