"""Large mails as files: durable before they are named, swept when nothing names them; backup and restore."""

import hashlib
import json
import os
import shutil
import threading
import time

import pytest
from storekit import START, incoming, new_options

from mailgate.domain.envelope import Octets
from mailgate.errors import HouseFault, SettingsError
from mailgate.store import backup, checkup, queries, sweep
from mailgate.store.blobs import Blobs, open_buffer
from mailgate.store.db import open_store

LARGE = b"Subject: large\r\n\r\n" + b"x" * 300_000
OLD = 100_000.0


def spooled(options, octets: bytes, name: str = "in1") -> Octets:
    path = options.incoming / name
    path.write_bytes(octets)
    return Octets(len(octets), hashlib.sha256(octets).digest(), path=path)


@pytest.fixture
def look(store):
    def run(function, *arguments):
        with queries.reading(store) as connection:
            return function(connection, *arguments)

    return run


def age(path, seconds=OLD) -> None:
    past = time.time() - seconds
    os.utime(path, (past, past))


def test_a_large_mail_becomes_a_file_named_by_its_digest(store, options, accept, ask, look):
    """The spool file is moved, the row names it, and the octets come back the same."""
    octets = store.blobs.adopt(spooled(options, LARGE))
    digest = hashlib.sha256(LARGE).hexdigest()
    assert octets.path == options.blobs / digest[:2] / digest
    assert list(options.incoming.iterdir()) == []
    accept(incoming(octets))
    assert ask("SELECT stored, size FROM message") == [("file", len(LARGE))]
    assert ask("SELECT count(*) FROM message_body") == [(0,)]
    found = look(queries.octets, store.blobs, 1)
    assert bytes(open_buffer(found)) == LARGE


def test_a_small_spooled_mail_goes_into_the_row(store, options):
    """Below the threshold the octets are read and the spool file goes."""
    octets = store.blobs.adopt(spooled(options, b"small"))
    assert (octets.data, octets.path) == (b"small", None)
    assert list(options.incoming.iterdir()) == []


def test_large_octets_in_memory_become_a_file_too(store):
    """Whoever hands over octets in memory need not know the threshold."""
    digest = hashlib.sha256(LARGE).digest()
    octets = store.blobs.adopt(Octets(len(LARGE), digest, data=LARGE))
    assert octets.path.read_bytes() == LARGE
    assert octets.data is None


def test_the_order_is_file_then_place_then_folder(options):
    """The named points come in order: the file is synced before it has its name, the folder after."""
    states = []
    digest = hashlib.sha256(LARGE).digest()

    def look(point):
        states.append((point, store.path(digest).exists()))

    store = Blobs(options, look)
    store.adopt(spooled(options, LARGE))
    assert states == [
        ("blob-written", False),
        ("blob-fsynced", False),
        ("blob-named", True),
        ("blob-synced", True),
    ]


def test_the_same_large_octets_twice_are_one_file(store, options):
    """Content decides the name; the second coming replaces the same with the same and is young."""
    first = store.blobs.adopt(spooled(options, LARGE, "a"))
    age(first.path)
    second = store.blobs.adopt(spooled(options, LARGE, "b"))
    assert first.path == second.path
    assert time.time() - second.path.stat().st_mtime < OLD / 2


def test_an_unwritable_blob_folder_is_later_not_lost(store, options):
    """Where the file can't be put in place: 451, and the spool file is still there."""
    octets = spooled(options, LARGE)
    place = options.blobs / octets.sha256.hex()[:2]
    place.write_bytes(b"a file where a folder should be")
    with pytest.raises(HouseFault):
        store.blobs.adopt(octets)
    assert octets.path.exists()


def test_a_lost_spool_file_is_later(store, options):
    """Octets that are gone are a fault of ours."""
    octets = spooled(options, LARGE)
    octets.path.unlink()
    with pytest.raises(HouseFault):
        store.blobs.adopt(octets)
    with pytest.raises(HouseFault):
        open_buffer(octets)


def test_the_reserve_is_asked_before_the_data(options, tmp_path):
    """Below the reserve it says no; a folder that is gone counts as full."""
    free = shutil.disk_usage(tmp_path).free
    tight = Blobs(new_options(tmp_path / "none"))
    assert Blobs(options).reserve_ok(1000)
    assert not Blobs(options).reserve_ok(free * 2)
    assert not tight.reserve_ok()


def test_an_empty_file_is_an_empty_buffer(options):
    """A mail of 0 octets cannot be mapped and is read all the same."""
    assert open_buffer(spooled(options, b"")) == b""


