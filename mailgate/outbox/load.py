"""From rows of the outbox to jobs that a target can carry out: received mails are read, drafts composed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import msgspec

from mailgate.domain.address import sendable
from mailgate.domain.effects import Draft
from mailgate.domain.target import Failed, Job, JobKind, Outcome, Retry
from mailgate.errors import MailError
from mailgate.outbox.compose import compose, default_message_id
from mailgate.outbox.content import ComposedContent, StoredContent, stored_content
from mailgate.outbox.wire import delivered_field, received_field
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.outbox_rows import stored_mail
from mailgate.store.queries import delivery
from mailgate.store.rows import OutboxRow
from mailgate.store.transaction import from_millis

# RFC 3848: what a Received field calls the way a mail came in; there is no word for a mailbox we read.
PROTOCOLS: Final = {"lmtp": "LMTP", "smtp": "ESMTP"}


@dataclass(frozen=True, slots=True)
class Stored:
    """What is needed of a received mail: its octets and what our Received field says of it."""

    content: StoredContent
    smtputf8: bool


class Loader:
    """Makes jobs, reading on a connection of its own; use it from one thread only.

    `started` is when this process began: work that was ordered earlier, or was due for longer than `lease`,
    may have been under way in a process that died, so its job is marked as repeated.
    """

    def __init__(self, store: Store, hostname: str, started: datetime, lease: timedelta) -> None:
        self._store = store
        self._hostname = hostname
        self._started = started
        self._lease = lease
        self._connection: Connection | None = None

    def jobs(self, rows: Sequence[OutboxRow], now: datetime) -> list[Job | Outcome]:
        """Return a job for each row, or the outcome of a row that has no job; raises nothing."""
        mails: dict[int, Stored | Outcome] = {}
        return [self._job(row, now, mails) for row in rows]

    def _job(self, row: OutboxRow, now: datetime, mails: dict[int, Stored | Outcome]) -> Job | Outcome:
        try:
            if row.kind == "send":
                return self._send(row, now)
            if row.message_id not in mails:
                mails[row.message_id] = self._stored(row.message_id)
            mail = mails[row.message_id]
            return self._pass_on(row, mail, now) if isinstance(mail, Stored) else mail
        except MailError as error:
            return Retry(f"local problem: {error}")
        except Exception as error:  # noqa: BLE001  one bad row never stops the next
            self.close()
            return Retry(f"local problem: {type(error).__name__}: {error}")

    def _send(self, row: OutboxRow, now: datetime) -> Job | Outcome:
        if not sendable(row.to_address):
            return Failed("the address is none that mail can be sent to")
        draft = msgspec.json.decode(row.draft, type=Draft)
        own_id = default_message_id(row.id, row.trace_id, self._hostname)
        mail = compose(draft, date=from_millis(row.created_at), message_id=own_id)
        return self._finish(row, ComposedContent(mail.octets), now, smtputf8=mail.smtputf8)

    def _pass_on(self, row: OutboxRow, mail: Stored, now: datetime) -> Job | Outcome:
        content = mail.content
        if row.kind == "redirect":
            if not sendable(row.to_address):
                return Failed("the address is none that mail can be sent to")
            # What the mail came in for stands beside what it goes out to, so that a loop is seen here.
            mark = delivered_field(self._recipient(row.delivery_id))
            content = StoredContent(mark + content.prefix, content.octets, content.without)
        return self._finish(row, content, now, smtputf8=mail.smtputf8)

    def _finish(
        self, row: OutboxRow, content: ComposedContent | StoredContent, now: datetime, *, smtputf8: bool
    ) -> Job:
        created, due = from_millis(row.created_at), from_millis(row.due)
        return Job(
            outbox_id=row.id,
            kind=cast("JobKind", row.kind),
            content=content,
            envelope_from=row.envelope_from,
            to_address=row.to_address,
            name=f"{int(created.timestamp())}.M{row.trace_id}Q{row.id}",
            at=created,
            folder=row.folder,
            flags=tuple(row.flags.split()),
            create_folder=bool(row.make_folder),
            smtputf8=smtputf8,
            repeated=bool(row.attempts or row.last_reply)
            or created < self._started
            or now - due >= self._lease,
        )

    def connection(self) -> Connection:
        """Return the connection, opened if need be."""
        if self._connection is None:
            self._connection = self._store.reader()
        return self._connection

    def _stored(self, message_id: int) -> Stored | Outcome:
        """Return the received mail with our Received field in front (RFC 5321 4.4)."""
        mail = stored_mail(self.connection(), self._store.hot, self._store.blobs, message_id)
        if mail is None:
            return Failed(f"mail {message_id} is not in the store")
        protocol = PROTOCOLS.get(mail.source, "")
        prefix = received_field(self._hostname, mail.trace_id, protocol, mail.received_at)
        return Stored(stored_content(prefix, mail.octets), mail.smtputf8)

    def _recipient(self, delivery_id: int) -> str:
        row = delivery(self.connection(), delivery_id)
        return str(row["recipient"]) if row is not None else ""

    def close(self) -> None:
        """Let the connection go; the next read opens another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
