"""Files of templates and of mails of ours: kept as blobs, spared by the sweep, part of backups and of the checkup."""

import hashlib
import os
import time
from dataclasses import replace

import pytest
from filekit import PDF, STRANGERS, png
from storekit import START, Clock, incoming, new_options, postgresql_options, rules_for
from test_store_effects import DRAFT, send, ticketing

from mailgate.domain.deskerror import DeskError
from mailgate.domain.draft import Attachment
from mailgate.domain.envelope import Octets
from mailgate.domain.routing import Template
from mailgate.errors import HouseFault
from mailgate.store import backup, business, checkup, outbox_rows, queries, sweep
from mailgate.store.blobs import open_buffer
from mailgate.store.db import open_store
from mailgate.store.files import described, keep_file, keep_octets, opened
from mailgate.store.templatefiles import FileChange, apply_files, plan, template_files
from mailgate.store.unit import accept_each
from mailgate.store.writer import Writer


@pytest.fixture
def house(store, writer):
    """Return a store with its writer, on SQLite."""
    return store, writer


@pytest.fixture
def pg_house(postgres, tmp_path):
    """Open the same on PostgreSQL."""
    store = open_store(postgresql_options(postgres, tmp_path))
    store.close()
    writer = Writer(store, clock=Clock())
    writer.start()
    yield store, writer
    assert writer.stop(30)
    store.close()


def look(store, function, *arguments):
    with queries.reading(store) as connection:
        return function(connection, *arguments)


def attach(writer, template: str, *files: Attachment) -> None:
    changes = [FileChange("attach", template, one) for one in files]
    writer.submit(lambda tx: apply_files(tx, changes, "test")).result(30)


def answer_with(store, writer, *files: Attachment) -> None:
    """Let a mail be answered with files."""
    decide = ticketing(lambda r, t, s: replace(send(r, t, s), draft=replace(DRAFT, attachments=files)))
    mail = incoming()
    (done,) = writer.submit(lambda tx: accept_each(tx, mail, rules_for(decide))).result(30)
    assert done.reply.code == 250


def swept(store) -> int:
    """Sweep when every file is old; returns how many went."""
    for path in store.blobs.folder.glob("*/*"):
        os.utime(path, (1, 1))
    return look(store, sweep.sweep, store.blobs).blobs


def test_a_file_of_the_disk_becomes_a_blob(store, tmp_path):
    """Small as it may be; the file on the disk stays, and what a draft says finds the octets again."""
    path = tmp_path / "Terms.pdf"
    path.write_bytes(PDF)
    with opened(path) as content:
        made = described(content, path.name, inline=False)
    keep_file(store.blobs, path, made)
    digest = hashlib.sha256(PDF)
    assert made == Attachment("Terms.pdf", "application/pdf", blob=digest.hexdigest(), size=len(PDF))
    assert open_buffer(store.blobs.file(made.blob, made.size))[:] == PDF
    assert path.read_bytes() == PDF
    assert list(store.blobs.incoming.iterdir()) == []


def test_a_file_in_memory_becomes_a_blob(store):
    """An image that the HTML shows is named there by its clean name."""
    made = keep_octets(store.blobs, png(), "../\u202elogo.png", inline=True)
    assert (made.name, made.cid, made.kind) == ("logo.png", "logo.png", "image/png")
    assert open_buffer(store.blobs.file(made.blob, made.size))[:] == png()


def test_a_file_that_changes_meanwhile_is_not_kept(store, tmp_path):
    """What was checked is what is kept."""
    path = tmp_path / "logo.png"
    path.write_bytes(png())
    with opened(path) as content:
        made = described(content, path.name, inline=False)
    path.write_bytes(STRANGERS["setup.exe"][1][: made.size].ljust(made.size))
    with pytest.raises(DeskError, match="was changed meanwhile"):
        keep_file(store.blobs, path, made)
    assert list(store.blobs.folder.glob("*/*")) == []


def test_what_is_refused_leaves_nothing_behind(store, tmp_path):
    """Neither a blob nor a spool file."""
    with pytest.raises(DeskError, match=r"logo\.png is a Windows program"):
        keep_octets(store.blobs, STRANGERS["setup.exe"][1], "logo.png")
    with pytest.raises(DeskError, match="No such file"), opened(tmp_path / "gone"):
        pass
    assert list(store.blobs.folder.glob("*/*")) == []
    assert list(store.blobs.incoming.iterdir()) == []


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    """The size is enough to say no; how large is too large may be said."""
    path = tmp_path / "video.mp4"
    with path.open("wb") as file:
        file.truncate(26 * 1024 * 1024)
    with pytest.raises(DeskError, match="at most 26,214,400 go along"), opened(path):
        pass
    with opened(path, 26 * 1024 * 1024) as content:
        assert len(content) == 26 * 1024 * 1024


@pytest.mark.parametrize(("name", "size"), [("0" * 64, 1), ("no digest", 1)])
def test_a_blob_that_is_not_there_is_a_fault(store, name, size):
    """And so is one of another size."""
    with pytest.raises(HouseFault):
        store.blobs.file(name, size)
    made = keep_octets(store.blobs, PDF, "a.pdf")
    with pytest.raises(HouseFault, match=f"has {len(PDF)} octets and should have {len(PDF) + 1}"):
        store.blobs.file(made.blob, made.size + 1)


