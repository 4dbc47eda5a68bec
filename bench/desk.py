"""`make bench-desk`: how the desk grows: lists, searches, assignment, timers and intake at a million tickets.

Three databases are filled once for the run (`mailgate bench fill`): the same desk after a day (1,000
tickets), after three months (100,000) and after three years (1,000,000). Each measure is taken on each of
them in turns, round after round; growth is what it takes at the largest to what it takes at the smallest,
within a round. At last the real gateway takes mail, a ticket for each, into an empty database and into the
largest, in turns.

    --quick     1,000, 5,000 and 20,000 tickets, two rounds: does it work at all?
    --rounds N  how many rounds instead of the usual number
    --keep DIR  keep the filled databases there; a million tickets that are there already are used again
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import deskwork
import subjects
from figures import Series

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import gatewayrun
import peers
import scripts

FULL, QUICK = (1_000, 100_000, 1_000_000), (1_000, 5_000, 20_000)
ROUNDS, QUICK_ROUNDS = 5, 2
MEASURES = (*deskwork.LISTS, "ticket by number", "assignment", "timers", "timers, nothing due")
# Taken last, for it adds tickets.
INTAKE = "intake"
# What is asked for: at most twice as long at the largest; intake at least 0.8 of an empty database's.
MOST, LEAST = 2.0, 0.8
# Smaller databases than this are always filled anew: a run adds tickets, which a large one does not feel.
KEPT = 1_000_000
LOAD = Path(__file__).with_name("load.py")
SESSIONS, SIZE = 10, 4096


class Filled:
    """A database of so many tickets, and the process that measures on it."""

    def __init__(self, folder: Path, tickets: int) -> None:
        self.tickets = tickets
        folder.mkdir(exist_ok=True)
        self.gate = gatewayrun.Gateway(folder, peers.free_port(), peers.free_port())
        database = self.gate.state / "mailgate.sqlite"
        if tickets < KEPT:
            database.unlink(missing_ok=True)
        fresh = not database.exists()
        self.gate.write(subjects.settings(folder / "mail"))
        self.gate.command("db", "upgrade")
        if fresh:
            begun = time.monotonic()
            done = self.gate.command("bench", "fill", "--tickets", str(tickets))
            print(f"  {done.stdout.strip()} ({time.monotonic() - begun:.0f} s)", file=sys.stderr)
            self.gate.apply(business())
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process that measures."""
        line = [sys.executable, str(Path(__file__).with_name("deskwork.py"))]
        line += [str(self.gate.config), str(self.tickets)]
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def measure(self, name: str) -> float:
        """Return the median of some times, in milliseconds."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{name} failed at {self.tickets:,} tickets, see above")
        return median(json.loads(answer))

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            assert self.process.stdin is not None
            self.process.stdin.close()
            self.process.wait(60)


def business() -> dict[str, str]:
    """Return the rules that open a ticket for each mail, and what they name."""
    text = subjects.BUSINESS.format(queue=scripts.QUEUE, sender=scripts.SENDER, target="store")
    queue = f'[[queue]]\nname = "{scripts.QUEUE}"\naddress = "{scripts.SENDER}"\n'
    return {
        "business.toml": "[helpdesk]\nchannel = true\n" + text.replace(queue, ""),
        "bench.sieve": scripts.TICKET,
    }


def rounds(filled: list[Filled], count: int, names: Sequence[str]) -> dict[tuple[str, int], Series]:
    """Take every measure on every database in turns."""
    measured: dict[tuple[str, int], Series] = {}
    for number in range(-1, count):
        for name in names:
            for one in filled if number % 2 else reversed(filled):
                value = one.measure(name)
                if number >= 0:  # the first round only warms
                    measured.setdefault((name, one.tickets), Series()).values.append(value)
        print(f"  {names[-1]}: round {number + 1} of {count}", file=sys.stderr)
    return measured


def report(measured: dict[tuple[str, int], Series], sizes: tuple[int, ...]) -> None:
    """Print the table and, for each measure, its growth."""
    print("milliseconds, min, median and max over the rounds")
    head = f"{'measure':<22}{'tickets':>10}{'min':>10}{'median':>10}{'max':>10}"
    print(head, "-" * len(head), sep="\n")
    for name in (*MEASURES, INTAKE):
        for size in sizes:
            print(f"{name:<22}{size:>10,}{measured[name, size].cells(2)}")
    print()
    for name in MEASURES:
        small, large = measured[name, sizes[0]].values, measured[name, sizes[-1]].values
        growth = median(big / little for big, little in zip(large, small, strict=True))
        word = "met" if growth <= MOST else "missed"
        print(f"{name:<22} {sizes[-1]:,} to {sizes[0]:,}: {growth:5.2f} goal {MOST:g} at most: {word}")
    small, large = measured[INTAKE, sizes[0]].values, measured[INTAKE, sizes[-1]].values
    speed = median(little / big for big, little in zip(large, small, strict=True))
    name = "intake, store alone"
    print(f"{name:<22} {sizes[-1]:,} to {sizes[0]:,}: {speed:5.2f} of the speed (a part of a mail's way)")


@contextlib.contextmanager
def empty() -> Iterator[gatewayrun.Gateway]:
    """Run a gateway on an empty database."""
    text = subjects.BUSINESS.format(queue=scripts.QUEUE, sender=scripts.SENDER, target="store")
    texts = {"business.toml": "[helpdesk]\nchannel = true\n" + text, "bench.sieve": scripts.TICKET}
    with (
        peers.short_folder("mg-bench-") as folder,
        gatewayrun.gateway(subjects.settings(folder), texts) as gate,
    ):
        yield gate


def rate(gate: gatewayrun.Gateway, seconds: float) -> float:
    """Return mails per second that the real gateway made tickets of."""
    where = f"127.0.0.1:{gate.port}"
    line = [sys.executable, str(LOAD), where, "--sessions", str(SESSIONS), "--size", str(SIZE), "--scattered"]
    done = subprocess.run([*line, "--seconds", str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the load client failed:\n{done.stderr}")
    result = json.loads(done.stdout)
    if result["bad"]:
        raise SystemExit(f"{result['bad']} refused, the first with: {result['first_bad']}")
    return float(result["rate"])


def intake(largest: Filled, count: int, seconds: float) -> None:
    """Let the real gateway take mail into an empty database and into the largest, in turns."""
    full: list[float] = []
    fresh: list[float] = []
    largest.gate.start()
    try:
        rate(largest.gate, 1)
        for number in range(count):
            with empty() as gate:
                rate(gate, 1)
                pair = [(gate, fresh), (largest.gate, full)]
                for one, values in pair if number % 2 else reversed(pair):
                    values.append(rate(one, seconds))
    finally:
        largest.gate.stop()
    print(
        f"\nthe real gateway, a ticket per mail, {SESSIONS} sessions: mails per second, min, median and max"
    )
    print(f"{'empty':<22}{Series(fresh).cells()}\n{f'{largest.tickets:,} tickets':<22}{Series(full).cells()}")
    speed = median(one / other for one, other in zip(full, fresh, strict=True))
    word = "met" if speed >= LEAST else "missed"
    print(f"{'intake, the gateway':<22} {speed:5.2f} goal {LEAST:g} at least: {word}")


def main() -> None:
    """Read the command line, fill, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small and short")
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--keep", type=Path, help="a folder for the filled databases")
    given = parser.parse_args()
    sizes, count = (QUICK, QUICK_ROUNDS) if given.quick else (FULL, ROUNDS)
    count = given.rounds or count
    with contextlib.ExitStack() as stack:
        folder = given.keep or stack.enter_context(peers.short_folder("mg-desk-"))
        folder.mkdir(exist_ok=True)
        print("filling", file=sys.stderr)
        filled = [Filled(folder / str(size), size) for size in sizes]
        for one in filled:
            stack.callback(one.stop)
            one.start()
        measured = rounds(filled, count, MEASURES) | rounds(filled, count, (INTAKE,))
        for one in filled:
            one.stop()
            one.process = None
        report(measured, sizes)
        intake(filled[-1], count, 1.0 if given.quick else 5.0)


if __name__ == "__main__":
    main()
