"""One mail for one recipient, as the core sees it: octets, view, facts and whom it is for."""

from dataclasses import dataclass

from mailgate.domain.envelope import Received, Recipient
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView


@dataclass(frozen=True, slots=True)
class Mail:
    """Shared by all recipients of one mail but for `recipient`."""

    received: Received
    view: MessageView
    facts: Facts
    recipient: Recipient

    @property
    def sender(self) -> str:
        """The envelope sender, "" for the null reverse-path."""
        return self.received.envelope.sender
