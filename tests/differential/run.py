"""`make differential N=5000`: random scripts over random mails, through sieve-test and through our engine.

    python tests/differential/run.py -n 5000            the numbers 1 to 5000
    python tests/differential/run.py --seed 900 -n 100  the numbers from 900 on
    python tests/differential/run.py --case 4711        one of them, with everything about it

Prints how often each command, test, tag and match type was used, every difference that nothing explains (made
as small as it gets), and how often each explanation was needed. Exit status 1 with unexplained differences or
with words that were never used.
"""

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import peers
from differential import ours
from differential.cases import Case, make_case
from differential.covered import Coverage
from differential.explained import Explanation
from differential.explanations import explain, section
from differential.outcome import Outcome
from differential.theirs import Oracle

from sieve_like.words import decode_words

# The extensions of both engines that are compared.
COMPARED = frozenset(
    {
        "fileinto", "reject", "envelope", "encoded-character", "vacation", "subaddress", "comparator-i;ascii-numeric",
        "relational", "regex", "imap4flags", "copy", "include", "variables", "body", "enotify", "environment", "mailbox",
        "date", "index", "ihave", "duplicate", "mime", "foreverypart", "extracttext", "editheader", "vacation-seconds",
        "mboxmetadata", "servermetadata", "special-use", "spamtest", "spamtestplus", "virustest", "vnd.dovecot.debug",
        "vnd.dovecot.report",
    }
)  # fmt: skip
TRIES = 150  # of making a difference smaller; each is a process
EDITS = re.compile("addheader|deleteheader")
PLAIN_NAME = re.compile("[A-Za-z0-9]([A-Za-z0-9-]*)")  # names that are folders as they stand
FIELD_NAME = re.compile(r"^[^\s:]+:", re.MULTILINE)
SHOWN = 40  # differences that are printed whole; more of them say nothing new


@dataclass(frozen=True)
class Difference:
    """A case that the two decide otherwise."""

    case: Case
    theirs: Outcome
    ours: Outcome
    explanation: Explanation | None

    def shown(self) -> str:
        """Return it for people."""
        return f"{self.case.shown()}\n  theirs {self.theirs.shown()}\n  ours   {self.ours.shown()}\n"


def compare(oracle: Oracle, case: Case) -> Difference | None:
    """Ask both; None where they agree."""
    edits = EDITS.search(case.text()) is not None
    theirs, mine = oracle.ask(case).settled(), ours.ask(case, stored=edits).settled()
    if mine.mail and theirs.kind == "done":
        mailboxes = [line[1] for line in theirs.actions if line[0] == "store" and line[1] != "INBOX"]
        plain = all(map(PLAIN_NAME.fullmatch, mailboxes))
        theirs = replace(theirs, mail=alike(oracle.stored(case, mailboxes) if plain else mine.mail))
        mine = replace(mine, mail=alike(mine.mail))
    if theirs == mine:
        return None
    return Difference(case, theirs, mine, explain(case, theirs, mine))


def alike(mail: str) -> str:
    """Return a mail in one form where writers are free: names of fields, encoded words, blanks at line ends."""
    head, gap, body = mail.partition("\n\n")
    head = "\n".join(map(str.rstrip, head.split("\n")))
    return decode_words(FIELD_NAME.sub(lambda found: found[0].lower(), head)) + gap + body


def shrunk(oracle: Oracle, difference: Difference) -> Difference:
    """Leave out rules and fields of the mail as long as an unexplained difference of this kind stays."""
    smallest, tries = difference, TRIES
    kinds = (difference.theirs.kind, difference.ours.kind)
    waiting = smaller(smallest.case)
    while tries and (candidate := next(waiting, None)) is not None:
        tries -= 1
        found = compare(oracle, candidate)
        if found and found.explanation is None and (found.theirs.kind, found.ours.kind) == kinds:
            smallest, waiting = found, smaller(found.case)
    return smallest


def smaller(case: Case) -> Iterator[Case]:
    """Return the ways to make a case smaller."""
    yield from fewer_rules(case)
    yield from fewer_fields(case)


