"""A gateway to be treated badly, a plain LMTP client, and a look at its metrics and its log."""

import contextlib
import functools
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gatewayrun
import peers

HANG_GUARD_S = 60

BUSINESS = {
    "bad.toml": """
[[queue]]
name = "help"
address = "help@bad.example"
[[address]]
address = "keep@bad.example"
queue = "help"
script = "keep"
[[address]]
address = "help@bad.example"
queue = "help"
script = "help"
[[address]]
address = "fail@bad.example"
queue = "help"
script = "fail"
[[template]]
name = "received"
subject = "[#{{ ticket.number }}] {{ mail.subject }}"
text = "We have your mail."
""",
    "rules/keep.sieve": 'require "fileinto";\nfileinto "Kept";\n',
    "rules/help.sieve": """
require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "help";
reply :template "received";
""",
    # The subject is no address, which only the run can show.
    "rules/fail.sieve": """
require ["variables", "fileinto"];
fileinto "Before";
if header :matches "subject" "*" {
    redirect "${1}";
}
""",
}

GOOD = (
    b"From: Ann <ann@client.example>\r\nTo: <keep@bad.example>\r\nSubject: %s\r\n"
    b"Message-ID: <%s@client.example>\r\nDate: Mon, 23 Nov 2026 10:11:09 +0000\r\n\r\nHello.\r\n"
)


def good(name: str) -> bytes:
    """Return a mail with which nothing is wrong, like no other of another name."""
    return GOOD % (name.encode(), name.encode())


@dataclass
class Said:
    """What the gateway answered: to MAIL, to each RCPT, to DATA, and at the end one line per recipient."""

    mail: str = ""
    rcpt: list[str] = field(default_factory=list)
    data: str = ""
    end: list[str] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        """Code and enhanced code of the final replies."""
        return [line[:9] for line in self.end]


class Lmtp:
    """One LMTP session."""

    def __init__(self, where: Path | int) -> None:
        self.socket = peers.connect(where)
        self.socket.settimeout(HANG_GUARD_S)
        self.file = self.socket.makefile("rb")
        self.greeting = self.line()
        self.features = self.say("LHLO client.example")

    def line(self) -> str:
        """Read one line."""
        return self.file.readline().decode().rstrip("\r\n")

    def say(self, command: str) -> str:
        """Send a command and return the last line of its reply."""
        self.socket.sendall(command.encode() + b"\r\n")
        while (line := self.line())[3:4] == "-":
            pass
        return line

    def send(
        self,
        octets: bytes,
        recipients: Sequence[str] = ("keep@bad.example",),
        *,
        sender: str = "ann@client.example",
        mail: str = "",
    ) -> Said:
        """Send one mail as far as the gateway wants it."""
        said = self.open(recipients, sender=sender, mail=mail)
        if said.data.startswith("354"):
            self.socket.sendall(b"\r\n".join(b"." + p if p[:1] == b"." else p for p in octets.split(b"\r\n")))
            self.socket.sendall(b".\r\n" if octets.endswith(b"\r\n") or not octets else b"\r\n.\r\n")
            said.end = [self.line() for reply in said.rcpt if reply.startswith("250")]
        return said

    def open(self, recipients: Sequence[str], *, sender: str = "ann@client.example", mail: str = "") -> Said:
        """Say all that comes before the octets."""
        said = Said(self.say(f"MAIL FROM:<{sender}>{mail}"))
        if said.mail.startswith("250"):
            said.rcpt = [self.say(f"RCPT TO:<{r}>") for r in recipients]
            if any(reply.startswith("250") for reply in said.rcpt):
                said.data = self.say("DATA")
        return said

    def close(self) -> None:
        """Go without a word."""
        self.file.close()
        self.socket.close()


@functools.cache
def furnished() -> dict[str, bytes]:
    """Return the files of a database with the business data, made once, by the usual commands."""
    with gatewayrun.gateway(business=BUSINESS, start=False) as one:
        return {file.name: file.read_bytes() for file in one.state.iterdir() if file.is_file()}


@dataclass
class Bad:
    """A gateway and what is asked of it in these tests."""

    gateway: gatewayrun.Gateway

    @property
    def state(self) -> Path:
        """The folder of database, spool and blobs."""
        return self.gateway.state

    @property
    def database(self) -> Path:
        """The database file."""
        return self.state / "mailgate.sqlite"

    @contextlib.contextmanager
    def session(self) -> Iterator[Lmtp]:
        """Open an LMTP session."""
        one = Lmtp(self.gateway.socket)
        try:
            yield one
        finally:
            one.close()

    def send(self, octets: bytes, *recipients: str, **more: str) -> Said:
        """Send one mail in a session of its own."""
        with self.session() as one:
            return one.send(octets, recipients or ("keep@bad.example",), **more)

    def is_well(self) -> bool:
        """Whether the gateway lives and takes the next good mail, as it must after each case."""
        name = f"well{len(self.rows('SELECT id FROM delivery'))}"
        return self.gateway.process.poll() is None and self.send(good(name)).codes == ["250 2.0.0"]

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Ask the database."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def octets(self) -> list[bytes]:
        """Return the octets of all stored mail, small and large, in the order of their coming."""
        found = self.rows(
            "SELECT m.stored, m.sha256, b.octets FROM message m"
            " LEFT JOIN message_body b ON b.message_id = m.id ORDER BY m.id"
        )
        blobs = self.state / "blobs"
        return [
            data if stored == "inline" else (blobs / digest.hex()[:2] / digest.hex()).read_bytes()
            for stored, digest, data in found
        ]

    def metric(self, name: str, **labels: str) -> float:
        """Return a metric's value, 0 where there is no such series yet."""
        wanted = name + (
            "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}" if labels else ""
        )
        url = f"http://127.0.0.1:{self.gateway.http_port}/metrics"
        with urllib.request.urlopen(url, timeout=HANG_GUARD_S) as page:
            lines = page.read().decode().splitlines()
        return next(
            (float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == wanted), 0.0
        )

    def metric_is(self, wanted: float, name: str, **labels: str) -> bool:
        """Whether a metric has a value within a moment: what a connection tells comes from another process."""
        peers.wait_until(lambda: self.metric(name, **labels) == wanted, f"{name} is {wanted}", HANG_GUARD_S)
        return True

    def log_has(self, *words: str) -> bool:
        """Wait until one line of the log has all these words."""
        peers.wait_until(
            lambda: any(all(word in line for word in words) for line in self.gateway.log().splitlines()),
            f"a log line with {words}\n{peers.tail(self.gateway.logfile)}",
            guard_s=20,
        )
        return True


@contextlib.contextmanager
def bad(
    settings: Mapping[str, Any] | None = None,
    *,
    start: bool = True,
    prefix: Sequence[str] = (),
    disk: str = "",
) -> Iterator[Bad]:
    """Run a gateway with the business data above; `disk` is the size of a file system of its own for it."""
    with peers.short_folder("mg-bad-") as folder, contextlib.ExitStack() as stack:
        one = gatewayrun.Gateway(folder, peers.free_port(), peers.free_port())
        one.write(settings or {})
        if disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk}", "none", str(one.state)], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(one.state)], check=True)
        for name, octets in furnished().items():
            (one.state / name).write_bytes(octets)
        for name in ("blobs", "spool"):
            (one.state / name).mkdir()
        stack.callback(lambda: sys.stderr.write(one.log()))  # pytest shows it where a test failed
        stack.callback(one.stop)
        if start:
            one.start(prefix=prefix)
        yield Bad(one)
