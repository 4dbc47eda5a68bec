"""Lists of tickets by query: the same as looking at every ticket, each exactly once, along an index."""

import contextlib
import random
import sqlite3

import pytest
from listkit import CATALOGUE, NOW, NOW_MS, fill, naive

from mailgate.domain.access import Reach
from mailgate.domain.query import QueryError, parse
from mailgate.store import search, ticketlist, ticketwalk
from mailgate.store.ticketlist import find

FILTERS = (
    *(
        "status:open",
        "status:closed",
        "status:pending,odd",
        "-status:closed",
        "-status:solved",
        "queue:support",
    ),
    *("queue:none", "-queue:support", "queue:sales,none", "agent:anna", "agent:anna,ben", "agent:none"),
    *("-agent:ben", "priority:urgent", "priority:normal,low", "-priority:urgent", "tag:vip", "tag:ÄRGER"),
    *('tag:"b c"', "-tag:vip", "category:x", "contact:c1@x.example", "contact:C2@x.example,c3@x.example"),
    *("-contact:c1@x.example", "company:acme", "-company:acme.example", "created:>7d", "created:<3d"),
    *(
        "-created:<3d",
        "touched:<2026-11-10",
        "touched:>2026-11-10",
        "touched:2026-11-20",
        "due:<2d",
        "due:>1d",
    ),
    *("late:reaction", "late:any", "-late:any", "late:soon,execution", "has:followup", "-has:followup"),
    *("has:agent", "has:due", "session:paused", "-session:paused,closed", "number:T-7", "-number:T-7"),
    *("number:T-7,T-9,t-20", "group:it", "group:none", "agent:anna,anna", "company:acme,acme.example"),
    *("contact:c1@x.example,C1@x.example", "late:soon,any", "priority:high,high", "number:T-7,T-7"),
)
WORDS = ("rechnung", "mueller", '"drucker kaputt"', "-order", "strasse", "print", '"müller rechnung"')
SORTS = ("", "", "sort:touched", "sort:created", "sort:due", "sort:priority")


def random_query(chance: random.Random) -> str:
    """Return a query of one to three filters that may stand together, sometimes with words."""
    while True:
        parts = chance.sample(FILTERS, chance.randrange(4))
        words = chance.sample(WORDS, chance.randrange(1, 3)) if chance.random() < 0.3 else []
        text = " ".join([*parts, *words] if words else [*parts, chance.choice(SORTS)])
        with contextlib.suppress(QueryError):
            parse(text)
            return text


def pages(connection, text: str, limit: int, **options) -> list[str]:
    """Return the numbers on all pages of a query, one page after the other."""
    found, after, rounds = [], "", 0
    while True:
        page = find(connection, parse(text), CATALOGUE, NOW, limit=limit, after=after, **options)
        found += [row["number"] for row in page.rows]
        after, rounds = page.after, rounds + 1
        assert len(page.rows) <= limit
        assert rounds < 5000, "paging does not end"
        if not after:
            return found


def index(store, writer) -> None:
    """Put every entry into the index of words."""
    full = True
    while full:
        with contextlib.closing(store.reader()) as connection:
            batch = search.pending(connection, NOW_MS, 50)
        writer.submit(lambda tx, batch=batch: search.write(tx, batch)).result(60)
        full = batch.full


def filled(store, writer, count: int, seed: int):
    """Fill a store with random tickets, index them, and return them."""
    mark = "?" if search.on_sqlite() else "%s"
    made = writer.submit(lambda tx: fill(tx.execute, mark, count, seed)).result(60)
    index(store, writer)
    return made


@pytest.fixture
def reader(store):
    with contextlib.closing(store.reader()) as connection:
        yield connection


@pytest.fixture(params=["as shipped", "nothing is small"])
def smallness(request, monkeypatch):
    """Let small sets be sorted, or walk the indexes whatever the size."""
    if request.param != "as shipped":
        monkeypatch.setattr(ticketlist, "SMALL", -1)
        monkeypatch.setattr(ticketwalk, "MOST_ARMS", 3)


@pytest.mark.parametrize("seed", range(3))
def test_a_list_is_what_looking_at_every_ticket_finds(store, writer, reader, seed, smallness):
    """Random filters, words and orders over random tickets; pages of any size show each ticket once, in order."""
    tickets = filled(store, writer, 150, seed)
    chance = random.Random(seed)
    for _ in range(150):
        text = random_query(chance)
        assert pages(reader, text, chance.choice((1, 7, 50))) == naive(tickets, parse(text)), text


