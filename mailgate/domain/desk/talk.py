"""What an agent says to the customer: an answer, or the first mail of a ticket (T10, S8, G8).

It leaves by the gate as people's mail; its Message-ID holds the token that an answer is recognised by, and
stands in the ticket's history.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from mailgate.domain.access import TicketThing, What, require
from mailgate.domain.action import PlanPolicy
from mailgate.domain.address import fold, sendable
from mailgate.domain.attach import MEBI, whole_complaint
from mailgate.domain.contact import clean_name, company_name
from mailgate.domain.desk.fields import close_session, in_session
from mailgate.domain.desk.ground import Ground
from mailgate.domain.deskerror import DeskError, require_known
from mailgate.domain.draft import Attachment, Draft, Enclosed, MailKind
from mailgate.domain.effects import (
    AddEntry,
    ChangeTicket,
    Deliver,
    Effect,
    EntryKind,
    OpenContact,
    OpenTicket,
    Send,
)
from mailgate.domain.helpdesk import StatusKind, first_status, status_kind
from mailgate.domain.letterhead import NOTHING, Wording, joined, signed
from mailgate.domain.ports import EntryView, TicketState, TicketView
from mailgate.domain.replyaddress import ticket_address
from mailgate.domain.routing import Queue
from mailgate.domain.session import Event, State
from mailgate.domain.ticket import answer_subject, format_number, match_key, subject_tag
from mailgate.domain.token import LOOP_HEADER, loop_mark, message_id

# What References may hold is cut by the composer; more of a conversation than this is not read.
CONVERSATION: Final = 30
# Where copies go if a queue names a target alone: what mailboxes call it (T3).
SENT: Final = "Sent"
# What a mail without a ticket has instead.
NO_TICKET: Final = TicketView(0, "", "", "", "", "", "", 0, 0, State.UNOPENED.value)


@dataclass(frozen=True, slots=True)
class Words:
    """What is said; "" for `to` is whoever wrote last, for `subject` the ticket's.

    A `template` is said in front of the text, which is Markdown where that is said; the queue's signature
    stands behind, unless `signature` is off. `cc` get a copy of this answer, beside whoever takes part as Cc.

    `original`: the mail in hand is what an agent has written; `files` go along.
    """

    text: str
    to: str = ""
    subject: str = ""
    status: str = ""
    original: bool = False
    files: tuple[Enclosed, ...] = ()
    template: str = ""
    markdown: bool = False
    signature: bool = True
    cc: tuple[str, ...] = ()


def copyable(pattern: str, number: str, ticket_id: int) -> str:
    """Return the address of a ticket that can be copied (T12), "" where the desk has none."""
    return pattern.replace("{number}", quote(number, safe="")).replace("{id}", str(ticket_id))


def reply(
    ground: Ground, policy: PlanPolicy, number: str, words: Words, *, version: int | None = None
) -> list[Effect]:
    """Return an answer to the customer, with copies to everybody who is confirmed as Cc.

    The session moves as activity does (G12). DeskError where there is nobody to answer, or nothing to say.
    """
    ticket = ground.find(number, version)
    _require_words(words)
    if words.subject and ground.catalogue.desk.subjects == "number":
        raise DeskError("subjects are locked (`mailgate helpdesk set subjects edit`)")
    if words.status:
        require_known("status", words.status, ground.catalogue.statuses)
    mails = ground.reader.conversation(ticket.ticket_id, CONVERSATION)
    to_address = words.to or _correspondent(ground, ticket, mails)
    if not sendable(to_address):
        raise DeskError(f"{to_address or 'nobody'!r} is no address that {ticket.number} can be answered to")
    effects, after = in_session(ground, ticket, Event.OUTGOING)
    others = _others(ground, ticket.ticket_id, words, to_address)
    if not words.to:
        others = _with_contact(ground, ticket, to_address, others)
    said = _wording(ground, policy, after, words)
    letter = _Letter(ground, policy, after, words, said, _earlier(ground, ticket.ticket_id, mails))
    sends, changes = letter.sends(to_address, others), _status_after(ground, ticket, after, words.status)
    if words.status and status_kind(ground.catalogue.statuses, words.status) is StatusKind.CLOSED:
        return [*effects, *sends, *changes]
    # A ticket that is opened again waits for an answer anew (T9): this is it, so it comes after the status.
    return [*effects, *changes, *sends]


def _earlier(ground: Ground, ticket_id: int, mails: list[EntryView]) -> tuple[str, ...]:
    """Return the ids of the conversation: its first mail, by which readers thread, and the last ones."""
    ids = tuple(one.msgid for one in mails if one.msgid)
    if len(mails) < CONVERSATION:
        return ids
    first = ground.reader.first_message_id(ticket_id)
    return ids if not first or first in ids else (first, *ids)


def _require_words(words: Words) -> None:
    """Raise DeskError where there is nothing to say, or somebody cannot be sent a copy."""
    if not words.text.strip() and not words.template:
        raise DeskError("there is nothing to say: the text is empty")
    for one in words.cc:
        if not sendable(one):
            raise DeskError(f"cc: {one!r} is no address that mail can be sent to")


def _wording(ground: Ground, policy: PlanPolicy, ticket: TicketView, words: Words) -> Wording:
    """Return what the mail says: the template, the words, and the signature of the queue (G16)."""
    writing = policy.writing
    own = writing.markdown(words.text) if words.markdown else Wording(text=words.text.rstrip() + "\n")
    if words.template:
        own = joined(writing.template(ground, ticket, words.template), own)
    return signed(own, writing.signature(ground, ticket) if words.signature else NOTHING)


def _others(ground: Ground, ticket_id: int, words: Words, to_address: str) -> tuple[str, ...]:
    """Return who gets a copy beside the one who is answered: confirmed Ccs, and those named for this mail."""
    confirmed = (
        one.address for one in ground.reader.participants(ticket_id) if one.confirmed and one.role == "cc"
    )
    found = {fold(one): one for one in (*confirmed, *words.cc)}
    found.pop(fold(to_address), None)
    return tuple(found.values())


def _with_contact(
    ground: Ground, ticket: TicketState, to_address: str, others: tuple[str, ...]
) -> tuple[str, ...]:
    """Return who gets a copy: the contact too, where somebody else wrote last and is answered."""
    answered = ground.reader.contact(to_address)
    contact = ground.contact_address(ticket.contact_id)
    if (answered is not None and answered.contact_id == ticket.contact_id) or not sendable(contact):
        return others
    known = {fold(to_address), *map(fold, others)}
    return others if fold(contact) in known else (contact, *others)


def _correspondent(ground: Ground, ticket: TicketState, mails: list[EntryView]) -> str:
    """Return whoever wrote last and is known to take part, else the contact."""
    confirmed = {fold(one.address) for one in ground.reader.participants(ticket.ticket_id) if one.confirmed}
    for one in reversed(mails):
        if one.kind == EntryKind.INCOMING and one.author and not one.unverified:
            contact = ground.reader.contact(one.author)
            known = contact is not None and contact.contact_id == ticket.contact_id
            if known or fold(one.author) in confirmed:
                return one.author
    return ground.contact_address(ticket.contact_id)


def _status_after(ground: Ground, ticket: TicketState, after: TicketView, status: str) -> list[Effect]:
    """Return the status that an answer leaves: the one said, else open where it woke a closed one."""
    statuses = ground.catalogue.statuses
    woken = State(ticket.session_state) is State.CLOSED
    if not status and woken and status_kind(statuses, ticket.status) is StatusKind.CLOSED:
        status = first_status(statuses, StatusKind.OPEN)
    if not status or status == ticket.status:
        return []
    change = ChangeTicket(ticket.ticket_id, "status", status, ground.by)
    if status_kind(statuses, status) is not StatusKind.CLOSED:
        return [change]
    return [*close_session(ground, after), change]


@dataclass(frozen=True, slots=True)
class _Letter:
    """One answer on its way to everybody who gets it."""

    ground: Ground
    policy: PlanPolicy
    ticket: TicketView
    words: Words
    said: Wording
    earlier: tuple[str, ...]

    def sends(self, to_address: str, others: Sequence[str]) -> list[Effect]:
        """Return the mails, the first with its entry in the history; DeskError for too many files (G20)."""
        own = (Attachment(one.name, one.kind, size=len(one.octets)) for one in self.words.files)
        images = self.ground.catalogue.desk.images_mb * MEBI
        if wrong := whole_complaint((*self.said.files, *own), images):
            raise DeskError(wrong)
        entry_id = self.ground.reader.allocate("entry")
        copies = ", ".join(one for one in others if one.isascii())
        draft = self._draft(to_address, entry_id, (("Cc", copies),) if copies else ())
        entry = AddEntry(
            entry_id=entry_id,
            ticket_id=self.ticket.ticket_id,
            session_id=self.ticket.session_id,
            kind=EntryKind.ANSWER,
            author=self.ground.by,
            text=draft.text,
            with_message=self.words.original,
            message_id=draft.message_id,
        )
        first = self._send(draft, entry if self.ticket.ticket_id else None)
        copy = sent_copy(self.ground.catalogue.queues.get(self.ticket.queue))
        more = (self._send(self._draft(one, entry_id, ()), None) for one in others)
        of_entry = entry_id if self.ticket.ticket_id else 0
        return [replace(first, fcc=copy), *(replace(one, entry_id=of_entry) for one in more)]

    def _send(self, draft: Draft, entry: AddEntry | None) -> Send:
        queue = self.ground.catalogue.queues.get(self.ticket.queue)
        return Send(
            kind=MailKind.AGENT,
            draft=draft,
            # A bounce comes back to the queue, and is tied to the ticket by the mail that it quotes.
            envelope_from=draft.from_address,
            rule=self.ground.by,
            ticket_id=self.ticket.ticket_id,
            entry=entry,
            through=queue.mailbox if queue is not None else "",
            files=self.words.files,
        )

    def _draft(self, address: str, entry_id: int, headers: tuple[tuple[str, str], ...]) -> Draft:
        ticket = self.ticket
        queue = self.ground.catalogue.queues.get(ticket.queue)
        if queue is None or not queue.address:
            raise DeskError(f"queue {ticket.queue!r} has no address to answer from; give it one")
        contact = self.ground.reader.contact(address)
        return Draft(
            from_address=queue.address,
            from_name=queue.from_name,
            to_address=address,
            to_name=contact.name if contact is not None and contact.name != address else "",
            subject=self._subject(),
            text=self.said.text,
            html=self.said.html,
            message_id=message_id(
                self.policy.keys,
                ticket.ticket_id,
                ticket.session_id,
                address,
                f"entry {entry_id}",
                self.policy.hostname,
            ),
            reply_to=ticket_address(self.ground.catalogue, self.policy, ticket, queue.address, address),
            in_reply_to=self.earlier[-1] if self.earlier else "",
            references=self.earlier,
            attachments=self.said.files,
            # The mark is how we know our own mail again.
            headers=(*headers, (LOOP_HEADER, loop_mark(self.policy.keys, self.policy.instance))),
        )

    def _subject(self) -> str:
        """Return the ticket's subject with its tag (S9), as an answer where something was written before.

        G2: the number is in the subject. G3: an agent's own leaves as it is, and the Message-ID alone finds
        the ticket.
        """
        if self.ground.catalogue.desk.subjects == "edit" and (self.words.subject or self.said.subject):
            return self.words.subject or self.said.subject
        tagging = self.ticket.ticket_id and self.ground.catalogue.desk.subjects == "number"
        tag = subject_tag(self.ticket.number) if tagging else ""
        subject = self.words.subject or self.ticket.subject
        if self.earlier:
            return answer_subject(subject, tag)
        return subject if tag in subject else f"{tag} {subject}"


@dataclass(frozen=True, slots=True)
class FirstMail:
    """A ticket that begins with a mail of ours."""

    queue: str
    to: str
    subject: str
    text: str
    name: str = ""
    agent: str = ""
    how: Words = Words("")  # template, Markdown, signature, Cc and files; its own text says nothing


def sent_copy(queue: Queue | None) -> Deliver | None:
    """Return where a copy of what an agent sends is kept (T3): a target's folder, `Sent` if none is said."""
    if queue is None or not queue.sent_copy:
        return None
    target, _, folder = queue.sent_copy.partition("/")
    return Deliver(target, folder or SENT, ("\\Seen",), create=True)