def test_the_sweep_takes_old_files_without_a_row_only(store, options, accept, look):
    """Named, young and foreign files stay; old ones without a row and stale spool files go."""
    named = store.blobs.adopt(spooled(options, LARGE, "a"))
    accept(incoming(named))
    lonely = store.blobs.adopt(spooled(options, LARGE + b"1", "b"))
    young = store.blobs.adopt(spooled(options, LARGE + b"2", "c"))
    foreign = lonely.path.parent / "README"
    foreign.write_text("not ours")
    stale, fresh = spooled(options, b"stale", "s").path, spooled(options, b"fresh", "f").path
    for path in (named.path, lonely.path, foreign, stale):
        age(path)
    swept = look(sweep.sweep, store.blobs)
    assert (swept.blobs, swept.spool, swept.octets) == (1, 1, len(LARGE) + 1 + 5)
    assert named.path.exists()
    assert young.path.exists()
    assert foreign.exists()
    assert fresh.exists()
    assert not lonely.path.exists()
    assert not stale.exists()


def test_the_sweep_waits_for_who_is_putting_a_file_in_place(store, options, look):
    """While the same octets come in again the sweep stands still, and then sees a young file."""
    old = store.blobs.adopt(spooled(options, LARGE, "a"))
    age(old.path)
    result = []
    with store.blobs.lock(exclusive=False):
        sweeper = threading.Thread(target=lambda: result.append(look(sweep.sweep, store.blobs)))
        sweeper.start()
        sweeper.join(0.2)
        os.utime(old.path)
    sweeper.join(30)
    assert result[0].blobs == 0
    assert old.path.exists()


def test_pruning_forgets_what_is_over(writer, accept, ask, clock):
    """Keys after their 14 days, tries, memories and old buckets; nothing of the mail itself."""
    accept(incoming())
    clock.move(days=15)
    assert writer.submit(sweep.prune).result(30) == 2
    assert ask("SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM gate_count)") == [(0, 1)]
    clock.move(days=18)
    assert writer.submit(sweep.prune).result(30) == 1
    assert ask("SELECT count(*) FROM delivery") == [(1,)]


def test_a_backup_taken_under_load_restores_to_a_whole_store(store, options, make_writer, accept, tmp_path):
    """While mails are written a backup is made; restored elsewhere it is undamaged and holds every mail it counts."""
    from storekit import keep, rules_for

    from mailgate.store.unit import accept_each

    large = store.blobs.adopt(spooled(options, LARGE))
    accept(incoming(large, trace_id="large"))
    busy = make_writer()
    rules, running = rules_for(keep), threading.Event()

    def load():
        for n in range(300):
            mail = incoming(f"Subject: {n}\r\n\r\n".encode(), trace_id=f"t{n}")
            busy.submit(lambda tx, mail=mail: accept_each(tx, mail, rules)).result(30)
            if n == 50:
                running.set()

    loader = threading.Thread(target=load)
    loader.start()
    running.wait(30)
    manifest = backup.backup(store, tmp_path / "backup", START)
    loader.join(60)
    assert backup.verify(tmp_path / "backup") == []
    assert 51 <= manifest.messages <= 301

    elsewhere = new_options(tmp_path / "restored")
    elsewhere.incoming.mkdir(parents=True)
    backup.restore(tmp_path / "backup", elsewhere.path, elsewhere.blobs)
    restored = open_store(elsewhere)
    with queries.reading(restored) as connection:
        assert checkup.damage(connection) == []
        assert checkup.orphans(connection) == []
        assert checkup.missing_blobs(connection, restored.blobs) == []
        count = connection.execute("SELECT count(*) FROM message").fetchone()[0]
        found = queries.find_deliveries(connection, "large")
        assert bytes(open_buffer(queries.octets(connection, restored.blobs, found[0]["message_id"]))) == LARGE
    restored.close()
    assert count == manifest.messages


def test_a_backup_that_was_altered_is_not_restored(store, options, accept, tmp_path):
    """Each kind of damage is named: a missing blob, an altered blob, an altered database."""
    accept(incoming(store.blobs.adopt(spooled(options, LARGE))))
    folder = tmp_path / "backup"
    backup.backup(store, folder, START)
    name = next(iter(json.loads((folder / "manifest.json").read_text())["blobs"]))
    blob = folder / "blobs" / name[:2] / name
    blob.write_bytes(b"altered")
    assert backup.verify(folder) == [f"blob {name} was altered"]
    blob.unlink()
    with (folder / "mailgate.sqlite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(SettingsError) as caught:
        backup.restore(folder, tmp_path / "new.db", tmp_path / "newblobs")
    assert [c.message for c in caught.value.complaints] == [
        "mailgate.sqlite was altered",
        f"blob {name} is missing",
    ]
    assert not (tmp_path / "new.db").exists()


def test_a_restore_never_overwrites(store, options, tmp_path):
    """A database or its log in the way stops it: a stale log beside a new database would damage it."""
    backup.backup(store, tmp_path / "backup", START)
    with pytest.raises(SettingsError, match="is in the way"):
        backup.restore(tmp_path / "backup", options.path, options.blobs)


def test_a_backup_needs_an_empty_folder(store, tmp_path):
    """Nothing is overwritten by a backup either."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    with pytest.raises(SettingsError, match="not empty"):
        backup.backup(store, tmp_path / "full", START)
