"""The short way to declare a command or a test of one's own: a grammar, and what it builds or answers.

    EXTENSION = Extension(
        "vnd.example.note",
        commands=(
            action_command("note", build=lambda args: Note(args.text("text")),
            positionals=(Positional("text"),)),
        ),
    )

Strings reach `build` with their variables expanded. The span is set here, and `:copy` and other tags that
extensions add to the command are applied here too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sieve_like.errors import ScriptFailure, Span
from sieve_like.interpreter import Run, Signal, Step, Test
from sieve_like.result import Action
from sieve_like.spec import (
    Amend,
    Binding,
    Bound,
    CommandSpec,
    Compiling,
    Matching,
    Positional,
    Tag,
    TestSpec,
)
from sieve_like.values import Args, Constant, Value

Build = Callable[[Args], Action]
After = Callable[[Run, Action, Args], None]
Settle = Callable[[Action, Run], Action]
Evaluate = Callable[[Run, Args], bool]
Check = Callable[[Bound, Binding], None]


def action_command(
    name: str,
    build: Build,
    *,
    tags: tuple[Tag, ...] = (),
    positionals: tuple[Positional, ...] = (),
    check: Check | None = None,
    settle: Settle | None = None,
    after: After | None = None,
) -> CommandSpec:
    """Return a command that yields one action.

    `build` makes the action; `settle` finishes it with what only the run knows (settings, time); `after` is
    called when it stands in the result (for `:outcome`). Each may raise ScriptFailure, which ends the run
    with the implicit keep. `check` reports what single arguments don't show.
    """

    def compile_action(bound: Bound, ctx: Compiling) -> Step:
        del ctx
        arguments = reader(bound)
        amend = amender(bound)
        span = bound.span
        # Where the arguments are constants, every run would make the same action: it is made once.
        fixed = all(isinstance(expr, Constant) for expr in bound.args.values())
        plain = fixed and settle is None and after is None and not bound.hooks(Amend)
        made: list[Action] = []
        # One that does not merge with its equals must be another each time, also in every round of a loop.
        copied: list[Action] = []

        def step(run: Run) -> Signal | None:
            if plain and made and not run.flags:
                run.add(made[0])
                return None
            args = arguments(run)
            if made:
                action = made[0]
            elif copied:
                action = replace(copied[0])
            else:
                action = replace(_at(span, build, args), span=span)
                if fixed:
                    (copied if action.target() is None else made).append(action)
            if run.flags:
                action = action.flagged(run.flags)
            action = amend(action, run)
            if settle is not None:
                action = settle(action, run)
            run.add(action)
            if after is not None:
                # The one that stands in the result: it may carry the edited mail.
                after(run, run.actions[-1], args)
            return None

        return step

    return CommandSpec(name, compile_action, tags, positionals, check=check)


def simple_test(
    name: str,
    evaluate: Evaluate,
    *,
    tags: tuple[Tag, ...] = (),
    positionals: tuple[Positional, ...] = (),
    check: Check | None = None,
) -> TestSpec:
    """Return a test without match types: `evaluate` gets the run (for `run.ask`) and the arguments."""

    def compile_test(bound: Bound, ctx: Compiling) -> Test:
        arguments = reader(bound)
        span = bound.span
        if not ctx.traced:
            return lambda run: bool(evaluate(run, arguments(run)))

        def traced(run: Run) -> bool:
            args = arguments(run)
            answer = bool(evaluate(run, args))
            shown = {key: value for key, value in args.items() if args.said(key)}
            run.note(span, "test", name=name, result=answer, args=shown)
            return answer

        return traced

    return TestSpec(name, compile_test, tags, positionals, Matching.NONE, check=check)


def _at(span: Span, build: Build, args: Args) -> Action:
    """Build the action; a failure without a place gets the command's."""
    try:
        return build(args)
    except ScriptFailure as failure:
        raise ScriptFailure(failure.text, failure.span if failure.span.line else span) from None


def amender(bound: Bound) -> Callable[[Action, Run], Action]:
    """Return what applies the tags that extensions add to the command."""
    found = [(tag, tag.hook, expr) for tag, expr in bound.hooks(Amend) if isinstance(tag.hook, Amend)]
    hooks = [(hook.amend, tag, expr) for tag, hook, expr in sorted(found, key=lambda one: one[1].order)]
    if not hooks:
        return lambda action, _run: action

    def amended(action: Action, run: Run) -> Action:
        for amend, tag, expr in hooks:
            value = expr.read(run)
            if tag.check is not None and not isinstance(expr, Constant):
                _check({tag.key: value}, {tag.key: tag}, bound.spans)
            action = amend(action, value, run)
        return action

    return amended


def reader(bound: Bound) -> Callable[[Run], Args]:
    """Return what reads all arguments in a run; values with variables are checked then."""
    words: list[Tag | Positional] = [*bound.spec.tags, *bound.spec.positionals]
    defaults = {w.key: w.kind.empty if w.default is None else w.default for w in reversed(words)}
    if all(isinstance(expr, Constant) for expr in bound.args.values()):
        constants = {key: expr.value for key, expr in bound.args.items() if isinstance(expr, Constant)}
        args = Args(constants, defaults)
        return lambda _run: args
    checks = {w.key: w for w in words if w.check is not None}
    exprs = dict(bound.args)

    def read(run: Run) -> Args:
        said = {key: expr.read(run) for key, expr in exprs.items()}
        _check(said, {k: w for k, w in checks.items() if k in said}, bound.spans)
        return Args(said, defaults)

    return read


def _check(
    said: Mapping[str, Value], checks: Mapping[str, Tag | Positional], spans: Mapping[str, Span]
) -> None:
    for key, word in checks.items():
        for value in items(said[key]):
            complaint = word.check(value) if word.check is not None else ""
            if complaint:
                raise ScriptFailure(complaint, spans[key])


def items(value: Value) -> Iterable[str | int]:
    """Return the single values of an argument."""
    return value if isinstance(value, tuple) else (value,)


def spots(bound: Bound, name: str) -> list[tuple[str, Span]]:
    """Return the constant strings of an argument, each with its place; none for one with variables."""
    value, span = bound.constant(name), bound.spans.get(name, bound.span)
    if isinstance(value, tuple):
        return [(text, bound.spans.get(f"{name} {n}", span)) for n, text in enumerate(value)]
    return [(value, span)] if isinstance(value, str) else []
