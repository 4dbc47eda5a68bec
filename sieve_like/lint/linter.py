"""The linter: a script is compiled as far as its meaning, then every kind of check looks at it.

A comment takes findings away: `# lint: ignore L021` at the end of a line for that line, on a line of its own
for the line of code below it; several codes are separated by blanks. `# lint: ignore-file L010` is for the
whole file. Without a code all findings are meant.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sieve_like.binder import Binder
from sieve_like.compiler import compile_script
from sieve_like.errors import CompileErrors, Diagnostic, Diagnostics
from sieve_like.host import Catalogue, EmptyCatalogue, EmptyLibrary, Library
from sieve_like.lexer import TOKENS
from sieve_like.limits import Limits
from sieve_like.lint import actions, compared, flow, variables, words
from sieve_like.lint.script import Finding, Script, texts_of
from sieve_like.parser import parse
from sieve_like.registry import Registry
from sieve_like.settings import NO_SETTINGS, Settings

CHECKS: Final = (flow, words, compared, actions, variables)
IGNORE: Final = re.compile(r"#\s*lint:\s*ignore(-file)?\b((?:[\s,]+L\d{3})*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say about one script: complaints of the compiler; findings and how they are shown."""

    complaints: tuple[Diagnostic, ...]
    findings: tuple[tuple[Finding, Diagnostic], ...]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return both, in the order of the source."""
        every = [*self.complaints, *(shown for _, shown in self.findings)]
        return tuple(sorted(every, key=lambda one: (one.span.line, one.span.column)))


def lint_script(
    source: bytes | str,
    *,
    registry: Registry,
    limits: Limits = Limits(),  # noqa: B008 - frozen, as in compile_script
    catalogue: Catalogue | None = None,
    library: Library | None = None,
    settings: Settings = NO_SETTINGS,
    own: Iterable[str] = (),
) -> Report:
    """Return what is wrong with a script and what most likely is; `own` are addresses that it is for.

    A script that does not compile has its errors, and only findings that explain some of them.
    """
    diagnostics = Diagnostics()
    nodes = parse(source, limits, diagnostics)
    found = list(words.replaced(nodes))
    try:
        said = compile_script(
            source,
            registry=registry,
            limits=limits,
            catalogue=catalogue,
            library=library,
            settings=settings,
        ).warnings
    except CompileErrors as errors:
        said = errors.diagnostics
    else:
        binder = Binder(registry, limits, Diagnostics(), catalogue or EmptyCatalogue())
        binder.settings, binder.library = settings, library or EmptyLibrary()
        addresses = frozenset(address.lower() for address in own)
        script = Script(binder.script(nodes), nodes, registry, limits, addresses, texts_of(nodes))
        found += [finding for check in CHECKS for finding in check.findings(script)]
    text = "\n".join(diagnostics.lines)
    kept = sorted(_kept(found, text), key=lambda one: (one.span.line, one.span.column, one.code))
    shown = tuple((one, one.diagnostic(diagnostics.lines)) for one in kept)
    return Report(said, shown)


def _kept(found: Sequence[Finding], text: str) -> list[Finding]:
    """Return the findings that no comment takes away."""
    if "lint:" not in text.lower():
        return list(found)
    whole, lines = _ignored(text)
    return [
        one
        for one in found
        if not _covers(whole, one.code) and not _covers(lines.get(one.span.line, set()), one.code)
    ]


def _covers(codes: set[str], code: str) -> bool:
    return code in codes or "" in codes


def _ignored(text: str) -> tuple[set[str], dict[int, set[str]]]:
    """Return the codes that are ignored in the whole file and by line; "" stands for all."""
    whole: set[str] = set()
    lines: dict[int, set[str]] = {}
    waiting: set[str] = set()  # of comments on lines of their own
    line, coded = 1, 0  # where the token begins, and the last line that has code
    for found in TOKENS.finditer(text):
        kind, raw = found.lastgroup, found[0]
        if kind == "hash" and (said := IGNORE.match(raw)):
            codes = set(re.findall(r"L\d{3}", said[2].upper())) or {""}
            if said[1]:
                whole |= codes
            elif coded == line:
                lines.setdefault(line, set()).update(codes)
            else:
                waiting |= codes
        elif kind not in {"blank", "hash", "comment"}:
            if waiting:
                lines.setdefault(line, set()).update(waiting)
                waiting = set()
            coded = line + raw.rstrip("\n").count("\n")
        line += raw.count("\n")
    return whole, lines
