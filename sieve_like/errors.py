"""What can be wrong with a script, and how it is said: every stage from lexer to run reports through here.

Diagnostic          one complaint with its place (errors and warnings)
CompileErrors       raised by `compiler.compile_script` with all diagnostics of one pass
ScriptFailure       raised inside a run; the interpreter turns it into `result.RuntimeFailure`
RegistryError       extensions that do not fit together
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from typing import NamedTuple

# Far more than anybody reads; a large file that is no script at all would otherwise fill the memory.
MAX_DIAGNOSTICS = 1000
# A caret line longer than a terminal helps nobody.
MAX_SHOWN_COLUMNS = 160


class Span(NamedTuple):
    """A place in the source: lines and columns from 1, the end behind the last character; 0 is no place."""

    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def to(self, end: "Span") -> "Span":
        """Return the span from the start of this one to the end of the other."""
        return Span(self.line, self.column, end.end_line, end.end_column)


NOWHERE = Span()


class Severity(Enum):
    """How bad it is: an error refuses the script, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One complaint: what, where, and the line of source that it is about.

    `script` names the included script that it is about, "" for the one that is compiled. Not `counted` is an
    error which established engines don't reach, as an earlier one stopped them: it is said all the same, but
    does not count in a comparison with them.
    """

    severity: Severity
    message: str
    span: Span
    source_line: str = ""
    script: str = ""
    counted: bool = True

    def text(self, name: str) -> str:
        """Return `name: line 4: error: message. (column 7)` as clients of other engines expect it."""
        name = self.script or name
        place = f"{name}: line {self.span.line}" if self.span.line else name
        column = f" (column {self.span.column})" if self.span.line else ""
        return f"{place}: {self.severity.value}: {self.message}.{column}"

    def gcc(self, name: str) -> str:
        """Return `name:4:7: error: message`, which editors jump to."""
        place = f"{self.script or name}:{self.span.line}:{self.span.column}"
        return f"{place}: {self.severity.value}: {self.message}"

    def caret(self) -> str:
        """Return the line of source with carets below the place, "" where there is none to show."""
        if not self.source_line or not 0 < self.span.column <= MAX_SHOWN_COLUMNS:
            return ""
        shown = self.source_line[:MAX_SHOWN_COLUMNS]
        end = self.span.end_column if self.span.end_line == self.span.line else len(shown) + 1
        width = max(1, min(end, len(shown) + 1) - self.span.column)
        # Tabs stay tabs, so that the carets stand below what they mean.
        lead = "".join("\t" if c == "\t" else " " for c in shown[: self.span.column - 1])
        return f"    {shown}\n    {lead}{'^' * width}"


class Stage(Enum):
    """The stages of a compilation; established engines don't begin one when the one before found errors.

    The value is what they log at the end.
    """

    PARSE = "parse failed"
    VALIDATION = "validation failed"
    INCLUSION = "code generation failed"


class CompileErrors(Exception):  # noqa: N818 - it is several
    """A script that does not compile: all complaints of one pass, warnings among them.

    `stage` is the first one that found errors.
    """

    def __init__(self, name: str, diagnostics: Sequence[Diagnostic], stage: Stage = Stage.VALIDATION) -> None:
        self.name = name
        self.diagnostics = tuple(diagnostics)
        self.stage = stage
        super().__init__(name)

    def logged(self) -> list[str]:
        """Return what established engines log: the errors of the first stage that failed, and a summary."""
        errors = [d.message for d in self.diagnostics if d.severity is Severity.ERROR and d.counted]
        return [*errors, self.stage.value]

    def __str__(self) -> str:
        return render(self.name, self.diagnostics)


class RegistryError(Exception):
    """A file without its EXTENSION, or a name that two extensions use; the text names all offenders."""


class ScriptFailure(Exception):  # noqa: N818 - the word of RFC 5228 for how a run ends
    """A run-time error: it ends the run, voids its actions and leaves the implicit keep (RFC 5228 2.10.6).

    `script` names the included script that it happened in, "" for the one that is run.
    """

    def __init__(self, text: str, span: Span = NOWHERE, script: str = "") -> None:
        self.text = text
        self.span = span
        self.script = script
        super().__init__(text)


def render(name: str, diagnostics: Sequence[Diagnostic]) -> str:
    """Return all complaints as text, each with its caret lines, and how many errors there are."""
    lines: list[str] = []
    for one in diagnostics:
        lines.append(one.text(name))
        caret = one.caret()
        if caret:
            lines.append(caret)
    count = sum(d.severity is Severity.ERROR for d in diagnostics)
    if count:
        lines.append(f"{name}: error: found {count} error{'s' if count != 1 else ''}.")
    return "\n".join(lines)


def did_you_mean(name: str, candidates: Iterable[str], show: Callable[[str], str] = repr) -> str:
    """Return ` (did you mean 'x'?)` for the nearest candidate, "" where none is near."""
    by_fold = {candidate.casefold(): candidate for candidate in candidates}
    close = get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.7)
    return f" (did you mean {show(by_fold[close[0]])}?)" if close else ""


@dataclass(slots=True)
class Diagnostics:
    """Collects complaints of one compilation; every stage adds to the same one.

    While `further` is true, errors are such that established engines don't get to. They also stop at the
    first error of one command: `open` and `close` stand around it.
    """

    lines: Sequence[str] = ()
    found: list[Diagnostic] = field(default_factory=list)
    errors: int = 0
    further: bool = False
    _open: bool = False
    _failed: bool = False

    @property
    def counting(self) -> bool:
        """Whether an error would count now."""
        return not self.further and not (self._open and self._failed)

    def error(self, span: Span, message: str) -> None:
        """Add an error; the same words at the same place are said once."""
        self._add(Severity.ERROR, span, message)

    def warning(self, span: Span, message: str) -> None:
        """Add a warning."""
        self._add(Severity.WARNING, span, message)

    def _add(self, severity: Severity, span: Span, message: str) -> None:
        line = self.lines[span.line - 1] if 0 < span.line <= len(self.lines) else ""
        counted = severity is Severity.ERROR and self.counting
        one = Diagnostic(severity, message, span, line, counted=counted)
        if one in self.found[-8:]:
            return
        if severity is Severity.ERROR:
            self.errors += 1
            self._failed = True
        if len(self.found) < MAX_DIAGNOSTICS:
            self.found.append(one)

    def open(self) -> None:
        """Begin a piece of the script of which only the first error counts."""
        self._open, self._failed = True, False

    def fail(self) -> None:
        """Mark the piece as wrong without a word, since that was said elsewhere."""
        self._failed = True

    def close(self) -> bool:
        """End the piece; return whether it is sound."""
        self._open = False
        return not self._failed

    def take(self, other: "Diagnostics", script: str) -> None:
        """Take over what was found in an included script."""
        self.found += [one if one.script else replace(one, script=script) for one in other.found]
        self.errors += other.errors

    def ordered(self) -> tuple[Diagnostic, ...]:
        """Return them in the order of the source; those of included scripts come last, as they were found."""
        own = [one for one in self.found if not one.script]
        own.sort(key=lambda one: (one.span.line, one.span.column))
        return (*own, *(one for one in self.found if one.script))
