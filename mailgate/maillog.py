"""The log: one line per message and recipient with Postfix-like keys, and events for everything else.

A line is made of values that strangers choose, so nothing unprintable leaves this file as it is. Lines per
recipient are on the hot path and are put together here; events go through structlog. Both end in one
`LineWriter`, which gathers lines so that a line costs no system call of its own.
"""

import asyncio
import logging
import os
import re
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast

import msgspec
import structlog

# A subject or address of a hostile mail may be as long as a header; a line of the journal should not be.
# A traceback is ours and worth more.
LONGEST: Final = 500
LONGEST_TRACEBACK: Final = 8000

# The priorities that systemd reads in front of a line (sd-daemon(3)).
PRIORITY: Final[Mapping[str, int]] = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}

# Lines wait this long for company: less than a person notices, and 20 system calls a second at most.
GATHER_S: Final = 0.05
# More waiting text than this is written at once, so that memory stays flat when the loop is busy.
GATHER_CHARS: Final = 256 * 1024

_QUOTED: Final = frozenset(' "=\\')
# Harmless and short, seen at one look: printable ASCII but for the blank and the other three.
_BARE: Final = re.compile(rf"[!#-<>-\[\]-~]{{1,{LONGEST}}}").fullmatch
_SHORT: Final[Mapping[str, str]] = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


def escape(text: str) -> str:
    """Return the text with all that is not printable (controls, bidi marks, surrogates) as escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code <= 0xFF:  # noqa: PLR2004  what fits in two hexadecimal digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004  four digits


def _cut(key: str, text: str) -> str:
    longest = LONGEST_TRACEBACK if key == "traceback" else LONGEST
    return text if len(text) <= longest else text[:longest] + "…"


def logfmt_value(text: str) -> str:
    """Write one value: bare where it is harmless, else in quotes with escapes."""
    if text.isprintable() and _QUOTED.isdisjoint(text):
        return text or '""'
    return f'"{"".join(_SHORT.get(c) or (c if c.isprintable() else _escaped(c)) for c in text)}"'


def _plain(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.6g}"
        case None:
            return ""
        case _:
            return str(value)


def logfmt_line(pairs: Mapping[str, object]) -> str:
    """Write key=value pairs; the keys are ours and need no care."""
    return " ".join([f"{key}={_logfmt(key, value)}" for key, value in pairs.items()])


def _logfmt(key: str, value: object) -> str:
    if isinstance(value, str) and _BARE(value):  # as nearly all values are
        return value
    return logfmt_value(_cut(key, _plain(value)))


def json_line(pairs: Mapping[str, object]) -> str:
    """Write pairs as one JSON object, escaped and cut like the other form."""
    return msgspec.json.encode({key: _json_value(key, value) for key, value in pairs.items()}).decode()


def _json_value(key: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return _cut(key, escape(str(value)))


def now_text() -> str:
    """Return the time as a line carries it: UTC, RFC 3339, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def priority_front(level: str) -> str:
    """Return what the journal reads before a line: `<6>`."""
    return f"<{PRIORITY[level]}>"


def time_front(level: str) -> str:
    """Return what a file or terminal shows before a line: time, and any unusual level."""
    return f"{now_text()} " if level == "info" else f"{now_text()} {level} "


class LineWriter:
    """Gathers lines and writes them together to a file descriptor. May be called from any thread.

    Without a loop each line is written at once. A line that can't be written is counted in `dropped`: a full
    disk under the log must never become an error of a mail.
    """

    def __init__(self, descriptor: int, *, path: Path | None = None) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._path = path
        self._lines: deque[str] = deque()
        self._chars = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._scheduled = False
        self._lock = threading.Lock()

    @classmethod
    def to_file(cls, path: Path) -> "LineWriter":
        """Append to a file, made with mode 0640 if it is missing. Raises OSError."""
        return cls(_open(path), path=path)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Gather from now on; to be called from the loop's thread."""
        self._loop = loop
        self._loop_thread = threading.get_ident()

    def detach(self) -> None:
        """Write what waits and write at once from now on."""
        self._loop = None
        self.flush()

    def write(self, line: str, *, urgent: bool = False) -> None:
        """Take one line with its line end; an `urgent` one and all before it are written at once."""
        self._lines.append(line)
        self._chars += len(line)
        loop = self._loop
        if loop is None or urgent or self._chars > GATHER_CHARS:
            self.flush()
        elif not self._scheduled:
            self._scheduled = True
            if threading.get_ident() == self._loop_thread:
                loop.call_later(GATHER_S, self.flush)
            else:
                self._schedule_from_outside(loop)

    def _schedule_from_outside(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            loop.call_soon_threadsafe(self.flush)
        except RuntimeError:  # the loop was closed between the check and the call
            self.flush()

    def flush(self) -> None:
        """Write everything that waits, in order."""
        with self._lock:
            self._scheduled = False
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            self._chars = 0
            if lines and not self._write_all("".join(lines).encode("utf-8", "backslashreplace")):
                self.dropped += len(lines)

    def _write_all(self, octets: bytes) -> bool:
        rest = memoryview(octets)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            return False
        return True

    def reopen(self) -> None:
        """Open the file anew, after logrotate moved it away. Raises OSError and goes on with the old one."""
        if self._path is None:
            return
        fresh = _open(self._path)
        self.flush()
        with self._lock:
            old, self._descriptor = self._descriptor, fresh
        os.close(old)

    def close(self) -> None:
        """Write what waits; close the file if there is one."""
        self.detach()
        if self._path is not None and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)


