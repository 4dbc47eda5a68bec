"""`make bench-outgoing`: mails per second out of the outbox, against a bare loop that sends ready bytes.

Ours is the real gateway: its outbox is full when the clock starts, and the clock stops when the last row is
marked as sent; so each mail is claimed, composed, sent and settled, and in a second run signed as well (RSA,
2048 bits). The yardstick (`bare.py`) sends the same mails, composed beforehand, over as many connections. All
send into Postfix's `smtp-sink`, in turns.

    --quick     few mails, two rounds: does it work at all?
"""

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import figures
import load
import msgspec
import subjects
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import gatewayrun
import peers

from mailgate import places
from mailgate.config.settings import load as load_settings
from mailgate.control import call
from mailgate.domain.draft import Draft, MailKind
from mailgate.outbox.compose import compose
from mailgate.store.apply_outgoing import EMPTY
from mailgate.store.db import open_store
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import Transaction
from mailgate.store.writer import Writer

BARE = Path(__file__).with_name("bare.py")
SENDER = "support@desk.example.org"
GUARD_S = 300
# Whether anything is not sent yet: each half reads one row of a small index.
LEFT = "SELECT * FROM (SELECT id FROM outbox WHERE state = 'waiting' LIMIT 1)"
LEFT += " UNION ALL SELECT * FROM (SELECT id FROM outbox WHERE state = 'leased' LIMIT 1)"
# Rows that one transaction writes while the outbox is filled.
CHUNK = 500


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    mails: int
    connections: tuple[int, ...]
    rounds: int


FULL = Plan(4000, (4, 16), 5)
QUICK = Plan(500, (4,), 2)
GOALS = [
    figures.Goal("P6", name, f"x{n}", subject, "bare", least)
    for name, subject, least in (("unsigned", "mailgate", 0.5), ("signed", "mailgate-rsa2048", 0.3))
    for n in FULL.connections
]


def drafts(count: int) -> list[Draft]:
    """Return answers of about 4 KB, text and HTML, no two alike."""
    supply = load.Mails(4096, b"bench")
    found = []
    for n in range(count):
        boundary, words, body = supply.bodies[n % load.TEMPLATES]
        parts = body.split(b"--" + boundary)
        text, html = (part.partition(b"\r\n\r\n")[2].decode() for part in parts[1:3])
        found.append(
            Draft(
                SENDER, f"customer{n}@customer{n % 1000}.example", f"RE: [T-{n}] {words.decode()}",
                text.replace("\r\n", "\n"), "Support", f"Customer {n}", html.replace("\r\n", "\n"),
                message_id=f"<mg.{n}.bench@desk.example.org>", in_reply_to=f"<{n}@customer.example>",
                references=(f"<{n}@customer.example>",), headers=(("Auto-Submitted", "auto-replied"),),
            )
        )  # fmt: skip
    return found


def ready(made: list[Draft]) -> list[tuple[str, str, str]]:
    """Return the same mails as bytes."""
    now = datetime.now(UTC)
    octets = (compose(one, date=now, message_id=one.message_id).octets.decode() for one in made)
    return [(SENDER, one.to_address, text) for one, text in zip(made, octets, strict=True)]


def fill(gate: gatewayrun.Gateway, made: list[Draft]) -> None:
    """Write the drafts into the outbox of a gateway that does not run: held, each with its own ticket."""
    settings = load_settings(gate.config)
    store = open_store(places.store_options(settings))
    writer = Writer(store)
    writer.start()

    def write(tx: Transaction, some: list[tuple[int, Draft]]) -> None:
        for n, draft in some:
            values = {
                "id": tx.allocate("outbox"), "kind": "send", "state": "held", "due": tx.now_ms,
                "created_at": tx.now_ms, "mail_kind": MailKind.AGENT.value, "ticket_id": n + 1,
                "trace_id": f"01BENCH{n}", "envelope_from": SENDER, "to_address": draft.to_address,
                "draft": msgspec.json.encode(draft), "msgid": draft.message_id,
            }  # fmt: skip
            tx.execute(tx.hot.out.outbox, OutboxRow(**{**EMPTY, **values}))

    numbered = list(enumerate(made))
    for start in range(0, len(numbered), CHUNK):
        writer.submit(lambda tx, at=start: write(tx, numbered[at : at + CHUNK])).result()
    writer.stop()
    store.close()


