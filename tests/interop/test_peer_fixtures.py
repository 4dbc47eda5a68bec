"""The real peers that other tests rely on: each starts, does its work once, and is gone afterwards."""

import email
import smtplib
import socket
import threading

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


def _turns(listener: socket.socket, turns: list[bytes]) -> None:
    """Be an LMTP server that offers PIPELINING; note what the client says before it waits for us."""
    client, _ = listener.accept()
    with client:
        client.sendall(b"220 sink LMTP\r\n")
        replies = {
            b"LHLO": b"250-sink\r\n250 PIPELINING\r\n",
            b"MAIL": b"250 ok\r\n250 ok\r\n354 go on\r\n",
            b"QUIT": b"221 bye\r\n",
        }
        while data := client.recv(65536):
            turns.append(data)
            # The end of the mail may have QUIT behind it.
            kept = b"250 kept\r\n" + (replies[b"QUIT"] if data.endswith(b"QUIT\r\n") else b"")
            client.sendall(replies.get(data[:4], kept))


@pytest.mark.peer("postfix")
def test_postfix_says_mail_rcpt_and_data_in_one_go(postfix_instance):
    """What `bench/load.py --pipelining` copies: RFC 2920 3.1, wherever the server offers it."""
    server = postfix_instance(
        main={
            "relay_domains": "desk.example.org",
            "transport_maps": "inline:{{ desk.example.org = lmtp:unix:{spool}/private/sink }}",
        }
    )
    path, turns = server.spool / "private" / "sink", []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o666)
        thread = threading.Thread(target=_turns, args=(listener, turns), daemon=True)
        thread.start()
        assert server.send("anna@customer.test", ["help@desk.example.org"], MAIL) == {}
        peers.wait_until(lambda: len(turns) >= 3, f"delivery\n{server.log()}")
        thread.join(peers.HANG_GUARD_S)
    lines = turns[1].split(b"\r\n")
    assert [line[:4] for line in lines] == [b"MAIL", b"RCPT", b"DATA", b""]
    assert turns[2].endswith(b"\r\n.\r\n") or turns[2].endswith(b"\r\n.\r\nQUIT\r\n")
