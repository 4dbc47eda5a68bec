"""The same store on a real PostgreSQL: several gateways may share it, and each conversation is decided once."""

import threading

import pytest
from storekit import Clock, deciding, incoming, keep, postgresql_options, rules_for
from test_store_effects import send, ticketing

from mailgate.domain.effects import Decision
from mailgate.errors import HouseFault, SettingsError
from mailgate.store import business, outbox_rows, queries
from mailgate.store.db import make_backend, open_store
from mailgate.store.models.tables import TABLES
from mailgate.store.options import StoreOptions
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer

pytestmark = pytest.mark.peer("postgresql")


@pytest.fixture
def pg_options(postgres, tmp_path) -> StoreOptions:
    return postgresql_options(postgres, tmp_path)


@pytest.fixture
def pg_store(pg_options):
    store = open_store(pg_options)
    store.close()
    yield store
    store.close()


def deliver(writer: Writer, mail, decide):
    rules = rules_for(decide)
    return writer.submit(lambda tx: accept_each(tx, mail, rules)).result(60)


def test_the_journey_on_postgresql(pg_store):
    """Kept, ticketed, answered, crashed, seen again: the same outcomes as on SQLite."""
    clock = Clock()
    writer = Writer(pg_store, clock=clock)
    writer.start()

    def crash(mail, route, catalogue, reader, now):
        raise ZeroDivisionError

    (first,) = deliver(
        writer, incoming(b"1\r\n\r\n"), ticketing(lambda r, t, s: send(r, t, s, period_key="k", period_s=60))
    )
    (again,) = deliver(writer, incoming(b"1\r\n\r\n"), keep)
    crashes = [deliver(writer, incoming(b"2\r\n\r\n"), crash)[0] for _ in range(3)]
    assert first.reply.code == 250
    assert first.ticket.startswith("T-")
    assert again.reply.text == f"already accepted, ticket {first.ticket}"
    assert [c.reply.code for c in crashes] == [451, 451, 250]

    claimed = writer.submit(lambda tx: outbox_rows.claim(tx, "w", clock.now, 10, 60)).result(60)
    assert [row.to_address for row in claimed] == ["ann@example.net"]
    settled = outbox_rows.Settled(claimed[0].id, "w", "sent")
    assert writer.submit(lambda tx: outbox_rows.settle(tx, [settled]).done).result(60) == 1
    assert writer.stop(60)
    with queries.reading(pg_store) as connection:
        story = queries.ticket(connection, first.ticket)
        assert [e["kind"] for e in story["entries"]] == ["incoming", "answer"]
        assert queries.octets(connection, pg_store.blobs, 1).data == b"1\r\n\r\n"
        assert outbox_rows.depths(connection)["waiting"] == 0


def test_business_on_postgresql(pg_store):
    """Plans are applied, idempotent, and loaded as a catalogue."""
    from test_store_business import WANTED

    writer = Writer(pg_store)
    writer.start()
    with queries.reading(pg_store) as connection:
        changes = business.plan(connection, WANTED, "f")
    writer.submit(lambda tx: business.apply_changes(tx, changes, "root")).result(60)
    assert writer.stop(60)
    with queries.reading(pg_store) as connection:
        assert business.plan(connection, WANTED, "f") == ()
        assert business.load_catalogue(connection).route("support@example.org").queue == "support"


def test_migrations_make_every_table_and_column(pg_options):
    """On PostgreSQL, too, the schema is what the models say."""
    backend = make_backend(pg_options)
    backend.connect()
    for table in TABLES:
        name = table._meta.table_name
        have = {c.name for c in backend.database.get_columns(name)}
        assert have == {f.column_name for f in table._meta.sorted_fields}, name
    backend.close()


def test_two_gateways_open_one_contact(pg_store):
    """Two first mails of one sender at the same moment, through two writers: one contact, nobody fails."""
    barrier = threading.Barrier(2)
    writers = [Writer(pg_store), Writer(pg_store)]

    def decide(mail, route, catalogue, reader, now):
        if reader.contact("ann@example.net") is not None:
            return Decision((), "", "", "")
        return ticketing()(mail, route, catalogue, reader, now)

    def work(n):
        def run(tx):
            barrier.wait(30)
            return accept_each(tx, incoming(b"%d\r\n\r\n" % n), rules_for(decide))

        return run

    for writer in writers:
        writer.start()
    futures = [writer.submit(work(n)) for n, writer in enumerate(writers)]
    assert [f.result(60)[0].reply.code for f in futures] == [250, 250]
    assert all(writer.stop(60) for writer in writers)
    with queries.reading(pg_store) as connection:
        assert connection.execute("SELECT count(*) FROM contact").fetchone() == (1,)


def test_two_gateways_that_wait_for_each_other_both_go_on(pg_store):
    """Rows locked crosswise: the server ends one batch, which is done again; nobody is told to come later."""
    met, order = threading.Barrier(2), []
    writers = [Writer(pg_store), Writer(pg_store)]
    writers[0].start()
    keys = ("a", "b")
    count = "INSERT INTO gate_count (scope, key, width, bucket, n) VALUES (%s, 'k', 60, 1, 0)"
    writers[0].submit(lambda tx: [tx.execute(count, (key,)) for key in keys]).result(60)

    def work(mine, other):
        def run(tx):
            order.append(mine)
            tx.execute("UPDATE gate_count SET n = n + 1 WHERE scope = %s", (mine,))
            if len(order) <= len(writers):
                met.wait(30)
            tx.execute("UPDATE gate_count SET n = n + 1 WHERE scope = %s", (other,))

        return run

    writers[1].start()
    futures = [writer.submit(work(*ways)) for writer, ways in zip(writers, (keys, keys[::-1]), strict=True)]
    assert [future.result(60) for future in futures] == [None, None]
    assert all(writer.stop(60) for writer in writers)
    assert len(order) == 3
    with queries.reading(pg_store) as connection:
        assert connection.execute("SELECT sum(n) FROM gate_count").fetchone() == (4,)


def test_a_broken_connection_is_later_and_is_opened_again(pg_store):
    """The server drops us in the middle: 451 for the batch, and the next batch works."""
    writer = Writer(pg_store)
    writer.start()

    def dropped(tx):
        pid = tx.one("SELECT pg_backend_pid()")[0]
        with queries.reading(pg_store) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (pid,)).fetchone()
        return tx.one("SELECT 1")

    with pytest.raises(HouseFault):
        writer.submit(dropped).result(60)
    assert deliver(writer, incoming(), deciding())[0].reply.code == 250
    assert writer.stop(60)


def test_an_absent_server_is_a_sentence(tmp_path):
    """Opening says what is wrong, without a traceback."""
    options = StoreOptions("postgresql://127.0.0.1:1/none", tmp_path, tmp_path)
    with pytest.raises(SettingsError, match="cannot open the database"):
        open_store(options)
