"""The worker's and the administrator's side of the outbox: claim with a lease, settle, hold, release.

All functions run inside a transaction of the writer (`Writer.submit`). States: waiting → leased → sent, or
back to waiting with a later due time, or held (alarmed, for a person), or given_up; digest waits to be
gathered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from peewee import fn

from mailgate.domain.envelope import Octets
from mailgate.domain.target import Outcome
from mailgate.errors import HouseFault
from mailgate.store.blobs import Blobs
from mailgate.store.connection import Connection
from mailgate.store.hot import Hot
from mailgate.store.models.audit import Audit
from mailgate.store.models.outgoing import Outbox, OutboxFile
from mailgate.store.pack import clean
from mailgate.store.rows import OutboxRow
from mailgate.store.statements import literal
from mailgate.store.transaction import Transaction, from_millis, millis

# States that a person may bring back to waiting.
STOPPED: Final = ("held", "given_up", "digest")
# States whose rows are few enough to be counted when asked; sent ones are counted by the metrics as they go.
COUNTED: Final = ("waiting", "leased", "held", "given_up", "digest")


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one leased row.

    `state` waiting means another try at `due`. `tried` says whether it counts as an attempt. `last_reply`
    is the peer's last words. `ended` goes with given_up.
    """

    outbox_id: int
    owner: str
    state: Literal["sent", "waiting", "held", "given_up", "digest"]
    due: datetime | None = None
    reason: str = ""
    last_reply: str = ""
    tried: bool = True
    ended: "Ended | None" = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A row that is given up, as it was claimed, and how its last try went."""

    row: OutboxRow
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Settlement:
    """How many outcomes were recorded, and which of those rows are given up now."""

    done: int
    given_up: tuple[Ended, ...] = ()


def claim(tx: Transaction, owner: str, now: datetime, limit: int, lease_s: float) -> list[OutboxRow]:
    """Lease up to `limit` due rows to `owner`, oldest due first; expired leases are due again.

    Never two of one ticket at once, and in their order per ticket and address.
    """
    at, sql = millis(now), tx.hot.outbox
    tx.execute(sql.expire, (at,))
    rows = tx.execute(sql.claim, (at + int(lease_s * 1000), owner, at, at, limit)).fetchall()
    return sorted(map(OutboxRow._make, rows), key=lambda row: (row.due, row.id))


def renew(tx: Transaction, owner: str, ids: Iterable[int], now: datetime, lease_s: float) -> int:
    """Prolong leases for work that takes longer; returns how many still belong to `owner`."""
    until = millis(now) + int(lease_s * 1000)
    return sum(tx.execute(tx.hot.outbox.renew, (until, i, owner)).rowcount for i in ids)


def postpone(tx: Transaction, target: str, until: datetime) -> int:
    """Let nothing that waits for a target ("" is the relay) be due before then; returns how many rows."""
    at = millis(until)
    return tx.execute(tx.hot.outbox.postpone, (at, at, target)).rowcount


def settle(tx: Transaction, results: Sequence[Settled]) -> Settlement:
    """Record outcomes of rows that the owner still holds."""
    done = 0
    given_up: list[Ended] = []
    for r in results:
        due = millis(r.due) if r.due is not None else tx.now_ms
        finished = tx.now_ms if r.state in {"sent", "given_up"} else 0
        values = (
            r.state,
            int(r.tried),
            due,
            finished,
            clean(r.reason),
            clean(r.last_reply),
            r.outbox_id,
            r.owner,
        )
        count = tx.execute(tx.hot.outbox.settle, values).rowcount
        done += count
        if count and r.ended is not None:
            given_up.append(r.ended)
    return Settlement(done, tuple(given_up))


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A received mail as its delivery needs it; `source` is a `Source`'s value."""

    trace_id: str
    source: str
    received_at: datetime
    smtputf8: bool
    octets: Octets


def stored_mail(connection: Connection, hot: Hot, blobs: Blobs, message_id: int) -> StoredMail | None:
    """Return a received mail, None where no such row is; HouseFault where its octets are missing."""
    row = connection.execute(hot.outbox.mail, (message_id,)).fetchone()
    if row is None:
        return None
    trace_id, source, received_at, smtputf8, size, digest, stored, data = row
    sha256 = bytes(digest)
    if stored == "file":
        octets = Octets(size, sha256, path=blobs.path(sha256))
    elif data is None:
        raise HouseFault(f"mail {message_id} has lost its octets")
    else:
        octets = Octets(size, sha256, data=bytes(data))
    return StoredMail(trace_id, source, from_millis(received_at), bool(smtputf8), octets)


def sent_draft(connection: Connection, outbox_id: int) -> tuple[bytes, int] | None:
    """Return the draft of a mail of ours and when it was ordered, None where the row is gone."""
    query = Outbox.select(Outbox.draft, Outbox.created_at).where(Outbox.id == outbox_id)
    sql, values = query.sql()
    row = connection.execute(sql, tuple(values)).fetchone()
    return None if row is None else (bytes(row[0]), int(row[1]))


