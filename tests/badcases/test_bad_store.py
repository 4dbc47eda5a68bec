"""Faults of the house: the database locked, full or gone, the spool not writable. All shall come again."""

import contextlib
import os
import shutil
import sqlite3
import subprocess

import peers
import pytest
from badkit import bad, good

BUSY = {"database": {"busy_timeout": "0.2 s", "inline_max": "16 KiB"}}
LARGE = good("large") + b"line of a large mail\r\n" * 2000
THREE = ("keep@bad.example", "help@bad.example", "fail@bad.example")


def test_a_locked_database_defers_mail_until_it_is_free():
    """Another process holds the write lock: 451 for each recipient, nothing stored, no restart needed."""
    with bad(BUSY) as house:
        with contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            said = house.send(good("locked"), *THREE)
            assert said.end == ["451 4.3.0 local problem, try again later"] * 3
            other.execute("ROLLBACK")
        assert house.log_has("database is locked", "another process")
        assert house.metric("mailgate_writer_faults_total") >= 1
        assert house.metric("mailgate_deliveries_failed_total") == 3
        assert house.is_well()
        assert house.send(good("locked"), *THREE).codes == ["250 2.0.0"] * 3
        assert house.rows("SELECT count(*) FROM attempt") == [(0,)]


def test_a_database_that_is_gone_defers_mail_until_it_is_back():
    """The file is moved away: 451, never 550, and no new one is made; moved back, all goes on."""
    with bad(BUSY) as house:
        away = house.database.with_suffix(".away")
        house.database.rename(away)
        assert house.send(good("gone"), *THREE).codes in (["451 4.3.0"] * 3, [])
        peers.wait_until(
            lambda: house.send(good("gone"), "nobody@bad.example").mail.startswith("451"), "it says no to all"
        )
        assert not house.database.exists()
        assert house.log_has("database file is gone", "put", "back")
        assert house.metric("mailgate_writer_faults_total") >= 1
        away.rename(house.database)
        peers.wait_until(lambda: house.send(good("back")).codes == ["250 2.0.0"], "it takes mail again")
        assert house.is_well()
        assert house.send(good("gone"), *THREE).codes == ["250 2.0.0"] * 3


def can_mount(folder) -> bool:
    """Whether we may mount a small file system here."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)], check=False, capture_output=True
    )
    if done.returncode == 0:
        subprocess.run(["umount", str(folder)], check=True)
    return done.returncode == 0


@pytest.fixture
def small_disk(tmp_path) -> str:
    """Return the size of a small disk; skip where none can be had."""
    if not can_mount(tmp_path):
        pytest.skip("only root, outside of a confined container, may mount a small disk")
    return "16m"


def test_a_full_disk_tells_nobody_250_who_is_not_stored(small_disk):
    """The disk fills while mails come in: each 250 is stored, all others hear 452; with space it goes on."""
    settings = {"spool": {"reserve": "0"}, "database": {"inline_max": "256 KiB"}}
    with bad(settings, disk=small_disk) as house:
        filler = house.state / "filler"
        with filler.open("wb") as file, contextlib.suppress(OSError):
            while shutil.disk_usage(house.state).free > 1_000_000:
                file.write(bytes(65536))
                file.flush()
        told = {}
        for number in range(40):
            octets = good(f"full{number}") + os.urandom(30_000).hex().encode() + b"\r\n"
            said = house.send(octets, *THREE)
            told[octets] = said.codes or [said.mail[:9]]
        refused = [octets for octets, codes in told.items() if "250 2.0.0" not in codes]
        assert len(refused) > 5
        assert {code for codes in told.values() for code in codes} == {"250 2.0.0", "452 4.3.1"}
        assert house.log_has("disk is full", "make space")
        assert house.metric("mailgate_writer_faults_total") >= 1
        filler.unlink()
        peers.wait_until(lambda: house.send(good("space")).codes == ["250 2.0.0"], "it takes mail again")
        stored = house.octets()
        assert [
            octets for octets, codes in told.items() if "250 2.0.0" in codes and octets not in stored
        ] == []
        assert house.rows("PRAGMA integrity_check") == [("ok",)]
        for octets in refused:
            assert house.send(octets, *THREE).codes == ["250 2.0.0"] * 3
        assert len(house.octets()) == len(set(house.octets()))


def test_below_the_reserve_mail_is_deferred_before_its_octets(small_disk):
    """The reserve is kept free for the database: 452 already at MAIL, so nobody sends 25 MB in vain."""
    with bad({"spool": {"reserve": "4 MiB"}}, disk=small_disk) as house:
        filler = house.state / "filler"
        filler.write_bytes(bytes(13_000_000))
        peers.wait_until(lambda: house.send(good("low")).mail[:9] == "452 4.3.1", "it defers")
        assert house.log_has("disk_low", "make space")
        assert house.metric("mailgate_alarms_total", alarm="disk_low") == 1
        filler.unlink()
        peers.wait_until(lambda: house.send(good("again")).codes == ["250 2.0.0"], "it takes mail again")


def test_a_spool_that_cannot_be_written_defers_large_mail_only():
    """Large mail needs the spool, small mail does not; nobody is refused, and the log names the folder."""
    root = os.geteuid() == 0
    # root writes everywhere unless this right is taken from it.
    prefix = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if root else ()
    with bad(BUSY, prefix=prefix) as house:
        spool = house.state / "spool"
        spool.chmod(0o500)
        assert house.send(LARGE, *THREE).end == ["451 4.3.0 local problem, try again later"] * 3
        assert house.send(good("small")).codes == ["250 2.0.0"]
        assert house.metric_is(1, "mailgate_alarms_total", alarm="spool_fault")
        assert house.log_has("spool_fault", "Permission denied", str(spool))
        spool.chmod(0o700)
        assert house.send(LARGE, *THREE).codes == ["250 2.0.0"] * 3
        assert house.is_well()
