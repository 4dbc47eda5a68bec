"""From rows of the outbox to jobs that a target can carry out: received mails are read, drafts composed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

import msgspec

from mailgate.domain.address import sendable
from mailgate.domain.draft import Draft
from mailgate.domain.target import NO_TERMS, DeliveryTerms, Failed, Job, JobKind, Outcome, Retry
from mailgate.errors import MailError
from mailgate.outbox.compose import Composed, compose, default_message_id
from mailgate.outbox.content import (
    ComposedContent,
    PiecedContent,
    StoredContent,
    edited_content,
    stored_content,
)
from mailgate.outbox.sign import Signer
from mailgate.outbox.wire import delivered_field, received_field
from mailgate.store.connection import Connection
from mailgate.store.db import Store
from mailgate.store.details import PLAIN, Details, decode
from mailgate.store.editions import edition
from mailgate.store.outbox_rows import sent_draft, stored_mail
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


def _terms(details: Details, created: datetime) -> DeliveryTerms:
    """Return what a redirect asks of the relay; time (RFC 2852) runs from when the script asked."""
    if not (details.notify or details.ret or details.by_seconds is not None):
        return NO_TERMS
    until = None if details.by_seconds is None else created + timedelta(seconds=details.by_seconds)
    return DeliveryTerms(details.notify, details.ret, until, details.by_mode, details.by_trace)


class Loader:
    """Makes jobs, reading on a connection of its own; use it from one thread only.

    `started` is when this process began: work that was ordered earlier, or was due for longer than `lease`,
    may have been under way in a process that died, so its job is marked as repeated. `signer` has the keys
    of DKIM.
    """

    def __init__(
        self,
        store: Store,
        hostname: str,
        started: datetime,
        lease: timedelta,
        signer: Signer = Signer(),  # noqa: B008  it has no state
    ) -> None:
        self._store = store
        self._hostname = hostname
        self._started = started
        self._lease = lease
        self._signer = signer
        self._connection: Connection | None = None

    def jobs(self, rows: Sequence[OutboxRow], now: datetime) -> list[Job | Outcome]:
        """Return a job for each row, or the outcome of a row that has no job; raises nothing."""
        mails: dict[int, Stored | Outcome] = {}
        return [self._job(row, now, mails) for row in rows]

    def _job(self, row: OutboxRow, now: datetime, mails: dict[int, Stored | Outcome]) -> Job | Outcome:
        try:
            if row.kind == "send":
                return self._send(row, now)
            if row.kind == "call":
                return self._finish(row, ComposedContent(row.draft), now, smtputf8=False)
            details = decode(row.draft)
            if details.copy_of:
                return self._copy(row, details, now)
            if row.message_id not in mails:
                mails[row.message_id] = self._stored(row.message_id)
            mail = mails[row.message_id]
            return self._pass_on(row, mail, details, now) if isinstance(mail, Stored) else mail
        except MailError as error:
            return Retry(f"local problem: {error}")
        except Exception as error:  # noqa: BLE001  one bad row never stops the next
            self.close()
            return Retry(f"local problem: {type(error).__name__}: {error}")

    def _send(self, row: OutboxRow, now: datetime) -> Job | Outcome:
        if not sendable(row.to_address):
            return Failed("the address is none that mail can be sent to")
        mail = self._composed(row.id, row.trace_id, row.draft, row.created_at)
        return self._finish(row, mail.content(), now, smtputf8=mail.smtputf8)

    def _composed(self, outbox_id: int, trace_id: str, draft: bytes, created_at: int) -> Composed:
        """Return a mail of ours; the same on every try, and for its copy."""
        own_id = default_message_id(outbox_id, trace_id, self._hostname)
        said = msgspec.json.decode(draft, type=Draft)
        files = self._store.blobs.file
        mail = compose(said, date=from_millis(created_at), message_id=own_id, files=files)
        return self._signer.signed(mail, said.from_address, from_millis(created_at))

    def _copy(self, row: OutboxRow, details: Details, now: datetime) -> Job | Outcome:
        """Return the job that stores a copy of a mail of ours (RFC 8580 3)."""
        original = sent_draft(self.connection(), details.copy_of)
        if original is None:
            return Failed("the mail that this is a copy of is not in the outbox any more")
        mail = self._composed(details.copy_of, row.trace_id, *original)
        return self._finish(row, mail.content(), now, details, smtputf8=mail.smtputf8)

    def _pass_on(self, row: OutboxRow, mail: Stored, details: Details, now: datetime) -> Job | Outcome:
        content = mail.content
        if details.edition:
            head, tail = edition(self.connection(), self._store.blobs, details.edition)
            content = edited_content(content.prefix, head, tail, content)
        if row.kind == "redirect":
            if not sendable(row.to_address):
                return Failed("the address is none that mail can be sent to")
            # What the mail came in for stands beside what it goes out to, so that a loop is seen here.
            mark = delivered_field(self._recipient(row.delivery_id))
            content = StoredContent(mark + content.prefix, content.octets, content.without)
        return self._finish(row, content, now, details, smtputf8=mail.smtputf8)

    def _finish(
        self,
        row: OutboxRow,
        content: ComposedContent | PiecedContent | StoredContent,
        now: datetime,
        details: Details = PLAIN,
        *,
        smtputf8: bool,
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
            terms=_terms(details, created),
            arguments=details.arguments,
            lenient=details.lenient,
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