def next_due(connection: Connection, hot: Hot) -> datetime | None:
    """Return when the next row becomes due or a lease expires, None where nothing waits."""
    found = [connection.execute(sql).fetchone() for sql in (hot.outbox.next_due, hot.outbox.next_lease)]
    times = [row[0] for row in found if row is not None]
    return from_millis(min(times)) if times else None


def hold(tx: Transaction, ids: Sequence[int], who: str, reason: str = "held by hand") -> int:
    """Keep waiting rows from being sent; returns how many."""
    query = Outbox.update(state="held", reason=clean(reason)).where(
        Outbox.id.in_(list(ids)) & (Outbox.state == "waiting")
    )
    return _changed(tx, query, who, "outbox hold", ids)


def release(tx: Transaction, ids: Sequence[int], who: str) -> int:
    """Let held, given up or gathered rows be sent now; the attempts start again."""
    query = Outbox.update(state="waiting", due=tx.now_ms, attempts=0, reason="", finished_at=0).where(
        Outbox.id.in_(list(ids)) & Outbox.state.in_(list(STOPPED))
    )
    return _changed(tx, query, who, "outbox release", ids)


def flush(tx: Transaction, ids: Sequence[int] | None, who: str) -> int:
    """Make waiting rows due now, all of them where `ids` is None."""
    condition = Outbox.state == literal("waiting")
    if ids is not None:
        condition &= Outbox.id.in_(list(ids))
    return _changed(tx, Outbox.update(due=tx.now_ms).where(condition), who, "outbox flush", ids or ())


def delete(tx: Transaction, ids: Sequence[int], who: str) -> int:
    """Remove rows that are not under way; the received mail and the ticket's history stay."""
    there = Outbox.id.in_(list(ids)) & (Outbox.state != "leased")
    gone = Outbox.select(Outbox.id).where(there)
    tx.query(OutboxFile.delete().where(OutboxFile.outbox_id.in_(gone)))
    query = Outbox.delete().where(there)
    return _changed(tx, query, who, "outbox delete", ids)


def _changed(tx: Transaction, query: Any, who: str, action: str, ids: Sequence[int]) -> int:
    count = tx.query(query).rowcount
    if count:
        subject = " ".join(map(str, ids))
        tx.query(
            Audit.insert(at=tx.now_ms, who=clean(who), action=action, subject=subject, detail=str(count))
        )
        tx.signals.add("outbox")
    return count


def gather(tx: Transaction, to_address: str, limit: int) -> list[OutboxRow]:
    """Return the rows that wait for the digest to this address, oldest first."""
    fields = [Outbox._meta.fields[name] for name in OutboxRow._fields]  # noqa: SLF001
    query = (
        Outbox.select(*fields)
        .where((Outbox.state == literal("digest")) & (Outbox.to_address == to_address))
        .order_by(Outbox.id)
        .limit(limit)
    )
    return [OutboxRow._make(row) for row in tx.query(query).fetchall()]


def digest_addresses(tx: Transaction) -> list[tuple[str, int]]:
    """Return the addresses that have mail waiting for a digest, and how many each."""
    query = (
        Outbox.select(Outbox.to_address, fn.COUNT(Outbox.id))
        .where(Outbox.state == literal("digest"))
        .group_by(Outbox.to_address)
    )
    return [(row[0], row[1]) for row in tx.query(query).fetchall()]


def replace_by_digest(
    tx: Transaction, ids: Sequence[int], row: OutboxRow, counters: Iterable[tuple[str, str]]
) -> int:
    """Write one digest in place of the rows that it gathers, and count it; returns its id."""
    outbox_id = tx.allocate("outbox")
    tx.execute(tx.hot.out.outbox, row._replace(id=outbox_id))
    reason = f"gathered into {outbox_id}"
    tx.query(
        Outbox.update(state="sent", finished_at=tx.now_ms, reason=reason).where(
            Outbox.id.in_(list(ids)) & (Outbox.state == literal("digest"))
        )
    )
    for scope, key in counters:
        tx.tally.add(scope, key)
    tx.signals.add("outbox")
    return outbox_id


def depths(connection: Connection) -> dict[str, int]:
    """Return how many rows are in each state but sent; each count reads one small partial index."""
    found: dict[str, int] = {}
    for state in COUNTED:
        sql, values = Outbox.select(fn.COUNT(Outbox.id)).where(Outbox.state == literal(state)).sql()
        found[state] = int(connection.execute(sql, tuple(values)).fetchone()[0])
    return found


def oldest(connection: Connection) -> datetime | None:
    """Return when the oldest row that still waits was written."""
    sql, values = Outbox.select(fn.MIN(Outbox.created_at)).where(Outbox.state == literal("waiting")).sql()
    row = connection.execute(sql, tuple(values)).fetchone()
    return None if row is None or row[0] is None else from_millis(row[0])
