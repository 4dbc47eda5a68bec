"""The client's side of LMTP (RFC 2033), for mails that a command hands to the gateway."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailgate.cli._options import TRY_LATER, CommandError
from mailgate.config.settings import Settings

# As long as Postfix waits for the reply to the data (docs/postfix.md): the gateway may be busy.
TIMEOUT_S: Final = 600
# RFC 5321 4.2.1: the first digit says it all.
GOOD, LATER = 300, 400

Reply = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where LMTP is spoken: a unix socket's path, or host and port."""

    host: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def place(text: str) -> Place:
    """Return where `tcp:HOST:PORT`, `HOST:PORT`, `unix:/path` or `/path` is; CommandError for anything else."""
    where = text.removeprefix("tcp:").removeprefix("unix:")
    if where.startswith("/"):
        return Place(where)
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError(f"{text!r} is neither HOST:PORT nor unix:/path")
    return Place(host.strip("[]"), int(port))


def own_door(settings: Settings) -> Place:
    """Return the gateway's LMTP listener; CommandError where its place is known to systemd only."""
    doors = [place(one.address) for one in settings.listener if one.kind == "lmtp" and _known(one.address)]
    if not doors:
        raise CommandError("no LMTP listener of the settings has an address of its own; say where with --lmtp")
    # A unix socket may be Postfix's alone; where there is a TCP listener as well, anybody reaches it.
    return next((one for one in doors if one.port or Path(one.host).is_socket()), doors[0])


def _known(address: str) -> bool:
    return address.startswith(("tcp:", "unix:"))


def connect(where: Place) -> smtplib.LMTP:
    """Return a greeted connection; CommandError (try later) if nobody answers."""
    try:
        client = smtplib.LMTP(where.host, where.port, timeout=TIMEOUT_S)
        client.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        raise CommandError(f"{where}: {_words(error)}", TRY_LATER) from None
    return client


def deliver(client: smtplib.LMTP, sender: str, recipients: Sequence[str], octets: bytes) -> list[Reply]:
    """Hand over one mail; returns one reply per recipient, in order (RFC 2033 4.2).

    Raises CommandError (try later) if the connection breaks: then nothing is known of what became of it.
    """
    try:
        return _dialogue(client, sender, recipients, octets)
    except (OSError, smtplib.SMTPException) as error:
        raise CommandError(f"the connection broke: {_words(error)}", TRY_LATER) from None


def _dialogue(client: smtplib.LMTP, sender: str, recipients: Sequence[str], octets: bytes) -> list[Reply]:
    options = [f"SIZE={len(octets)}", *([] if octets.isascii() else ["BODY=8BITMIME"])]
    if not "".join((sender, *recipients)).isascii():
        options.append("SMTPUTF8")  # RFC 6531 3.4
        client.command_encoding = "utf-8"
    said = _reply(client.mail(sender, options))
    if said[0] >= GOOD:
        client.rset()
        return [said] * len(recipients)
    replies = [_reply(client.rcpt(one)) for one in recipients]
    accepted = [n for n, (code, _text) in enumerate(replies) if code < GOOD]
    if not accepted:
        client.rset()
        return replies
    code, text = _reply(client.data(octets))
    for n, place_of in enumerate(accepted):
        # A refusal of DATA itself is one reply for all; after the data there is one for each.
        replies[place_of] = (code, text) if n == 0 or _before_data(code) else _reply(client.getreply())
    return replies


def _before_data(code: int) -> bool:
    """Whether this code can only have been the answer to the command DATA (RFC 5321 4.3.2)."""
    return code in {501, 502, 503, 504}


def _reply(reply: tuple[int, bytes]) -> Reply:
    return reply[0], " ".join(reply[1].decode("utf-8", "replace").split())


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        return f"{error.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return str(getattr(error, "strerror", None) or error)
