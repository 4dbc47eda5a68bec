"""Clients served by a process of their own: frames, its end and its restart, and that it outlives nobody."""

import asyncio
import os
import signal
import smtplib
import socket
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import gatewayrun
import peers
import pytest

from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.errors import Reply
from mailgate.intake.frames import FRONT_READS, HOUSE_READS, Answer, Mail, Told, Wire

BUSINESS = {"business.toml": '[[address]]\naddress = "kept@desk.example"\n'}
MAIL = b"From: ann@client.example\r\nSubject: hello\r\n\r\n%d\r\n"


class Pipe:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.octets = b""

    def write(self, octets: bytes) -> None:
        self.octets += octets


def written(*messages) -> bytes:
    """Return what a wire writes for these messages."""

    async def write() -> bytes:
        wire, pipe = Wire(FRONT_READS, lambda _: None, lambda: None), Pipe()
        wire.connection_made(pipe)
        for message in messages:
            wire.send(message)
        await asyncio.sleep(0)
        return pipe.octets

    return asyncio.run(write())


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_messages_arrive_whole_however_they_are_cut(step):
    """A mail with all that it carries, over any chunking."""
    received = Received(
        Octets(3, b"d" * 32, path=Path("/spool/x")),
        Envelope(
            "a@b.example",
            (Recipient("c@d.example", orcpt="rfc822;c"), Recipient("grüße@d.example")),
            "8BITMIME",
            True,
        ),
        Origin(Source.LMTP, "tcp", "::1", "client", "4F1", "mx", "192.0.2.1", "ann"),
        datetime(2026, 3, 2, tzinfo=UTC),
        "ID",
    )
    messages = [Mail(7, True, received), Told("intake_bug", {"error": "x", "path": "/y"})]
    octets, found = written(*messages), []

    async def read() -> None:
        wire = Wire(HOUSE_READS, found.append, lambda: None)
        for at in range(0, len(octets), step):
            wire.data_received(octets[at : at + step])

    asyncio.run(read())
    assert found == messages


def test_what_is_said_in_one_turn_leaves_in_order():
    """Replies of a batch are one write; order is kept."""
    answers = [Answer(n, (Reply(250, "2.0.0", f"ok {n}"),)) for n in range(50)]
    octets, found = written(*answers), []

    async def read() -> None:
        Wire(FRONT_READS, found.append, lambda: None).data_received(octets)

    asyncio.run(read())
    assert found == answers


def fronts(gate: gatewayrun.Gateway) -> list[int]:
    """Return the processes that serve the gateway's clients."""
    pid = gate.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(c) for c in children if b"mailgate.intake.front" in Path(f"/proc/{c}/cmdline").read_bytes()]


def send(gate: gatewayrun.Gateway, number: int, recipient: str = "kept@desk.example") -> None:
    """Send one mail; raises what smtplib raises."""
    with smtplib.LMTP("127.0.0.1", gate.port, timeout=peers.HANG_GUARD_S) as client:
        client.sendmail("ann@client.example", [recipient], MAIL % number)


def takes(gate: gatewayrun.Gateway, number: int) -> bool:
    """Whether a mail is taken now."""
    try:
        send(gate, number)
    except (OSError, smtplib.SMTPException):
        return False
    return True


@pytest.mark.parametrize("processes", [1, 2])
def test_a_front_that_dies_is_started_again(processes):
    """Its sockets stay open meanwhile; log line and alarm tell of it."""
    with gatewayrun.gateway({"instance": {"intake_processes": processes}}, BUSINESS) as gate:
        peers.wait_until(lambda: "event=started" in gate.log(), "all fronts listen", peers.HANG_GUARD_S)
        first = fronts(gate)
        assert len(first) == processes
        send(gate, 1)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        peers.wait_until(lambda: takes(gate, 2), "a new front takes mail", peers.HANG_GUARD_S)
        peers.wait_until(lambda: len(fronts(gate)) == processes, "all fronts are back", peers.HANG_GUARD_S)
        assert not set(fronts(gate)) & set(first)
        assert gate.log().count("event=intake_process_lost") == processes
        assert gate.json("status", "--json")["ready"] == "yes"
        with urllib.request.urlopen(f"http://127.0.0.1:{gate.http_port}/readyz", timeout=60) as page:
            assert page.status == 200
        assert gate.stop() == 0


def test_no_front_outlives_a_house_that_was_killed():
    """It ends with its clients unanswered, and the next gateway gets the address at once."""
    with gatewayrun.gateway(None, BUSINESS) as gate:
        (front,) = fronts(gate)
        with socket.create_connection(("127.0.0.1", gate.port), timeout=peers.HANG_GUARD_S) as client:
            assert client.recv(100).startswith(b"220")
            gate.kill()
            assert client.recv(100) == b""
        peers.wait_until(lambda: not peers.alive(front), "the front ends", peers.HANG_GUARD_S)
        gate.start()
        send(gate, 1)


def test_a_new_address_is_known_when_the_command_returns():
    """RCPT is answered from the front's memory, which is right at once."""
    with gatewayrun.gateway(None, BUSINESS) as gate:
        for number in range(5):
            address = f"new{number}@desk.example"
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(gate, number, address)
            gate.apply({"business.toml": f'[[address]]\naddress = "{address}"\n'})
            send(gate, number, address)


def test_everything_in_one_process_where_that_is_wanted():
    """`intake_processes = 0` starts no other process."""
    with gatewayrun.gateway({"instance": {"intake_processes": 0}}, BUSINESS) as gate:
        assert fronts(gate) == []
        send(gate, 1)
        assert gate.stop() == 0
