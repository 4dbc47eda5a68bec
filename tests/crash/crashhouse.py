"""A house for crash tests: a folder and a listening socket that outlive the gateways.

Also the questions that are asked of the files when all is over: is everything there, and nothing twice?
"""

import contextlib
import functools
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gatewayrun
import peers

from mailgate.config.settings import load
from mailgate.places import store_options
from mailgate.store.checkup import contradictions, damage, missing_blobs, orphans
from mailgate.store.db import Store, open_store

HERE = Path(__file__).parent
# Mail above this becomes a file of its own; small, so that many of a test's mails are large ones.
INLINE_MAX = 16 * 1024

BUSINESS = {
    "house.toml": """
[[queue]]
name = "desk"
address = "desk@house.example"
[[queue]]
name = "shop"
address = "shop@house.example"
[[address]]
address = "desk@house.example"
queue = "desk"
script = "desk"
[[address]]
address = "shop@house.example"
queue = "shop"
script = "shop"
[[address]]
address = "box@house.example"
queue = "desk"
script = "box"
target = "maildir"
[[template]]
name = "received"
subject = "[#{{ ticket.number }}] {{ mail.subject }}"
text = "We have your mail."
""",
    "rules/desk.sieve": """
require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];
ticket :queue "desk";
reply :template "received";
""",
    "rules/shop.sieve": """
require ["vnd.mailgate.ticket"];
ticket :queue "shop";
""",
    "rules/box.sieve": """
require ["fileinto"];
fileinto "Kept";
""",
}

RECIPIENTS = ("desk@house.example", "shop@house.example", "box@house.example")


class Server:
    """The warm process; each order is one line, and so is each answer."""

    def __init__(self, door: socket.socket) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "forkserver.py"), str(door.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[door.fileno()],
        )

    def order(self, **order: Any) -> int:
        """Give an order and return the answer."""
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        """End it."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=peers.HANG_GUARD_S)


@dataclass
class House:
    """One gateway after another on the same files."""

    gateway: gatewayrun.Gateway
    door: Path
    server: Server
    pid: int = 0

    def start(self, point: str = "", **more: Any) -> int:
        """Fork a gateway, which is to end at this step; returns its process id at once."""
        self.pid = self.server.order(
            do="start", config=str(self.gateway.config), log=str(self.gateway.logfile), point=point, **more
        )
        return self.pid

    def wait(self) -> int:
        """Wait for its end; returns how: minus the signal that killed it, or its exit status."""
        pid, self.pid = self.pid, 0
        status = self.server.order(do="wait", pid=pid) if pid else 0
        if status < 0:
            raise AssertionError(f"the gateway did not end\n{peers.tail(self.gateway.logfile)}")
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> int:
        """End it as a power cut would end the process."""
        os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def stop(self) -> int:
        """End it gracefully."""
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    @property
    def maildir(self) -> Path:
        """The Maildir of box@."""
        return self.gateway.folder / "mail"

    def letters(self) -> list[Path]:
        """Return the files that were delivered to it."""
        return sorted(self.maildir.glob("**/new/*")) + sorted(self.maildir.glob("**/cur/*"))

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """Open the files; no gateway needs to run."""
        store = open_store(store_options(load(self.gateway.config)))
        try:
            yield store
        finally:
            store.close()

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Ask the database."""
        with self.store() as store:
            return store.connection().execute(sql, values).fetchall()

    def count(self, sql: str, *values: object) -> int:
        """Ask the database for one number."""
        return int(self.rows(sql, *values)[0][0])


@functools.cache
def furnished() -> dict[str, bytes]:
    """Return the files of a database with the business data, made once, by the usual commands."""
    targets = {"maildir": {"kind": "maildir", "path": "/nowhere/{local}"}}
    with gatewayrun.gateway({"targets": targets}, BUSINESS, start=False) as one:
        return {file.name: file.read_bytes() for file in one.state.iterdir() if file.is_file()}


@contextlib.contextmanager
def house(**settings: Any) -> Iterator[House]:
    """Build one, and end all its processes."""
    with peers.short_folder("mg-cr-") as folder, contextlib.ExitStack() as stack:
        one = gatewayrun.Gateway(folder, 0, 0)
        door = folder / "door"
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(door))
        listening.listen(1024)
        mine = {
            "listener": [{"name": "door", "kind": "lmtp", "address": "systemd:door"}],
            "database": {"inline_max": INLINE_MAX},
            "targets": {"maildir": {"kind": "maildir", "path": str(folder / "mail")}},
            "outbox": {"lease": "10 s"},
            "http": {"address": ""},
            # Hooks and kills are for the process that stores; what the clients' own process adds has its own test.
            "instance": {"intake_processes": 0},
        }
        one.write(gatewayrun.merge(mine, settings))
        for name, octets in furnished().items():
            (one.state / name).write_bytes(octets)
        for name in ("blobs", "spool"):
            (one.state / name).mkdir()
        server = Server(listening)
        stack.callback(server.close)
        built = House(one, door, server)
        stack.callback(lambda: sys.stderr.write(one.log()))  # pytest shows it where a test failed
        stack.callback(built.stop)
        yield built


def faults(store: Store) -> list[str]:
    """Return what is wrong: damage, rows without partners or that contradict each other, blobs that are gone or not whole."""
    connection = store.connection()
    rows = [*orphans(connection), *contradictions(connection)]
    found = [*damage(connection), *rows, *missing_blobs(connection, store.blobs)]
    sql = "SELECT m.sha256, m.stored, b.octets FROM message m LEFT JOIN message_body b ON b.message_id = m.id"
    for digest, stored, octets in connection.execute(sql):
        data = store.blobs.path(digest).read_bytes() if stored == "file" else octets
        if hashlib.sha256(data).digest() != digest:
            found.append(f"octets of {digest.hex()} are not what came")
    return found
