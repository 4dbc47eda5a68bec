"""A real Dovecot takes what we hand it over LMTP, and reads the Maildirs that we write."""

import asyncio
import shutil
import subprocess

import pytest
from targetkit import new_job

from mailgate.domain.target import Retry, Sent
from mailgate.targets.lmtp import LmtpOptions, LmtpTarget
from mailgate.targets.maildir import MaildirOptions, MaildirTarget

pytestmark = pytest.mark.peer("dovecot")


def hand_over(target, *batches):
    """Deliver batches and close the target; returns the outcomes of each batch."""

    async def run():
        try:
            return [await target.deliver(batch) for batch in batches]
        finally:
            await target.close()

    return asyncio.run(run())


def test_dovecot_stores_what_we_send(dovecot_lmtp):
    """One transaction with two recipients: each has the mail once, dots and all."""
    server = dovecot_lmtp()
    jobs = [new_job(1, "ann@example.net"), new_job(2, "bob@example.net")]
    (outcomes,) = hand_over(LmtpTarget(LmtpOptions(f"tcp:127.0.0.1:{server.port}")), jobs)
    assert all(isinstance(outcome, Sent) and outcome.reply.startswith("250 2.0.0 ") for outcome in outcomes)
    for user in ("ann", "bob"):
        (mail,) = server.mails(user)
        assert mail.read_bytes().endswith(b"Subject: test\n\n.dot\nbody\n")
        assert b"Return-Path: <sender@example.org>" in mail.read_bytes()


def test_dovecot_speaks_over_its_unix_socket_too(dovecot_lmtp):
    """The usual way on one machine; the connection is kept for the next mail."""
    server = dovecot_lmtp()
    target = LmtpTarget(LmtpOptions(f"unix:{server.socket}"))
    outcomes = hand_over(target, [new_job(1)], [new_job(2, octets=b"Subject: 2\r\n\r\nx\r\n")])
    assert all(isinstance(one, Sent) for batch in outcomes for one in batch)
    assert len(server.mails("ann")) == 2


def test_a_folder_becomes_dovecots_detail(dovecot_lmtp):
    """With lmtp_save_to_detail_mailbox, fileinto reaches the folder behind the next server."""
    server = dovecot_lmtp(extra="lmtp_save_to_detail_mailbox = yes")
    options = LmtpOptions(f"tcp:127.0.0.1:{server.port}", folder_as_detail=True)
    hand_over(LmtpTarget(options), [new_job(1, folder="Lists"), new_job(2, folder="INBOX")])
    assert len(server.mails("ann", "Lists")) == 1
    assert len(server.mails("ann")) == 1


def test_what_dovecot_cannot_store_waits_alone(dovecot_lmtp):
    """One recipient of two has no place for mail: the other one's mail is stored, this one's comes again."""
    server = dovecot_lmtp()
    server.home("bob").write_text("a file where a folder should be")
    (outcomes,) = hand_over(
        LmtpTarget(LmtpOptions(f"tcp:127.0.0.1:{server.port}")),
        [new_job(1, "bob@example.net"), new_job(2, "ann@example.net")],
    )
    assert isinstance(outcomes[0], Retry)
    assert isinstance(outcomes[1], Sent)
    assert len(server.mails("ann")) == 1


def test_a_dovecot_that_was_stopped_keeps_the_mail_with_us(dovecot_lmtp, running):
    """After its end the next mail waits."""
    server = dovecot_lmtp()
    port = server.port
    running.close()
    ((outcome,),) = hand_over(LmtpTarget(LmtpOptions(f"tcp:127.0.0.1:{port}")), [new_job()])
    assert isinstance(outcome, Retry)


def test_dovecot_reads_our_maildirs(dovecot_lmtp):
    """Folders with umlauts, flags, keywords and sizes in names are what Dovecot expects of a Maildir++."""
    server = dovecot_lmtp()
    home = server.home("ann")
    jobs = [
        new_job(1),
        new_job(2, folder="Entwürfe", flags=("\\Seen", "$Urgent", "later")),
        new_job(3, folder="Lists.Python"),
    ]
    hand_over(MaildirTarget(MaildirOptions(str(home / "Maildir"))), jobs)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, "mail", "mail")
    done = subprocess.run(
        ["doveadm", "-c", server.folder / "dovecot.conf", "-f", "tab", "fetch", "-u", "ann",
         "mailbox flags size.physical", "mailbox", "*", "all"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = sorted(line.split("\t")[:2] for line in done.stdout.splitlines()[1:])
    folders = [mailbox for mailbox, _ in rows]
    assert folders == ["Entwürfe", "INBOX", "Lists.Python"]
    assert set(rows[0][1].split()) >= {"\\Seen", "$Urgent", "later"}
    assert "\\Seen" not in rows[1][1]
