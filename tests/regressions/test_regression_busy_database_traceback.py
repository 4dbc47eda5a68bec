"""A command that met a busy database ended with a traceback instead of a sentence and exit code 75."""

import sqlite3

from gatewayrun import gateway

BUSINESS = {"business.toml": '[[address]]\naddress = "a@gate.example.org"\n', "x.sieve": "keep;"}


def test_a_busy_database_is_worth_another_try():
    """Somebody else holds the database: one sentence, exit 75, nothing changed."""
    with gateway({"database": {"busy_timeout": "100ms"}}, BUSINESS, start=False) as one:
        lock = sqlite3.connect(one.state / "mailgate.sqlite", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        done = one.command("queue", "flush", check=False)
        lock.close()
    assert done.returncode == 75
    assert done.stderr == "Error: local problem, try again later: database is locked\n"
