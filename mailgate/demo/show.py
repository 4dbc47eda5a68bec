"""The demo: a gateway of its own in a temporary folder, mails sent through LMTP, and what became of them."""

import contextlib
import json
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller

from mailgate.demo.mails import DemoMail, demo_mails

BUSINESS: Final = Path(__file__).parent / "business"
# Small, so that the mail that is too big is quickly sent.
SIZE_LIMIT: Final = 1024 * 1024
# A first start compiles bytecode on a slow disk; a demo that waits longer than that is broken.
START_S: Final = 60.0
ANSWER_S: Final = 15.0

SETTINGS: Final = """\
[instance]
hostname = "gate.demo.example"
state_folder = "{folder}/state"
run_folder = "{folder}/run"

[[listener]]
name = "lmtp"
address = "tcp:127.0.0.1:{port}"

[spool]
reserve = "1 MiB"

[limits]
message_size = {size_limit}

[relay]
host = "127.0.0.1"
port = {relay_port}
tls = "none"

[targets.maildir]
kind = "maildir"
path = "{folder}/mail/{{local}}"

[rules]
reject_unverified = "refuse"

[http]
address = "tcp:127.0.0.1:{http_port}"

[log]
file = "{folder}/mailgate.log"
"""

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Fate:
    """What the client was told of one mail, per recipient."""

    mail: DemoMail
    replies: tuple[str, ...]

    @property
    def as_expected(self) -> bool:
        """Whether each reply is the one that the mail's maker expects."""
        return len(self.replies) == len(self.mail.expected) and all(
            want in got for want, got in zip(self.mail.expected, self.replies, strict=True)
        )


class Answers:
    """The SMTP server of the demo: keeps the answers that the gateway sends."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        """Keep one mail."""
        self.mails.append(envelope.original_content)
        return "250 2.0.0 kept by the demo"

    def first_id(self) -> str:
        """Return the Message-ID of the first answer, waiting a while for it; "" if none comes."""
        deadline = time.monotonic() + ANSWER_S
        while not self.mails and time.monotonic() < deadline:
            time.sleep(0.02)
        return str(BytesHeaderParser().parsebytes(self.mails[0])["Message-ID"]) if self.mails else ""


def free_port() -> int:
    """Return a TCP port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_demo(*, once: bool, say: Say) -> int:
    """Run the demo; returns how many mails met another fate than they should."""
    answers = Answers()
    relay_port = free_port()
    with tempfile.TemporaryDirectory(prefix="mailgate-demo-") as name, _relay(answers, relay_port):
        folder = Path(name)
        port, http_port = free_port(), free_port()
        config = folder / "mailgate.toml"
        config.write_text(
            SETTINGS.format(
                folder=folder, port=port, http_port=http_port, relay_port=relay_port, size_limit=SIZE_LIMIT
            )
        )
        command = [sys.executable, "-m", "mailgate", "--config", str(config)]
        (folder / "run").mkdir()
        subprocess.run([*command, "db", "upgrade"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*command, "apply", str(BUSINESS)], check=True, stdout=subprocess.DEVNULL)
        with _gateway([*command, "run"], port):
            fates = list(_send_all(port, answers))
            _show(fates, answers, command, say)
            wrong = sum(not fate.as_expected for fate in fates)
            if not once:
                _wait(port, http_port, command, say)
    return wrong


@contextlib.contextmanager
def _relay(answers: Answers, port: int) -> Iterator[None]:
    controller = Controller(answers, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@contextlib.contextmanager
def _gateway(command: Sequence[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + START_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the gateway of the demo did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _send_all(port: int, answers: Answers) -> Iterator[Fate]:
    """Send the mails one by one; a follow-up refers to the answer that its ticket got."""
    for mail in demo_mails(SIZE_LIMIT):
        octets = mail.octets
        if mail.answers_ticket:
            octets = f"In-Reply-To: {answers.first_id()}\r\n".encode() + octets
        yield Fate(mail, tuple(_deliver(port, mail, octets)))


def _deliver(port: int, mail: DemoMail, octets: bytes) -> Iterator[str]:
    """Speak LMTP, and yield the reply of each recipient."""
    with smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo_or_helo_if_needed()
        code, text = client.mail(mail.sender)
        accepted = 0
        for recipient in mail.recipients:
            code, text = client.rcpt(recipient)
            if code == 250:  # noqa: PLR2004  RFC 5321 4.2.3
                accepted += 1
            else:
                yield f"{code} {text.decode()}"
        if accepted:
            code, text = client.data(octets)
            yield f"{code} {text.decode()}"
            for _ in range(accepted - 1):
                code, text = client.getreply()
                yield f"{code} {text.decode()}"


def _show(fates: Sequence[Fate], answers: Answers, command: Sequence[str], say: Say) -> None:
    say("")
    for number, fate in enumerate(fates, 1):
        mark = " " if fate.as_expected else "!"
        say(f"{mark}{number:3}  {fate.mail.title}")
        for recipient, reply in zip(fate.mail.recipients, fate.replies, strict=False):
            say(f"       {recipient}: {_short(reply)}")
        say(f"       why: {fate.mail.why}")
    found = json.loads(subprocess.run([*command, "status", "--json"], check=True, capture_output=True).stdout)
    say("")
    say(f"{len(fates)} mails sent, {len(answers.mails)} answers sent, outbox: {found['outbox']}")


def _short(reply: str) -> str:
    """Return a reply without the mail's id, which differs each time."""
    return " ".join(word for word in reply.split() if not word.startswith("id="))


def _wait(port: int, http_port: int, command: Sequence[str], say: Say) -> None:
    say("")
    say("The gateway goes on. Send a mail of your own (support@demo.example, orders@demo.example):")
    say(f"  swaks --protocol LMTP --server 127.0.0.1:{port} --to support@demo.example")
    say("Look at what became of it:")
    say(f"  {' '.join(command)} ticket list")
    say(f"  {' '.join(command)} log T-1")
    say(f"  curl http://127.0.0.1:{http_port}/metrics")
    say("Ctrl+C ends it.")
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)
