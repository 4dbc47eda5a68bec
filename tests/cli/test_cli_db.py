"""`mailgate db check`: all is whole, or each thing that is wrong in a line."""

import contextlib
import json
import sqlite3

import pytest


@pytest.fixture
def still(gateway):
    """Return a gateway that does not run, with an empty database."""
    return gateway({}, start=False)


def test_check_says_that_all_is_whole(still):
    """Nothing wrong: a sentence, exit 0; as JSON an empty list."""
    assert "all is whole" in still.command("db", "check").stdout
    assert json.loads(still.command("db", "check", "--json").stdout) == []


def test_check_names_what_is_wrong(still):
    """Octets without their mail: a line with the number, what to do, exit 1."""
    with contextlib.closing(sqlite3.connect(still.state / "mailgate.sqlite")) as connection, connection:
        connection.execute("INSERT INTO message_body (message_id, octets) VALUES (4711, x'00')")
    done = still.command("db", "check", check=False)
    assert done.returncode == 1
    assert "1 x octets without their mail" in done.stdout
    assert "mailgate db restore" in done.stderr
