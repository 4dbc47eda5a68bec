"""A warm process that forks gateways: one start costs a few hundredths of a second instead of half a second.

It has imported everything and opened nothing. Each line of its standard input is an order as JSON:

    {"do": "start", "config": PATH, "log": PATH}   is answered with the process id; may also say
        "point": NAME, "count": N                  where it shall die: at the N-th time of this step
        "pragmas": {NAME: VALUE}, "without": NAME  what is left out of it (see `weaken`)
    {"do": "wait", "pid": N}                       is answered with the wait status

A gateway made here is the real one in a composition of the tests' own; it kills itself (SIGKILL) at the named
step of the journey. The listening socket is handed over as systemd would do it, so that a client finds it in the
moments between two gateways too.
"""

import asyncio
import dataclasses
import json
import logging
import os
import signal
import stat
import sys
import time
import traceback
from pathlib import Path

import uvloop

from mailgate import app, vocabulary, wiring
from mailgate.config.settings import load
from mailgate.maillog import LibraryLog, open_log
from mailgate.store import blobs, sqlite

FIRST_DESCRIPTOR = 3
# A graceful stop may take the longest: 30 s for clients that do not go.
HANG_GUARD_S = 45
# Steps at which the mail is in the house but not yet in the writer's hands.
BEFORE_WRITER = frozenset({"received", "blob-written", "blob-fsynced", "blob-named", "blob-synced", "begin"})


class Steps:
    """Counts the steps of mails, and ends the process at the wanted one as a power cut would.

    The writer's batches may hold work of the outbox: its steps count only from the moment on in which a mail
    is decided in the batch.
    """

    def __init__(self, point: str, count: int) -> None:
        self.point, self.left = point, count
        self.received = self.deciding = False

    def __call__(self, point: str) -> None:
        if point != self.point:
            return
        if point.startswith("outbox-") or (self.received if point in BEFORE_WRITER else self.deciding):
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()  # another thread may be running when the signal is sent


class Gateway(app.Gateway):
    """The real gateway, telling `Steps` what the product's own hooks do not."""

    steps: Steps

    async def accept_each(self, received):
        """Note that a mail's octets are all here."""
        self.steps.received = True
        self.steps("received")
        return await super().accept_each(received)

    def _signalled(self, signals):
        """Leave the worker asleep where the kill is to come after the replies and before the outbox wakes."""
        if self.steps.point != "replied":
            super()._signalled(signals)

    def watch_decisions(self) -> None:
        """Let `Steps` know that the batch now in work holds a mail."""
        business = self.business

        def rules():
            now = business.rules

            def decide(*arguments):
                self.steps.deciding = True
                return now.decide(*arguments)

            return dataclasses.replace(now, decide=decide)

        self.pipeline = dataclasses.replace(self.pipeline, rules=rules)


async def live(order: dict) -> None:
    """Run one gateway until it is told to stop; the signals are those of `mailgate run`."""
    settings = load(Path(order["config"]), resolve_secrets=True)
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "door"}
    log = open_log(form="logfmt", level="info", path=None, environ={})
    logging.getLogger().addHandler(LibraryLog(log.events))
    steps = Steps(order.get("point", ""), order.get("count", 1))
    gateway = Gateway(settings, log, environment, hooks=steps)
    gateway.steps = steps
    gateway.watch_decisions()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, gateway.stopping.set)
    await gateway.run()
    log.writer.close()


def weaken(order: dict) -> None:
    """Leave out what keeps the promise: switches that the product lacks, to show that proofs can fail."""
    sqlite.PRAGMAS = tuple({**dict(sqlite.PRAGMAS), **order.get("pragmas", {})}.items())
    match order.get("without"):
        case "folder":
            blobs.sync_folder = lambda _path: None
        case "file":
            fsync = os.fsync
            os.fsync = lambda descriptor: (
                fsync(descriptor) if stat.S_ISDIR(os.fstat(descriptor).st_mode) else None
            )


def child(order: dict, door: int) -> None:
    """Become a gateway; never returns."""
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(log, standard)
    os.dup2(door, FIRST_DESCRIPTOR)
    weaken(order)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(order))
    os._exit(0)


def wait(pid: int) -> int:
    """Return a child's wait status; one that does not end in time is killed, and the answer is -1."""
    end = time.monotonic() + HANG_GUARD_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def main(door: int) -> None:
    """Carry out orders until standard input ends."""
    vocabulary.language()
    wiring._kinds()
    vocabulary.actions()
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if order["do"] == "wait":
            answer = wait(order["pid"])
        else:
            answer = os.fork()
            if answer == 0:
                sys.stdin.close()
                try:
                    child(order, door)
                except BaseException:  # the child must not go on as a second server
                    traceback.print_exc()
                finally:
                    os._exit(70)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