def write_first(ground: Ground, policy: PlanPolicy, mail: FirstMail) -> list[Effect]:
    """Return a new ticket and its first mail (G8); an address that nobody knows becomes a contact.

    Where tickets for outgoing mail are switched off, the mail alone.
    """
    require_known("queue", mail.queue, ground.catalogue.queues)
    require(ground.actor, What.CHANGE_TICKET, TicketThing(mail.queue))
    if mail.agent:
        require_known("agent", mail.agent, ground.catalogue.agents)
        if not ground.catalogue.agents[mail.agent].enabled:
            raise DeskError(f"agent {mail.agent!r} is disabled; tickets go to agents who are enabled")
    words = replace(mail.how, text=mail.text)
    if not mail.subject.strip():
        raise DeskError("there is nothing to say: the subject is empty")
    _require_words(words)
    if not sendable(mail.to):
        raise DeskError(f"{mail.to!r} is no address that mail can be sent to")
    if not ground.catalogue.desk.outgoing_tickets:
        nowhere = replace(NO_TICKET, queue=mail.queue, subject=mail.subject.strip())
        said = _wording(ground, policy, nowhere, words)
        letter = _Letter(ground, policy, nowhere, words, said, ())
        return letter.sends(mail.to, _others(ground, 0, words, mail.to))
    reader, effects = ground.reader, list[Effect]()
    contact = reader.contact(mail.to)
    contact_id = contact.contact_id if contact is not None else reader.allocate("contact")
    if contact is None:
        name = clean_name(mail.name) or mail.to
        effects.append(OpenContact(contact_id, mail.to, name, (), company_name(mail.to)))
    # The company of a contact that is new is known where it is written.
    opened = _opened(ground, mail, contact_id, contact.company_id if contact is not None else 0)
    moved, ticket = in_session(ground, _state(opened), Event.OUTGOING)
    letter = _Letter(ground, policy, ticket, words, _wording(ground, policy, ticket, words), ())
    sent = letter.sends(mail.to, _others(ground, ticket.ticket_id, words, mail.to))
    return [*effects, opened, *moved, *sent]


def _opened(ground: Ground, mail: FirstMail, contact_id: int, company_id: int) -> OpenTicket:
    ticket_id = ground.reader.allocate("ticket")
    return OpenTicket(
        ticket_id=ticket_id,
        number=format_number(ticket_id, ground.catalogue.desk.number_pattern),
        session_id=ground.reader.allocate("session"),
        queue=mail.queue,
        subject=mail.subject.strip(),
        contact_id=contact_id,
        status=first_status(ground.catalogue.statuses, StatusKind.OPEN),
        agent=mail.agent or ground.actor.name,
        match_key=match_key(mail.subject),
        company_id=company_id,
    )


def _state(opened: OpenTicket) -> TicketState:
    return TicketState(
        ticket_id=opened.ticket_id,
        number=opened.number,
        subject=opened.subject,
        status=opened.status,
        priority=opened.priority,
        queue=opened.queue,
        agent=opened.agent,
        owner_group="",
        categories=(),
        tags=(),
        workflow="",
        contact_id=opened.contact_id,
        session_id=opened.session_id,
        session_state=State.UNOPENED.value,
        session_ms=0,
        merged_into=0,
        version=0,
    )
