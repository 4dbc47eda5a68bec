"""SMTP (RFC 5321) for trusted relays: EHLO, one reply for all recipients, STARTTLS and AUTH where set up."""

from collections.abc import Mapping, Sequence
from typing import Final

from mailgate.domain.envelope import Received
from mailgate.errors import ProtocolError, Reply
from mailgate.intake import commands
from mailgate.intake.commands import Command
from mailgate.intake.connection import Connection


def _ehlo(c: Connection, argument: bytes) -> None:
    in_clear = c.session.ssl is None
    more: tuple[str, ...] = ("STARTTLS",) if c.service.tls is not None and in_clear else ()
    if c.service.passwords and not in_clear:
        more += ("AUTH PLAIN LOGIN",)
    commands.hello(c, argument, more)


def _mail(c: Connection, argument: bytes) -> Reply:
    """Take mail from trusted networks and from those who logged in; this is no open relay."""
    if not c.trusted and not c.login:
        if c.service.passwords:
            raise ProtocolError("authentication required", code=530, enhanced="5.7.0")
        raise ProtocolError("not for you", code=554, enhanced="5.7.1")
    return commands.mail(c, argument)


VERBS: Final[Mapping[str, Command]] = {
    **commands.SHARED,
    "EHLO": _ehlo,
    "HELO": commands.helo,
    "MAIL": _mail,
    "STARTTLS": commands.starttls,
    "AUTH": commands.auth,
}


class SmtpConnection(Connection):
    """One SMTP client."""

    greeting = "ESMTP"

    def verbs(self, verb: str) -> Command | None:
        """Return the command of this name."""
        return VERBS.get(verb)

    def replies_owed(self) -> int:
        """One for all."""
        return 1

    async def hand_in(self, received: Received) -> Sequence[Reply]:
        """Give the mail to the house, which decides for all recipients at once."""
        return [await self.door.accept_all(received)]
