"""A world of simulated days: real gateways in processes of their own, their relays, and whoever answers them.

Time stands still while mails are on their way: the world sets the clock, hands in what is due, waits until no gateway has
anything left to send, asks the correspondents what they answer, and goes on to the next moment at which something happens.
"""

import contextlib
import functools
import heapq
import io
import itertools
import sqlite3
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gatewayrun
import peers
from looppost import Arrived, Mails, Post, Relay
from simclock import START, SimulatedClock

from mailgate import control

HERE = Path(__file__).parent
MINUTE, HOUR, DAY = 60, 3600, 86400
# Nobody listens there: a gateway with this relay keeps all its mail.
NO_RELAY = 1
START_MS = round(START.timestamp() * 1000)

# Who gets our mail and what comes back: given one mail that left, the moment, and how many there were before.
Correspondent = Callable[[Arrived, float, int], Sequence[Post]]


@dataclass(frozen=True, slots=True)
class Left:
    """One row of a gateway's outbox: a mail that left, or that the gate held or gathered."""

    at: float
    kind: str
    to: str
    ticket: int
    state: str
    mail_class: str
    delivery: int

    @property
    def domain(self) -> str:
        """Where it went."""
        return self.to.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Kept:
    """One mail that the gate kept back, or let go later only, and why."""

    at: float
    kind: str
    to: str
    verdict: str
    reason: str
    rule: str


