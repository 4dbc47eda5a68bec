"""Every error that a mail can meet, with the reply it becomes.

    MailError
    ├── TryLater            4xx: the client keeps the mail and comes back
    │   ├── HouseFault      451 4.3.0  database, disk, a bug of ours
    │   ├── NotTaking       451 4.3.2  the address, its queue or the whole channel is switched off
    │   ├── Overloaded      451 4.3.2  too much at once
    │   ├── ShuttingDown    421 4.3.2  graceful stop
    │   ├── DiskFull        452 4.3.1  no space, or below the reserve
    │   └── TooManyRecipients 452 4.5.3
    ├── Refused             5xx: only for what can never succeed
    │   ├── UnknownRecipient 550 5.1.1 from a healthy routing table
    │   ├── BadPath         501 5.1.3 / 5.1.7 / 553
    │   ├── TooBig          552 5.3.4
    │   ├── RejectedByRule  550 5.7.1
    │   └── ProtocolError   5xx 5.5.x
    └── (no other)
    SettingsError           a list of complaints about text that a person wrote

The text of an exception of ours is safe to send; the text of any other exception never leaves the house.
"""

from dataclasses import dataclass
from typing import Final

# RFC 5321 4.5.3.1.5 allows 512 octets; codes and the line's end take less than the rest.
REPLY_LENGTH: Final = 400


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP or LMTP reply: code, enhanced status code (RFC 3463) and a text of printable ASCII."""

    code: int
    enhanced: str
    text: str

    @property
    def positive(self) -> bool:
        """Whether the client may forget the mail."""
        return 200 <= self.code < 300  # noqa: PLR2004  RFC 5321 4.2.1

    def line(self) -> bytes:
        """Return the reply as one line of octets with CRLF; anything but printable ASCII becomes '?'."""
        text = self.text[:REPLY_LENGTH]
        if not (text.isascii() and text.isprintable()):  # the two together are " " to "~"
            text = "".join(c if " " <= c <= "~" else "?" for c in text)
        middle = f"{self.enhanced} " if self.enhanced else ""
        return f"{self.code} {middle}{text}\r\n".encode("ascii")


class MailError(Exception):
    """Something that becomes a reply; the three class attributes are the default."""

    code = 451
    enhanced = "4.3.0"
    text = "try again later"

    def __init__(
        self, text: str | None = None, *, code: int | None = None, enhanced: str | None = None
    ) -> None:
        super().__init__(text or self.text)
        self.reply = Reply(code or self.code, enhanced or self.enhanced, text or self.text)


class TryLater(MailError):  # noqa: N818  the reply's own word
    """4xx: the client keeps the mail."""


class HouseFault(TryLater):
    """A fault of ours; the cause is logged, never sent: `str()` gives it, the reply is always the same."""

    text = "local problem, try again later"

    def __init__(self, cause: str = "") -> None:
        super().__init__()
        self.args = (cause or self.text,)


class NotTaking(TryLater):
    """Known here, but switched off for now (G1): the mail waits at the client's, and nobody gets a bounce."""

    enhanced = "4.3.2"
    text = "no mail is taken for this address at the moment, try again later"


class Overloaded(TryLater):
    """Too much at once (MAIL.md 1.15: never refuse the connection for that)."""

    enhanced = "4.3.2"
    text = "busy, try again later"


class ShuttingDown(TryLater):
    """The graceful stop speaks to the idle."""

    code = 421
    enhanced = "4.3.2"
    text = "service shutting down"


class DiskFull(TryLater):
    """RFC 5321 6.1: a predictable shortage is said early."""

    code = 452
    enhanced = "4.3.1"
    text = "not enough storage, try again later"


class TooManyRecipients(TryLater):
    """RFC 5321 4.5.3.1.10."""

    code = 452
    enhanced = "4.5.3"
    text = "too many recipients"


class Refused(MailError):  # noqa: N818  the reply's own word
    """5xx: would become a bounce, so only for what can never succeed."""

    code = 550
    enhanced = "5.0.0"
    text = "refused"


class UnknownRecipient(Refused):
    """Known from a healthy routing table only."""

    enhanced = "5.1.1"
    text = "no such recipient here"


class BadPath(Refused):
    """An address that RFC 5321 4.1.2 does not allow; 5.1.7 for senders, 5.1.3 for recipients."""

    code = 501
    enhanced = "5.1.3"
    text = "malformed address"


class TooBig(Refused):
    """Over the announced SIZE (RFC 1870)."""

    code = 552
    enhanced = "5.3.4"
    text = "message too big"


class RejectedByRule(Refused):
    """A script said reject or ereject (RFC 5429)."""

    enhanced = "5.7.1"
    text = "refused by the recipient's rules"


class ProtocolError(Refused):
    """The client broke the protocol."""

    code = 500
    enhanced = "5.5.1"
    text = "command not recognised"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong in a text that a person wrote: shown as `file:line: key: message`."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class SettingsError(Exception):
    """Everything that is wrong with the settings or with a text given to `apply`, all at once."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("\n".join(str(c) for c in complaints))
        self.complaints = complaints
