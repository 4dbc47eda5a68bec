"""`mailgate run`: the gateway itself."""

from typing import TYPE_CHECKING

import click

from mailgate.cli._options import Call, pass_call

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable


@click.command("run")
@pass_call
def run(call: Call) -> None:
    """Run the gateway until SIGTERM: it finishes what is in flight, then ends; SIGHUP reloads.

    Exit 78 if anything in the settings stands in the way; everything that is wrong is printed at once.
    """
    import asyncio  # noqa: PLC0415  --help must not pay for it
    import os  # noqa: PLC0415

    from mailgate.app import serve  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(settings, dict(os.environ)))


def _loop_factory() -> "Callable[[], AbstractEventLoop] | None":
    """Return uvloop's loop where it is installed: it takes a third off every mail."""
    try:
        from uvloop import new_event_loop  # noqa: PLC0415
    except ImportError:
        return None
    return new_event_loop


COMMAND = run