def fewer_rules(case: Case) -> Iterator[Case]:
    """Return the case with one rule less, for each of its rules."""
    for at in range(len(case.rules)):
        yield case.with_rules(case.rules[:at] + case.rules[at + 1 :])


def fewer_fields(case: Case) -> Iterator[Case]:
    """Return the case with one line of the mail's header less, or without its body."""
    head, gap, body = case.mail.partition(b"\n\n")
    lines = head.split(b"\n")
    for at in range(len(lines)):
        if len(lines) > 1 and not lines[at].isspace() and lines[at + 1 : at + 2] != [b""]:
            yield case.with_mail(b"\n".join(lines[:at] + lines[at + 1 :]) + gap + body)
    if len(body) > 1:
        yield case.with_mail(head + gap)


def run_all(seeds: Sequence[int], known: frozenset[str], jobs: int) -> tuple[list[Difference], Coverage]:
    """Compare the cases of these numbers, several at a time."""
    coverage = Coverage(ours.registry(), known)
    with peers.short_folder("mg-diff-") as root:
        oracles = [Oracle.make(_folder(root, number)) for number in range(jobs)]
        root.chmod(0o755)

        def work(share: int) -> list[Difference]:
            found = []
            for seed in seeds[share::jobs]:
                difference = compare(oracles[share], make_case(seed, known))
                if difference is not None and difference.explanation is None:
                    difference = shrunk(oracles[share], difference)
                if difference is not None:
                    found.append(difference)
            return found

        with ThreadPoolExecutor(jobs) as pool:
            differences = [one for found in pool.map(work, range(jobs)) for one in found]
    for seed in seeds:
        case = make_case(seed, known)
        for source in (case.script, *case.files.values()):
            coverage.add(source)
    return sorted(differences, key=lambda one: one.case.seed), coverage


def _folder(root: Path, number: int) -> Path:
    folder = root / str(number)
    folder.mkdir()
    return folder


def known_to_both() -> frozenset[str]:
    """Return the compared capabilities that our engine has."""
    return COMPARED & set(ours.registry().capabilities)


def report(differences: Sequence[Difference], coverage: Coverage, count: int) -> int:
    """Print everything; return the exit status."""
    print(coverage.table(), "\n")
    unexplained = [one for one in differences if one.explanation is None]
    for one in unexplained[:SHOWN]:
        print(one.shown())
    for name, times in Counter(one.explanation.name for one in differences if one.explanation).items():
        print(f"explained {times:5} times: {name}")
    absent = sorted(COMPARED - known_to_both())
    if absent:
        print(f"not compared, since our engine lacks them: {', '.join(absent)}")
    if coverage.missing():
        print(f"never used: {', '.join(coverage.missing())}")
    numbers = ", ".join(str(one.case.seed) for one in unexplained)
    print(f"{count} cases, {len(unexplained)} unexplained differences" + (f": {numbers}" if numbers else ""))
    return 1 if unexplained or coverage.missing() else 0


def main() -> int:
    """Read the command line and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-n", type=int, default=1000, help="how many cases")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first case")
    parser.add_argument("--case", type=int, help="only this one, with all about it")
    parser.add_argument("--explained", action="store_true", help="show explained differences as well")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--docs", action="store_true", help="print the list for docs/differences.md")
    given = parser.parse_args()
    if given.docs:
        print(section(), end="")
        return 0
    reason = peers.absent("sieve-test")
    if reason:
        raise SystemExit(f"the comparison needs Pigeonhole's sieve-test: {reason}.")
    known = known_to_both()
    if given.case is not None:
        print(make_case(given.case, known).shown())
    seeds = [given.case] if given.case is not None else list(range(given.seed, given.seed + given.n))
    differences, coverage = run_all(seeds, known, given.jobs)
    if given.case is not None:
        for one in differences:
            print(one.shown())
        return 1 if any(one.explanation is None for one in differences) else 0
    if given.explained:
        for one in differences:
            print(f"{one.explanation.name}\n{one.shown()}" if one.explanation else "")
    return report(differences, coverage, len(seeds))


if __name__ == "__main__":
    sys.exit(main())