@dataclass
class LoopGate(gatewayrun.Gateway):
    """A gateway whose clock is the simulation's; `smtp_port` takes mail from other gateways."""

    clock: Path = Path()
    smtp_port: int = 0

    def start(self, *, wait: bool = True, env: Mapping[str, str] | None = None) -> None:
        """Start the gateway of simgate.py, and wait until its listeners greet."""
        line = [sys.executable, str(HERE / "simgate.py"), str(self.config), str(self.clock)]
        with self.logfile.open("ab") as log:
            self.process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env and dict(env)
            )
        if wait:
            peers.wait_until(self._ready_or_dead, "the gateway gets ready", gatewayrun.START_GUARD_S)
            assert self.process.poll() is None, peers.tail(self.logfile)

    def apply(self, business: Path | Mapping[str, str]) -> None:
        """Write business data with the same language as the gateway's."""
        for name, text in dict(business).items():
            file = self.folder / "business" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        line = [sys.executable, str(HERE / "simgate.py"), "command", "--config", str(self.config), "apply"]
        done = subprocess.run(
            [*line, str(self.folder / "business")], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database, beside the gateway."""
        where = f"file:{self.state}/mailgate.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def busy(self) -> bool:
        """Whether something is still on its way out."""
        return bool(self.ask("SELECT 1 FROM outbox WHERE state IN ('waiting', 'leased') LIMIT 1"))

    def put_off(self) -> float | None:
        """Return when the first mail is due if all of them wait for a later time, as they do for a slow relay."""
        # "leased" comes before "waiting", so one that is under way shows.
        sql = "SELECT MIN(due), MIN(state) FROM outbox WHERE state IN ('waiting', 'leased')"
        ((due, state),) = self.ask(sql)
        return (due - START_MS) / 1000 if state == "waiting" else None

    def left(self) -> list[Left]:
        """Return everything that the gateway wrote into its outbox, in order, with the class of what caused it."""
        sql = """SELECT o.created_at, CASE o.kind WHEN 'send' THEN o.mail_kind ELSE o.kind END, o.to_address,
                 o.ticket_id, CASE WHEN o.reason LIKE 'gathered %' THEN 'gathered' ELSE o.state END,
                 d.mail_class, o.delivery_id
                 FROM outbox o LEFT JOIN delivery d ON d.id = o.delivery_id ORDER BY o.created_at, o.id"""
        return [Left((at - START_MS) / 1000, *rest) for at, *rest in self.ask(sql)]

    def kept(self) -> list[Kept]:
        """Return everything that the gate kept back, with its reason."""
        sql = "SELECT at, mail_kind, to_address, verdict, reason, rule FROM suppression ORDER BY at, id"
        return [Kept((at - START_MS) / 1000, *rest) for at, *rest in self.ask(sql)]

    def incoming(self) -> list[float]:
        """Return when each mail came in, in order."""
        rows = self.ask("SELECT received_at FROM message ORDER BY received_at")
        return [(at - START_MS) / 1000 for (at,) in rows]

    def metric(self, name: str, label: str) -> dict[str, int]:
        """Return a counter from /metrics by the value of its label, where it is not 0."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        start = f'{name}{{{label}="'
        pairs = (line.removeprefix(start).split('"} ') for line in lines if line.startswith(start))
        return {value: int(float(n)) for value, n in pairs if float(n)}


@dataclass
class World:
    """The clock, the gateways by name, their relays, and what is still to happen."""

    folder: Path
    clock: SimulatedClock
    mails: Mails
    stack: contextlib.ExitStack
    gates: dict[str, LoopGate] = field(default_factory=dict)
    relays: dict[str, Relay] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    _due: list[tuple[float, int, Post]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _seen: dict[str, int] = field(default_factory=dict)
    _answered: int = 0

    def gate(
        self,
        business: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
        *,
        name: str = "a",
        relay_port: int = 0,
        smtp_port: int = 0,
    ) -> LoopGate:
        """Start a gateway; without `relay_port` its mail goes to a relay of ours, which asks the correspondent."""
        folder = self.stack.enter_context(peers.short_folder("mg-loop-"))
        one = LoopGate(
            folder,
            peers.free_port(),
            peers.free_port(),
            clock=self.folder / "clock",
            smtp_port=smtp_port or peers.free_port(),
        )
        if not relay_port:
            self.relays[name] = self.mails.relay(name)
            relay_port = self.relays[name].port
        ports = {"lmtp": one.port, "smtp": one.smtp_port}
        own = {
            "instance": {"name": name, "hostname": f"gate-{name}.example"},
            "relay": {"port": relay_port},
            "listener": [
                {"name": k, "kind": k, "address": f"tcp:127.0.0.1:{port}"} for k, port in ports.items()
            ],
            "limits": {"session_mails": 100_000},
        }
        one.write(gatewayrun.merge(own, settings or {}))
        with tarfile.open(fileobj=io.BytesIO(prepared(tuple(sorted(business.items()))))) as state:
            state.extractall(one.state, filter="data")
        self.stack.callback(one.stop)
        one.start()
        self.gates[name] = one
        return one

    def quiet(self) -> None:
        """Wait until nothing is on its way; twice each, since a mail may go from one gateway to the other."""
        gates = [one for one in self.gates.values() if one.settings["relay"]["port"] != NO_RELAY]
        peers.wait_until(
            lambda: not any(self._busy(one) for one in (*gates, *gates)), "all mail has left", 120, 0.002
        )

    def _busy(self, gate: LoopGate) -> bool:
        """Whether a gateway has mail on its way; time goes on where all of it waits for a later moment."""
        if not gate.busy():
            return False
        due = gate.put_off()
        if due is not None and due > self.clock.seconds:
            self.clock.set(due)
            control.call(gate.folder / "run" / "control.sock", "wake")
        return True

    def post(self, *posts: Post) -> None:
        """Note mails that are to come in."""
        for one in posts:
            heapq.heappush(self._due, (one.at, next(self._order), one))

    def run(self, answer: Correspondent, *, until: float, most: int = 50_000) -> None:
        """Let mails go to and fro until nothing is left, the time is over, or so many came in."""
        while self._due and self._due[0][0] <= until and most > 0:
            at = self._due[0][0]
            batch = []
            while self._due and self._due[0][0] == at:
                batch.append(heapq.heappop(self._due)[2])
            most -= len(batch)
            self.clock.set(at)
            self._hand_in(batch)
            self.quiet()
            for arrived in self._new():
                self.post(*answer(arrived, at, self._answered))
                self._answered += 1
        self.clock.set(max(self.clock.seconds, until))

    def _hand_in(self, batch: list[Post]) -> None:
        for name, one in self.gates.items():
            posts = [post for post in batch if post.gate == name]
            if posts:
                replies = self.mails.hand_in(one.port, posts)
                self.replies += replies
                wrong = [r for r in replies if not r.startswith(("250 ", "550 5.7.1"))]
                assert not wrong, f"{wrong[0]}\n{peers.tail(one.logfile)}"

    def _new(self) -> Iterator[Arrived]:
        """Yield what the relays were given since the last time."""
        for name, relay in self.relays.items():
            some = relay.mails[self._seen.get(name, 0) :]
            self._seen[name] = self._seen.get(name, 0) + len(some)
            yield from some


@functools.cache
def prepared(business: tuple[tuple[str, str], ...]) -> bytes:
    """Return a state folder with this business data and no mail yet, made by the commands that make it, as a tar file."""
    with peers.short_folder("mg-fresh-") as folder:
        one = LoopGate(folder, peers.free_port(), peers.free_port())
        one.write({})
        one.command("db", "upgrade")
        one.open_channel()
        one.apply(dict(business))
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            # Each gateway makes keys of its own.
            tar.add(one.state, ".", filter=lambda one: None if one.name.endswith(".keys") else one)
        return packed.getvalue()


@contextlib.contextmanager
def world() -> Iterator[World]:
    """Make a world without gateways yet."""
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(peers.short_folder("mg-world-"))
        clock = SimulatedClock(folder / "clock", make=True)
        stack.callback(clock.close)
        mails = Mails()
        stack.callback(mails.close)
        with contextlib.ExitStack() as gates:
            yield World(folder, clock, mails, gates)
