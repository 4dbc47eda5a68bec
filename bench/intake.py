"""`make bench-intake`: messages per second of the real gateway against the real Dovecot, in one run.

The subjects take turns within each round, every round starts them afresh, and one client (`load.py`) drives
them all. Three modes of ours: kept in the own store; kept and delivered into a Maildir, timed until the last
file stands there; a new ticket and a queued answer for each mail. Dovecot runs Pigeonhole with the same five
rules, and syncs every mail.

    --quick     one size, few mails, two rounds: does it work at all?
    --memory    instead: what the gateway's memory reaches with 40 parallel mails of 25 MB
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import figures
import hugemails
import subjects

LOAD = Path(__file__).with_name("load.py")
ARRIVE_GUARD_S = 300  # far more than the slowest needs; a mail that is lost ends the run with a sentence


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: tuple[int, ...]
    sessions: tuple[int, ...]
    rounds: int
    seconds: float
    warm_s: float
    mails: int  # for the runs that are timed until the last file stands

    def loads(self) -> list[tuple[int, int]]:
        """Every size with every number of sessions."""
        return [(size, sessions) for size in self.sizes for sessions in self.sessions]

    def count(self, size: int, sessions: int) -> int:
        """Return how many mails a run until the last file sends: fewer where each takes longer."""
        return max(50, self.mails // (4 if sessions == 1 else 1) // (2 if size > 10_000 else 1))


FULL = Plan((4096, 65536), (1, 10, 100), 5, 2.5, 0.5, 2000)
QUICK = Plan((4096,), (1, 10, 100), 2, 1.0, 0.3, 400)

GOALS = [
    *(figures.Goal("P1", "own-store", f"4096x{n}", "mailgate-store", "dovecot", 3.0) for n in (10, 100)),
    *(figures.Goal("P1", "own-store", f"65536x{n}", "mailgate-store", "dovecot", 2.0) for n in (10, 100)),
    *(
        figures.Goal("P1", "own-store", f"{size}x1", "mailgate-store", "dovecot", 1.0)
        for size in (4096, 65536)
    ),
    *(figures.Goal("P1", "maildir", f"4096x{n}", "mailgate-maildir*", "dovecot*", 1.0) for n in (10, 100)),
    *(figures.Goal("P2", "ticket", f"4096x{n}", "mailgate-ticket", "dovecot", 1.5) for n in (10, 100)),
    *(figures.Goal("P3", "limit", f"4096x{n}", "mailgate-store", "smtp-sink", 0.25) for n in (10, 100)),
]
# Loads that are also driven by a client which pipelines; the goals are held against the plain way.
PIPELINED = ("4096x10", "4096x100")
MEMORY_GOAL = 200 * 1024 * 1024


def drive(subject: subjects.Subject, size: int, sessions: int, *options: str) -> dict:
    """Run the load client; what was written before is on disk first: nobody pays for the one before."""
    os.sync()
    line = [
        sys.executable,
        str(LOAD),
        subject.where,
        "--size",
        str(size),
        "--sessions",
        str(sessions),
        *options,
    ]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the load client failed on {subject.name}:\n{done.stderr}")
    result = json.loads(done.stdout)
    if result["bad"]:
        print(
            f"  {subject.name}: {result['bad']} refused, the first with: {result['first_bad']}",
            file=sys.stderr,
        )
    return result


def rate(subject: subjects.Subject, plan: Plan, size: int, sessions: int, *options: str) -> float:
    """Return mails per second that were answered 250; what was answered must have arrived."""
    before = subject.arrived()
    clock = ("--seconds", str(plan.seconds), "--warm", str(plan.warm_s))
    result = drive(subject, size, sessions, *clock, *options)
    if subject.name != "smtp-sink":
        subjects.wait_for(subject, before + result["acknowledged"], ARRIVE_GUARD_S)
    return result["rate"]


def rate_until_there(subject: subjects.Subject, plan: Plan, size: int, sessions: int) -> float:
    """Return mails per second from the first connection to the moment the last file stands in its Maildir."""
    count = plan.count(size, sessions)
    before = subject.arrived()
    result = drive(subject, size, sessions, "--count", str(count))
    end = subjects.wait_for(subject, before + result["acknowledged"], ARRIVE_GUARD_S)
    return result["acknowledged"] / (end - result["begun"])


def one_round(plan: Plan, measured: figures.Figures, number: int) -> None:
    """Start everything, measure every load on every subject in turn, stop everything."""
    with contextlib.ExitStack() as stack:
        store, ticket, maildir = (
            stack.enter_context(subjects.mailgate(mode)) for mode in ("store", "ticket", "maildir")
        )
        peer = stack.enter_context(subjects.dovecot())
        timed = [store, peer, ticket]
        if subjects.SMTP_SINK.exists():
            timed.append(stack.enter_context(subjects.sink()))
        until = [maildir, peer]
        if number % 2:  # nobody always goes first
            timed.reverse()
            until.reverse()
        for size, sessions in plan.loads():
            load = f"{size}x{sessions}"
            for subject in timed:
                value = rate(subject, plan, size, sessions)
                measured.setdefault((load, subject.name), figures.Series()).values.append(value)
            for subject in timed if load in PIPELINED else ():
                value = rate(subject, plan, size, sessions, "--pipelining")
                measured.setdefault((load + "p", subject.name), figures.Series()).values.append(value)
            for subject in until:
                value = rate_until_there(subject, plan, size, sessions)
                measured.setdefault((load, subject.name + "*"), figures.Series()).values.append(value)
            print(f"  {load} done", file=sys.stderr)


def speed(plan: Plan) -> None:
    """Measure all rounds and print the table and the goals."""
    measured: figures.Figures = {}
    begun = time.monotonic()
    for number in range(plan.rounds):
        print(f"round {number + 1} of {plan.rounds}", file=sys.stderr)
        one_round(plan, measured, number)
    loads = [f"{size}x{sessions}" for size, sessions in plan.loads()]
    shown = [one for load in loads for one in (load, load + "p") if (load in PIPELINED or one == load)]
    ordered = dict(sorted(measured.items(), key=lambda item: item[0][1]))
    print(figures.table(ordered, shown, "mails per second (octets x sessions)"))
    print("* timed until the last file stands in its Maildir; p: MAIL, RCPT and DATA sent together")
    print(f"{plan.rounds} rounds, {plan.seconds:g} s each, {time.monotonic() - begun:.0f} s in all")
    print()
    for goal in GOALS:
        if goal.load in loads:
            print(figures.verdict(ordered, goal))
            beside = figures.ratio(ordered, replace(goal, load=goal.load + "p"))
            if beside is not None:
                print(f"{goal.id} {goal.name} {goal.load} ratio {beside:.2f} with pipelining")


def memory(plan: hugemails.Shapes) -> None:
    """Print what the gateway's resident memory reaches while 40 mails of 25 MB come in at once."""
    worst = 0
    for name, line in plan.lines.items():
        with subjects.mailgate("store") as subject:
            idle = subjects.memory(subject.processes(), "VmHWM")
            accepted = hugemails.send(subject.where, plan.sessions, plan.size, line)
            peak = subjects.memory(subject.processes(), "VmHWM")
        worst = max(worst, peak)
        print(
            f"{plan.sessions} x {plan.size / 1e6:g} MB, {name}: {accepted} accepted,"
            f" idle {idle / 2**20:.0f} MiB, peak {peak / 2**20:.0f} MiB"
        )
    word = "met" if worst < MEMORY_GOAL else "missed"
    load = f"{plan.sessions}x{plan.size}"
    print(f"\nP5 memory {load} peak {worst / 2**20:.0f} MiB goal {MEMORY_GOAL / 2**20:.0f} MiB {word}")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run: does it work at all?")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    parser.add_argument("--rounds", type=int, help="how many rounds instead of the usual number")
    given = parser.parse_args()
    if given.memory:
        memory(hugemails.QUICK if given.quick else hugemails.FULL)
        return
    absent = subjects.missing()
    if absent:
        raise SystemExit(absent)
    plan = QUICK if given.quick else FULL
    if given.rounds:
        plan = Plan(plan.sizes, plan.sessions, given.rounds, plan.seconds, plan.warm_s, plan.mails)
    speed(plan)


if __name__ == "__main__":
    main()
