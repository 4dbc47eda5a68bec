"""Migrations, refusal to start, network file systems, and the hot statements."""

import dataclasses
import re
import sqlite3
import tempfile
from pathlib import Path

import peewee
import pytest
from storekit import make_database, new_options

from mailgate.errors import SettingsError
from mailgate.store import schema
from mailgate.store.db import create_store, make_backend, open_store
from mailgate.store.hot import Hot
from mailgate.store.models.tables import TABLES
from mailgate.store.models.tickets import Ticket
from mailgate.store.mounts import NETWORK, network_reason
from mailgate.store.statements import compile_query, insert, slot

MOUNTINFO = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/mail rw,relatime shared:5 - {kind} filer:/mail rw
31 22 0:41 / /srv/mail/local rw - xfs /dev/sdb1 rw
32 22 0:42 / /srv/with\\040space rw - cifs //host/share rw
"""


def _schema(path) -> dict[str, str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            # The runner's own table, and the index of words, which is no table of ours.
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'schema_migration%' AND name NOT LIKE 'search_text%'"
        ).fetchall()
    connection.close()
    return {name: re.sub(r"\s+", "", sql) for name, sql in rows}


def test_models_and_migrations_make_the_same_schema(tmp_path, options):
    """Every table and index that the models declare is what the migrations make, and nothing else."""
    path = tmp_path / "models.db"
    database = peewee.SqliteDatabase(str(path))
    with database.bind_ctx(TABLES), database.connection_context():
        database.create_tables(TABLES)
    assert _schema(options.path) == _schema(path)


def test_upgrade_is_idempotent(options):
    """A second upgrade has nothing to do and says so."""
    backend = make_backend(options)
    assert schema.upgrade(backend) == ()
    assert all(s.applied is not None for s in schema.status(backend))
    backend.close()


def test_a_database_without_migrations_is_refused(tmp_path):
    """The gateway does not start on pending migrations; the message names the command."""
    options = new_options(tmp_path)
    create_store(options).close()
    with pytest.raises(SettingsError, match="run `mailgate db upgrade`"):
        open_store(options)


def test_a_newer_database_is_refused(options):
    """A database with a migration that this program does not have is not touched."""
    with sqlite3.connect(options.path) as connection:
        connection.execute(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
        )
    connection.close()
    with pytest.raises(SettingsError, match=r"newer than this program.*9999_future"):
        open_store(options)


def test_a_missing_database_is_refused_and_not_made(tmp_path):
    """Starting never creates an empty database in place of a lost one."""
    options = new_options(tmp_path)
    options.blobs.mkdir()
    options.incoming.mkdir()
    with pytest.raises(SettingsError, match="no such database"):
        open_store(options)
    assert not options.path.exists()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """A damaged or foreign file gets a sentence, not a traceback."""
    options = new_options(tmp_path)
    options.blobs.mkdir()
    options.incoming.mkdir()
    options.path.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(SettingsError, match="cannot open the database"):
        open_store(options)


def test_all_missing_folders_are_named_at_once(tmp_path):
    """Every complaint comes in one go."""
    with pytest.raises(SettingsError) as caught:
        open_store(new_options(tmp_path / "nowhere"))
    assert len(caught.value.complaints) == 4


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_network_file_systems_are_refused(tmp_path, kind):
    """Each of the network file systems is recognised, with its type and place in the reason."""
    reason = network_reason(Path("/srv/mail/store"), MOUNTINFO.format(kind=kind))
    assert f"({kind}, mounted at /srv/mail)" in reason


def test_a_local_disk_below_a_network_mount_is_fine():
    """The innermost mount decides."""
    assert network_reason(Path("/srv/mail/local/store"), MOUNTINFO.format(kind="nfs4")) == ""
    assert network_reason(Path("/var/lib/mailgate"), MOUNTINFO.format(kind="nfs4")) == ""


def test_mount_points_with_spaces_are_understood():
    """Octal escapes in mountinfo are undone."""
    assert "cifs" in network_reason(Path("/srv/with space/x"), MOUNTINFO.format(kind="nfs"))


def test_opening_on_a_network_file_system_fails(options, tmp_path):
    """`open_store` asks for each of its folders and refuses with the reason."""
    info = f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:9 / {tmp_path} rw - nfs4 filer:/x rw\n"
    with pytest.raises(SettingsError, match="network file system"):
        open_store(options, mountinfo=info)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_spool_and_blobs_must_share_a_file_system(options):
    """A large mail is renamed into place; where that can't work the start says so."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        apart = dataclasses.replace(options, blobs=Path(other))
        if apart.blobs.stat().st_dev == options.incoming.stat().st_dev:
            pytest.skip("everything here is one file system")
        with pytest.raises(SettingsError, match="one file system"):
            open_store(apart)


