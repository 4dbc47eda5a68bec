"""The listings of commands: mails by any of their names, the outgoing queue; tickets are in `ticketlist.py`.

Each page is one walk down an index, whatever the size of the tables; filters that no single index serves are
answered by a page from each of the few that do. `queries.py` has the stories of single mails and tickets.
"""

from collections.abc import Sequence
from typing import Any, Final

from peewee import SQL

from mailgate.store import queries
from mailgate.store.again import WAITING
from mailgate.store.connection import Connection
from mailgate.store.models.audit import Audit
from mailgate.store.models.business import Script
from mailgate.store.models.mail import Delivery
from mailgate.store.models.outgoing import Outbox, Suppression
from mailgate.store.models.people import ContactAddress
from mailgate.store.models.tickets import Ticket
from mailgate.store.outbox_hand import EVERYTHING, Wanted
from mailgate.store.outbox_rows import STOPPED
from mailgate.store.pack import clean
from mailgate.store.queries import Row
from mailgate.store.statements import literal
from mailgate.store.transaction import Transaction

# What an outgoing row can be, in the order in which a person wants to see it.
STATES: Final = ("held", "given_up", "leased", "waiting", "digest", "sent")
# What is not done yet, or went wrong: a listing without a state shows these.
UNSENT: Final = STATES[:-1]
NOTHING: Final = SQL("''")
# The longest number that an id can be.
LONGEST_ID: Final = 18


# -- mails


def find_stories(connection: Connection, term: str, limit: int) -> list[Row]:
    """Return the whole stories that a name means, oldest first; one more than `limit` says there are more.

    A name is a queue id, a Message-ID (theirs or that of an answer of ours), a trace id or a ticket's number.
    """
    found = queries.find_deliveries(connection, proper_number(term), limit + 1)
    ids = [int(row["id"]) for row in found] or _answered_with(connection, term, limit + 1)
    stories = (queries.delivery(connection, one) for one in ids)
    return [one for one in stories if one is not None]


def proper_number(term: str) -> str:
    """Return a ticket's number as it is stored, whatever the case it was typed in."""
    return term.upper() if term[:2] == "t-" else term


def number_as_kept(connection: Connection, term: str) -> str:
    """Return the number of the ticket that a person names (`T-7`, `t-7`, `[#T-7]`, `7`), else the text."""
    word = term.strip().removeprefix("[").removesuffix("]").removeprefix("#").strip()
    for number in dict.fromkeys((word, word.upper())):
        if queries.first(connection, Ticket.select(Ticket.id).where(Ticket.number == number)) is not None:
            return number
    by_id = word.isascii() and word.isdigit() and len(word) <= LONGEST_ID
    return (ticket_number(connection, int(word)) if by_id else "") or word


def _answered_with(connection: Connection, term: str, limit: int) -> list[int]:
    """Return the deliveries that a mail of ours with this Message-ID came from."""
    msgid = term if term.startswith("<") else f"<{term}>"
    query = Outbox.select(Outbox.delivery_id).where((Outbox.msgid == msgid) & (Outbox.msgid != NOTHING))
    found = queries.rows(connection, query.order_by(Outbox.id).limit(limit))
    return [int(row["delivery_id"]) for row in found if row["delivery_id"]]


def script_as_it_ran(connection: Connection, story: Row) -> str | None:
    """Return the script that decided a delivery, None where it has changed since or there was none."""
    name = (story["trace"] or {}).get("script", "")
    found = queries.first(connection, Script.select().where(Script.name == name)) if name else None
    return str(found["source"]) if found is not None and found["changed_at"] <= story["at"] else None


# -- the outgoing queue


def outgoing(
    connection: Connection, states: Sequence[str], limit: int, wanted: Wanted = EVERYTHING
) -> list[Row]:
    """Return up to `limit` wanted rows in these states, one state after the other.

    What waits is in the order in which it is due, what was sent newest first, everything else oldest first.
    """
    found: list[Row] = []
    for state in states:
        if len(found) < limit:
            query = wanted.narrow(_in_state(queries.outbox_query(), state))
            found += queries.rows(connection, query.limit(limit - len(found)))
    return found


def _in_state(query: Any, state: str) -> Any:
    query = query.where(Outbox.state == literal(state))
    if state in STOPPED:
        # SQLite takes a partial index only if the query repeats its condition.
        query = query.where(Outbox.state.in_([literal(word) for word in STOPPED]))
    return query.order_by(*_order(state))


def _order(state: str) -> tuple[Any, ...]:
    match state:
        case "waiting":
            return (Outbox.due, Outbox.id)
        case "leased":
            return (Outbox.lease_until,)
        case "sent":
            return (Outbox.id.desc(),)
        case _:
            return (Outbox.id,)


def ids_in_state(tx: Transaction, state: str, limit: int) -> list[int]:
    """Return the ids of up to `limit` rows in one state."""
    query = _in_state(Outbox.select(Outbox.id), state).limit(limit)
    return [int(row[0]) for row in tx.query(query).fetchall()]


def states_of(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """Return the state of each of these rows; one that is not there is left out."""
    found = tx.query(Outbox.select(Outbox.id, Outbox.state).where(Outbox.id.in_(list(ids)))).fetchall()
    return {int(row[0]): str(row[1]) for row in found}


def gate_of(connection: Connection, row: Row) -> list[Row]:
    """Return what the gate said when the mail of this outgoing row was decided."""
    query = Suppression.select().where(Suppression.delivery_id == row["delivery_id"])
    found = queries.rows(connection, query.order_by(Suppression.id)) if row["delivery_id"] else []
    return [one for one in found if one["to_address"] == row["to_address"]]


# -- tickets


def ticket_number(connection: Connection, ticket_id: int) -> str:
    """Return a ticket's number, "" where there is no such ticket."""
    found = queries.first(connection, Ticket.select(Ticket.number).where(Ticket.id == ticket_id))
    return str(found["number"]) if found is not None else ""


def with_contacts(connection: Connection, found: list[Row]) -> list[Row]:
    """Add the first address of each ticket's contact."""
    ids = {int(row["contact_id"]) for row in found if row["contact_id"]}
    query = ContactAddress.select(ContactAddress.contact_id, ContactAddress.address)
    query = query.where(ContactAddress.contact_id.in_(list(ids))).order_by(ContactAddress.created_at.desc())
    addresses = {r["contact_id"]: r["address"] for r in queries.rows(connection, query)} if ids else {}
    return [{**row, "contact": addresses.get(row["contact_id"], "")} for row in found]


# -- mails that wait for a person


def put_away(tx: Transaction, ids: Sequence[int], who: str) -> int:
    """Take deliveries off the list of those that wait for a person; returns how many were on it.

    Their mails stay as they came, and nothing further becomes of them.
    """
    query = Delivery.update(status="discarded", reason="put away by hand").where(
        Delivery.id.in_(list(ids)) & Delivery.status.in_(list(WAITING))
    )
    count = tx.query(query).rowcount
    if count:
        subject = " ".join(map(str, ids))
        tx.query(
            Audit.insert(
                at=tx.now_ms, who=clean(who), action="unprocessed delete", subject=subject, detail=str(count)
            )
        )
    return count