def test_a_walk_that_is_too_long_ends_with_a_cursor(store, writer, reader):
    """Where nearly nothing passes the page says that it was cut, and all pages together are complete."""
    tickets = filled(store, writer, 150, 5)
    page = find(reader, parse("tag:vip session:paused"), CATALOGUE, NOW, limit=50, most=10)
    assert page.cut
    assert page.looked == 10
    for text in ("tag:vip session:paused", "rechnung tag:vip", "category:x"):
        assert pages(reader, text, 5, most=10) == naive(tickets, parse(text))


def test_a_cursor_belongs_to_its_query(store, writer, reader):
    """Another query's cursor, or no cursor at all, is refused with what to do."""
    filled(store, writer, 20, 1)
    page = find(reader, parse("sort:created"), CATALOGUE, NOW, limit=3)
    with pytest.raises(QueryError, match="another query"):
        find(reader, parse("status:open"), CATALOGUE, NOW, after=page.after)
    for nonsense in ("x", "W10", "WyJhIl0", "ä"):
        with pytest.raises(QueryError, match="no cursor"):
            find(reader, parse("sort:created"), CATALOGUE, NOW, after=nonsense)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("queue:suport", "there is no queue 'suport', did you mean 'support'"),
        ("status:opn", "there is no status 'opn', did you mean 'open'"),
        ("agent:carl", "there is no agent 'carl'; there are anna, ben, none"),
        ("priority:hig", "did you mean 'high'"),
    ],
)
def test_unknown_names_are_typing_errors(store, reader, text, error):
    """A name that nobody knows is no empty list."""
    with pytest.raises(QueryError, match=error.replace("(", r"\(")):
        find(reader, parse(text), CATALOGUE, NOW)


def test_nobody_sees_more_than_reaches_them(store, writer, reader):
    """By queue, by owner group, and what they have in hand themselves; words included."""
    tickets = filled(store, writer, 150, 4)
    seen = Reach(everything=False, queues=frozenset({"sales"}), groups=frozenset({"it"}), agent="anna")
    for text in ("", "sort:priority", "rechnung"):
        expected = [
            one
            for one in naive(tickets, parse(text))
            for row in [tickets[int(one[2:]) - 1].row]
            if row["queue"] == "sales" or row["owner_group"] == "it" or row["agent"] == "anna"
        ]
        assert pages(reader, text, 7, reach=seen) == expected
    assert pages(reader, "", 7, reach=Reach(everything=False)) == []


def _plans(reader: sqlite3.Connection, texts) -> list[str]:
    """Return every step of a plan that scans the table of tickets or sorts it."""
    asked: list[str] = []
    reader.set_trace_callback(asked.append)
    for text in texts:
        find(reader, parse(text), CATALOGUE, NOW)
    reader.set_trace_callback(None)
    steps = []
    for sql in (one for one in asked if "FROM ticket t" in one):
        for row in reader.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall():
            steps += [f"{row[3]} in {sql}"] if row[3] == "SCAN t" or "TEMP B-TREE" in row[3] else []
    return steps


def test_lists_walk_an_index_and_sort_nothing(store, writer, reader, monkeypatch):
    """What people ask for all day never reads the whole table, nor sorts what it found."""
    monkeypatch.setattr(ticketlist, "SMALL", -1)
    filled(store, writer, 50, 2)
    texts = ("", "status:open", "queue:support status:open", "-status:closed", "agent:anna status:open")
    more = (
        "late:reaction",
        "company:acme",
        "contact:c1@x.example,c2@x.example",
        "priority:urgent status:open",
        "sort:due status:open",
        "sort:priority",
    )
    created = ("sort:created queue:support status:open", "queue:support sort:priority", "touched:>2026-11-10")
    assert _plans(reader, (*texts, *more, *created)) == []


def test_tickets_of_merged_ones_are_found_by_words_under_the_target(store, writer, reader):
    """Merging and splitting move where words are found; the entries themselves stay as they are."""
    tickets = filled(store, writer, 100, 9)
    assert any(one.row["merged_into"] for one in tickets)
    assert pages(reader, "rechnung", 3) == naive(tickets, parse("rechnung"))
