"""Maildirs: where a mail lies, under which name, and that it lies there once."""

import asyncio
import errno
import os
from pathlib import Path

import pytest
from targetkit import TEXT, new_job

from mailgate.domain.envelope import Octets
from mailgate.domain.target import Failed, Retry, Sent
from mailgate.outbox.content import StoredContent
from mailgate.targets import maildir as maildir_file
from mailgate.targets._folders import BadFolder, directory, modified_utf7
from mailgate.targets.maildir import MaildirOptions, MaildirTarget


def deliver(*jobs, path, **options):
    """Deliver jobs with a target of their own and return the outcomes."""

    async def run():
        target = MaildirTarget(MaildirOptions(str(path), **options))
        try:
            return await target.deliver(jobs)
        finally:
            await target.close()

    return asyncio.run(run())


def files(folder: Path) -> list[str]:
    """Return everything below a Maildir that is no folder."""
    return sorted(
        str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file() and f.name != "maildirfolder"
    )


def test_a_mail_lies_in_new_with_the_last_hops_fields(tmp_path):
    """Return-Path and Delivered-To stand in front, the octets behind them are untouched."""
    (outcome,) = deliver(new_job(), path=tmp_path / "box")
    assert outcome == Sent("stored in INBOX")
    (name,) = files(tmp_path / "box")
    assert name.startswith("new/")
    content = (tmp_path / "box" / name).read_bytes()
    assert content == b"Return-Path: <sender@example.org>\r\nDelivered-To: ann@example.net\r\n" + TEXT


def test_a_name_tells_the_size_and_is_fit_for_every_system(tmp_path):
    """The name follows the Maildir format: time, what makes it unique, host, size."""
    deliver(new_job(), path=tmp_path, hostname="mx/1:example")
    (name,) = files(tmp_path)
    size = (tmp_path / name).stat().st_size
    assert name == f"new/1772442000.M01TRACE1Q1.mx_1_example,S={size}"


def test_flags_put_a_mail_into_cur(tmp_path):
    """IMAP flags become sorted letters, keywords the letters of the folder's list; no flag stays in new/."""
    flags = ("\\Seen", "\\Answered", "\\flagged", "\\Recent")
    deliver(new_job(flags=flags), new_job(2, flags=("$label", "other", "$LABEL")), path=tmp_path)
    (first,) = (tmp_path / "cur").glob("*Q1.*")
    (second,) = (tmp_path / "cur").glob("*Q2.*")
    assert first.name.endswith(":2,FRS")
    assert second.name.endswith(":2,ab")
    assert (tmp_path / "dovecot-keywords").read_text() == "0 $label\n1 other\n"


def test_keywords_go_on_where_the_list_ends(tmp_path):
    """What Dovecot has listed keeps its letter, a new keyword has the next one, the 27th has none."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    (tmp_path / "dovecot-keywords").write_text("".join(f"{n} word{n}\n" for n in range(25)))
    deliver(new_job(flags=("word3", "fresh", "toomany")), path=tmp_path)
    (mail,) = (tmp_path / "cur").iterdir()
    assert mail.name.endswith(":2,dz")
    assert (tmp_path / "dovecot-keywords").read_text().endswith("24 word24\n25 fresh\n")
    assert not (tmp_path / "dovecot-uidlist.lock").exists()


def test_a_list_that_is_locked_costs_the_keyword_not_the_mail(tmp_path, monkeypatch):
    """While Dovecot holds its lock the mail is delivered all the same."""
    monkeypatch.setattr("mailgate.targets._keywords.WAIT_S", 0.05)
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    (tmp_path / "dovecot-uidlist.lock").touch()
    (outcome,) = deliver(new_job(flags=("\\Seen", "fresh")), path=tmp_path)
    assert outcome == Sent("stored in INBOX")
    (mail,) = (tmp_path / "cur").iterdir()
    assert mail.name.endswith(":2,S")
    assert (tmp_path / "dovecot-uidlist.lock").exists()


def test_a_lock_that_was_left_behind_is_taken_away(tmp_path):
    """A lock far older than Dovecot's own time-out belongs to nobody."""
    for part in ("tmp", "new", "cur"):
        (tmp_path / part).mkdir()
    lock = tmp_path / "dovecot-uidlist.lock"
    lock.touch()
    os.utime(lock, (0, 0))
    deliver(new_job(flags=("fresh",)), path=tmp_path)
    (mail,) = (tmp_path / "cur").iterdir()
    assert mail.name.endswith(":2,a")