def test_the_password_never_shows(options):
    """Options are printed in errors and logs without the database's password."""
    assert "planted" not in repr(dataclasses.replace(options, password="planted"))


def _statements(hot: Hot):
    for group in dataclasses.fields(hot):
        part = getattr(hot, group.name)
        for field in dataclasses.fields(part):
            yield f"{group.name}.{field.name}", getattr(part, field.name)


def test_every_hot_statement_is_valid_and_needs_no_table_scan(store):
    """SQLite takes each compiled statement, and reads by key or index (the counter table has eight rows)."""
    connection = store.reader()
    scans = []
    for name, sql in _statements(store.hot):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}", [0] * sql.count("?")).fetchall()
        scans += [f"{name}: {row[3]}" for row in plan if "SCAN" in row[3] and "INDEX" not in row[3]]
    connection.close()
    assert scans == ["tickets.counters: SCAN t1"]


def test_inserts_must_name_every_column(store):
    """A column that the models have and a hot INSERT forgets is found when the statements are compiled."""
    with pytest.raises(ValueError, match="parameters are"):
        insert(Ticket, ["id", "number"])


def test_values_never_end_up_in_compiled_text(store):
    """A query with a value in it is no statement to keep."""
    with pytest.raises(ValueError, match="parameters are"):
        compile_query(Ticket.select().where(Ticket.number == "T-1"), "number")


def test_parameters_in_another_order_are_found_at_the_start(store):
    """Peewee sorts the columns of an UPDATE; whoever expects another order is told when compiling."""
    query = Ticket.update({Ticket.status: slot("status"), Ticket.queue: slot("queue")})
    assert compile_query(query, "queue status").startswith('UPDATE "ticket" SET "queue" = ?, "status" = ?')
    with pytest.raises(ValueError, match="queue status"):
        compile_query(query, "status queue")


def test_pragmas_that_durability_rests_on(store):
    """The log is written ahead and synced at each commit; checkpoints are ours."""
    connection = store.connection()
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (0,)


def test_readers_cannot_write(store):
    """A reader's connection refuses to change anything."""
    connection = store.reader()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM seen")
    connection.close()


def test_make_database_twice_keeps_what_is_there(options, ask):
    """`db upgrade` on an existing database loses nothing."""
    make_database(options)
    assert ask("SELECT count(*) FROM counter") == [(9,)]


def test_tickets_of_an_older_program_keep_their_agents_and_reminders(tmp_path):
    """Sessions are their ticket's agent's after the upgrade, and a reminder that was set is still told."""
    options = new_options(tmp_path)
    backend = create_store(options)
    backend.connect()
    old = tmp_path / "old"
    old.mkdir()
    for name in ("0001_first.py", "0002_language.py"):
        (old / name).write_text((Path(schema.__file__).parent / "migrations" / name).read_text())
    schema.Runner(backend.database, str(old)).up()
    with sqlite3.connect(options.path) as connection:
        for ticket, agent, follow_up in ((1, "anna", 5000), (2, "", 0)):
            columns = [row[1:3] for row in connection.execute("PRAGMA table_info(ticket)")]
            values = {name: 0 if "INT" in kind.upper() else "" for name, kind in columns}
            values |= {"id": ticket, "number": f"T-{ticket}", "agent": agent, "session_id": ticket}
            values |= {"follow_up_at": follow_up, "follow_up_agent": agent, "contact_id": ticket}
            marks = ", ".join("?" * len(values))
            connection.execute(
                f"INSERT INTO ticket ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
            )
            connection.execute(
                "INSERT INTO session (id, ticket_id, state, reason, opened_at, last_at)"
                " VALUES (?, ?, 'unopened', '', 1, 1)",
                (ticket, ticket),
            )
        columns = [row[1:3] for row in connection.execute("PRAGMA table_info(contact)")]
        values = {name: 0 if "INT" in kind.upper() else "" for name, kind in columns}
        values |= {"id": 1, "company_id": 7}
        marks = ", ".join("?" * len(values))
        connection.execute(
            f"INSERT INTO contact ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
        )
    connection.close()
    schema.upgrade(backend)
    backend.close()
    with sqlite3.connect(options.path) as connection:
        assert connection.execute("SELECT agent FROM session ORDER BY id").fetchall() == [("anna",), ("",)]
        told = connection.execute("SELECT ticket_id, agent, at, done_at FROM follow_up").fetchall()
        assert told == [(1, "anna", 5000, 0)]
        assert connection.execute("SELECT company_id FROM ticket ORDER BY id").fetchall() == [(7,), (0,)]
    connection.close()
