"""Several scripts one after the other over one mail, as scripts before and after the user's own are run.

Each script's result is carried out before the next one starts; only keeping the mail, explicitly or not,
waits for the end: it is what lets the next script run, and a script that cancels it ends the sequence.
"""

from collections.abc import Sequence

from sieve_like.interpreter import Run
from sieve_like.result import Keep
from sieve_like.testing.bench import Bench
from sieve_like.testing.execution import carry_out, execute


def run_sequence(bench: Bench, base: Run, scripts: Sequence[str]) -> bool:
    """Run the files in order; False if one does not compile or fails, or if a result can't be carried out.

    After a failure the mail is kept.
    """
    bench.reset(base)
    kept: Keep | None = None
    for name in scripts:
        program = bench.compile_file(name)
        base.kept, before = True, len(base.actions)
        bench.failed = program is None
        if program is None or not bench.run(base, program):
            execute(bench, base)
            return False
        own = [one for one in base.performed if isinstance(one, Keep)]
        # A keep that is done already by an earlier script still lets the next one run.
        wanted = base.kept or any(isinstance(one, Keep) for one in base.actions[before:])
        kept = own[0] if own else kept
        base.performed[:] = [one for one in base.performed if not isinstance(one, Keep)]
        if not carry_out(bench, base):
            execute(bench, base)
            return False
        if not wanted:
            return True
    if kept is not None:
        base.performed.append(kept)
        base.kept = False
    return execute(bench, base)
