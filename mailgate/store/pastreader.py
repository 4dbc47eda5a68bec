"""Answers to a script's questions as the database stood when a mail came; for replay.

What was written later does not count: contacts, tickets, Message-IDs, mails of ours. Fields that change (a
ticket's status, queue or agent; a contact's type) are answered as they are now. Ids of `duplicate` are those
that the replay itself has met. Nothing is written, and the gate is not asked.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from peewee import SQL

from mailgate.domain.contact import lookup_keys
from mailgate.domain.effects import Effect, Remember
from mailgate.domain.ports import ContactView, SentView, TicketView
from mailgate.store.again import PreviewReader
from mailgate.store.hot import ticket_query
from mailgate.store.hotpeople import contact_query
from mailgate.store.models.outgoing import Outbox
from mailgate.store.models.people import ContactAddress
from mailgate.store.models.tickets import MessageRef, Ticket
from mailgate.store.past import Done
from mailgate.store.read import contact_view
from mailgate.store.statements import compile_query, slot
from mailgate.store.transaction import Transaction, from_millis, millis


def _sql(query: Any, parameters: str) -> str:
    return compile_query(query, parameters)


class PastReader(PreviewReader):
    """A reader for many mails, one after the other: `look_at` names the one that is decided now."""

    __slots__ = ("_at", "_contact", "_created", "_kept", "_key", "_own", "_refs", "_sent")

    def __init__(self, tx: Transaction) -> None:
        super().__init__(tx)
        self._at, self._own = 0, 0
        self._kept: dict[tuple[str, str], datetime] = {}
        folded, before = ContactAddress.folded == slot("folded"), ContactAddress.created_at < slot("at")
        self._contact = _sql(contact_query().where(folded & before), "folded at")
        self._created = _sql(Ticket.select(Ticket.created_at).where(Ticket.id == slot("id")), "id")
        self._refs = _sql(
            MessageRef.select(MessageRef.ticket_id)
            .where((MessageRef.msgid == slot("msgid")) & (MessageRef.at < slot("at")))
            .order_by(MessageRef.ticket_id),
            "msgid at",
        )
        self._sent = _sql(
            Outbox.select(Outbox.id, Outbox.ticket_id, Outbox.session_id, Outbox.to_address)
            .where(
                (Outbox.msgid == slot("msgid"))
                & (Outbox.msgid != SQL("''"))
                & (Outbox.created_at < slot("at"))
            )
            .limit(SQL("1")),
            "msgid at",
        )
        self._key = _sql(
            ticket_query()
            .where(
                (Ticket.contact_id == slot("contact"))
                & (Ticket.match_key == slot("key"))
                & ((Ticket.queue == slot("queue")) | (slot("any_queue") == SQL("''")))
                & (Ticket.touched_at >= slot("since"))
                & (Ticket.created_at < slot("at"))
                & (Ticket.merged_into == SQL("0"))
            )
            .order_by(Ticket.id.desc())
            .limit(SQL("1")),
            "contact key queue any_queue since at",
        )

    def look_at(self, done: Done) -> None:
        """Answer from here on as at the time of this delivery, before it."""
        self._at = done.at_ms
        # The ticket that it joined was there, even if it was opened at the same moment; its own was not.
        self._own = 0 if done.opened else done.ticket_id
        self._tx.now, self._tx.now_ms = from_millis(done.at_ms), done.at_ms

    def remember(self, effects: Iterable[Effect]) -> None:
        """Keep what a decision wants remembered, for the mails that follow."""
        for effect in effects:
            if isinstance(effect, Remember):
                self._kept[effect.scope, effect.key] = effect.until

    def contact(self, address: str) -> ContactView | None:
        """Return the contact that owned this address by then."""
        found = (self._tx.one(self._contact, (key, self._at)) for key in lookup_keys(address))
        row = next((one for one in found if one is not None), None)
        if row is None:
            return None
        company = self._tx.one(self._tx.hot.people.company_name, (row[6],)) if row[6] else None
        return contact_view(row, company[0] if company else "")

    def _follow(self, row: Any) -> TicketView | None:
        """Return a ticket that was there by then, following merges."""
        view = super()._follow(row)
        if view is None or view.ticket_id == self._own:
            return view
        created = self._tx.one(self._created, (view.ticket_id,))
        return view if created is not None and created[0] < self._at else None

    def _referenced(self, ids: Sequence[str]) -> Iterator[int]:
        for msgid in ids:
            yield from (row[0] for row in self._tx.execute(self._refs, (msgid, self._at)).fetchall())

    def ticket_by_match_key(
        self, contact_id: int, match_key: str, queue: str, since: datetime
    ) -> TicketView | None:
        """Return the contact's newest ticket with this key by then."""
        if not match_key:
            return None
        values = (contact_id, match_key, queue, queue, millis(since), self._at)
        row = self._tx.one(self._key, values)
        return None if row is None else TicketView(*row)

    def sent(self, message_id: str) -> SentView | None:
        """Return the mail of ours with this Message-ID that had left by then."""
        row = self._tx.one(self._sent, (message_id, self._at))
        return None if row is None else SentView(*row)

    def remembered(self, scope: str, key: str) -> bool:
        """Whether an earlier mail of this replay wanted it remembered."""
        return self._kept.get((scope, key), from_millis(0)) > self._tx.now
