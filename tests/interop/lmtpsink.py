"""A place where mail ends: aiosmtpd's own LMTP on a unix socket, keeping what it is sent."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.controller import UnixSocketController
from aiosmtpd.lmtp import LMTP


@dataclass
class Sink:
    """What arrived: envelope sender, recipients, octets."""

    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  aiosmtpd names it
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 kept"


class Controller(UnixSocketController):
    """Runs aiosmtpd's LMTP in a thread of its own."""

    def factory(self) -> LMTP:
        return LMTP(self.handler, **self.SMTP_kwargs)


@contextlib.contextmanager
def lmtp_sink(path: Path) -> Iterator[Sink]:
    """Listen on this path; any user may connect. aiosmtpd gives one reply, so one recipient a mail only."""
    sink = Sink()
    controller = Controller(sink, unix_socket=str(path))
    controller.start()
    path.chmod(0o666)
    try:
        yield sink
    finally:
        controller.stop()
