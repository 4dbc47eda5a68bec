r"""A journey's dialogue with the gateway as text, read and played line by line.

The first word of a line says what it is:

* `C: text`  the client sends the line; in it `{answer 2}` is the Message-ID of the second mail that the gateway
  has sent (the runner waits for it);
* `X: text`  the same, and `\xFF` is one octet;
* `S: text`  the gateway replies so, `*` stands for anything; the lines of one reply are joined by blanks;
* `Q: SQL`   what an agent would do meanwhile, written into the database;
* `T: 31 days`  so much time passes: everything that the database remembers becomes so much older;
* a line with `#` is a comment, and empty lines mean nothing.
"""

import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

GUARD_S = 60
OCTET = re.compile(rb"\\x([0-9A-Fa-f]{2})")
ANSWER = re.compile(r"\{answer (\d+)\}")
UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
# What grows older when time passes; the buckets of the budgets are stretches of time and stay.
TIMES = (
    ("session", ("opened_at", "last_at")), ("ticket", ("created_at", "touched_at")), ("remembered", ("until",)),
    ("seen", ("until",)), ("failing_address", ("first_at", "last_at")), ("entry", ("at",)),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One line that does something, and where it stands."""

    line: int
    kind: str
    text: str


def read(file: Path) -> Iterator[Step]:
    """Yield the steps of a dialogue; ValueError for a line that is none."""
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        kind, colon, text = line.partition(":")
        if not colon or kind not in {"C", "X", "S", "Q", "T"}:
            raise ValueError(f"{file.parent.name}/{file.name}:{number}: no such line: {line}")
        yield Step(number, kind, text.removeprefix(" "))


class Player:
    """Plays dialogues with one gateway; `answer(n)` returns the Message-ID of its n-th mail."""

    def __init__(self, port: int, database: Path, answer: Callable[[int], str]) -> None:
        self._database, self._answer = database, answer
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=GUARD_S)
        self._replies = self._socket.makefile("rb")

    def close(self) -> None:
        """End the connection."""
        self._replies.close()
        self._socket.close()

    def play(self, file: Path) -> None:
        """Play all lines; AssertionError with the line where the gateway says something else."""
        for step in read(file):
            match step.kind:
                case "C":
                    text = ANSWER.sub(lambda m: self._answer(int(m[1])), step.text)
                    self._socket.sendall(text.encode() + b"\r\n")
                case "X":
                    octets = OCTET.sub(lambda m: bytes([int(m[1], 16)]), step.text.encode())
                    self._socket.sendall(octets + b"\r\n")
                case "S":
                    reply = self._reply()
                    where = f"{file.parent.name}/{file.name}:{step.line}"
                    assert fnmatchcase(reply, step.text), f"{where}: expected {step.text!r}, got {reply!r}"
                case "Q":
                    self._write([step.text])
                case _:
                    self._write(_older(step.text))

    def _reply(self) -> str:
        """Read one reply, which may have several lines (RFC 5321 4.2.1)."""
        lines = []
        while True:
            line = self._replies.readline().decode()
            if not line:
                raise AssertionError("the gateway closed the connection")
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return " ".join(lines)

    def _write(self, statements: list[str]) -> None:
        connection = sqlite3.connect(self._database, timeout=GUARD_S)
        try:
            with connection:
                for statement in statements:
                    connection.execute(statement)
        finally:
            connection.close()


def _older(text: str) -> list[str]:
    """Return what makes everything in the database older by, say, `31 days`."""
    number, unit = text.split()
    milliseconds = int(number) * UNITS[unit] * 1000
    return [
        f"UPDATE {table} SET " + ", ".join(f"{name} = {name} - {milliseconds}" for name in names)
        for table, names in TIMES
    ]
