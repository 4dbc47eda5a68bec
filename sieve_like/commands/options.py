"""What several commands share of their options."""

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sieve_like.commands.files import TESTS
from sieve_like.registry import Registry
from sieve_like.settings import Settings

if TYPE_CHECKING:  # argparse's own name for it is private and generic only to type checkers
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001


def registry(name: str) -> Registry:
    """Return the language of a file: one with tests has their commands as well."""
    standard = Registry.standard()
    if not name.endswith(TESTS):
        return standard
    from sieve_like.testing.suite import TESTSUITE  # noqa: PLC0415  only files with tests need it

    return standard.with_extensions(TESTSUITE)


def instant(text: str) -> datetime:
    """Return a time; without a zone it is in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def setting(text: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`. Raises ValueError."""
    name, equals, value = text.partition("=")
    if not name.strip() or not equals:
        raise ValueError(text)
    return name.strip(), value


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add `--set`, which tells extensions what an installation says about them."""
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        type=setting,
        action="append",
        default=[],
        help="a setting of an extension, as sieve_spamtest_status_header=X-Spam; may be repeated",
    )


def settings(options: argparse.Namespace) -> Settings:
    """Return the settings of the command line."""
    return Settings(dict(options.settings))
