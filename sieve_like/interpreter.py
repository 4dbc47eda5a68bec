"""One run of a compiled script: its variables, what it asked for so far, facts of the mail, and the trace.

A `Run` belongs to one thread and one mail; compiled programs are shared and hold nothing of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sieve_like.errors import NOWHERE, ScriptFailure, Span
from sieve_like.host import Host
from sieve_like.limits import Limits
from sieve_like.message import Envelope, Message
from sieve_like.result import Action, Redirect, Result, RuntimeFailure, TraceStep
from sieve_like.settings import NO_SETTINGS, Settings
from sieve_like.values import cut_utf8


class Signal:
    """What a command returns to leave the block it stands in; most commands return None.

    `target` is the name of the loop that a `break` means, "" for the innermost one.
    """

    __slots__ = ("name", "target")

    def __init__(self, name: str, target: str = "") -> None:
        self.name, self.target = name, target

    def for_loop(self, name: str) -> bool:
        """Whether the loop of this name ("" without one) takes the signal; others it passes on."""
        return self.name in {"break", "continue"} and self.target in {"", name}


STOP: Final = Signal("stop")  # ends the whole run, included scripts and their callers among it
RETURN: Final = Signal("return")  # ends the script it stands in (RFC 6609 3.3)
BREAK: Final = Signal("break")  # ends the innermost loop (RFC 5703 3)
CONTINUE: Final = Signal("continue")  # goes on with the next round of the innermost loop

Step = Callable[["Run"], Signal | None]
Test = Callable[["Run"], bool]


class Run:
    """The state of one run.

    `facts` caches what tests have read of the mail, by a text that names the fact; whoever edits the message
    calls `edited()`. `state` is where an extension keeps what is its own, under its capability. `flags` is
    the internal variable of RFC 5232, which storing actions and the implicit keep take; `log` is for people.
    `variables` and `match_values` are those of the script that runs now, which is `script` ("" for the one
    that was started); `shared` are those which scripts share, `shares` the names of those that this one does.
    """

    __slots__ = (
        "_build", "_message", "actions", "edition", "editor", "envelope", "facts", "flags", "host",
        "kept", "limits", "log", "match_values", "now", "original", "performed", "script", "settings",
        "shared", "shares", "state", "steps", "trace", "unenclosed", "variables",
    )  # fmt: skip

    def __init__(
        self,
        message: Message,
        envelope: Envelope,
        host: Host,
        now: datetime,
        limits: Limits,
        *,
        trace: bool,
        settings: Settings = NO_SETTINGS,
    ) -> None:
        self._message = message
        self._build: Callable[[], bytes] | None = None
        self.editor: object = None
        self.unenclosed: Message | None = None
        self.envelope, self.host, self.now, self.limits = envelope, host, now, limits
        self.original, self.settings = message, settings
        self.flags: tuple[str, ...] = ()
        self.log: list[tuple[str, str]] = []
        self.trace: list[TraceStep] | None = [] if trace else None
        self.facts: dict[str, Sequence[str]] = {}
        self.state: dict[str, object] = {}
        self.variables: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.shares: frozenset[str] = frozenset()
        self.script = ""
        self.match_values: Sequence[str] = ()
        self.actions: list[Action] = []
        self.performed: list[Action] = []
        self.kept = True
        self.steps = 0
        self.edition = 0

    # --- what commands call ---------------------------------------------------------------------------------

    def add(self, action: Action) -> None:
        """Add an action: merge it with its equal, refuse conflicts and too many (RFC 5228 2.10.5)."""
        if self.edition:
            # RFC 5703 6: `enclose` does not affect what `redirect` sends.
            unenclosed = self.unenclosed if isinstance(action, Redirect) else None
            action = replace(action, message=unenclosed or self.message)
        if self.performed:
            self._refuse_conflicts(action)
        self.actions.append(action)
        if action.cancels_keep:
            self.kept = False
        left = action.reduced(self.performed)
        if left is None:
            self.note(action.span, "action", name=action.name, text=action.describe(), merged=True)
            return
        action = left
        target = action.target()
        same = [n for n, one in enumerate(self.performed) if target is not None and one.target() == target]
        if same:
            self.performed[same[0]] = self.performed[same[0]].merged(action)
        else:
            self.performed.append(action)
            self._refuse_excess(action)
        if self.trace is not None:
            self.note(action.span, "action", name=action.name, text=action.describe(), merged=bool(same))

    def _refuse_conflicts(self, action: Action) -> None:
        for other in self.performed:
            if other.conflict(action) or action.conflict(other):
                line = f" of line {other.span.line}" if other.span.line else ""
                raise ScriptFailure(f"{action.name} conflicts with the {other.name}{line}", action.span)

    def _refuse_excess(self, action: Action) -> None:
        if len(self.performed) > self.limits.actions:
            raise ScriptFailure(f"more than {self.limits.actions} actions", action.span)
        if isinstance(action, Redirect):
            redirects = sum(isinstance(one, Redirect) for one in self.performed)
            if redirects > self.limits.redirects:
                raise ScriptFailure(f"more than {self.limits.redirects} redirects", action.span)

    def set_variable(self, name: str, value: str, span: Span = NOWHERE) -> None:
        """Set a variable: names have no case; a value that is too long is cut (RFC 5229 6)."""
        folded = name.lower()
        self._set_in(self.shared if folded in self.shares else self.variables, folded, value, span)

    def share_variable(self, name: str, value: str) -> None:
        """Set a variable that all scripts of this run see (RFC 6609 3.4)."""
        self._set_in(self.shared, name.lower(), value, NOWHERE)

    def _set_in(self, variables: dict[str, str], folded: str, value: str, span: Span) -> None:
        if folded not in variables and len(variables) >= self.limits.variables:
            raise ScriptFailure(f"more than {self.limits.variables} variables", span)
        variables[folded] = value = cut_utf8(value, self.limits.variable_size)
        if self.trace is not None:
            self.note(span, "set", name=folded, value=self.short(value))

    def ask(self, question: object, span: Span = NOWHERE) -> object:
        """Ask the host a question of an extension; the trace keeps question and answer."""
        answer = self.host.ask(question)
        if self.trace is not None:
            plain = answer if isinstance(answer, str | int | float | bool | None) else str(answer)
            self.note(span, "ask", question=self.short(str(question)), answer=plain)
        return answer

    def namespace(self, namespace: str, name: str) -> str:
        """Return `${namespace.name}` from the host, "" where it has no value."""
        value = self.host.namespace(namespace, name) or ""
        if self.trace is not None:
            self.note(NOWHERE, "namespace", name=f"{namespace}.{name}", value=self.short(value))
        return cut_utf8(value, self.limits.variable_size)

    def charge(self, steps: int, span: Span = NOWHERE) -> None:
        """Take from the instruction budget; the run fails when nothing is left."""
        self.steps += steps
        if self.steps > self.limits.steps:
            raise ScriptFailure("the script takes too long", span)

    @property
    def message(self) -> Message:
        """The mail as it is now."""
        if self._build is not None:
            build, self._build = self._build, None
            self._message = self._message.edited(build())
        return self._message

    @message.setter
    def message(self, message: Message) -> None:
        self._message = message
        self._build = self.editor = self.unenclosed = None

    def edit(self, editor: object, build: Callable[[], bytes]) -> None:
        """Take an edit of the header which is put together when somebody next looks at the mail.

        `editor` stays in place until anybody else changes the message, so that many edits in a row cost no
        more than one.
        """
        self.editor, self._build = editor, build
        self.facts.clear()
        self.edition += 1

    def edited(self, message: Message) -> None:
        """Go on with another message: what was read of the old one is forgotten."""
        unenclosed = self.unenclosed
        self.message = message
        self.unenclosed = unenclosed
        self.facts.clear()
        self.edition += 1

    # --- the trace ------------------------------------------------------------------------------------------

    def note(self, span: Span, what: str, **details: object) -> None:
        """Add a step to the trace; when it is full, tests that failed go first."""
        trace = self.trace
        if trace is None:
            return
        if len(trace) >= self.limits.trace_steps:
            trace[:] = [step for step in trace if step["what"] != "test" or step.get("result")]
            if len(trace) >= self.limits.trace_steps:
                return
        step: TraceStep = {"line": span.line, "column": span.column, "what": what}
        if self.script:
            step["script"] = self.script
        step.update(details)
        trace.append(step)

    def short(self, text: str) -> str:
        """Return a text as short as a trace shows it."""
        return self.limits.short(text)

    # --- the end --------------------------------------------------------------------------------------------

    def result(self) -> Result:
        """Return the outcome of a run that came to its end."""
        # An implicit keep beside `fileinto :copy "INBOX"` would be the same delivery twice.
        implicit = self.kept and ("mailbox", "INBOX") not in {one.target() for one in self.performed}
        return Result(
            tuple(self.actions),
            tuple(self.performed),
            implicit,
            None,
            tuple(self.trace or ()),
            self.steps,
            self.message if self.edition else None,
            self.flags,
            tuple(self.log),
        )

    def failed(self, failure: ScriptFailure) -> Result:
        """Return the outcome of a run that ended with an error (RFC 5228 2.10.6)."""
        error = RuntimeFailure(failure.text, failure.span.line, failure.span, failure.script)
        self.note(failure.span, "error", text=failure.text)
        return Result.failed(error, tuple(self.trace or ()), self.steps)
