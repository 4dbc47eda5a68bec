"""Rows that wait for others of their table: what is read meanwhile, what is taken back, and what is wrong."""

import pytest
from storekit import incoming, keep, rules_for

from mailgate.store.gathering import MOST_ROWS, Gathered
from mailgate.store.transaction import Transaction
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer

INSERT = 'INSERT INTO "t" ("a", "b") VALUES (?, ?) ON CONFLICT DO NOTHING'
AUDIT = "INSERT INTO audit (at, who, action, subject, detail) VALUES (?, ?, ?, ?, ?)"


class Statements:
    """Keeps what would be run."""

    def __init__(self) -> None:
        self.run: list[tuple[int, tuple]] = []

    def __call__(self, sql: str, values: tuple) -> None:
        assert sql.startswith('INSERT INTO "t" ("a", "b") VALUES (?, ?)')
        assert sql.endswith(" ON CONFLICT DO NOTHING")
        assert sql.count("?") == len(values)
        self.run.append((len(values) // 2, values))


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (2, [2]), (7, [4, 2, 1]), (MOST_ROWS + 3, [MOST_ROWS, 2, 1])]
)
def test_rows_leave_in_few_statements_in_their_order(count, sizes):
    """Statements have powers of two of rows, so that few texts stay prepared."""
    statements = Statements()
    rows = Gathered(statements)
    for n in range(count):
        rows.add(INSERT, (n, str(n)), ())
    rows.write()
    assert [size for size, _ in statements.run] == sizes
    assert [v for _, values in statements.run for v in values[::2]] == list(range(count))
    rows.write()
    assert len(statements.run) == len(sizes)


def test_marks_hold_until_the_row_is_written_or_forgotten():
    """Two rows may share a mark; it holds as long as one of them waits."""
    rows = Gathered(Statements())
    rows.add(INSERT, (1, "x"), ("m",))
    place = rows.place
    rows.add(INSERT, (2, "x"), ("m", "n"))
    rows.back_to(place)
    assert rows.holds(("m",))
    assert not rows.holds(("n",))
    rows.write()
    assert not rows.holds(("m",))


def test_what_was_written_is_not_taken_back_twice():
    """A place before rows that are written already means those that wait only."""
    statements = Statements()
    rows = Gathered(statements)
    place = rows.place
    rows.add(INSERT, (1, "x"), ())
    rows.write()
    rows.add(INSERT, (2, "x"), ("m",))
    rows.back_to(place)
    rows.write()
    assert [values for _, values in statements.run] == [(1, "x")]


def audit(who: str) -> tuple:
    return (1, who, "test", "", "")


def failing(tx: Transaction, who: str, *, reads: bool) -> None:
    """Add a row, perhaps read it, and fail."""
    with tx.savepoint():
        tx.add(AUDIT, audit(who), who)
        if reads:
            sql = "SELECT count(*) FROM audit WHERE who = ?"
            assert tx.look(sql, (who,), who).fetchone() == (1,)
        raise ZeroDivisionError


def test_savepoints_take_back_gathered_and_written_rows_alike(store, clock, ask):
    """Of a unit that fails nothing stays, whether its rows were still waiting or written for a reader."""

    def work(tx: Transaction) -> int:
        tx.add(AUDIT, audit("before"))
        for who, reads in (("waiting", False), ("written", True)):
            with pytest.raises(ZeroDivisionError):
                failing(tx, who, reads=reads)
        with tx.savepoint():
            tx.add(AUDIT, audit("after"))
        return tx.one("SELECT count(*) FROM audit")[0]

    writer = Writer(store, clock=clock)
    done = []
    writer.submit_intake(work, done.append)
    writer.start()
    writer.stop(30)
    assert done == [2]
    assert ask("SELECT who FROM audit ORDER BY id") == [("before",), ("after",)]


@pytest.mark.parametrize("gather", [True, False])
def test_where_nothing_waits_a_reader_begins_its_savepoint_first(store, clock, gather):
    """On PostgreSQL a SELECT that fails ends the transaction, unless there is a savepoint to go back to."""
    said: list[str] = []

    class Said:
        def execute(self, sql, values=()):
            said.append(sql)

    tx = Transaction(store.backend, Said(), store.hot, clock(), gather=gather)
    with tx.savepoint():
        tx.look("SELECT 1", ())
    asked = ["SELECT 1"]
    assert said == (asked if gather else ["SAVEPOINT s1", *asked, "RELEASE SAVEPOINT s1"])


def test_one_wrong_row_fails_its_own_unit_only(store, clock, ask, caplog):
    """Rows that are refused together are written one by one: the others of the batch are stored."""
    message = "INSERT INTO message_body (message_id, octets) VALUES (?, ?)"

    def unit(number: int, octets: bytes):
        def work(tx: Transaction) -> str:
            with tx.savepoint():
                tx.add(message, (number, octets))
            return "stored"

        return work

    done = []
    writer = Writer(store, clock=clock)
    for number in (1, 2, 1, 3):  # the third breaks the primary key
        writer.submit_intake(unit(number, b"x"), done.append)
    writer.start()
    writer.stop(30)
    assert [type(one).__name__ for one in done] == ["str", "str", "IntegrityError", "str"]
    assert ask("SELECT message_id FROM message_body ORDER BY message_id") == [(1,), (2,), (3,)]
    assert "row by row" in caplog.text


def test_the_same_mail_twice_in_one_batch_is_stored_once(store, clock, ask):
    """The second finds the first one's key, though no row of it is written yet."""
    outcomes = []
    writer = Writer(store, clock=clock)
    one, rules = incoming(), rules_for(keep)
    for _ in range(2):
        writer.submit_intake(lambda tx: accept_each(tx, one, rules), outcomes.append)
    writer.start()
    writer.stop(30)
    assert [o[0].status for o in outcomes] == ["accepted", "duplicate"]
    assert ask("SELECT count(*) FROM message") == [(1,)]
