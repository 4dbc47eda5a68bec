"""Fixtures for all tests: real peers and the real gateway, started on demand and stopped at the end of the test.

A test that needs a real peer carries `@pytest.mark.peer("postfix")`. Where the peer is absent it is skipped with the
reason; with MAILGATE_REQUIRE_PEERS=1, as in CI, it fails instead, so that nothing is skipped unseen.
"""

import contextlib
import os
from collections.abc import Callable, Iterator

import conformance
import gatewayrun
import peers
import pytest


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail tests whose peers are absent."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            reason = peers.absent(name)
            if reason and os.environ.get("MAILGATE_REQUIRE_PEERS") == "1":
                pytest.fail(f"MAILGATE_REQUIRE_PEERS=1, but {reason}", pytrace=False)
            if reason:
                pytest.skip(reason)


conformance.watch_sinks()


@pytest.fixture(autouse=True)
def mails_of_ours_conform() -> Iterator[None]:
    """Fail a test in which a mail left the gateway that is not built by the standards (tests/conformance.py)."""
    yield
    if wrong := conformance.WATCH.wrong():
        pytest.fail("\n".join(wrong[:5]), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def second_parser() -> Iterator[None]:
    """End the second parser, if a test has started it."""
    yield
    conformance.SECOND.close()


@pytest.fixture
def running() -> Iterator[contextlib.ExitStack]:
    """Keep what a test starts; it is ended in the reverse order when the test is over."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def postfix_instance(running: contextlib.ExitStack) -> Callable[..., peers.Postfix]:
    """Start a Postfix: `postfix_instance(main={…}, master=[…])`; `{spool}` in them is its queue_directory."""
    return lambda **options: running.enter_context(peers.postfix(**options))


@pytest.fixture
def dovecot_lmtp(running: contextlib.ExitStack) -> Callable[..., peers.Dovecot]:
    """Start a Dovecot that takes LMTP and stores Maildirs: `dovecot_lmtp(sieve="…", fsync="always")`."""
    return lambda **options: running.enter_context(peers.dovecot(**options))


@pytest.fixture
def postgres(running: contextlib.ExitStack) -> peers.Postgres:
    """Start a PostgreSQL with one empty database."""
    return running.enter_context(peers.postgres())


@pytest.fixture
def gateway(running: contextlib.ExitStack) -> Callable[..., gatewayrun.Gateway]:
    """Start `mailgate run`: `gateway(settings={…}, business={"file": "text"} or a folder, start=True)`."""
    return lambda *arguments, **options: running.enter_context(gatewayrun.gateway(*arguments, **options))
