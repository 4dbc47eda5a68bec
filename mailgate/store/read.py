"""Answers to the pure core's questions (`domain/ports.Reader`), from inside the unit's transaction.

So two copies of a mail that arrive together cannot both be "new": the second sees what the first has applied.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from mailgate.domain.address import fold
from mailgate.domain.contact import lookup_keys
from mailgate.domain.ports import (
    CaseView,
    ContactView,
    Kind,
    SentView,
    StatusChange,
    TicketView,
    Workload,
)
from mailgate.store.counts import counted
from mailgate.store.pack import text_of, unwords
from mailgate.store.read_desk import DeskReads
from mailgate.store.service import case_clocks, status_changes
from mailgate.store.transaction import millis
from mailgate.store.workload import LOCK, workloads

# Merged tickets can be merged again; a longer chain than this is a mistake in the data, and not followed.
MERGE_HOPS: Final = 16

# Where `hotpeople.contact_query` has the column `merged_into`.
MERGED: Final = 9


def contact_view(row: Any, company: str) -> ContactView:
    """Return a contact as rules see it, from the columns of `hotpeople.PeopleSql.find_contact`."""
    return ContactView(
        contact_id=row[0],
        name=row[1],
        address=row[2],
        type=row[3],
        vip=bool(row[4]),
        categories=unwords(row[5]),
        company=company,
        language=row[7],
        salutation=row[8],
        company_id=row[6],
    )


class UnitReader(DeskReads):
    """Questions within one transaction; it keeps nothing, so it is never out of date.

    What only people's changes ask stands in `read_desk.py`.
    """

    __slots__ = ()

    def allocate(self, kind: Kind) -> int:
        """Return a fresh id; for tickets it is also what the number is made of."""
        return self._tx.allocate(kind)

    def contact(self, address: str) -> ContactView | None:
        """Return the contact that this address means (found by `contact.lookup_keys`)."""
        row = self._owner(address)
        if row is None:
            return None
        company = self._company(row[6]) if row[6] else ""
        return contact_view(row, company)

    def _owner(self, address: str) -> Any:
        """Return the row of the contact that an address means, following merges, or None."""
        sql = self._tx.hot.people
        for key in lookup_keys(address):
            row = self._tx.look(sql.find_contact, (key,), ("contact", key)).fetchone()
            if row is not None:
                return self._survivor(row)
        return None

    def _survivor(self, row: Any) -> Any:
        """Return the contact that a merged one has become."""
        for _ in range(MERGE_HOPS):
            if not row[MERGED]:
                return row
            row = self._tx.one(self._tx.hot.people.merged, (row[MERGED],)) or (*row[:MERGED], 0)
        return row

    def _company(self, company_id: int) -> str:
        sql = self._tx.hot.people.company_name
        row = self._tx.look(sql, (company_id,), ("company", company_id)).fetchone()
        return row[0] if row is not None else ""

    def ticket(self, ticket_id: int) -> TicketView | None:
        """Return the ticket, following `merged_into`."""
        return self._follow(self._found(ticket_id))

    def _found(self, ticket_id: int) -> Any:
        return self._tx.look(self._tx.hot.tickets.find, (ticket_id,), ("ticket", ticket_id)).fetchone()

    def ticket_by_number(self, number: str) -> TicketView | None:
        """Return the ticket with this number, following `merged_into`."""
        sql = self._tx.hot.tickets.find_number
        return self._follow(self._tx.look(sql, (number,), ("number", number)).fetchone())

    def _follow(self, row: Any) -> TicketView | None:
        for _ in range(MERGE_HOPS):
            if row is None:
                return None
            view = TicketView(*row)
            if not view.merged_into:
                return view
            row = self._found(view.merged_into)
        return None

    def tickets_by_message_ids(self, ids: Sequence[str]) -> list[TicketView]:
        """Return the tickets in whose conversation one of these stands, in the order of `ids`, each once."""
        found: dict[int, TicketView] = {}
        for ticket_id in self._referenced(ids):
            ticket = self.ticket(ticket_id)
            if ticket is not None:
                found.setdefault(ticket.ticket_id, ticket)
        return list(found.values())

    def _referenced(self, ids: Sequence[str]) -> Iterator[int]:
        sql = self._tx.hot.tickets.by_reference
        for msgid in ids:
            yield from (row[0] for row in self._tx.look(sql, (msgid,), ("msgid", msgid)).fetchall())

    def ticket_by_match_key(
        self, contact_id: int, match_key: str, queue: str, since: datetime
    ) -> TicketView | None:
        """Return the contact's newest ticket with this key (S5), in this queue ("" = any), touched since."""
        if not match_key:
            return None
        values = (contact_id, match_key, queue, queue, millis(since))
        sql = self._tx.hot.tickets.find_key
        row = self._tx.look(sql, values, ("of contact", contact_id)).fetchone()
        return None if row is None else TicketView(*row)

    def is_participant(self, ticket_id: int, address: str) -> bool:
        """Whether the address is the ticket's contact, a confirmed participant, or the agent in charge."""
        ticket = self.ticket(ticket_id)
        if ticket is None or not address:
            return False
        folded = fold(address)
        if ticket.agent and fold(ticket.agent) == folded:
            return True
        sql = self._tx.hot
        for key in lookup_keys(address):
            owner = self._tx.look(sql.people.owner_of, (key,), ("contact", key)).fetchone()
            if owner is not None:
                if owner[0] == ticket.contact_id:
                    return True
                break
        mark = ("takes part", ticket.ticket_id, folded)
        row = self._tx.look(sql.tickets.takes_part, (ticket.ticket_id, folded), mark).fetchone()
        return row is not None and bool(row[0])

    def sent(self, message_id: str) -> SentView | None:
        """Return the mail of ours with this Message-ID."""
        row = self._tx.look(self._tx.hot.out.find_sent, (message_id,), ("sent", message_id)).fetchone()
        return None if row is None else SentView(*row)

    def sent_text(self, message_id: str) -> str:
        """Return the text of the mail of ours with this Message-ID, "" where there is none."""
        row = self._tx.look(self._tx.hot.out.sent_draft, (message_id,), ("sent", message_id)).fetchone()
        return "" if row is None else text_of(row[0])

    def remembered(self, scope: str, key: str) -> bool:
        """Whether `Remember(scope, key)` still holds."""
        sql, values = self._tx.hot.out.remembered, (scope, key, self._tx.now_ms)
        return self._tx.look(sql, values, (scope, key)).fetchone() is not None

    def count(self, scope: str, key: str, window_s: int) -> int:
        """Return how often (scope, key) was counted within the last seconds (the gate's budgets)."""
        tx, asked = self._tx, (scope, key, window_s)
        written = tx.counted.get(asked)
        if written is None:
            written = counted(tx.look, tx.hot.out.counted, scope, key, window_s, tx.now_ms)
            tx.counted[asked] = written
        return written + tx.tally.get(scope, key)

    def workloads(self, agents: Sequence[str], queue: str, since: datetime) -> list[Workload]:
        """Return the work of these agents; other gateways wait until our commit (`assignment.LOCK`)."""
        self._tx.lock(LOCK)
        return workloads(self._tx, agents, queue, millis(since))

    def case(self, ticket_id: int) -> CaseView | None:
        """Return a ticket with its clocks, itself as in `ticket_state`."""
        state = self.ticket_state(ticket_id)
        return None if state is None else CaseView(state, *case_clocks(self._tx, ticket_id))

    def status_changes(self, ticket_id: int) -> list[StatusChange]:
        """Return how a ticket's status has changed so far, oldest first."""
        return status_changes(self._tx, ticket_id)

    def contact_by_id(self, contact_id: int) -> ContactView | None:
        """Return a contact with its first address, following merges."""
        row = self._tx.execute(self._tx.hot.people.merged, (contact_id,)).fetchone()
        if row is None:
            return None
        row = self._survivor(row)
        return contact_view(row, self._company(row[6]) if row[6] else "")

    def failing(self, address: str, after: int, within_s: int) -> bool:
        """Whether mail to this address came back for good so often, the last time within so many seconds."""
        folded = fold(address)
        values = (folded, self._tx.now_ms - within_s * 1000)
        row = self._tx.look(self._tx.hot.out.failing, values, ("failing", folded)).fetchone()
        return row is not None and row[0] >= after
