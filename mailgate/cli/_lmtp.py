"""The client's side of LMTP (RFC 2033), for mails that a command hands to the gateway."""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailgate.cli._options import TRY_LATER, USAGE, CommandError
from mailgate.config.settings import Settings

# As long as Postfix waits for the reply to the data (docs/postfix.md): the gateway may be busy.
TIMEOUT_S: Final = 600
# RFC 5321 4.2.1: what is below was accepted.
GOOD: Final = 300

Reply = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where LMTP is spoken: a unix socket's path, or host and port."""

    host: str
    port: int = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


def place(text: str) -> Place:
    """Return where `[tcp:]HOST:PORT` or `[unix:]/path` is; CommandError (wrong usage) for anything else."""
    where = text.removeprefix("tcp:").removeprefix("unix:")
    if where.startswith("/"):
        return Place(where)
    host, _, port = where.rpartition(":")
    if not host or not port.isdigit():
        raise CommandError(f"{text!r} is neither HOST:PORT nor unix:/path", USAGE)
    return Place(host.strip("[]"), int(port))


def own_doors(settings: Settings) -> list[Place]:
    """Return the gateway's LMTP listeners; CommandError where only systemd knows their place."""
    doors = [
        place(one.address)
        for one in settings.listener
        if one.kind == "lmtp" and one.address.startswith(("tcp:", "unix:"))
    ]
    if not doors:
        raise CommandError("no LMTP listener of the settings has an address of its own; say one with --lmtp")
    return doors


def connect(places: Sequence[Place]) -> smtplib.LMTP:
    """Return a greeted connection to the first place that answers; CommandError (try later) if none does."""
    failed = []
    for where in places:
        try:
            # Without a name smtplib would ask DNS for ours, which may be dead.
            client = smtplib.LMTP(where.host, where.port, local_hostname="localhost", timeout=TIMEOUT_S)
            client.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            failed.append(f"{where}: {_words(error)}")
        else:
            return client
    raise CommandError(f"nobody takes mail at {', nor at '.join(failed)}", TRY_LATER)


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
    try:
        found = [_reply(client.data(octets))]
        found += [_reply(client.getreply()) for _ in accepted[1:]]
    except smtplib.SMTPDataError as error:
        # DATA itself was refused: that is one reply for all.
        found = [_reply((error.smtp_code, _octets(error.smtp_error)))] * len(accepted)
    for n, one in zip(accepted, found, strict=True):
        replies[n] = one
    return replies


def _reply(reply: tuple[int, bytes]) -> Reply:
    return reply[0], " ".join(reply[1].decode("utf-8", "replace").split())


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return " ".join(map(str, _reply((error.smtp_code, _octets(error.smtp_error)))))
    return str(getattr(error, "strerror", None) or error)
