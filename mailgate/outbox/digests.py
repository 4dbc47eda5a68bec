"""Sends the digests: what the gate set aside for one of our people is gathered when a budget allows it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from mailgate.domain.draft import Draft
from mailgate.domain.notify import DIGEST
from mailgate.outbox.compose import default_message_id
from mailgate.outbox.digest import NOTICES_MAX, Notice, gather_notices
from mailgate.store.outbox_rows import digest_addresses, gather, replace_by_digest
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import Transaction, from_millis
from mailgate.store.writer import Writer

log: Final = logging.getLogger("mailgate.outbox")

# Asked inside the transaction: what to count if a digest may go to this address now, None if it may not.
Allow = Callable[[Transaction, str], Sequence[tuple[str, str]] | None]


async def send_digests(writer: Writer, hostname: str, allow: Allow) -> int:
    """Write one digest per address that may have one now; returns how many. Raises what the writer raises.

    The digest, its count and the end of what it gathers are one transaction: nothing is sent twice or lost.
    """
    written = 0
    for address, _count in await asyncio.wrap_future(writer.submit(digest_addresses)):
        written += await asyncio.wrap_future(
            writer.submit(partial(write_digest, address=address, hostname=hostname, allow=allow))
        )
    return written


def write_digest(tx: Transaction, address: str, hostname: str, allow: Allow) -> int:
    """Write the digest for one address if it may have one now; returns 1 or 0."""
    rows = gather(tx, address, NOTICES_MAX)
    if not rows:
        return 0
    counters = allow(tx, address)
    if counters is None:
        return 0
    replace_by_digest(tx, [row.id for row in rows], digest_row(rows, hostname, tx.now_ms), counters)
    return 1


def digest_row(rows: Sequence[OutboxRow], hostname: str, now_ms: int) -> OutboxRow:
    """Return the row of the digest of these rows; its id is given when it is written."""
    notices = [
        Notice(msgspec.json.decode(row.draft, type=Draft), from_millis(row.created_at)) for row in rows
    ]
    # Each row is gathered once, so the first one's id makes this Message-ID the only one of its kind.
    message_id = default_message_id(rows[0].id, "digest", hostname).replace("<mg.", DIGEST, 1)
    draft = gather_notices(notices, message_id)
    return rows[-1]._replace(
        state="waiting",
        ticket_id=0,
        entry_id=0,
        session_id=0,
        draft=msgspec.json.encode(draft),
        msgid=message_id,
        attempts=0,
        due=now_ms,
        created_at=now_ms,
        reason=f"digest of {len(rows)}",
        last_reply="",
    )


async def keep_sending_digests(writer: Writer, hostname: str, allow: Allow, every_s: float = 600.0) -> None:
    """Look for digests again and again until cancelled; ten minutes are what a reader notices."""
    while True:
        await asyncio.sleep(every_s)
        try:
            await send_digests(writer, hostname, allow)
        except Exception:
            log.exception("digests were not written")
