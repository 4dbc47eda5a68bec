"""Which ticket a mail belongs to, in a way that cannot be forged (MAIL.md 5).

Four things can show it, asked in this order: a token of ours, the Message-ID of a mail in the conversation,
the ticket's number in the subject, and, where the rule wants it, the same subject from the same contact.
Only the token proves anything by itself; the other three count from a participant of the ticket (its
contact, a confirmed Cc, an agent). From anyone else they make a claim: a new ticket that shows which one it
claims to belong to. A participant whose mail fails DMARC, by a source that we trust, counts as anyone else
there.

Called by the `ticket` action inside the transaction; what was tried is kept for the trace.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from mailgate.domain.address import fold, split
from mailgate.domain.mail import Mail
from mailgate.domain.ports import Reader, TicketView
from mailgate.domain.ticket import NUMBER_PATTERN, find_numbers
from mailgate.domain.token import Token, read, resembles

# How long the same subject means the same matter, where a rule asks for that (S5).
WINDOW: Final = timedelta(days=30)


# Whether an address is that of an agent who works on a ticket.
WorksOn = Callable[[str, TicketView], bool]


def nobody(_address: str, _ticket: TicketView) -> bool:
    """Know no agent."""
    return False


class How(StrEnum):
    """How a mail belongs: it opens a ticket, joins one, or opens one that claims to belong to another."""

    NEW = "new"
    JOIN = "join"
    CLAIM = "claim"


class Row(StrEnum):
    """What was looked at; the number is the row of the table."""

    TOKEN = "token"  # noqa: S105  a word of the trace
    MESSAGE_ID = "message-id"
    NUMBER = "number"
    SUBJECT = "subject"


_NUMBERS: Final = {Row.TOKEN: 1, Row.MESSAGE_ID: 2, Row.NUMBER: 3, Row.SUBJECT: 4}


@dataclass(frozen=True, slots=True)
class Threading:
    """The answer: how, which ticket, by which row of the table (0 for none).

    `unverified`: it joins, but the sender is not confirmed and gets no copies until an agent confirms the
    address. `tried` has one dictionary per look, fit for JSON; `wrong_tokens` counts what looked like a
    token and was none.
    """

    how: How
    ticket: TicketView | None = None
    row: int = 0
    unverified: bool = False
    tried: tuple[dict[str, object], ...] = ()
    wrong_tokens: int = 0


@dataclass(slots=True)
class _Search:
    """One mail's search; lives for one call of `belongs`."""

    mail: Mail
    reader: Reader
    now: datetime
    match_key: str
    window: timedelta
    pattern: str
    queue: str
    authors: tuple[str, ...]
    dmarc_failed: bool
    works_on: WorksOn
    tried: list[dict[str, object]] = field(default_factory=list)
    wrong_tokens: int = 0
    claim: tuple[TicketView, int] | None = None

    def note(self, row: Row, value: str, result: str, ticket: TicketView | None = None) -> None:
        """Keep one look for the trace."""
        entry: dict[str, object] = {"row": _NUMBERS[row], "what": row.value, "value": value, "result": result}
        if ticket is not None:
            entry["ticket"] = ticket.number
        self.tried.append(entry)

    def is_participant(self, ticket: TicketView) -> bool:
        """Whether all who the mail says it is from take part in the ticket.

        All, because a mail with two authors can be shown as either one's.
        """
        return bool(self.authors) and all(
            self.reader.is_participant(ticket.ticket_id, a) or self.works_on(a, ticket) for a in self.authors
        )

    def weigh(self, row: Row, value: str, ticket: TicketView) -> TicketView | None:
        """Return the ticket if a participant shows this; else keep the first as a claim (rows 2 and 3)."""
        if self.is_participant(ticket) and not self.dmarc_failed:
            self.note(row, value, "joins", ticket)
            return ticket
        why = "participant, but DMARC fails" if self.is_participant(ticket) else "not a participant"
        self.note(row, value, f"claims: {why}", ticket)
        self.claim = self.claim or (ticket, _NUMBERS[row])
        return None


def belongs(
    mail: Mail,
    reader: Reader,
    keys: tuple[bytes, ...],
    *,
    now: datetime,
    match_key: str = "",
    window: timedelta = WINDOW,
    pattern: str = NUMBER_PATTERN,
    delimiter: str = "+",
    queue: str = "",
    works_on: WorksOn = nobody,
) -> Threading:
    """Return where a mail belongs.

    `match_key` is what S5 compares ("" where the rule does not ask for it), `pattern` the queue's ticket
    number. With `queue`, a second copy of a mail and the same subject join only a ticket of that queue: a
    mail to two queues is a matter for both. A ticket that was merged stands for the one it was merged into;
    a closed one is joined and reopened by whoever asked. `works_on` says whether an address is that of an
    agent of the ticket.
    """
    authors = authors_of(mail)
    failed = mail.facts.authentication.dmarc.result == "fail"
    search = _Search(
        mail,
        reader,
        now,
        match_key,
        window,
        pattern,
        queue,
        authors,
        failed,
        works_on,
    )
    by_token = _by_token(search, keys, delimiter)
    if by_token is not None:
        unverified = failed or not search.is_participant(by_token)
        return _found(search, by_token, Row.TOKEN, unverified=unverified)
    for row, look in ((Row.MESSAGE_ID, _by_message_id), (Row.NUMBER, _by_number), (Row.SUBJECT, _by_subject)):
        ticket = look(search)
        if ticket is not None:
            return _found(search, ticket, row)
    if search.claim is not None:
        ticket, number = search.claim
        return Threading(
            How.CLAIM, ticket, number, tried=tuple(search.tried), wrong_tokens=search.wrong_tokens
        )
    return Threading(How.NEW, tried=tuple(search.tried), wrong_tokens=search.wrong_tokens)


