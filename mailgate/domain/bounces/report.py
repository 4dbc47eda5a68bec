"""What a report says about a mail of ours: who did not get it, why, and which mail it was.

A report proves nothing: whoever acts on it first finds the mail that it is about among those that we sent.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailgate.domain.bounces.reasons import Failure, failure_of, words_of

# RFC 5321 4.5.3.1.3: a path has 256 octets.
ADDRESS_LENGTH: Final = 256
# What people read of a diagnostic.
DIAGNOSTIC_LENGTH: Final = 500
# A report names this many recipients at most: ours go to a few, and an entry is no list.
MOST_RECIPIENTS: Final = 20


class ReportKind(StrEnum):
    """What kind of report it is."""

    DELIVERY = "delivery"
    DISPOSITION = "disposition"
    FEEDBACK = "feedback"
    FREE = "free"  # a bounce in a form of its own


@dataclass(frozen=True, slots=True)
class BouncedReport:
    """One report; "" and 0 are what it does not say.

    `recipient` is the address that failed, as reported; `original_recipient` the one that we wrote to, where
    it was forwarded; `recipients` all that share its fate. `action` is failed, delayed, delivered, relayed or
    expanded (RFC 3464 2.3.3), for a disposition what was done with the mail, for feedback its kind. `status`
    is as in RFC 3463, `code` the SMTP reply. `mentioned` are further Message-IDs in the form of
    ours that stand in what came back: those that our mail referred to, or any in the text.
    """

    kind: ReportKind
    recipient: str = ""
    action: str = ""
    status: str = ""
    diagnostic: str = ""
    original_message_id: str = ""
    original_recipient: str = ""
    recipients: tuple[str, ...] = ()
    code: int = 0
    mentioned: tuple[str, ...] = ()

    @property
    def permanent(self) -> bool:
        """Whether mail to this recipient came back for good."""
        return self.action == "failed" and self.status.startswith("5.")

    @property
    def failure(self) -> Failure:
        """Whose fault it is, for whoever counts: the address', its mailbox', a policy's, or nobody's."""
        if self.kind in {ReportKind.DISPOSITION, ReportKind.FEEDBACK}:
            return Failure.NONE
        return failure_of(self.action, self.status, self.diagnostic)

    @property
    def hard(self) -> bool:
        """Whether the address itself is bad: only this counts against it."""
        return self.failure is Failure.HARD

    @property
    def reason(self) -> str:
        """Why, in plain words, "" where nothing is said."""
        if self.kind in {ReportKind.DISPOSITION, ReportKind.FEEDBACK}:
            return ""
        return words_of(self.action, self.status, self.diagnostic)

    @property
    def sentence(self) -> str:
        """What happened, in one plain sentence without a full stop."""
        who = self.recipient or self.original_recipient or "the recipient"
        match self.kind:
            case ReportKind.DISPOSITION:
                return f"{_DONE.get(self.action, 'Receipt')} by {who}"
            case ReportKind.FEEDBACK:
                return f"Reported as {_COMPLAINTS.get(self.action, 'unwanted')} by {who}"
            case _:
                return self._delivery(who)

    def _delivery(self, who: str) -> str:
        if self.action in _ARRIVED:
            return f"{_ARRIVED[self.action]} {who}"
        status = f" ({self.status})" if self.status else f" ({self.code})" if self.code else ""
        if self.failure is Failure.DELAY:
            return f"Not yet delivered to {who}: {self.reason or 'still being tried'}{status}"
        return f"Not delivered to {who}: {self.reason or 'no reason given'}{status}"


_DONE: Final = {
    "displayed": "Read",
    "deleted": "Deleted unread",
    "dispatched": "Passed on",
    "processed": "Processed",
    "denied": "No receipt wanted",
    "failed": "Could not be shown",
}  # RFC 8098 3.2.6.2, and the older ones of RFC 2298 3.2.6.2
_ARRIVED: Final = {
    "delivered": "Delivered to",
    "relayed": "Passed on to a system that reports nothing, for",
    "expanded": "Delivered to the list",
}  # RFC 3464 2.3.3
_COMPLAINTS: Final = {"abuse": "spam", "fraud": "fraud", "virus": "a virus", "not-spam": "no spam"}
