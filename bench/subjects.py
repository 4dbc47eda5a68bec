"""What is measured: the real gateway in three modes, the real Dovecot, and a sink that stores nothing.

Each is a context that starts the real programs in a folder of their own and yields a `Subject`. Every round
starts them afresh, so that no database or Maildir grows over the whole run.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import gatewayrun
import peers
import scripts

BOXES = 10
SMTP_SINK = Path("/usr/sbin/smtp-sink")

# The budgets of automatic answers are what keeps us from being a loop; here every mail shall be answered.
MANY = 1_000_000_000

# Folder and file layout of what `mailgate apply` reads.
BUSINESS = """\
[[queue]]
name = "{queue}"
address = "{sender}"

[[template]]
name = "received"
subject = "Received: {{{{ mail.subject }}}}"
text = "We have received your mail and opened ticket {{{{ ticket.number }}}}.\\n"

[[address]]
address = "*@desk.example.org"
script = "bench"
queue = "{queue}"
target = "{target}"
"""


@dataclass(frozen=True)
class Subject:
    """Something that takes mail: where, how many have arrived at their last place, and its processes."""

    name: str
    where: str
    arrived: Callable[[], int]
    processes: Callable[[], list[int]]


def missing() -> str:
    """Return one sentence about what the benchmark needs and does not find, "" if all is there."""
    for name in ("dovecot", "pigeonhole"):
        reason = peers.absent(name)
        if reason:
            return f"bench-intake compares with Dovecot and Pigeonhole: {reason}."
    return ""


def count_files(folders: list[Path]) -> int:
    """Count the files in some folders; a folder that isn't there yet has none."""
    total = 0
    for folder in folders:
        with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
            total += sum(1 for _ in entries)
    return total


def maildirs(home: Callable[[str], Path]) -> list[Path]:
    """Return the folders in which the mails of the load client end."""
    return [home(f"box{n}") / part for n in range(BOXES) for part in ("new", "cur")]


@contextlib.contextmanager
def dovecot() -> Iterator[Subject]:
    """Dovecot's LMTP server with Pigeonhole and five rules, Maildir, every mail synced before its 250."""
    with peers.dovecot(sieve=scripts.KEEP, fsync="always") as server:
        folders = maildirs(lambda box: server.home(box) / "Maildir")
        yield Subject("dovecot", f"127.0.0.1:{server.port}", lambda: count_files(folders), server.processes)


@contextlib.contextmanager
def sink(*, lmtp: bool = True) -> Iterator[Subject]:
    """smtp-sink, which comes with Postfix: takes everything, stores nothing; shows the client's ceiling."""
    port = peers.free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([str(SMTP_SINK), *user, *["-L"][: int(lmtp)], f"127.0.0.1:{port}", "1000"])
    try:
        peers.wait_until(lambda: peers.answers(port), "smtp-sink greets")
        yield Subject("smtp-sink", f"127.0.0.1:{port}", lambda: 0, lambda: [process.pid])
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def mailgate(mode: str) -> Iterator[Subject]:
    """Run the gateway as `mailgate run` starts it: mode `store`, `maildir` or `ticket`."""
    target = "mail" if mode == "maildir" else "store"
    business = {
        "business.toml": BUSINESS.format(queue=scripts.QUEUE, sender=scripts.SENDER, target=target),
        "bench.sieve": scripts.TICKET if mode == "ticket" else scripts.KEEP,
    }
    with peers.short_folder("mg-bench-") as folder:
        boxes = folder / "mail"
        with gatewayrun.gateway(settings(boxes), business) as gate:
            folders = maildirs(lambda box: boxes / box)
            counters = {
                "store": lambda: rows(gate, "delivery"),
                "ticket": lambda: min(rows(gate, "ticket"), rows(gate, "outbox")),
                "maildir": lambda: count_files(folders),
            }
            assert gate.process is not None
            pid = gate.process.pid
            yield Subject(f"mailgate-{mode}", f"127.0.0.1:{gate.port}", counters[mode], lambda: family(pid))


def settings(boxes: Path) -> dict:
    """Return what differs from the settings that tests use."""
    return {
        "targets": {"mail": {"kind": "maildir", "path": f"{boxes}/{{local}}"}},
        "answers": {"per_domain_hour": MANY, "all_hour": MANY, "all_day": MANY},
        "limits": {"session_mails": MANY},
    }


def rows(gate: gatewayrun.Gateway, table: str) -> int:
    """Count the rows of a table of the running gateway, through a connection of our own that only reads."""
    uri = f"file:{gate.state / 'mailgate.sqlite'}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def family(pid: int) -> list[int]:
    """Return a process and those that it has started."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def memory(pids: list[int], key: str) -> int:
    """Return the sum of a figure of /proc/PID/status over processes, in octets (VmRSS, VmHWM)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(f"{key}:"):
                    total += int(line.split()[1]) * 1024
    return total


def wait_for(subject: Subject, mails: int, guard_s: float) -> float:
    """Wait until so many mails have arrived; return the moment (CLOCK_MONOTONIC). Raises when they don't."""
    peers.wait_until(
        lambda: subject.arrived() >= mails, f"{mails} mails arrive in {subject.name}", guard_s, 0.003
    )
    return time.monotonic()