def test_folders_are_made_as_maildir_plus_plus(tmp_path):
    """A folder that is missing is made, with its mark, its levels separated by dots."""
    (outcome,) = deliver(new_job(folder="Lists.Python"), path=tmp_path)
    assert outcome == Sent("stored in Lists.Python")
    assert (tmp_path / ".Lists.Python" / "maildirfolder").is_file()
    assert len(files(tmp_path / ".Lists.Python")) == 1


def test_a_missing_folder_is_not_made_where_the_settings_say_so(tmp_path):
    """The mail goes to the inbox, with the reason; a rule with :create still makes the folder."""
    outcomes = deliver(
        new_job(1, folder="Gone"),
        new_job(2, folder="Made", create_folder=True),
        path=tmp_path,
        create_folders=False,
    )
    assert outcomes == [Sent("stored in INBOX (there is no folder Gone)"), Sent("stored in Made")]
    assert len(list((tmp_path / "new").iterdir())) == 1
    assert not (tmp_path / ".Gone").exists()


@pytest.mark.parametrize(
    "folder", ["../etc", "a/b", "..", "a..b", ".hidden", "a\0b", "a\nb", "a.", "x" * 300, "\udc80"]
)
def test_a_bad_folder_name_ends_in_the_inbox(tmp_path, folder):
    """No name of a folder leaves the Maildir or makes the delivery fail."""
    (outcome,) = deliver(new_job(folder=folder), path=tmp_path / "box")
    assert isinstance(outcome, Sent)
    assert outcome.reply.startswith("stored in INBOX (")
    assert len(list((tmp_path / "box" / "new").iterdir())) == 1
    assert {p.name for p in (tmp_path / "box").iterdir()} == {"tmp", "new", "cur"}
    assert [p.name for p in tmp_path.iterdir()] == ["box"]


def test_folder_names_beyond_ascii_are_written_as_servers_want_them():
    """Modified UTF-7 (the example of RFC 3501 5.1.3) or UTF-8."""
    assert modified_utf7("~peter & 台北") == "~peter &- &U,BTFw-"
    assert modified_utf7("Entwürfe") == "Entw&APw-rfe"
    assert directory("Entwürfe", "mutf7") == ".Entw&APw-rfe"
    assert directory("Entwürfe", "utf8") == ".Entwürfe"


def test_inbox_is_the_maildir_itself():
    """In any case, and as the first level of a name."""
    assert directory("inbox", "mutf7") == ""
    assert directory("INBOX.Spam", "mutf7") == ".Spam"
    with pytest.raises(BadFolder):
        directory("INBOX.", "mutf7")


def test_the_path_takes_local_part_and_domain(tmp_path):
    """One Maildir per recipient, its detail left out."""
    path = tmp_path / "{domain}" / "{local}"
    deliver(new_job(to_address="Ann+lists@Example.NET"), path=path)
    assert len(list((tmp_path / "example.net" / "ann" / "new").iterdir())) == 1


@pytest.mark.parametrize(
    "address", ["../../etc@example.net", ".ann@example.net", '"a/b"@example.net', "+x@example.net"]
)
def test_an_address_that_names_no_folder_is_refused(tmp_path, address):
    """Nothing is written outside, and the mail is held, not lost."""
    (outcome,) = deliver(new_job(to_address=address), path=tmp_path / "mail" / "{local}")
    assert isinstance(outcome, Failed)
    assert not (tmp_path / "mail").exists()


def test_a_repeated_try_finds_what_an_earlier_one_left(tmp_path):
    """After a crash between delivery and record, the second try delivers nothing."""
    deliver(new_job(), path=tmp_path)
    (outcome,) = deliver(new_job(repeated=True), path=tmp_path)
    assert outcome == Sent("stored in INBOX, by an earlier try")
    assert len(files(tmp_path)) == 1


