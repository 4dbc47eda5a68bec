"""Action `trace` (vnd.mailgate.trace): a text of the rule's author in the trace of the decision.

Done: `trace "text"`, with variables; it is kept with the mail, at its line among the other steps. It is no
action of RFC 5228: it counts for no limit and cancels nothing.
"""

from mailgate.domain.action import ActionSpec
from sieve_like.declare import reader
from sieve_like.interpreter import Run, Signal, Step
from sieve_like.spec import Bound, CommandSpec, Compiling, Extension, Positional


def _compile(bound: Bound, ctx: Compiling) -> Step:
    del ctx
    arguments, span = reader(bound), bound.span

    def step(run: Run) -> Signal | None:
        run.note(span, "trace", text=run.short(arguments(run).text("text")))
        return None

    return step


ACTION: tuple[ActionSpec, ...] = ()

EXTENSION = Extension(
    "vnd.mailgate.trace",
    commands=(CommandSpec("trace", _compile, positionals=(Positional("text"),)),),
    card=__doc__,
)
