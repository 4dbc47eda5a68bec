"""The protocol of the whole gateway, as a process of its own: dialogues, sockets handed over, overload, stop."""

import asyncio
import dataclasses
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dialogue
import gatewayrun
import intakekit
import peers
import pytest

FILES = sorted((Path(__file__).parent / "gateway").glob("*.txt"))
BUSINESS = {
    "business.toml": """
[[address]]
address = "kept@desk.example"

[[address]]
address = "other@desk.example"

[[address]]
address = "no@desk.example"
script = "no"
""",
    "no.sieve": 'require "ereject"; ereject "not wanted here";',
}
# What a service manager does: the socket becomes descriptor 3, and the variables name this process.
LAUNCHER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "lmtp"}
os.execv(sys.executable, [sys.executable, "-m", "mailgate", *sys.argv[2:]])
"""


@dataclasses.dataclass
class Door:
    """Where a gateway listens, as a dialogue's client wants to know it."""

    address: tuple[str, int] | str

    connect = intakekit.Place.connect


@pytest.fixture(scope="module")
def house() -> Iterator[gatewayrun.Gateway]:
    """Run one gateway for all dialogues; they do not depend on each other."""
    settings = {
        "limits": {"message_size": "64 KiB"},
        "rules": {"reject": "refuse", "reject_unverified": "refuse"},
    }
    with gatewayrun.gateway(settings, BUSINESS) as one:
        yield one


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dialogue_goes_as_written(path, house):
    """The real gateway says line by line what stands in the file, over the kind of socket that the file names."""
    script = dialogue.read(path)
    address = str(house.socket) if script.head.get("over") == "unix" else ("127.0.0.1", house.port)
    asyncio.run(dialogue.Client(Door(address)).speak(script))


def test_the_log_has_the_queue_id(house):
    """The queue id of XFORWARD stands in the log, so a mail can be followed from Postfix's log to ours."""
    speak(
        house.port,
        b"LHLO c\r\nXFORWARD IDENT=4XTRACE77\r\nMAIL FROM:<>\r\nRCPT TO:<kept@desk.example>\r\nDATA\r\nid\r\n.\r\n",
    )
    peers.wait_until(lambda: "4XTRACE77" in house.log(), f"the queue id is logged: {house.log()}", 10)


def speak(address, data: bytes) -> bytes:
    """Send octets, end this side, and return all that the gateway says."""
    with peers.connect(address) as client:
        client.settimeout(intakekit.HANG_GUARD_S)
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_a_socket_of_the_service_manager_is_taken(running):
    """`systemd:NAME` listens on the descriptor of that name: what connected before the start is answered too."""
    one = running.enter_context(
        gatewayrun.gateway(
            {"listener": [{"name": "handed", "kind": "lmtp", "address": "systemd:lmtp"}]},
            BUSINESS,
            start=False,
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as handed, one.logfile.open("ab") as log:
        port = handed.getsockname()[1]
        early = peers.connect(port)
        line = [sys.executable, "-c", LAUNCHER, str(handed.fileno()), "--config", str(one.config), "run"]
        one.process = subprocess.Popen(line, pass_fds=[handed.fileno()], stdout=log, stderr=log)
    with early:
        early.settimeout(gatewayrun.START_GUARD_S)
        assert early.recv(100) == b"220 gate.example.org LMTP mailgate\r\n"
    said = speak(port, b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<kept@desk.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n")
    assert b"250 2.0.0 accepted" in said
    assert one.stop() == 0


def test_a_missing_descriptor_stops_the_start(running):
    """Without the socket the gateway does not start, and says why."""
    one = running.enter_context(
        gatewayrun.gateway(
            {"listener": [{"name": "handed", "address": "systemd:lmtp"}]}, BUSINESS, start=False
        )
    )
    one.start(wait=False, env={k: v for k, v in os.environ.items() if not k.startswith("LISTEN_")})
    assert one.process is not None
    assert one.process.wait(gatewayrun.START_GUARD_S) != 0
    assert "systemd handed over no socket named lmtp" in one.log()


def test_too_many_connections_are_taken_and_deferred(gateway):
    """Beyond `limits.connections` a client is greeted, and its mail deferred: a refused connection stops a whole queue."""
    one = gateway({"limits": {"connections": 1}}, BUSINESS)
    with peers.connect(one.port) as first:
        first.settimeout(intakekit.HANG_GUARD_S)
        assert first.recv(100).startswith(b"220")
        said = speak(one.port, b"LHLO c\r\nMAIL FROM:<>\r\nQUIT\r\n")
        assert said.startswith(b"220")
        assert b"\r\n451 4.3.2 " in said
        assert said.endswith(b"221 2.0.0 bye\r\n")
    peers.wait_until(
        lambda: b"\r\n250 2.1.0" in speak(one.port, b"LHLO c\r\nMAIL FROM:<>\r\nQUIT\r\n"), "room again"
    )


def test_smtp_answers_once(gateway):
    """An SMTP listener of the gateway gives one reply for all recipients, and takes HELO."""
    port = peers.free_port()
    one = gateway({"listener": [{"name": "s", "kind": "smtp", "address": f"tcp:127.0.0.1:{port}"}]}, BUSINESS)
    text = b"HELO c\r\nMAIL FROM:<>\r\nRCPT TO:<kept@desk.example>\r\nRCPT TO:<other@desk.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
    lines = speak(port, text).splitlines()
    assert [line[:3] for line in lines] == [b"220", b"250", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert one.stop() == 0


def test_a_stop_finishes_what_is_under_way(gateway):
    """SIGTERM within a mail: the idle are told 421 4.3.2 at once, the mail is finished and answered, then comes the 421."""
    one = gateway({}, BUSINESS)
    with peers.connect(one.port) as idle, peers.connect(one.port) as busy:
        idle.settimeout(intakekit.HANG_GUARD_S)
        busy.settimeout(intakekit.HANG_GUARD_S)
        assert idle.recv(100).startswith(b"220")
        busy.sendall(
            b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<kept@desk.example>\r\nRCPT TO:<other@desk.example>\r\nDATA\r\nhalf"
        )
        said = b""
        while b"354" not in said:
            said += busy.recv(4096)
        assert one.process is not None
        one.process.terminate()
        assert idle.recv(100) == b"421 4.3.2 service shutting down\r\n"
        assert idle.recv(100) == b""
        busy.sendall(b" and half\r\n.\r\nNOOP\r\n")
        rest = b"".join(iter(lambda: busy.recv(4096), b""))
    codes = [line[:9] for line in rest.splitlines()]
    assert codes == [b"250 2.0.0", b"250 2.0.0", b"421 4.3.2"]
    assert one.stop() == 0