def the_sweep_spares_what_is_named(house) -> None:
    store, writer = house
    of_template = keep_octets(store.blobs, PDF, "terms.pdf")
    of_mail = keep_octets(store.blobs, png(), "logo.png")
    keep_octets(store.blobs, PDF + b"lonely", "lonely.pdf")
    attach(writer, "received", of_template)
    answer_with(store, writer, of_mail, of_mail, Attachment("a.txt", "text/plain", "text"))
    assert swept(store) == 1
    assert open_buffer(store.blobs.file(of_mail.blob, of_mail.size))[:] == png()

    # Whatever became of the mail: as long as its row is there, it can be looked at and sent again.
    rows = look(store, lambda c: c.execute("SELECT id FROM outbox").fetchall())
    assert swept(store) == 0
    writer.submit(lambda tx: outbox_rows.delete(tx, [row[0] for row in rows], "test")).result(30)
    assert swept(store) == 1
    detach = [FileChange("detach", "received", of_template)]
    writer.submit(lambda tx: apply_files(tx, detach, "test")).result(30)
    assert swept(store) == 1


def test_the_sweep_spares_what_templates_and_mails_name(house):
    """A blob goes when neither a template nor a row of the outbox names it any more."""
    the_sweep_spares_what_is_named(house)


def the_catalogue_has_files(house) -> None:
    store, writer = house
    made = business.Business(templates=(Template("received", "", "hello"), Template("other", "", "hello")))
    changes = look(store, business.plan, made, "")
    writer.submit(lambda tx: business.apply_changes(tx, changes, "test")).result(30)
    logo, terms = (
        keep_octets(store.blobs, png(), "b.png", inline=True),
        keep_octets(store.blobs, PDF, "a.pdf"),
    )
    before = look(store, business.load_catalogue)
    attach(writer, "received", logo, terms)
    after = look(store, business.load_catalogue)
    assert after.version > before.version
    assert dict(after.files) == {"received": (terms, logo)}
    gone = look(store, business.remove_one, "template", "received")
    writer.submit(lambda tx: business.apply_changes(tx, gone, "test")).result(30)
    assert dict(look(store, business.load_catalogue).files) == {}


def test_the_catalogue_has_the_files_of_templates(house):
    """In the order of their names; a change is a new version; a template that goes takes them along."""
    the_catalogue_has_files(house)


@pytest.mark.peer("postgresql")
def test_both_are_the_same_on_postgresql(pg_house):
    """One rule for both databases."""
    the_sweep_spares_what_is_named(pg_house)
    the_catalogue_has_files(pg_house)


def test_a_plan_changes_only_what_differs():
    """What is there already stays; what is not wanted goes; templates that are not named are left alone."""
    one, two = (
        Attachment("a.pdf", "application/pdf", blob="01", size=1),
        Attachment("b.pdf", "x/y", blob="02", size=1),
    )
    other = replace(one, blob="03")
    there = {"t": (one, two), "untouched": (one,)}
    assert plan(there, {"t": (one, two)}) == ()
    assert plan(there, {"t": (other,)}) == (
        FileChange("attach", "t", other, True),
        FileChange("detach", "t", two),
    )
    assert plan({}, {"new": (one,)}) == (FileChange("attach", "new", one),)


def test_backups_hold_the_files_too(store, writer, tmp_path):
    """And the beginnings of edited mails, which lie in blobs where they are large."""
    of_template = keep_octets(store.blobs, PDF, "terms.pdf")
    of_mail = keep_octets(store.blobs, png(), "logo.png")
    attach(writer, "received", of_template)
    answer_with(store, writer, of_mail)
    edited = b"Subject: other\r\n\r\n" + b"y" * 300_000
    digest = hashlib.sha256(edited)
    store.blobs.keep(Octets(len(edited), digest.digest(), data=edited))
    row = "INSERT INTO edition (id, message_id, sha256, size, tail, stored, octets) VALUES (1, 1, ?, 9, 0, 'file', '')"
    writer.submit(lambda tx: tx.execute(row, (digest.digest(),))).result(30)
    manifest = backup.backup(store, tmp_path / "backup", START)
    assert set(manifest.blobs) == {of_template.blob, of_mail.blob, digest.hexdigest()}
    assert manifest.blobs[of_template.blob] == len(PDF)
    assert backup.verify(tmp_path / "backup") == []
    elsewhere = new_options(tmp_path / "restored")
    backup.restore(tmp_path / "backup", elsewhere.path, elsewhere.blobs)
    assert {path.name for path in elsewhere.blobs.glob("*/*")} == set(manifest.blobs)


def test_a_file_that_is_gone_is_found(store, writer):
    """The checkup names it."""
    made = keep_octets(store.blobs, PDF, "terms.pdf")
    attach(writer, "received", made)
    assert [
        line for line in look(store, lambda c: checkup.faults(c, store.blobs, sqlite=True)) if "file" in line
    ] == []
    store.blobs.path(bytes.fromhex(made.blob)).unlink()
    found = look(store, lambda c: checkup.faults(c, store.blobs, sqlite=True))
    assert f"a file of a template or of an answer is missing: {made.blob}" in found


def test_files_of_templates_are_read_in_order(store, writer):
    """By template and name; nothing where none has any."""
    assert look(store, template_files) == {}
    one = keep_octets(store.blobs, PDF, "b.pdf")
    two = keep_octets(store.blobs, png(), "a.png")
    attach(writer, "y", one, two)
    attach(writer, "x", one)
    assert look(store, template_files) == {"x": (one,), "y": (two, one)}
    assert time.time() - store.blobs.path(bytes.fromhex(one.blob)).stat().st_mtime < 3600
