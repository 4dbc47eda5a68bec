"""LMTP (RFC 2033): the target behind Postfix. One reply per recipient, in RCPT order, on every path."""

from collections.abc import Mapping
from typing import Final

from mailgate.errors import ProtocolError, Reply
from mailgate.intake import commands
from mailgate.intake.commands import Command
from mailgate.intake.connection import Connection


def _lhlo(c: Connection, argument: bytes) -> None:
    commands.hello(c, argument, ())


def _not_here(_c: Connection, _argument: bytes) -> Reply:
    """RFC 2033 4.1: HELO and EHLO must not be answered with success."""
    raise ProtocolError("this is LMTP: say LHLO")


VERBS: Final[Mapping[str, Command]] = {**commands.SHARED, "LHLO": _lhlo, "HELO": _not_here, "EHLO": _not_here}


class LmtpConnection(Connection):
    """One LMTP client."""

    greeting = "LMTP"

    def verbs(self, verb: str) -> Command | None:
        """Return the command of this name."""
        return VERBS.get(verb)
