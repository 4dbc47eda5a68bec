"""The world of a journey: a gateway with its own database, and a relay that takes what it sends."""

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from email.parser import BytesHeaderParser
from pathlib import Path

import gatewayrun
import peers
import pytest
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from journeydialogue import Player
from journeyfacts import facts

from mailgate.cli._main import cli

COMMON = Path(__file__).parent / "common"
# Rows that somebody still has to work on.
OPEN = "SELECT COUNT(*) FROM outbox WHERE state IN ('waiting', 'leased')"


class Relay:
    """Takes every mail that leaves the gateway."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append(envelope.original_content)
        return "250 2.0.0 taken"

    def answer(self, number: int) -> str:
        """Return the Message-ID of the n-th mail; waits until it is there."""
        peers.wait_until(lambda: len(self.mails) >= number, f"mail {number} leaves the gateway")
        return str(BytesHeaderParser().parsebytes(self.mails[number - 1])["Message-ID"])


def run(config: Path, *arguments: str) -> None:
    """Run a command here and not in a process of its own: a journey has no time for that."""
    result = CliRunner().invoke(cli, ["--config", str(config), *arguments], catch_exceptions=False)
    assert result.exit_code == 0, f"{arguments}: {result.output}"


@pytest.fixture(scope="session")
def fresh_state(tmp_path_factory) -> Path:
    """Return a state folder with an empty database; each journey gets a copy."""
    with peers.short_folder("mg-journey-") as folder:
        one = gatewayrun.Gateway(folder, peers.free_port(), peers.free_port())
        one.write({})
        run(one.config, "db", "upgrade")
        one.open_channel()
        copy = tmp_path_factory.mktemp("journeys") / "state"
        shutil.copytree(one.state, copy)
    return copy


@contextlib.contextmanager
def _gateway(state: Path, business: Path, relay_port: int) -> Iterator[gatewayrun.Gateway]:
    with peers.short_folder("mg-journey-") as folder:
        one = gatewayrun.Gateway(folder, peers.free_port(), peers.free_port())
        one.write(
            {
                "relay": {"port": relay_port},
                "rules": {"reject_unverified": "refuse"},
                "targets": {"maildir": {"kind": "maildir", "path": str(folder / "mail" / "{local}")}},
            }
        )
        shutil.copytree(state, one.state, dirs_exist_ok=True)
        run(one.config, "apply", str(_texts(folder / "business", business)))
        try:
            one.start()
            yield one
        finally:
            one.stop()


def _texts(folder: Path, journey: Path) -> Path:
    """Put together the business data: what all journeys share, and over it the journey's own files."""
    folder.mkdir()
    for source in (COMMON, journey):
        for file in (*source.glob("*.sieve"), *source.glob("business.toml")):
            shutil.copy(file, folder / file.name)
    return folder


def _nothing_open(database: Path) -> bool:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(OPEN).fetchone()[0] == 0
    finally:
        connection.close()


@pytest.fixture
def journey(fresh_state) -> Callable[[Path], dict[str, list[dict]]]:
    """Return what makes one journey: play its dialogue, wait until all is delivered, return the facts."""

    def make(folder: Path) -> dict[str, list[dict]]:
        relay = Relay()
        controller = Controller(relay, hostname="127.0.0.1", port=peers.free_port())
        controller.start()
        try:
            with _gateway(fresh_state, folder, controller.port) as one:
                database = one.state / "mailgate.sqlite"
                player = Player(one.port, database, relay.answer)
                try:
                    player.play(folder / "dialogue.txt")
                finally:
                    player.close()
                peers.wait_until(lambda: _nothing_open(database), "everything is delivered")
                found = facts(database, one.folder / "mail")
        finally:
            controller.stop()
        return found

    return make
