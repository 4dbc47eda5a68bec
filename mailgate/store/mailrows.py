"""The mail's own rows, written once however many recipients it has: with the first delivery that holds."""

from mailgate.domain.envelope import Received
from mailgate.domain.message.view import MessageView
from mailgate.store.pack import clean
from mailgate.store.rows import MessageRow
from mailgate.store.transaction import Transaction, millis


class MailRows:
    """Writes `message` and `message_body` when the first recipient's unit asks for it.

    `written` goes back to what it was when that unit is rolled back, so that the next one writes them.
    """

    __slots__ = ("_id", "_received", "_tx", "_view", "written")

    def __init__(self, tx: Transaction, received: Received, view: MessageView, message_id: int = 0) -> None:
        """`message_id` names rows that are there already (a mail that is processed again)."""
        self._tx = tx
        self._received = received
        self._view = view
        self._id = message_id
        self.written = bool(message_id)

    @property
    def message_id(self) -> int:
        """The id of the mail's row, given when it is first asked for."""
        if not self._id:
            self._id = self._tx.allocate("message")
        return self._id

    def insert(self, *, plain: bool = False) -> None:
        """Write the rows unless they are there; `plain` keeps away from the view, which may have failed."""
        if self.written:
            return
        msgid, subject, defects = ("", "", ()) if plain else self._header()
        received, origin = self._received, self._received.origin
        octets = received.octets
        client = f"{origin.client_name}[{origin.client_address}]" if origin.client_address else ""
        row = MessageRow(
            id=self.message_id,
            trace_id=received.trace_id,
            received_at=millis(received.at),
            source=origin.source.value,
            listener=origin.listener,
            peer=origin.peer,
            helo=clean(origin.helo),
            client=clean(client),
            qid=clean(origin.queue_id),
            sender=clean(received.envelope.sender),
            msgid=clean(msgid),
            subject=clean(subject),
            size=octets.size,
            sha256=octets.sha256,
            stored="inline" if octets.data is not None else "file",
            smtputf8=int(received.envelope.smtputf8),
            defects=" ".join(defects),
        )
        self._tx.add(self._tx.hot.mail.message, row)
        if octets.data is not None:
            self._tx.add(self._tx.hot.mail.body, (self._id, octets.data))
        self.written = True

    def _header(self) -> tuple[str, str, tuple[str, ...]]:
        return self._view.message_id, self._view.subject, self._view.noted
