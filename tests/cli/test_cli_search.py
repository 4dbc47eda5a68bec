"""`mailgate search` and `mailgate bench fill`: an index that is looked after, a database full of made-up tickets."""

import contextlib
import re
import sqlite3

import pytest
from clidesk import desk as cli_desk

from mailgate.store.checkup import contradictions, orphans


@pytest.fixture(scope="module")
def desk():
    """Have an installation with 300 made-up tickets."""
    with cli_desk(business=False) as one:
        one.said = one.good("bench", "fill", "--tickets", "300", "--seed", "3")
        yield one


def ask(desk, sql):
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        return connection.execute(sql).fetchall()


def test_what_was_made_is_told(desk):
    """One line with the numbers."""
    assert re.fullmatch(r"300 tickets, 75 contacts, [\d,]+ entries, \d+ mails in \d+ s\n", desk.said)


def test_the_database_is_sound(desk):
    """Every row has its partners, counters stand at the last ids, counts are right, no index is missing."""
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        assert [*orphans(connection), *contradictions(connection)] == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    counted = "SELECT queue, status, count(*) FROM ticket GROUP BY 1, 2 ORDER BY 1, 2"
    assert ask(desk, counted) == ask(desk, "SELECT queue, status, n FROM ticket_count ORDER BY 1, 2")
    for kind in ("ticket", "session", "entry", "contact", "company", "message", "delivery"):
        assert ask(desk, f"SELECT value FROM counter WHERE kind = '{kind}'") == ask(
            desk, f"SELECT max(id) FROM {kind}"
        )
    assert ask(
        desk, "SELECT count(*) FROM sqlite_master WHERE name = 'ticket_queue_status_touched_at_id'"
    ) == [(1,)]
    assert ask(desk, "SELECT count(*) FROM message_ref") == ask(
        desk, "SELECT count(*) FROM entry WHERE msgid <> ''"
    )


def test_states_agree_with_statuses(desk):
    """A closed ticket's session is over or resolved, an open one's is not; nothing happens in the future."""
    pairs = dict(
        ask(desk, "SELECT t.status || ' ' || s.state, 1 FROM ticket t JOIN session s ON s.id = t.session_id")
    )
    assert set(pairs) <= {
        *(
            "open unopened",
            "open active",
            "open reopened",
            "pending paused",
            "closed closed",
            "solved resolved",
        ),
    }
    assert ask(desk, "SELECT count(*) FROM entry WHERE at > strftime('%s', 'now', '1 minute') * 1000") == [
        (0,)
    ]
    assert ask(
        desk, "SELECT count(*) FROM ticket WHERE touched_at < created_at OR agent = '' AND reacted_at > 0"
    ) == [(0,)]


def test_it_is_found_by_filter_and_by_word(desk):
    """The lists and the index of words know them at once."""
    assert len(desk.json("ticket", "list", "--limit", "300")) == 300
    assert [one["number"] for one in desk.json("ticket", "list", "1000123")] == ["T-123"]
    assert desk.json("search", "status")["waiting"] == 0


def test_a_database_with_tickets_is_refused(desk):
    """Unless somebody insists: then it goes on behind what is there."""
    assert "--yes adds to them" in desk.bad("bench", "fill", "--tickets", "1")
    desk.good("bench", "fill", "--tickets", "5", "--seed", "4", "--yes")
    assert ask(desk, "SELECT count(*), max(id) FROM ticket") == [(305, 305)]
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        assert [*orphans(connection), *contradictions(connection)] == []


def test_the_index_can_be_made_anew(desk):
    """The same tickets are found, and it says how many entries that were."""
    before = [one["number"] for one in desk.json("ticket", "list", "rechnung", "--limit", "500")]
    said = desk.good("search", "rebuild")
    assert re.fullmatch(r"[\d,]+ entries are in the index\n", said)
    assert (
        [one["number"] for one in desk.json("ticket", "list", "rechnung", "--limit", "500")] == before != []
    )
    assert re.fullmatch(
        r"entries are in the index up to ([\d,]+) of \1: nothing waits\n", desk.good("search", "status")
    )


def test_the_same_seed_makes_the_same_tickets():
    """So that two runs can be compared."""
    subjects = []
    for _ in range(2):
        with cli_desk(business=False) as one:
            one.good("bench", "fill", "--tickets", "20", "--seed", "9")
            subjects.append(ask(one, "SELECT number, subject, queue, agent, status FROM ticket ORDER BY id"))
    assert subjects[0] == subjects[1]