def authors_of(mail: Mail) -> tuple[str, ...]:
    """Return all addresses that the mail says it is from, "" for one that can't be relied on."""
    found = [a.address if a.valid and _is_clear(a.address) else "" for a in mail.view.addresses("from")]
    return tuple(dict.fromkeys(found)) or ((mail.sender,) if mail.sender else ())


def _is_clear(address: str) -> bool:
    """Whether an address is written as everybody would write it, so that comparing changes nothing but case.

    Full-width letters, characters of no width and the like of a sharp s vanish when addresses are compared,
    but a DMARC check may have taken them for another domain, and so have said nothing about this one.
    """
    if address.isascii():
        return True
    local, domain = split(address)
    try:
        as_compared = split(fold(address))[1].encode("ascii").decode("idna")
    except UnicodeError:
        return False
    return as_compared == domain.lower() and local.casefold() == local.lower()


def _found(search: _Search, ticket: TicketView, row: Row, *, unverified: bool = False) -> Threading:
    return Threading(How.JOIN, ticket, _NUMBERS[row], unverified, tuple(search.tried), search.wrong_tokens)


def _by_token(search: _Search, keys: tuple[bytes, ...], delimiter: str) -> TicketView | None:
    """Row 1: the nearest mail of ours that this one answers, else the plus-address that it was sent to."""
    for text in token_texts(search.mail, delimiter):
        token = read(keys, text)
        if token is None:
            search.wrong_tokens += 1
            search.note(Row.TOKEN, text, "wrong")
            continue
        ticket = ticket_of(search.reader, token, text)
        if ticket is not None:
            search.note(Row.TOKEN, text, "joins", ticket)
            return ticket
        search.note(Row.TOKEN, text, "no such ticket" if token.ticket_id else "ours, without a ticket")
    return None


def ticket_of(reader: Reader, token: Token, text: str) -> TicketView | None:
    """Return the ticket of a token; the mail that it stands in may have been moved to another since (P1)."""
    if not token.ticket_id:
        return None
    sent = reader.sent(text)
    ticket_id = sent.ticket_id if sent is not None and sent.ticket_id else token.ticket_id
    return reader.ticket(ticket_id)


def token_texts(mail: Mail, delimiter: str) -> Iterator[str]:
    """Yield what looks like a token, each once: In-Reply-To, References from the newest on, the detail."""
    view = mail.view
    _, _, detail = split(mail.recipient.address)[0].partition(delimiter)
    for text in dict.fromkeys((*view.in_reply_to, *reversed(view.references), detail)):
        if resembles(text):
            yield text


def _by_message_id(search: _Search) -> TicketView | None:
    """Row 2: a mail of the conversation is referred to, or this very mail is in it (a second copy)."""
    view, reader = search.mail.view, search.reader
    for one in dict.fromkeys((*view.in_reply_to, *reversed(view.references))):
        for ticket in reader.tickets_by_message_ids((one,)):
            if joined := search.weigh(Row.MESSAGE_ID, one, ticket):
                return joined
    if not view.message_id:
        return None
    for ticket in reader.tickets_by_message_ids((view.message_id,)):
        if search.queue and ticket.queue != search.queue:
            search.note(Row.MESSAGE_ID, view.message_id, "another queue's copy", ticket)
        elif joined := search.weigh(Row.MESSAGE_ID, view.message_id, ticket):
            return joined
    return None


def _by_number(search: _Search) -> TicketView | None:
    """Row 3: the subject names a ticket (W5, S9)."""
    for named in find_numbers(search.mail.view.subject, search.pattern):
        ticket = search.reader.ticket_by_number(named.number)
        if ticket is None and named.ticket_id:
            # A bare count names the ticket also where the pattern of numbers was another one then.
            ticket = search.reader.ticket(named.ticket_id)
        if ticket is None:
            search.note(Row.NUMBER, named.number, "no such ticket")
        elif joined := search.weigh(Row.NUMBER, named.number, ticket):
            return joined
    return None


def _by_subject(search: _Search) -> TicketView | None:
    """Row 4: the contact wrote with the same subject lately, and the rule asks for that (S5)."""
    if not search.match_key or len(search.authors) != 1 or not search.authors[0]:
        return None
    contact = search.reader.contact(search.authors[0])
    if contact is None:
        search.note(Row.SUBJECT, search.match_key, "not a contact")
        return None
    since = search.now - search.window
    ticket = search.reader.ticket_by_match_key(contact.contact_id, search.match_key, search.queue, since)
    if ticket is None:
        search.note(Row.SUBJECT, search.match_key, "no such ticket")
        return None
    if search.dmarc_failed:
        search.note(Row.SUBJECT, search.match_key, "participant, but DMARC fails", ticket)
        return None
    search.note(Row.SUBJECT, search.match_key, "joins", ticket)
    return ticket
