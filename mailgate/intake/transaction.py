"""One mail transaction of a session (RFC 5321 3.3): what MAIL and RCPT said, and the octets."""

from pathlib import Path

from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient
from mailgate.errors import MailError
from mailgate.intake.data import Spool, Unstuffer
from mailgate.intake.door import Service


class Transaction:
    """From the first command about a mail to its replies; a new one begins after each, and at RSET."""

    __slots__ = (
        "_spool",
        "_unstuffer",
        "body",
        "excused",
        "recipients",
        "sender",
        "trace_id",
        "utf8",
        "xforward",
    )

    def __init__(self) -> None:
        self.sender: str | None = None
        self.recipients: list[Recipient] = []
        self.body, self.utf8 = "7BIT", False
        self.xforward: dict[str, str] = {}  # XFORWARD_README: until the end of the transaction
        # Whether a 503 to RCPT or DATA may follow from a refusal that the client had not read yet.
        self.excused = False
        self.trace_id = ""
        self._unstuffer = Unstuffer()
        self._spool: Spool | None = None

    @property
    def error(self) -> MailError | None:
        """Why the octets are not kept, if they are not."""
        return self._spool.error if self._spool is not None else None

    def begin_content(self, trace_id: str, folder: Path, *, inline_max: int, limit: int) -> None:
        """Expect the octets; above `inline_max` they go to a file of this name in the folder."""
        self.trace_id = trace_id
        self._spool = Spool(folder, trace_id, inline_max=inline_max, limit=limit)

    def feed(self, data: bytes) -> bytes | None:
        """Take octets; returns None, or, when the mail has ended, what stands behind it."""
        assert self._spool is not None
        pieces, rest = self._unstuffer.feed(data)
        for piece in pieces:
            self._spool.write(piece)
        return rest

    def finish(self) -> Octets:
        """Return the octets; their file is the caller's from here on. Raises MailError if there are none."""
        assert self._spool is not None
        octets = self._spool.finish()
        self._spool = None
        return octets

    def drop(self) -> None:
        """Forget the octets, and their file."""
        if self._spool is not None:
            self._spool.drop()

    def received(self, octets: Octets, service: Service, *, peer: str, helo: str, login: str) -> Received:
        """Return the mail as the house takes it."""
        assert self.sender is not None
        origin = Origin(
            source=service.source,
            listener=service.name,
            peer=peer,
            helo=helo,
            queue_id=self.xforward.get("IDENT", ""),
            client_name=self.xforward.get("NAME", ""),
            client_address=self.xforward.get("ADDR", ""),
            authenticated=login,
        )
        envelope = Envelope(self.sender, tuple(self.recipients), self.body, self.utf8)
        return Received(octets, envelope, origin, service.now(), self.trace_id)
