"""What a mail that comes in does to the model, and the octets that it is made of."""

from weekmodel import Book, Entry, Incoming, Reminder, Session, Ticket
from weekscript import LINES

DAYS_3 = 3 * 86_400_000


def receive(book: Book, mail: Incoming, said: str) -> None:
    """Take a mail; `said` is the ticket that the real gateway's reply named, "" for none."""
    if mail.kind in {"automatic", "bounce"}:
        _machine(book, mail, said)
        return
    book.deliveries["accepted", mail.kind] += 1
    if mail.to.startswith("orders@") and book.contact_of(mail.author) is None:
        book.add_contact(mail.author, mail.name).categories = ("shop",)
    ticket, unverified = _belongs(book, mail)
    rule = f"{queue_of(mail)}:{LINES[queue_of(mail)][_branch(book, mail)]}"
    if ticket is None:
        _open(book, mail, said)
        return
    assert said == ticket.number, f"{mail} joined {said}, not {ticket.number}"
    if mail.how == "token":
        book.failing.pop(mail.sender, None)
    _join(book, ticket, mail, rule, unverified=unverified)
    book.acknowledge(ticket, mail, fresh=False)


def queue_of(mail: Incoming) -> str:
    """Return the queue that a mail was sent to."""
    return mail.to.partition("@")[0]


def _branch(book: Book, mail: Incoming) -> str:
    """Return which part of the script a mail runs into."""
    contact = book.contact_of(mail.author)
    if queue_of(mail) == "support" and contact is not None and contact.vip:
        return "high"
    if queue_of(mail) == "support" and "contract" in mail.subject:
        return "contract"
    return "ticket"


def _belongs(book: Book, mail: Incoming) -> tuple[Ticket | None, bool]:
    """Return the ticket that a mail joins, and whether its sender is not confirmed there (docs/threading.md)."""
    if mail.about is None:
        return None, False
    ticket = mail.about.root
    if mail.how == "token":
        return ticket, not book.takes_part(ticket, mail.author)
    return (ticket if book.takes_part(ticket, mail.author) else None), False


def _machine(book: Book, mail: Incoming, said: str) -> None:
    """Take a bounce or an automatic answer: tied to the mail that it is about, else set aside, and nothing more."""
    if mail.about is None:
        assert not said, f"{mail} became {said}"
        book.deliveries["aside", mail.kind] += 1
        book.acknowledge(None, mail, fresh=False)
        return
    ticket = mail.about.root
    assert said == ticket.number, f"{mail} joined {said}, not {ticket.number}"
    book.deliveries["accepted", mail.kind] += 1
    book.entry(ticket, mail.kind, mail.author)
    if mail.kind == "bounce":
        book.failing[mail.how] += 1
    else:
        book.failing.pop(mail.how, None)  # whoever answers has got it
    book.acknowledge(ticket, mail, fresh=False)


def _open(book: Book, mail: Incoming, said: str) -> None:
    assert said, f"{mail} opened no ticket"
    assert said not in {one.number for one in book.tickets}, f"{mail} joined {said}"
    contact = book.contact_of(mail.author) or book.add_contact(mail.author, mail.name)
    branch = _branch(book, mail)
    priority = "high" if branch == "high" else "low" if mail.to.startswith("billing@") else "normal"
    ticket = opened(book, said, contact, queue=queue_of(mail), subject=mail.subject, priority=priority)
    if branch == "contract":
        ticket.categories, ticket.tags = ("contract",), ("paper", "sign")
        book.reminders.append(Reminder(ticket, "eva", book.now + DAYS_3, "", "", book.now))
    if mail.about is not None:
        ticket.claims = mail.about.root.number
    remember_first(ticket)
    book.entry(ticket, "incoming", mail.author, fresh=True, mail=mail.id)
    book.acknowledge(ticket, mail, fresh=True)
    book.share(ticket)


def opened(book: Book, number: str, contact: object, **fields: str) -> Ticket:
    """Return a new ticket with its first session."""
    ticket = Ticket(number, contact, book.now, {"status": "open", "agent": "", **fields})  # type: ignore[arg-type]
    ticket.sessions.append(Session(book.now, book.now, agent=ticket.fields["agent"]))
    book.tickets.append(ticket)
    ticket.times = book._times(ticket)
    return ticket


def remember_first(ticket: Ticket) -> None:
    """Keep what a ticket has at its opening: where its history begins."""
    ticket.first = {**ticket.fields, "tags": ticket.tags, "categories": ticket.categories}


def _join(book: Book, ticket: Ticket, mail: Incoming, rule: str, *, unverified: bool) -> None:
    was_unopened = ticket.session.state == "unopened"
    book.activity(ticket, "incoming", rule)
    fresh_session = ticket.session.opened == book.now and len(ticket.sessions) > 1
    book.entry(ticket, "incoming", mail.author, mail=mail.id, unverified=unverified)
    if unverified:
        ticket.part.setdefault(mail.author, ("unconfirmed", False))
    if ticket.over:
        book.change(ticket, "status", "open", rule)
    if fresh_session or not was_unopened:
        book.share(ticket)


def correspondent(book: Book, ticket: Ticket) -> str:
    """Return whom an answer goes to: whoever wrote last and takes part, else the contact."""
    shown = [one for other in book.tickets for one in other.entries if shows_under(one, ticket)]
    for one in sorted(shown, key=lambda one: one.number, reverse=True):
        if one.kind == "incoming" and not one.unverified and book.takes_part(ticket, one.author):
            return one.author
    return ticket.contact.address


def shows_under(entry: Entry, ticket: Ticket) -> bool:
    """Whether an entry shows at a ticket, after all merging and splitting."""
    return entry.home is not None and entry.home.root is ticket


def octets(mail: Incoming, ours: str = "", refers: str = "") -> bytes:
    """Return the mail; `ours` is the Message-ID of a mail of ours that it answers or is about."""
    head = [
        f"From: {mail.name} <{mail.author}>",
        f"To: <{mail.to}>",
        f"Subject: {mail.subject}",
        f"Message-ID: {mail.id}",
    ]
    if ours and mail.kind != "bounce":
        head += [f"In-Reply-To: {ours}", f"References: {refers} {ours}".replace("  ", " ")]
    if mail.kind == "automatic":
        head.append("Auto-Submitted: auto-replied")
    if mail.kind == "list":
        head.append("List-Id: News <news.list.example>")
    if mail.kind == "bounce":
        return "\r\n".join([*head, *_report(mail, ours)]).encode()
    return "\r\n".join([*head, "", f"Hello, this is mail {mail.id}.", ""]).encode()


def _report(mail: Incoming, ours: str) -> list[str]:
    """Return the body of a delivery report (RFC 3464) about a mail of ours to the address in `how`."""
    return [
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        *("", "--b", "Content-Type: text/plain", "", "It could not be delivered."),
        *("--b", "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example", ""),
        *(f"Final-Recipient: rfc822; {mail.how}", "Action: failed", "Status: 5.1.1", ""),
        *("--b", "Content-Type: message/rfc822", "", f"Message-ID: {ours}", "Subject: ours", "", "text"),
        *("--b--", ""),
    ]
