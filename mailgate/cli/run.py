"""`mailgate run`: the gateway itself."""

import click

from mailgate.cli._options import Call, pass_call


@click.command("run")
@pass_call
def run(call: Call) -> None:
    """Run the gateway until SIGTERM: it finishes what is in flight, then ends; SIGHUP reloads.

    Exit 78 if anything in the settings stands in the way; everything that is wrong is printed at once.
    """
    import asyncio  # noqa: PLC0415  --help must not pay for it
    import os  # noqa: PLC0415

    from mailgate.app import serve  # noqa: PLC0415
    from mailgate.intake.process import loop_factory  # noqa: PLC0415

    settings = call.settings(resolve_secrets=True)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, dict(os.environ)))


COMMAND = run