def signing_key(file: Path) -> dict[str, str]:
    """Make an RSA key of 2048 bits; returns its settings."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file.write_bytes(key.private_bytes(*form))
    file.chmod(0o400)
    return {"domain": SENDER.partition("@")[2], "selector": "bench", "key": f"${{file:{file}}}"}


def ours(made: list[Draft], where: str, connections: int, **more: object) -> float:
    """Return mails per second from the moment they may leave until the last is marked as sent."""
    port = int(where.rpartition(":")[2])
    relay = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": connections}
    settings = {"relay": relay, **more}
    with gatewayrun.gateway(settings, start=False) as gate:
        fill(gate, made)
        gate.start()
        control = load_settings(gate.config).control_path
        file = gate.state / "mailgate.sqlite"
        with contextlib.closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as database:
            os.sync()
            database.execute("UPDATE outbox SET state = 'waiting' WHERE state = 'held'")
            begun = time.monotonic()
            call(control, "wake")
            peers.wait_until(lambda: not database.execute(LEFT).fetchall(), "all is sent", GUARD_S, 0.01)
            seconds = time.monotonic() - begun
            (sent,) = database.execute("SELECT count(*) FROM outbox WHERE state = 'sent'").fetchone()
    if sent != len(made):
        raise SystemExit(f"{sent} of {len(made)} mails were sent\n{gate.log()[-2000:]}")
    return sent / seconds


def bare(file: Path, where: str, connections: int) -> float:
    """Return mails per second of the bare loop."""
    line = [sys.executable, str(BARE), where, str(file), "--connections", str(connections)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the bare loop failed:\n{done.stderr}")
    return float(json.loads(done.stdout)["rate"])


def speed(plan: Plan) -> None:
    """Measure all rounds and print the table and the goals."""
    measured: figures.Figures = {}
    made = drafts(plan.mails)
    with tempfile.TemporaryDirectory(prefix="mg-bench-") as folder, subjects.sink(lmtp=False) as sink:
        file = Path(folder) / "mails.json"
        file.write_text(json.dumps(ready(made)))
        key = signing_key(Path(folder) / "key.pem")
        for number in range(plan.rounds):
            for count in plan.connections:
                runs = {
                    "mailgate": lambda n=count: ours(made, sink.where, n),
                    "bare": lambda n=count: bare(file, sink.where, n),
                    "mailgate-rsa2048": lambda n=count: ours(made, sink.where, n, dkim=[key]),
                }
                # Nobody always goes first.
                for name in sorted(runs, reverse=bool(number % 2)):
                    series = measured.setdefault((f"x{count}", name), figures.Series())
                    series.values.append(runs[name]())
            print(f"round {number + 1} of {plan.rounds} done", file=sys.stderr)
    loads = [f"x{count}" for count in plan.connections]
    print(figures.table(measured, loads, "mails per second (x connections)"))
    print(f"{plan.rounds} rounds of {plan.mails} mails of about 4 KB\n")
    for goal in GOALS:
        if goal.load in loads:
            print(figures.verdict(measured, goal))


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run: does it work at all?")
    parser.add_argument("--rounds", type=int, help="how many rounds instead of the usual number")
    given = parser.parse_args()
    if not subjects.SMTP_SINK.exists():
        raise SystemExit("bench-outgoing needs smtp-sink, which comes with Postfix.")
    plan = QUICK if given.quick else FULL
    speed(Plan(plan.mails, plan.connections, given.rounds or plan.rounds))


if __name__ == "__main__":
    main()
