"""The real gateway as a process of its own, with written settings, on loopback ports, for tests and benchmarks.

Settings are given as nested dicts, as `mailgate.toml` nests them; what is not given is chosen so that nothing leaves the
machine and no port is fixed. Business data (addresses, queues, templates, scripts) is a folder that `mailgate apply`
reads, or a dict of file names and texts.
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import peers

START_GUARD_S = 60


class GatewayError(Exception):
    """The gateway or a command of it failed; the text holds what it printed."""


def toml(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Write nested dicts as TOML: tables, arrays of tables, strings, numbers, booleans, arrays of those."""
    lines = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    for key, value in table.items():
        name = ".".join((*path, key))
        if isinstance(value, Mapping):
            lines += [f"\n[{name}]", toml(value, (*path, key))]
        elif _is_table(value):
            for item in value:
                lines += [f"\n[[{name}]]", toml(item, (*path, key))]
    return "\n".join(lines)


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)
    )


def _value(value: object) -> str:
    match value:
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case bool() | int() | float() | str():
            return json.dumps(value, ensure_ascii=False)
        case Path():
            return json.dumps(str(value))
        case _:
            raise TypeError(f"no TOML for {value!r}")


def merge(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested dict over another; anything but two dicts is replaced, and None takes a key away."""
    merged = dict(base)
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = merge(merged[key], value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


@dataclass
class Gateway:
    """A gateway in a folder of its own: `port` speaks LMTP, `socket` too, `http_port` HTTP."""

    folder: Path
    port: int
    http_port: int
    settings: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "mailgate.toml"

    @property
    def socket(self) -> Path:
        """The unix socket that speaks LMTP; any user of the machine may connect."""
        return self.folder / "run" / "lmtp.sock"

    @property
    def state(self) -> Path:
        """The folder of the database and of everything that must last."""
        return self.folder / "state"

    @property
    def logfile(self) -> Path:
        """What the process wrote to its standard output and error, over all its starts."""
        return self.folder / "log"

    def log(self) -> str:
        """Return the whole log."""
        return self.logfile.read_text(errors="replace") if self.logfile.exists() else ""

    def write(self, settings: Mapping[str, Any]) -> None:
        """Write the settings file: the defaults of the tests with these laid over them."""
        self.settings = merge(self._defaults(), settings)
        self.config.write_text(toml(self.settings) + "\n")

    def _defaults(self) -> dict[str, Any]:
        run = self.folder / "run"
        for name in ("run", "state"):
            (self.folder / name).mkdir(exist_ok=True)
        return {
            "instance": {
                "hostname": "gate.example.org",
                "state_folder": str(self.state),
                "run_folder": str(run),
            },
            "listener": [
                {"name": "tcp", "kind": "lmtp", "address": f"tcp:127.0.0.1:{self.port}"},
                {"name": "unix", "kind": "lmtp", "address": f"unix:{self.socket}", "mode": "0666"},
            ],
            "database": {"url": "sqlite:mailgate.sqlite"},
            "spool": {"reserve": "1 MiB"},
            # Nobody listens there, so nothing that a test forgets can leave the machine.
            "relay": {"host": "127.0.0.1", "port": 1, "tls": "none"},
            # Tests read what an agent writes; those of the window itself say so.
            "outbox": {"undo": 0},
            "checks": {"dkim": False, "null_mx": False},
            "http": {"address": f"tcp:127.0.0.1:{self.http_port}"},
        }

    def command(
        self, *arguments: str, check: bool = True, data: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """Run a mailgate command on this gateway's settings."""
        line = [sys.executable, "-m", "mailgate", "--config", str(self.config), *arguments]
        done = subprocess.run(line, input=data, capture_output=True, check=False)
        text = subprocess.CompletedProcess(
            line, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )
        if check and text.returncode:
            raise GatewayError(
                f"mailgate {' '.join(arguments)}: {text.returncode}\n{text.stdout}{text.stderr}"
            )
        return text

    def json(self, *arguments: str) -> Any:
        """Run a listing with --json and return what it says."""
        return json.loads(self.command(*arguments, "--json").stdout)

    def apply(self, business: Path | Mapping[str, str]) -> None:
        """Write business data into the database: a folder, or file names with their texts."""
        folder = business
        if isinstance(business, Mapping):
            folder = self.folder / "business"
            for name, text in business.items():
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        self.command("apply", str(folder))

    def open_channel(self) -> None:
        """Let mail in, as `mailgate helpdesk set channel on` does; a process for each test would cost too much."""
        database = self.state / "mailgate.sqlite"
        if not database.exists():
            self.command("helpdesk", "set", "channel", "on")
            return
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(
                "INSERT INTO desk_setting (name, value, origin, version, changed_at) VALUES ('channel', 'on', '', 1, 0)"
            )

    def start(
        self, *, wait: bool = True, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
    ) -> None:
        """Start `mailgate run`, behind a command that becomes it, and wait until every listener greets."""
        with self.logfile.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "mailgate", "--config", str(self.config), "run"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env and dict(env),
            )  # fmt: skip
        if wait:
            peers.wait_until(self._ready_or_dead, "the gateway gets ready", START_GUARD_S)
            if self.process.poll() is not None:
                raise GatewayError(
                    f"the gateway ended with {self.process.returncode}\n{peers.tail(self.logfile)}"
                )

    def _ready_or_dead(self) -> bool:
        return (
            self.process is None or self.process.poll() is not None or all(map(peers.answers, self._doors()))
        )

    def _doors(self) -> list[int | Path]:
        """Where it must greet once it is ready: the listeners that it opens itself."""
        addresses = [one["address"].split(":") for one in self.settings["listener"]]
        return [int(a[-1]) if a[0] == "tcp" else Path(a[1]) for a in addresses if a[0] in {"tcp", "unix"}]

    def stop(self, sign: int = signal.SIGTERM) -> int:
        """End it, by default gracefully; return its exit status."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(sign)
        try:
            return process.wait(timeout=START_GUARD_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise GatewayError(f"the gateway did not stop\n{peers.tail(self.logfile)}") from None

    def kill(self) -> None:
        """End it as a power cut would end the process: no handler runs."""
        self.stop(signal.SIGKILL)


@contextlib.contextmanager
def gateway(
    settings: Mapping[str, Any] | None = None,
    business: Path | Mapping[str, str] | None = None,
    *,
    start: bool = True,
    channel: bool = True,
) -> Iterator[Gateway]:
    """Run a gateway with an upgraded database and the given business data; its channel is on unless it is told."""
    with peers.short_folder("mg-gw-") as folder:
        one = Gateway(folder, peers.free_port(), peers.free_port())
        one.write(settings or {})
        one.command("db", "upgrade")
        if channel:
            one.open_channel()
        if business is not None:
            one.apply(business)
        try:
            if start:
                one.start()
            yield one
        finally:
            one.stop()
