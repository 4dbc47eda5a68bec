"""The bounds of one script and one run, each with its reason; handed to the compiler, checked while running.

The numbers are those of the established engines (Pigeonhole first), so that what runs there runs here.
"""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """All bounds. A script over one does not compile; a run over one fails and keeps the mail."""

    # --- at compile time
    script_size: int = MIB  # octets; as much as other engines store, and far more than people write
    string_size: int = MIB  # octets; a script that consists of one string is still legal
    nesting: int = 32  # blocks in blocks and tests in tests: recursion of the compiler is bounded by it
    nodes: int = 40_000  # commands and tests; more than anybody writes, and each takes 2 KB of memory
    strings: int = 100_000  # in a script; each takes 400 octets of memory
    arguments: int = 32  # per command; nobody writes more by hand
    identifier: int = 32  # characters of a command, test or tag
    variable_name: int = 64  # characters; long enough for namespaces
    includes: int = 255  # scripts that one includes, at any depth: RFC 6609 3.2 asks for a limit
    include_depth: int = 10  # includes within includes
    # --- at run time
    match_values: int = 32  # ${0} to ${31}: RFC 5229 3.2 asks for at least ten
    variables: int = 255  # per run; RFC 5229 6 asks for at least 128
    variable_size: int = 4 * KIB  # octets of UTF-8; RFC 5229 6 asks for 4000
    actions: int = 32  # RFC 5228 2.10.5 lets us bound them
    notifications: int = 10  # RFC 5435 8: each one is a mail sent
    redirects: int = 4  # RFC 5228 4.2 asks for a limit: each one is a mail sent
    vacation_min_days: int = 1  # RFC 5230 4.1: at least a day between two answers to one sender
    vacation_default_days: int = 7  # RFC 5230 4.1
    vacation_max_days: int = 60  # longer than any leave that answers by itself
    vacation_subject: int = 256  # characters; longer ones are cut
    header_size: int = 2 * KIB  # octets of a header field that a script adds; at least 1 KiB
    steps: int = 1_000_000  # commands, tests and units of matching: about a second of work, not a clock
    trace_steps: int = 4096  # what a person can still look through; tests that failed are dropped first
    trace_text: int = 200  # characters of a value that a trace shows

    def short(self, text: str) -> str:
        """Return a text as short as a trace shows it."""
        limit = self.trace_text
        return text if len(text) <= limit else f"{text[:limit]}…"
