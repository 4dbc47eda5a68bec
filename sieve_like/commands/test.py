"""`sieve-like test`: run tests of rules, a line per test; several files at once, in processes."""

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sieve_like.commands.files import UnreadableError
from sieve_like.errors import RegistryError
from sieve_like.registry import Registry
from sieve_like.testing.bench import CAPABILITY, Setup
from sieve_like.testing.runner import Report, files_of, run_files, standard

if TYPE_CHECKING:
    from sieve_like.commands.options import Commands

FAILED = 1


def add(commands: "Commands") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "test",
        help="run tests of rules (.svtest)",
        description="Run tests of rules, a line per test. Exit status: 0 all tests succeeded, 1 one did not, "
        "2 a file can't be read.",
    )
    add_arguments(parser)
    parser.set_defaults(command=_standard)


def _standard(options: argparse.Namespace) -> int:
    return run_tests(options, standard)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add files and options of the command."""
    parser.add_argument("files", nargs="+", metavar="FILE|FOLDER", help="all .svtest files below a folder")
    parser.add_argument(
        "-F", dest="expected", action="store_true", help="the tests are expected to fail, each of them"
    )
    parser.add_argument(
        "-j", dest="jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="files at once"
    )
    parser.add_argument(
        "-E", "-D", dest="echo", action="store_true", help="show the error log and debug_log behind each test"
    )
    parser.add_argument(
        "-x",
        dest="extensions",
        default="",
        metavar="EXTENSIONS",
        help="only these ('fileinto copy'), or all but these (-x-vacation)",
    )
    parser.add_argument("--count", action="store_true", help="show how many tests there are per file")


def limited(make: Callable[[], Setup], words: Sequence[str]) -> Setup:
    """Return a setup in which only some extensions are there: `-name` takes one away, `+name` leaves it.

    Raises UnreadableError for a name that no extension has, or where another one needs what is missing.
    """
    setup = make()
    known = setup.registry.capabilities
    unknown = [word for word in words if word.removeprefix("+").removeprefix("-") not in known]
    if unknown:
        raise UnreadableError(f"there is no extension {unknown[0].lstrip('+-')}")
    away = {word[1:] for word in words if word.startswith("-")}
    only = {word for word in words if word[0] not in "+-"}
    # What has no name belongs to the core; without the test language there are no tests.
    left = [
        one
        for one in setup.registry.extensions
        if one.capability in {"", CAPABILITY}
        or (one.capability not in away and (not only or one.capability in only))
    ]
    try:
        return replace(setup, registry=Registry(left))
    except RegistryError as error:
        raise UnreadableError(str(error)) from None


def run_tests(options: argparse.Namespace, make: Callable[[], Setup]) -> int:
    """Run the files that the options name with the setup of a host; returns the exit status."""
    paths = [Path(name) for name in options.files]
    try:
        files = files_of(paths)
    except OSError as error:
        raise UnreadableError(f"{error.filename}: {error.strerror or error}") from None
    if not files:
        raise UnreadableError(f"no tests in {', '.join(map(str, paths))}")
    if options.extensions.split():
        make = partial(limited, make, tuple(options.extensions.split()))
        make()  # what is wrong with the names is said once, not for each file
    unreadable: list[str] = []

    def reports() -> Iterator[Report]:
        for report in run_files(files, make, options.jobs, echo=options.echo):
            unreadable.extend([report.unreadable] if report.unreadable else [])
            yield report

    passed = show(reports(), many=len(files) > 1, expected=options.expected, count=options.count)
    if unreadable:
        raise UnreadableError("\n".join(unreadable))
    return 0 if passed else FAILED


def show(reports: Iterable[Report], *, many: bool, expected: bool = False, count: bool = False) -> bool:
    """Print reports as they come, and the closing line; return whether all is as it should be."""
    found: list[Report] = []
    for report in reports:
        if many:
            print(f"{report.path}:")
        for line in report.output:
            print(line)
        if many:
            print(closing([report], expected=expected), end="\n\n")
        found.append(report)
    if count:
        _counts(found)
    if found:
        print(closing(found, expected=expected))
    return all(passed(report, expected=expected) for report in found)


def _counts(reports: Sequence[Report]) -> None:
    """Print how many tests succeeded of how many, by file: one file of a suite is one extension."""
    for report in reports:
        succeeded = sum(not one.failed for one in report.outcomes)
        print(f"{succeeded:>5} of {max(report.blocks, report.total):>4}  {report.path.stem}")
    total = sum(max(report.blocks, report.total) for report in reports)
    print(f"{total:>5} tests in {len(reports)} files")


def passed(report: Report, *, expected: bool) -> bool:
    """Whether a file is as it should be: no failure, or nothing but failures where they are expected."""
    return report.failures >= max(report.total, 1) if expected else not report.failures


def closing(reports: Sequence[Report], *, expected: bool = False) -> str:
    """Return the closing line of one file or of all of them."""
    total = sum(one.total for one in reports)
    failures = sum(one.failures for one in reports)
    if all(passed(one, expected=expected) for one in reports):
        if expected:
            return f"PASS: {failures} of {total} tests failed as expected."
        return f"PASS: {total} tests succeeded."
    return f"FAIL: {failures} of {total} tests failed."
