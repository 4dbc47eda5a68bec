"""`mailgate rules replay`: what would change, counted, named, and measured against the past as it was."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import clidesk
import pytest
from clipast import ANNA, mail, take

from mailgate.cli import _replay

FILING = 'require ["fileinto"];\nif header :contains "subject" "invoice" { fileinto "Invoices"; }\n'


@pytest.fixture
def desk():
    """Set up an installation whose script opens tickets and answers."""
    with clidesk.desk() as one:
        yield one


def replayed(desk, *options, code=0):
    """Run a replay with --json and return what it says."""
    done = desk.run("rules", "replay", "--json", *options)
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def script(desk, source: str, name: str = "support") -> str:
    """Write a script into a file; returns its name."""
    path = desk.folder / f"{name}.sieve"
    path.write_text(source)
    return str(path)


def changes(found) -> list[tuple[str, str, int]]:
    """Return the groups as (was, would be, mails)."""
    return [(group["was"], group["would_be"], group["mails"]) for group in found["groups"]]


def test_the_same_rules_change_nothing(desk):
    """New mails, answers to them, bounces and second copies: all come out as they did, although the database
    has all of them by now.
    """
    take(desk, [mail(1), mail(2, "other"), mail(3, "Re: [#T-1] help"), mail(1, more="X-Second: yes\r\n")])
    bounce = mail(4, "Undelivered Mail").replace(
        b"From: Anna Berg", b"X-Failed-Recipients: a@b.example\r\nFrom: Anna"
    )
    take(desk, [bounce], sender="")
    found = replayed(desk)
    assert (found["mails"], found["different"], found["groups"]) == (5, 0, [])


def test_mails_that_share_a_moment_are_told_apart(desk):
    """The second mail of one transaction joined the ticket that the first had opened."""
    take(desk, [mail(1), mail(2, "Re: [#T-1] help")])
    from clipast import store_of

    with store_of(desk) as connection:
        connection.execute("UPDATE delivery SET at = (SELECT MIN(at) FROM delivery)")
        connection.execute("UPDATE ticket SET created_at = (SELECT MIN(at) FROM delivery)")
    assert replayed(desk)["different"] == 0


def test_another_script_is_compared_with_what_was_done(desk):
    """Groups by what was and what would be, with examples by which people find the mail."""
    take(desk, [mail(1, "invoice 1"), mail(2, "help"), mail(3, "invoice 2")])
    found = replayed(desk, "--script", script(desk, FILING), code=1)
    assert changes(found) == [
        ("answer + ticket opened", "folder Invoices", 2),
        ("answer + ticket opened", "folder INBOX", 1),
    ]
    first = found["groups"][0]["examples"][0]
    assert (first["queue_id"], first["ticket"], first["subject"]) == ("Q0", "T-1", "invoice 1")
    assert (first["old_rule"], first["new_rule"]) == ("support:2", "replayed:2")


def test_nothing_is_written(desk):
    """No row of any table changes, neither counters nor what is remembered."""
    take(desk, [mail(1), mail(2)])
    before = _dump(desk)
    replayed(desk)
    replayed(desk, "--script", script(desk, FILING), code=1)
    assert _dump(desk) == before


def _dump(desk) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables; the index of words keeps its own in tables that are among them."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}


def test_the_table_is_for_people(desk):
    """Counts, words and the closing line with its rate; exit status 1 says that something would change."""
    take(desk, [mail(1, "invoice")])
    done = desk.run("rules", "replay", "--script", script(desk, FILING))
    assert done.exit_code == 1
    assert "MAILS  WAS                     WOULD BE" in done.stdout
    assert "1      answer + ticket opened  folder Invoices" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 mails replayed in ")
    assert done.stdout.endswith("1 would be treated differently\n")
    assert "no differences" in desk.good("rules", "replay")


def test_time_bounds_what_is_looked_at(desk):
    """By a period or a date; what came before is left alone."""
    now = datetime.now(UTC)
    take(desk, [mail(1), mail(2)], start=now - timedelta(days=10))
    take(desk, [mail(3)], start=now - timedelta(days=2))
    assert replayed(desk)["mails"] == 1
    assert replayed(desk, "--since", "30d")["mails"] == 3
    assert replayed(desk, "--since", "24 h")["mails"] == 0
    assert replayed(desk, "--since", (now - timedelta(days=10, hours=-1)).isoformat())["mails"] == 1
    assert "write 7d, 12h, or a date" in desk.bad("rules", "replay", "--since", "lately", code=2)


def test_limit_and_address_bound_it_too(desk):
    """The first so many; only mail to one address, with or without detail."""
    take(desk, [mail(n) for n in range(4)])
    take(desk, [mail(9)], recipient="support+x@example.org")
    assert replayed(desk, "--limit", "3")["mails"] == 3
    assert replayed(desk, "--address", "SUPPORT@example.org")["mails"] == 5
    assert replayed(desk, "--address", "support+x@example.org")["mails"] == 1


def test_a_script_stands_in_for_its_name_or_an_address(desk):
    """A file of another name needs to be told whose rules it replaces."""
    take(desk, [mail(1)])
    other = script(desk, FILING, "other")
    assert "say with --address" in desk.bad("rules", "replay", "--script", other)
    assert replayed(desk, "--script", other, "--address", "support@example.org", code=1)["different"] == 1
    assert "there is no script 'suport', did you mean 'support'?" in desk.bad(
        "rules", "replay", "--script", "suport"
    )
    assert replayed(desk, "--script", "support")["different"] == 0


def test_a_script_with_mistakes_is_not_replayed(desk):
    """Its errors are shown."""
    take(desk, [mail(1)])
    said = desk.bad("rules", "replay", "--script", script(desk, 'fileinto "x"; foo;'))
    assert "unknown command 'foo'" in said


def test_a_script_that_fails_is_a_difference(desk):
    """The run-time error is part of the words, and stands with the example."""
    take(desk, [mail(1)])
    source = 'require "variables";\nset "a" "x y";\nredirect "${a}";\n'
    found = replayed(desk, "--script", script(desk, source), code=1)
    assert changes(found) == [("answer + ticket opened", "script error + folder INBOX", 1)]
    assert "replayed:3" in found["groups"][0]["examples"][0]["error"]


def test_the_clock_is_that_of_the_mail(desk):
    """A rule about the date sees the day on which the mail came."""
    start = datetime.now(UTC) - timedelta(days=3)
    take(desk, [mail(1)], start=start)
    source = 'require ["date", "fileinto"];\nif currentdate :zone "+0000" "date" "%s" { fileinto "then"; }\n'
    found = replayed(desk, "--script", script(desk, source % start.date().isoformat()), code=1)
    assert changes(found)[0][1] == "folder then"


def test_a_duplicate_is_found_among_the_mails_of_the_replay(desk):
    """The first of two is none; what the store remembers by now does not make it one."""
    source = 'require ["duplicate", "fileinto"];\nif duplicate { fileinto "twice"; }\n'
    desk.good("rules", "put", "support", script(desk, source), "--take-over")
    take(desk, [mail(1), mail(1, more="X-Again: 1\r\n"), mail(2)])
    assert replayed(desk)["different"] == 0


def test_what_a_contact_was_then(desk):
    """Who was nobody's contact when he wrote is a stranger again."""
    take(desk, [mail(1), mail(2, "other")])
    source = 'require ["vnd.mailgate.contact", "fileinto"];\nif contact :known { fileinto "known"; }\n'
    found = replayed(desk, "--script", script(desk, source), code=1)
    assert [(new, n) for _old, new, n in changes(found)] == [("folder INBOX", 1), ("folder known", 1)]


def test_several_processes_find_the_same(desk, monkeypatch):
    """The slices are dealt out; what they find is put together, examples in order."""
    monkeypatch.setattr(_replay, "WORTH_A_PROCESS", 0)
    monkeypatch.setattr(_replay, "SLICE", 2)
    take(desk, [mail(n, "invoice" if n % 2 else "help") for n in range(7)])
    path = script(desk, FILING)
    alone = replayed(desk, "-j", "1", "--script", path, code=1)
    several = replayed(desk, "-j", "2", "--script", path, code=1)
    assert several["groups"] == alone["groups"]
    assert several["mails"] == 7


def test_an_address_that_is_gone_is_counted(desk):
    """Its mails are no differences: nobody decides about them now."""
    take(desk, [mail(1)])
    desk.good("address", "remove", "support@example.org", "--take-over")
    found = replayed(desk)
    assert (found["mails"], found["without_address"], found["different"]) == (1, 1, 0)


def test_an_empty_store_is_no_error(desk):
    """There is nothing to look at."""
    assert replayed(desk)["mails"] == 0
    assert ANNA  # the sender of all these mails
