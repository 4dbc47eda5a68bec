"""Our side of `make bench-rules`: runs one script over the mails of a Maildir, as sieve-filter does.

A program of its own, so that each run starts afresh. Every mail is opened, read, seen through mailgate's
message view and decided about, without a trace. Prints one line of JSON: microseconds of CPU (user and
system) per mail, from the listing of the folder to the last decision, and how many mails went where.

    python bench/rulerun.py rules.sieve Maildir
"""

import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mailgate.domain.message.view import MessageView
from sieve_like.compiler import compile_script
from sieve_like.host import DefaultHost
from sieve_like.message import Envelope
from sieve_like.program import Program
from sieve_like.registry import Registry
from sieve_like.result import Action, Keep

FIRST_READ = 64 * 1024  # most mails are smaller; a longer one is read on


def read(folder: int, name: str) -> bytes:
    """Return the octets of a mail."""
    file = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        octets = os.read(file, FIRST_READ)
        if len(octets) < FIRST_READ:
            return octets
        pieces = [octets]
        while pieces[-1]:
            pieces.append(os.read(file, FIRST_READ))
        return b"".join(pieces)
    finally:
        os.close(file)


def decide(program: Program, folder: int) -> list[tuple[Action, ...]]:
    """Run the program over all mails of an open folder; return what is to be done with each."""
    envelope, host = Envelope("alice@example.com", "bob@example.org"), DefaultHost()
    decided: list[tuple[Action, ...]] = []
    for name in os.listdir(folder):
        result = program.run(MessageView.parse(read(folder, name)), envelope, host, now=datetime.now(UTC))
        decided.append(result.performed)
    return decided


def counted(decided: list[tuple[Action, ...]]) -> Counter[str]:
    """Count what was done, in words."""
    return Counter(action.describe() for performed in decided for action in performed or (Keep(),))


def main(script: str, maildir: str) -> None:
    """Compile, run, print."""
    begun = time.process_time()
    program = compile_script(Path(script).read_bytes(), name="bench", registry=Registry.standard())
    compiled = time.process_time() - begun
    folder = os.open(Path(maildir) / "cur", os.O_RDONLY)
    begun = time.process_time()
    decided = decide(program, folder)
    spent = time.process_time() - begun
    mails = max(1, len(decided))
    print(json.dumps({"us": spent / mails * 1e6, "compile_ms": compiled * 1e3, "found": counted(decided)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
