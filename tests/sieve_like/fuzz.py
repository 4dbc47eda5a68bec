"""`make fuzz SECONDS=60`: looks for inputs that break a fuzz target, and keeps them in the corpus.

    python tests/sieve_like/fuzz.py --seconds 60            all targets in turn
    python tests/sieve_like/fuzz.py --target run --seed 7   one of them, from this number on

A case that fails is made as short as it gets, written to `corpus/TARGET/`, and printed; exit status 1. The tests
replay the corpus.
"""

import argparse
import hashlib
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzzinputs import inputs
from fuzztargets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
SLOW = 2.0  # seconds of CPU; a case of a few kilobytes that takes so long is one


def place(error: BaseException) -> str:
    """Return where an exception was raised, and its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno} {str(error)[:200]}"


def fault(target: str, octets: bytes) -> str:
    """Return what goes wrong with an input, "" if nothing does."""
    begun = time.process_time()
    try:
        TARGETS[target](octets)
    except Exception as error:
        return f"{type(error).__name__}: {place(error)}"
    spent = time.process_time() - begun
    return f"took {spent:.1f} s" if spent > SLOW else ""


def shortened(target: str, octets: bytes) -> bytes:
    """Cut pieces out of an input as long as it goes on failing, larger ones first."""
    size = len(octets) // 2
    while size:
        at = 0
        while at < len(octets):
            shorter = octets[:at] + octets[at + size :]
            if fault(target, shorter):
                octets = shorter
            else:
                at += size
        size //= 2
    return octets


def keep(target: str, octets: bytes) -> Path:
    """Write an input to the corpus."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / hashlib.sha256(octets).hexdigest()[:12]
    file.write_bytes(octets)
    return file


def search(targets: list[str], seconds: float, seed: int) -> int:
    """Try inputs until the time is over; return how many failed."""
    end, tried, failed = time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        for target in targets:
            octets = inputs(target, seed + tried)
            if what := fault(target, octets):
                failed += 1
                print(f"{target} {seed + tried}: {what}\n  kept as {keep(target, shortened(target, octets))}")
        tried += 1
    print(f"{tried} inputs for each of {', '.join(targets)}: {failed} failed")
    return failed


def main() -> int:
    """Read the command line and search."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    given = parser.parse_args()
    return 1 if search(given.target or sorted(TARGETS), given.seconds, given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
