"""A database in memory and mails made by hand: what the tests of the pure core stand on."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from mailgate.domain.address import fold
from mailgate.domain.draft import Draft, MailKind
from mailgate.domain.effects import Send
from mailgate.domain.envelope import Envelope, Octets, Origin, Received, Recipient, Source
from mailgate.domain.facts import Authentication, Facts, Verdict
from mailgate.domain.mail import Mail
from mailgate.domain.message.view import MessageView
from mailgate.domain.ports import ContactView, EntryView, SentView, TicketView

KEYS = (b"k" * 32,)
HOST = "mail.example.org"
NOW = datetime(2025, 7, 1, 12, 0, tzinfo=UTC)
SUPPORT = "support@example.org"


@dataclass
class World:
    """Everything a Reader answers from; tests fill it in. The clock is `now`, moved by hand."""

    now: datetime = NOW
    tickets: dict[int, TicketView] = field(default_factory=dict)
    contacts: dict[str, ContactView] = field(default_factory=dict)
    participants: set[tuple[int, str]] = field(default_factory=set)
    references: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    match_keys: dict[tuple[int, str], tuple[int, datetime]] = field(default_factory=dict)
    ours: dict[str, SentView] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    said: dict[int, list[EntryView]] = field(default_factory=lambda: defaultdict(list))
    kept: dict[tuple[str, str], datetime] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)
    ids: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    buckets: dict[tuple[str, str, int], dict[int, int]] = field(default_factory=dict)

    # -- filling it in

    def add_ticket(self, ticket_id: int, contact: str, **columns) -> TicketView:
        """Open a ticket of a contact."""
        number = self.contacts.setdefault(
            fold(contact), ContactView(len(self.contacts) + 1, contact, contact)
        ).contact_id
        values = {"status": "open", "queue": "support", "agent": "", "merged_into": 0} | columns
        ticket = TicketView(
            ticket_id=ticket_id, number=f"T-{ticket_id}", subject="Printer", priority="normal",
            contact_id=number, session_id=ticket_id + 100, session_state="active", **values,
        )  # fmt: skip
        self.tickets[ticket_id] = ticket
        self.participants.add((ticket_id, fold(contact)))
        return ticket

    def bump(self, counters: Iterable[tuple[str, str]]) -> None:
        """Count like the store: minutes for short windows, hours for long ones."""
        seconds = int(self.now.timestamp())
        for scope, key in counters:
            for width in (60, 3600):
                counts = self.buckets.setdefault((scope, key, width), {})
                counts[seconds // width] = counts.get(seconds // width, 0) + 1

    # -- ports.Reader

    def allocate(self, kind: str) -> int:
        self.ids[kind] += 1
        return self.ids[kind]

    def contact(self, address: str) -> ContactView | None:
        return self.contacts.get(fold(address))

    def ticket(self, ticket_id: int) -> TicketView | None:
        ticket = self.tickets.get(ticket_id)
        while ticket is not None and ticket.merged_into:
            ticket = self.tickets.get(ticket.merged_into)
        return ticket

    def ticket_by_number(self, number: str) -> TicketView | None:
        found = next((t for t in self.tickets.values() if t.number == number), None)
        return self.ticket(found.ticket_id) if found else None

    def tickets_by_message_ids(self, ids) -> list[TicketView]:
        found = [self.ticket(t) for one in ids for t in self.references.get(one, ())]
        return list(dict.fromkeys(t for t in found if t is not None))

    def ticket_by_match_key(
        self, contact_id: int, match_key: str, queue: str, since: datetime
    ) -> TicketView | None:
        ticket_id, touched = self.match_keys.get((contact_id, match_key), (0, since))
        ticket = self.ticket(ticket_id) if touched >= since else None
        return ticket if ticket is not None and queue in {"", ticket.queue} else None

    def is_participant(self, ticket_id: int, address: str) -> bool:
        ticket = self.ticket(ticket_id)
        return ticket is not None and (ticket.ticket_id, fold(address)) in self.participants

    def sent(self, message_id: str) -> SentView | None:
        return self.ours.get(message_id)

    def sent_text(self, message_id: str) -> str:
        return self.texts.get(message_id, "")

    def conversation(self, ticket_id: int, most: int) -> list[EntryView]:
        return self.said[ticket_id][-most:]

    def remembered(self, scope: str, key: str) -> bool:
        return self.kept.get((scope, key), self.now) > self.now

    def count(self, scope: str, key: str, window_s: int) -> int:
        width = 60 if window_s <= 3600 else 3600
        first = (int(self.now.timestamp()) - window_s) // width
        counts = self.buckets.get((scope, key, width), {})
        return sum(n for bucket, n in counts.items() if bucket >= first)

    def failing(self, address: str, after: int, within_s: int) -> bool:
        return fold(address) in self.bad

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.now += timedelta(seconds=seconds)


def octets(headers: str, body: str = "Hello\n") -> bytes:
    """Return a mail's octets; the headers are written with bare line ends."""
    text = headers.strip("\n") + "\n\n" + body
    return text.replace("\n", "\r\n").encode()


def person(**fields: str) -> str:
    """Return the header of a person's mail; fields are replaced or added, `in_reply_to` for In-Reply-To."""
    header = {
        "Received": "from a by b; Tue, 1 Jul 2025 12:00:00 +0000",
        "From": "Anna Berg <anna@customer.example>",
        "To": SUPPORT,
        "Subject": "Printer on fire",
        "Message-Id": "<m1@customer.example>",
    } | {name.replace("_", "-").title(): value for name, value in fields.items()}
    return "\n".join(f"{name}: {value}" for name, value in header.items() if value)


def mail(
    headers: str | None = None,
    *,
    sender: str = "anna@customer.example",
    to: str = SUPPORT,
    facts: Facts | None = None,
    body: str = "Hello\n",
    source: Source = Source.LMTP,
    **fields: str,
) -> Mail:
    """Return a mail for one recipient; without `headers` it is a person's with these fields."""
    raw = octets(person(**fields) if headers is None else headers, body)
    envelope = Envelope(sender, (Recipient(to),))
    received = Received(Octets(len(raw), sha256(raw).digest(), raw), envelope, Origin(source), NOW, "01K8ZX")
    return Mail(received, MessageView.parse(raw), facts or Facts(), envelope.recipients[0])


def dmarc(result: str) -> Facts:
    """Return facts of a mail on which a trusted server gave this DMARC verdict."""
    return Facts(
        authentication=Authentication(dmarc=Verdict(result, "customer.example"), source="mx.example.org")
    )


def answer(to: str = "anna@customer.example", **values) -> Send:
    """Return an acknowledgement to an address."""
    draft = Draft(SUPPORT, to, "RE: Printer", "Thank you")
    send = Send(MailKind.ANSWER, draft, "", "support.sieve:12")
    return replace(send, **values)
