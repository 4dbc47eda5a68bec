"""The running gateway's control socket: one JSON line asks, one JSON line answers.

`ControlServer` runs inside the gateway; `call` is what commands use. The socket's mode is 0600 and the peer's
user is checked as well, so only root and the gateway's own user reach it.
"""

import asyncio
import errno
import json
import os
import socket
import stat
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

Command = Callable[[Mapping[str, Any]], Awaitable[object]]

# A question names a command and a few ids; the largest answer is a listing.
LONGEST_LINE: Final = 16 * 1024 * 1024
# A client that connects and says nothing must not hold a descriptor for ever.
ASK_TIMEOUT_S: Final = 10.0
ANSWER_TIMEOUT_S: Final = 60.0
_PEERCRED: Final = struct.Struct("3i")  # pid, uid, gid (unix(7))


class ControlError(Exception):
    """The gateway did not do what it was asked; the text says why. `exit_code` is that of a command."""

    exit_code = 1


class NotRunningError(ControlError):
    """No gateway listens on the socket; trying later may help (EX_TEMPFAIL)."""

    exit_code = 75


class RefusedError(ControlError):
    """The gateway understood and said no; also what a command raises to say so."""


class ControlServer:
    """Serves the commands that the app registers; each gets the arguments and returns plain data."""

    def __init__(
        self,
        path: Path,
        commands: Mapping[str, Command],
        *,
        on_error: Callable[[str, BaseException], None],
    ) -> None:
        self.path = path
        self.commands = commands
        self._on_error = on_error
        self._server: asyncio.Server | None = None
        self._inode = 0
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Bind the socket. Raises ControlError if another gateway answers there or it can't be made."""
        await asyncio.to_thread(_clear, self.path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            # On Linux the file takes the descriptor's mode, so nobody else may connect from the first moment;
            # the umask would be that of the whole process.
            os.fchmod(listener.fileno(), stat.S_IRUSR | stat.S_IWUSR)
            listener.bind(str(self.path))
            self.path.chmod(0o600)
            self._inode = self.path.stat().st_ino
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=LONGEST_LINE)
        except OSError as error:
            listener.close()
            raise ControlError(f"control socket {self.path}: {error.strerror or error}") from None

    async def stop(self) -> None:
        """Take no more questions, finish those in hand, remove the socket."""
        if self._server is None:
            return
        self._server.close()
        self._remove()
        talks = [task for task in self._talks if task is not asyncio.current_task()]
        if talks:
            await asyncio.wait(talks, timeout=ASK_TIMEOUT_S)
        self._server = None

    def _remove(self) -> None:
        try:
            # A second gateway may have put its own there meanwhile.
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()
        except OSError:
            return

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, TimeoutError, ValueError) as error:
            self._on_error("talk", error)
        finally:
            self._talks.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not _may_ask(writer.get_extra_info("socket")):
            return
        async with asyncio.timeout(ASK_TIMEOUT_S):
            line = await reader.readline()
        if not line:
            return
        answer = await self._answer(line)
        writer.write(json.dumps(answer).encode() + b"\n")
        async with asyncio.timeout(ASK_TIMEOUT_S):
            await writer.drain()

    async def _answer(self, line: bytes) -> dict[str, object]:
        try:
            asked = json.loads(line)
            name, arguments = asked["command"], asked.get("args", {})
            command = self.commands[name]
        except (ValueError, TypeError, AttributeError):
            return {"ok": False, "error": "the question is not understood"}
        except KeyError:
            return {"ok": False, "error": f"unknown command; there are {', '.join(sorted(self.commands))}"}
        try:
            return {"ok": True, "result": await command(arguments)}
        except RefusedError as error:
            return {"ok": False, "error": str(error)}
        except Exception as error:  # noqa: BLE001  the log gets the cause, the caller only that there was one
            self._on_error(str(name), error)
            return {"ok": False, "error": f"{name} failed, the log of the gateway says why"}


def _may_ask(sock: socket.socket) -> bool:
    octets = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEERCRED.size)
    return _PEERCRED.unpack(octets)[1] in {0, os.geteuid()}


def _clear(path: Path) -> None:
    """Remove a socket that nobody answers on. Raises ControlError if somebody does, or if it is no socket."""
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise ControlError(f"{path} is there already and is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise ControlError(f"another mailgate is running: it answers on {path}")


def call(path: Path, command: str, *, timeout: float = ANSWER_TIMEOUT_S, **args: object) -> Any:
    """Ask the running gateway and return its answer.

    Raises NotRunningError if nobody listens, RefusedError if it says no, ControlError for anything else.
    """
    question = json.dumps({"command": command, "args": args}).encode() + b"\n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout)
        _connect(sock, path)
        try:
            sock.sendall(question)
            with sock.makefile("rb") as stream:
                line = stream.readline(LONGEST_LINE)
        except TimeoutError:
            raise ControlError(f"mailgate did not answer within {timeout:g} s") from None
        except OSError as error:
            raise ControlError(f"the talk with mailgate broke off: {error.strerror}") from None
    return _result(line)


def _connect(sock: socket.socket, path: Path) -> None:
    try:
        sock.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        raise NotRunningError(f"mailgate is not running: nobody answers on {path}") from None
    except PermissionError:
        raise ControlError(f"no permission for {path}: run this as root or as mailgate's own user") from None
    except OSError as error:
        # A full backlog of a unix socket is EAGAIN for a socket with a time-out.
        busy = error.errno == errno.EAGAIN or isinstance(error, TimeoutError)
        kind = NotRunningError if busy else ControlError
        raise kind(f"{path}: {error.strerror or 'no answer'}") from None


def _result(line: bytes) -> Any:
    try:
        answer = json.loads(line)
    except ValueError:
        raise ControlError("mailgate closed the connection without an answer") from None
    if answer.get("ok"):
        return answer.get("result")
    raise RefusedError(str(answer.get("error", "refused")))