class Events(Protocol):
    """What the parts of the gateway may do with the log: `event` is a short name, the rest are its facts."""

    def debug(self, event: str, **facts: object) -> object:
        """Tell what only somebody who looks for a fault wants to know."""

    def info(self, event: str, **facts: object) -> object:
        """Tell what happened."""

    def warning(self, event: str, **facts: object) -> object:
        """Tell what somebody should look at; written at once."""

    def error(self, event: str, **facts: object) -> object:
        """Tell what is broken; written at once. `exc_info=True` adds the exception in hand."""


class MailLog:
    """The log of one gateway: `delivery` writes the line per recipient, `events` takes everything else.

    `front` makes what stands before a line of text: its time, or its priority for the journal.
    """

    def __init__(
        self,
        writer: LineWriter,
        *,
        level: str = "info",
        json: bool = False,
        front: Callable[[str], str] = time_front,
    ) -> None:
        self.writer = writer
        self._json = json
        self._front = front
        threshold = logging.getLevelNamesMapping()[level.upper()]
        self._wants_info = threshold <= logging.INFO
        self.events: Events = cast(
            "Events",
            structlog.wrap_logger(
                _Sink(self._line),
                processors=[_with_exception, _as_line],
                wrapper_class=structlog.make_filtering_bound_logger(threshold),
            ),
        )

    def delivery(
        self,
        *,
        qid: str,
        msgid: str,
        trace_id: str,
        sender: str,
        recipient: str,
        rule: str,
        action: str,
        summary: str,
        delay: float,
        dsn: str,
        status: str,
        more: Mapping[str, object] | None = None,
    ) -> None:
        """Write the line of one message and recipient, with the keys that Postfix uses.

        `summary` is what became of it, as `ticket=T-7`; `delay` is in seconds; `dsn` is the enhanced status
        code; `more` are further pairs, such as why an answer was suppressed.
        """
        if not self._wants_info:
            return
        pairs: dict[str, object] = {
            "qid": qid,
            "msgid": msgid,
            "id": trace_id,
            "from": f"<{sender}>",
            "to": f"<{recipient}>",
            "rule": rule,
            "action": action,
        }
        key, equals, value = summary.partition("=")
        if equals:
            pairs[key] = value
        pairs["delay"] = round(delay, 4)
        pairs["dsn"] = dsn
        pairs["status"] = status
        if more:
            pairs.update(more)
        self._line("info", pairs)

    def _line(self, level: str, pairs: Mapping[str, object]) -> None:
        if self._json:
            front = priority_front(level) if self._front is priority_front else ""
            text = front + json_line({"time": now_text(), "level": level, **pairs})
        else:
            text = self._front(level) + logfmt_line(pairs)
        self.writer.write(text + "\n", urgent=PRIORITY[level] <= PRIORITY["warning"])


def _with_exception(
    _logger: object, _method: str, facts: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Turn `exc_info` into text: the exception in one line, and where it came from."""
    found = facts.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        facts["error"] = f"{type(error).__name__}: {error}"
        facts["traceback"] = "".join(traceback.format_exception(error))
    return facts


def _as_line(
    _logger: object, method: str, facts: MutableMapping[str, Any]
) -> tuple[tuple[str, dict[str, Any]], dict[str, Any]]:
    """Hand level and pairs to the sink, the event's name first."""
    level = {"warn": "warning", "exception": "error", "fatal": "critical"}.get(method, method)
    return (level, {"event": facts.pop("event", ""), **facts}), {}


class _Sink:
    """What structlog writes to: every method takes level and pairs."""

    def __init__(self, line: Callable[[str, Mapping[str, object]], None]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = line


class LibraryLog(logging.Handler):
    """Takes what libraries say through the standard library's logging, from warnings on."""

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self.events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record as an event of its logger's name."""
        tell = self.events.error if record.levelno >= logging.ERROR else self.events.warning
        try:
            tell("library", logger=record.name, message=record.getMessage(), exc_info=record.exc_info)
        except Exception:  # noqa: BLE001  as logging itself does: a bad record must not hurt who wrote it
            self.handleError(record)


def open_log(
    *,
    form: str,
    level: str,
    path: Path | None,
    environ: Mapping[str, str],
    descriptor: int = 2,
) -> MailLog:
    """Open the log that the settings describe; standard error where there is no path. Raises OSError.

    systemd sets JOURNAL_STREAM where standard error is the journal, which adds the time itself.
    """
    json = form == "json"
    if path is not None:
        return MailLog(LineWriter.to_file(path), level=level, json=json, front=time_front)
    front = priority_front if environ.get("JOURNAL_STREAM") else time_front
    return MailLog(LineWriter(descriptor), level=level, json=json, front=front)
