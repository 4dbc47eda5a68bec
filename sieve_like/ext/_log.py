"""Commands that write a line for people: they change nothing about the mail."""

from sieve_like.ext._single import text_of
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Bound, CommandSpec, Compiling, Positional

LINES = 100  # of one run; a loop would otherwise fill the log of the installation


def log_command(name: str, level: str) -> CommandSpec:
    """Return a command that writes its one argument."""

    def compile_log(bound: Bound, ctx: Compiling) -> Step:
        text, traced = text_of(bound, "message"), ctx.traced

        def step(run: Run) -> Signal | None:
            line = text(run)
            if len(run.log) < LINES:
                run.log.append((level, line))
            if traced:
                run.note(bound.span, "log", name=name, text=run.short(line))
            return None

        return step

    return CommandSpec(name, compile_log, positionals=(Positional("message"),))