def test_a_repeated_try_finds_a_mail_that_was_read_meanwhile(tmp_path):
    """The reader has moved it to cur/ with flags, and the server has added another size to its name."""
    deliver(new_job(), path=tmp_path)
    (name,) = (tmp_path / "new").iterdir()
    name.rename(tmp_path / "cur" / f"{name.name},W=99:2,S")
    (outcome,) = deliver(new_job(repeated=True), path=tmp_path)
    assert isinstance(outcome, Sent)
    assert len(files(tmp_path)) == 1


def test_a_crash_before_the_rename_leaves_nothing_behind(tmp_path):
    """What a dead try wrote below tmp/ goes when it is repeated, and the mail is delivered."""
    deliver(new_job(), path=tmp_path)
    (name,) = (tmp_path / "new").iterdir()
    name.rename(tmp_path / "tmp" / f"{name.name}.12345")
    deliver(new_job(repeated=True), path=tmp_path)
    (left,) = files(tmp_path)
    assert left.startswith("new/")


def test_the_same_try_twice_is_one_file(tmp_path):
    """Two gateways that hold the same row for a moment write the same name."""
    deliver(new_job(), new_job(), path=tmp_path)
    deliver(new_job(), path=tmp_path)
    assert len(files(tmp_path)) == 1


def test_a_batch_has_an_outcome_for_each_job_in_order(tmp_path):
    """Good and bad ones keep their places."""
    jobs = [new_job(1), new_job(2, to_address="/@x"), *(new_job(n) for n in range(3, 60))]
    outcomes = deliver(*jobs, path=tmp_path / "{local}")
    assert isinstance(outcomes[1], Failed)
    assert all(isinstance(outcome, Sent) for n, outcome in enumerate(outcomes) if n != 1)
    assert len(files(tmp_path / "ann")) == 58


def test_a_full_disk_is_a_reason_to_try_again(tmp_path, monkeypatch):
    """Nothing is left half written, the other mails of the batch are delivered."""
    real = os.write

    def write(descriptor, data):
        if b"big" in bytes(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(maildir_file.os, "write", write)
    outcomes = deliver(new_job(1), new_job(2, octets=b"big"), path=tmp_path)
    assert isinstance(outcomes[0], Sent)
    assert isinstance(outcomes[1], Retry)
    assert "No space" in outcomes[1].reply
    assert len(files(tmp_path)) == 1


def test_a_mail_that_cannot_be_made_durable_is_not_sent(tmp_path, monkeypatch):
    """A failing fsync is a failing delivery, and the file goes."""

    def fsync(_descriptor):
        raise OSError(errno.EIO, "Input/output error")

    deliver(new_job(9), path=tmp_path)
    monkeypatch.setattr(maildir_file.os, "fsync", fsync)
    outcomes = deliver(new_job(1), new_job(2), path=tmp_path)
    assert all(isinstance(outcome, Retry) for outcome in outcomes)
    assert len(files(tmp_path)) == 1


def test_a_mail_whose_octets_are_gone_waits(tmp_path):
    """A blob that can't be read is our trouble, not the mail's."""
    gone = StoredContent(b"", Octets(10, b"", path=tmp_path / "gone"))
    outcomes = deliver(new_job(1, content=gone), new_job(2), path=tmp_path / "box")
    assert isinstance(outcomes[0], Retry)
    assert isinstance(outcomes[1], Sent)


def test_every_file_and_folder_is_synced_before_the_outcome(tmp_path, monkeypatch):
    """Each mail once, and each folder that got a name, after the rename into it."""
    deliver(new_job(99), path=tmp_path)
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(f"{path}:{len(list(path.iterdir()))}" if path.is_dir() else "file")
        return real(descriptor)

    monkeypatch.setattr(maildir_file.os, "fsync", fsync)
    deliver(new_job(1), new_job(2, flags=("\\Seen",)), new_job(3), path=tmp_path)
    assert sorted(synced[:3]) == ["file"] * 3
    assert sorted(synced[3:]) == [f"{tmp_path}/cur:1", f"{tmp_path}/new:3"]
