"""The real peers that other tests rely on: each starts, does its work once, and is gone afterwards."""

import email
import smtplib

import peers
import psycopg
import pytest
from lmtpsink import lmtp_sink

MAIL = (
    b"From: Anna <anna@customer.test>\r\nTo: help@desk.example.org\r\nSubject: printer\r\n"
    b"Date: Mon, 23 Nov 2026 10:11:09 +0000\r\nMessage-ID: <1@customer.test>\r\n\r\nIt is broken.\r\n"
)


@pytest.mark.peer("postfix")
def test_postfix_delivers_to_an_lmtp_socket_below_its_spool(postfix_instance):
    """A mail given to Postfix by SMTP arrives octet for octet behind Postfix's own header at a socket in its private folder."""
    server = postfix_instance(
        main={
            "relay_domains": "desk.example.org",
            "transport_maps": "inline:{{ desk.example.org = lmtp:unix:{spool}/private/sink }}",
        }
    )
    with lmtp_sink(server.spool / "private" / "sink") as sink:
        assert server.send("anna@customer.test", ["help@desk.example.org"], MAIL) == {}
        peers.wait_until(lambda: sink.mails and not server.queued(), f"delivery\n{server.log()}")
    sender, recipients, octets = sink.mails[0]
    assert (sender, recipients) == ("anna@customer.test", ["help@desk.example.org"])
    assert octets.endswith(MAIL)
    assert octets.startswith(b"Received: ")
    assert "status=sent (250 2.0.0 kept)" in server.log()


@pytest.mark.peer("postfix")
def test_two_postfix_instances_do_not_meet(postfix_instance):
    """Two instances run at the same time, and a mail queued in one is unseen in the other."""
    one = postfix_instance(main={"defer_transports": "smtp"})
    two = postfix_instance(main={"defer_transports": "smtp"})
    one.send("anna@customer.test", ["bob@elsewhere.test"], MAIL)
    assert [mail["sender"] for mail in one.queued()] == ["anna@customer.test"]
    assert two.queued() == []


@pytest.mark.peer("postfix")
def test_postfix_ends_with_its_fixture():
    """After the fixture no process of the instance runs and its folder is gone."""
    with peers.postfix() as server:
        pid = peers.read_pid(server.spool / "pid" / "master.pid")
        assert peers.alive(pid)
    assert not peers.alive(pid)
    assert not server.folder.exists()


@pytest.mark.peer("dovecot", "pigeonhole")
def test_dovecot_sorts_over_lmtp_by_a_script(dovecot_lmtp):
    """A mail sent over LMTP lies in the Maildir folder that the Sieve script names."""
    server = dovecot_lmtp(
        sieve='require ["fileinto", "mailbox"];\nfileinto :create "Printers";\n', fsync="always"
    )
    with smtplib.LMTP("127.0.0.1", server.port, timeout=peers.HANG_GUARD_S) as client:
        assert client.sendmail("anna@customer.test", ["help+x@desk.example.org"], MAIL) == {}
    (file,) = server.mails("help", "Printers")
    assert email.message_from_bytes(file.read_bytes())["Subject"] == "printer"


@pytest.mark.peer("postgresql")
def test_postgresql_answers(postgres):
    """The database named by the url takes a connection and is empty."""
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute(
            "select count(*) from pg_tables where schemaname = 'public'"
        ).fetchone() == (0,)
