"""The real gateway with a clock handed in: `simgate.py CONFIG CLOCK` runs it, `simgate.py command …` is `mailgate …`.

It is composed as `mailgate.app.serve` composes it. The folder of actions gets one more file, `notify_agents`, since the
language of this release has no action yet that notifies agents, and the gate's budgets for that are proven here as well.
"""

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import mailgate.actions
from mailgate.__main__ import main
from mailgate.app import Gateway
from mailgate.config.settings import load
from mailgate.maillog import LibraryLog, open_log
from mailgate.outbox.digests import send_digests

from simclock import SimulatedClock  # isort: skip  it lies beside this script

mailgate.actions.__path__.append(str(Path(__file__).parent / "more_actions"))


async def _digests(gateway: Gateway) -> int:
    """Look for digests now: the gateway does so every ten minutes, which are real ones."""
    return await send_digests(gateway.writer, gateway.hostname, gateway.business.may_digest)


async def simulate(config: Path, clock: SimulatedClock) -> None:
    """Run the gateway until SIGTERM."""
    settings = load(config, resolve_secrets=True)
    environment = dict(os.environ)
    log = open_log(
        form=settings.log.format, level=settings.log.level, path=settings.log_path, environ=environment
    )
    logging.getLogger().addHandler(LibraryLog(log.events))
    try:
        tasks: set[asyncio.Task[int]] = set()
        gateway = Gateway(settings, log, environment, clock=clock.now)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, gateway.stopping.set)
        loop.add_signal_handler(signal.SIGUSR1, lambda: tasks.add(loop.create_task(_digests(gateway))))
        await gateway.run()
    finally:
        log.writer.close()


if __name__ == "__main__":
    if sys.argv[1] == "command":
        del sys.argv[1]
        main()
    else:
        asyncio.run(simulate(Path(sys.argv[1]), SimulatedClock(Path(sys.argv[2]))))
