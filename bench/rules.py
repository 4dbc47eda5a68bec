"""`make bench-rules`: CPU time per mail of scripts with 5, 50 and 1,000 rules, against Pigeonhole.

Pigeonhole's `sieve-filter` and our engine take turns over the same Maildir. CPU time is user and system
together: of sieve-filter, what the process used less what it used for an empty folder; of ours, from the
listing of the folder to the last decision. The last lines say whether the goals were met, and what compiling
costs beside parsing.

    --quick     few mails, two rounds: does it work at all?
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import figures
import load
import peers
import rulescripts

RUN = Path(__file__).with_name("rulerun.py")
NOBODY = 65534
RULES = (5, 50, 1000)
SIZE = 4096
COMPILE_GOAL = 20.0  # times the cost of parsing, at 1,000 rules
CONFIG = """\
mail_home = {home}
mail_location = maildir:{home}/mail
log_path = /dev/stderr
"""
GOALS = [
    figures.Goal("P4", "rules", f"{count} rules", "mailgate", "pigeonhole", least, smaller=True)
    for count, least in zip(RULES, (1.0, 1.0, 10.0), strict=True)
]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    mails: int
    rounds: int


FULL = Plan(3000, 5)
QUICK = Plan(500, 2)


@dataclass(frozen=True)
class Place:
    """A folder with Maildirs, scripts and Dovecot's configuration, which the unprivileged user owns."""

    root: Path
    mails: int

    @property
    def maildir(self) -> Path:
        """Return the Maildir with the mails; `.Empty` in it has none."""
        return self.root / "home" / "mail"

    def script(self, count: int) -> Path:
        """Return the file of the script with so many rules."""
        return self.root / f"rules{count}.sieve"

    def forget(self) -> None:
        """Remove Dovecot's index of the mails, as if they had just come."""
        for file in self.maildir.glob("dovecot*"):
            file.unlink()


@contextlib.contextmanager
def place(plan: Plan) -> Iterator[Place]:
    """Make the mails and the scripts."""
    with peers.short_folder("mg-rules-") as root:
        made = Place(root, plan.mails)
        for box in (made.maildir, made.maildir / ".Empty"):
            for part in ("cur", "new", "tmp"):
                (box / part).mkdir(parents=True)
        (root / "dc.conf").write_text(CONFIG.format(home=root / "home"))
        for count in RULES:
            made.script(count).write_text(rulescripts.rules(count))
        supply = load.Mails(SIZE, b"rules")
        for number in range(plan.mails):
            octets = supply.mail(number, b"bob@desk.example.org")
            (made.maildir / "cur" / f"17{number:08d}.M{number}.host:2,S").write_bytes(octets)
        for path in (root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        yield made


def cpu_of(line: list[str], place: Place, output: Path) -> float:
    """Run a program as the unprivileged user; return the seconds of CPU that it and its children used."""
    with output.open("w") as file:
        process = subprocess.Popen(
            line, cwd=place.root, user=NOBODY, group=NOBODY, extra_groups=[], stdout=file,
            stderr=subprocess.PIPE, env={**os.environ, "HOME": str(place.root / "home")},
        )  # fmt: skip
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{line[0]} ended with {process.returncode}:\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def pigeonhole(place: Place, count: int) -> tuple[float, Counter[str]]:
    """Return microseconds per mail of sieve-filter, and where it would store them."""
    line = ["sieve-filter", "-c", "dc.conf", place.script(count).name]
    empty = min(cpu_of([*line, "Empty"], place, Path(os.devnull)) for _ in range(2))
    output = place.root / "output"
    full = cpu_of([*line, "INBOX"], place, output)
    stored = re.findall(r"store message in folder: (.*)", output.read_text())
    return (full - empty) / place.mails * 1e6, Counter(f"fileinto {folder}" for folder in stored)


def ours(place: Place, count: int) -> tuple[float, Counter[str]]:
    """Return microseconds per mail of our engine, and what it decided."""
    line = [sys.executable, str(RUN), str(place.script(count)), str(place.maildir)]
    done = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
    return done["us"], Counter(done["found"])


def one_round(place: Place, measured: figures.Figures, number: int) -> None:
    """Measure both with every script, in turn."""
    for count in RULES:
        place.forget()
        cold, theirs = pigeonhole(place, count)
        subjects = [("mailgate", ours), ("pigeonhole", pigeonhole)]
        if number % 2:  # nobody always goes first
            subjects.reverse()
        values = {"pigeonhole-new": cold}
        for name, measure in subjects:
            values[name], found = measure(place, count)
            if found != theirs:
                raise SystemExit(f"{name} with {count} rules decided otherwise: {found}, not {theirs}")
        for name, value in values.items():
            measured.setdefault((f"{count} rules", name), figures.Series()).values.append(value)
        print(f"  {count} rules done", file=sys.stderr)


def compile_ratio(rounds: int) -> str:
    """Return the line about compiling 1,000 rules beside parsing them."""
    # Only here: what the other measurements load has no part in it.
    from sieve_like.compiler import compile_script  # noqa: PLC0415
    from sieve_like.errors import Diagnostics  # noqa: PLC0415
    from sieve_like.limits import Limits  # noqa: PLC0415
    from sieve_like.parser import parse  # noqa: PLC0415
    from sieve_like.registry import Registry  # noqa: PLC0415

    source, registry = rulescripts.rules(RULES[-1]).encode(), Registry.standard()
    ratios, compiling = [], []
    for _ in range(rounds):
        begun = time.process_time()
        parse(source, Limits(), Diagnostics())
        parsed = time.process_time()
        compile_script(source, name="bench", registry=registry)
        compiling.append((time.process_time() - parsed) * 1e3)
        ratios.append(compiling[-1] / ((parsed - begun) * 1e3))
    ratio = figures.median(ratios)
    word = "met" if ratio <= COMPILE_GOAL else "missed"
    spent = figures.median(compiling)
    costs = f"{spent:.0f} ms, {ratio:.1f} times parsing"
    return f"P4 compile {RULES[-1]} rules {costs}, goal at most {COMPILE_GOAL:g} {word}"


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run: does it work at all?")
    parser.add_argument("--rounds", type=int, help="how many rounds instead of the usual number")
    given = parser.parse_args()
    for name in ("pigeonhole",):
        if reason := peers.absent(name) or (not shutil.which("sieve-filter") and "sieve-filter is missing"):
            raise SystemExit(f"bench-rules compares with Pigeonhole's sieve-filter: {reason}.")
    plan = QUICK if given.quick else FULL
    rounds = given.rounds or plan.rounds
    measured: figures.Figures = {}
    with place(plan) as made:
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
            one_round(made, measured, number)
    loads = [f"{count} rules" for count in RULES]
    print(figures.table(measured, loads, f"microseconds of CPU per mail of {SIZE} octets", decimals=1))
    print(
        "pigeonhole: index and header fields cached by an earlier run; pigeonhole-new: mails not seen before"
    )
    print(f"{rounds} rounds, {plan.mails} mails\n")
    for goal in GOALS:
        print(figures.verdict(measured, goal))
    print(compile_ratio(rounds))


if __name__ == "__main__":
    main()
