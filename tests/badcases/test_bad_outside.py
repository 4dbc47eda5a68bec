"""Faults outside: the relay is down, DNS is dead, the client asks for nobody or leaves too early."""

import os
import random
import socket

import peers
import pytest
from aiosmtpd.controller import Controller
from badkit import Lmtp, bad, good

HELP = "help@bad.example"


class Relay:
    """The next mail server: it keeps what it is sent."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  aiosmtpd names it
        self.mails.append(envelope.original_content)
        return "250 2.0.0 kept"


def test_a_relay_that_is_down_keeps_the_answer_in_the_outbox():
    """The ticket is made; the answer waits, is shown with the reason, and leaves when the relay is back."""
    port = peers.free_port()
    with bad({"relay": {"port": port}}) as house:
        assert house.send(good("question"), HELP).codes == ["250 2.0.0"]
        assert house.log_has("event=outgoing", "kind=send", "status=waiting", "refused")
        assert house.metric("mailgate_outbox_deliveries_total", result="retry") == 1
        assert house.metric("mailgate_outbox_depth", state="waiting") == 1
        listed = house.gateway.command("queue", "list").stdout
        assert "waiting" in listed
        assert "Error connecting" in listed
        relay = Relay()
        controller = Controller(relay, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            house.gateway.command("queue", "flush")
            peers.wait_until(lambda: relay.mails, "the answer leaves")
        finally:
            controller.stop()
        assert len(relay.mails) == 1
        peers.wait_until(lambda: house.rows("SELECT state FROM outbox") == [("sent",)], "it is recorded")
        assert house.metric("mailgate_outbox_deliveries_total", result="sent") == 1
        assert house.is_well()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen on port 53")
def test_dead_dns_costs_a_mail_its_deadline_and_nothing_else():
    """A name server that never answers: what is not known in time is unknown, and the mail is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        address = (
            f"127.53.{os.getpid() % 250}.{random.randrange(1, 255)}"  # the port is fixed, so this is not
        )
        silent.bind((address, 53))
        checks = {"dkim": True, "null_mx": True, "deadline": "0.3 s", "nameservers": [address]}
        with bad({"checks": checks}) as house:
            signature = (
                b"DKIM-Signature: v=1; a=rsa-sha256; d=client.example; s=k; h=from; bh=YQ==; b=YQ==\r\n"
            )
            assert house.send(signature + good("signed"), HELP).codes == ["250 2.0.0"]
            silent.settimeout(peers.HANG_GUARD_S)
            assert b"client\x07example" in silent.recv(512)
            assert house.rows("SELECT status, ticket_id FROM delivery") == [("accepted", 1)]
            assert house.is_well()


def test_an_unknown_recipient_is_refused_at_rcpt_and_nothing_is_made():
    """550 5.1.1 from a healthy table, the only safe 5xx of ours; the others of the same mail get theirs."""
    with bad() as house:
        said = house.send(good("nobody"), "nobody@bad.example", "keep@bad.example")
        assert [reply[:9] for reply in said.rcpt] == ["550 5.1.1", "250 2.1.5"]
        assert said.codes == ["250 2.0.0"]
        with house.session() as session:
            session.open(["nobody@bad.example"])
            assert session.say("DATA").startswith("503")
        assert house.rows("SELECT recipient FROM delivery") == [("keep@bad.example",)]
        assert house.is_well()


def test_a_client_that_leaves_before_the_reply_finds_its_mail_stored():
    """The octets are all there, so the mail is finished; sent again it is known, and there is one ticket."""
    with bad() as house:
        session = Lmtp(house.gateway.socket)
        session.open([HELP])
        session.socket.sendall(good("hasty") + b".\r\n")
        session.close()
        peers.wait_until(lambda: house.rows("SELECT count(*) FROM delivery") == [(1,)], "it is stored")
        assert house.send(good("hasty"), HELP).end == ["250 2.0.0 already accepted, ticket T-1"]
        assert house.metric("mailgate_duplicates_total") == 1
        assert house.is_well()


def test_a_client_that_leaves_in_the_middle_of_a_mail_leaves_nothing():
    """Without the final dot there is no mail: no row, no file in the spool."""
    with bad({"database": {"inline_max": "16 KiB"}}) as house:
        session = Lmtp(house.gateway.socket)
        session.open([HELP])
        session.socket.sendall(good("half") + b"line of a large mail\r\n" * 5000)
        peers.wait_until(lambda: list((house.state / "spool").iterdir()), "it comes in")
        session.close()
        peers.wait_until(lambda: not list((house.state / "spool").iterdir()), "its file is removed")
        assert house.rows("SELECT count(*) FROM delivery") == [(0,)]
        assert house.is_well()
