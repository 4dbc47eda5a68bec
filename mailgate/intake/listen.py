"""Listeners: TCP, unix socket, or a socket that systemd hands over; and their graceful stop."""

import asyncio
import errno
import grp
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from mailgate.domain.envelope import Source
from mailgate.errors import Complaint, SettingsError
from mailgate.intake.connection import Connection
from mailgate.intake.door import Door, Service
from mailgate.intake.lmtp import LmtpConnection
from mailgate.intake.smtp import SmtpConnection

# sd_listen_fds(3): the first descriptor that is handed over.
FIRST_DESCRIPTOR: Final = 3
# What waits while the loop is busy; Postfix opens at most some tens at once.
BACKLOG: Final = 1024
# How long an address that is in use is tried again before the start, and how often.
FREE_WITHIN_S: Final = 2.0
FREE_EVERY_S: Final = 0.05
# Python 3.13 would remove a unix socket's path at the end, though systemd or another front listens there.
KEEP_PATH: Final[dict[str, Any]] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}


def open_socket(address: str, *, mode: int, group: str, environment: Mapping[str, str]) -> socket.socket:
    """Return the bound socket of `unix:/path`, `tcp:HOST:PORT` or `systemd:NAME`; raises SettingsError."""
    kind, _, rest = address.partition(":")

    def attempt() -> socket.socket:
        match kind:
            case "unix":
                return _unix(Path(rest), mode, group)
            case "tcp":
                return _tcp(rest)
            case _:
                return _handed_over(rest, environment)

    try:
        return _once_free(attempt)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(
            [Complaint(address, 0, "listener.address", f"cannot listen: {reason}")]
        ) from error


def _once_free(attempt: Callable[[], socket.socket]) -> socket.socket:
    """Try again for a moment while the address is in use: a gateway that was killed is still going away."""
    end = time.monotonic() + FREE_WITHIN_S
    while True:
        try:
            return attempt()
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > end:
                raise
        time.sleep(FREE_EVERY_S)


def _unix(path: Path, mode: int, group: str) -> socket.socket:
    if path.is_socket() and not _answers(path):
        path.unlink()  # left behind by a process that was killed
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        if group:
            os.chown(path, -1, grp.getgrnam(group).gr_gid)
        path.chmod(mode)
    except OSError:
        listening.close()
        raise
    return listening


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _tcp(rest: str) -> socket.socket:
    host, _, port = rest.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, int(port)), family=family, backlog=BACKLOG)


def _handed_over(name: str, environment: Mapping[str, str]) -> socket.socket:
    """Return the socket that systemd handed over under this name (FileDescriptorName=)."""
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    count = int(environment.get("LISTEN_FDS", "0"))
    if environment.get("LISTEN_PID", "") == str(os.getpid()):
        for i in range(count):
            if i < len(names) and names[i] == name:
                listening = socket.socket(fileno=FIRST_DESCRIPTOR + i)
                listening.set_inheritable(False)
                return listening
    raise OSError(0, f"systemd handed over no socket named {name}")


class Listener:
    """One listener and its connections."""

    def __init__(self, door: Door, service: Service, listening: socket.socket) -> None:
        self._door, self._service, self._socket = door, service, listening
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    def _connection(self) -> Connection:
        kind = LmtpConnection if self._service.source is Source.LMTP else SmtpConnection
        return kind(self._door, self._service, self._connections)

    async def start(self) -> None:
        """Take connections from here on."""
        loop = asyncio.get_running_loop()
        if self._socket.family == socket.AF_UNIX:
            self._server = await loop.create_unix_server(
                self._connection, sock=self._socket, backlog=BACKLOG, **KEEP_PATH
            )
        else:
            self._server = await loop.create_server(self._connection, sock=self._socket, backlog=BACKLOG)

    async def stop(self) -> None:
        """Take no more; finish what is under way, tell the idle, and wait until all have gone."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.stop()
        deadline = asyncio.get_running_loop().time() + self._service.limits.stop_grace
        while self._connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  they go one by one, until a deadline
            await asyncio.sleep(0.02)
        for connection in list(self._connections):
            connection.cut()
