"""Rows for the outbox's tests, written as the unit writes them, and targets that do as they are told."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from mailgate.domain.draft import Draft
from mailgate.domain.target import Job, Outcome, Sent
from mailgate.outbox.sign import Signer
from mailgate.outbox.worker import Worker, WorkerOptions
from mailgate.store.db import Store
from mailgate.store.rows import DeliveryRow, MessageRow, OutboxRow
from mailgate.store.transaction import Transaction
from mailgate.store.writer import Writer

MAIL = b"Return-Path: <old@example.org>\r\nSubject: hello\r\n\r\nbody\r\n"


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; the hang guard of the test run bounds it."""
    while not condition():  # noqa: ASYNC110  the other side is a thread or a database
        await asyncio.sleep(0.005)


def defaults(row_type, **values):
    """Return a row with empty columns besides these."""
    empty = {str: "", int: 0, bytes: b""}
    return row_type(**{**{name: empty[kind] for name, kind in row_type.__annotations__.items()}, **values})


@dataclass
class Plain:
    """A target that answers as the test says, and keeps what it got."""

    answer: Callable[[Job], Outcome] = lambda job: Sent("250 ok")
    parallel: int = 2
    batch: int = 10
    jobs: list[Job] = field(default_factory=list)
    octets: list[bytes] = field(default_factory=list)
    gate: asyncio.Event | None = None
    running: int = 0
    most: int = 0
    closed: bool = False

    async def deliver(self, jobs):
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
            self.jobs += jobs
            self.octets += [b"".join(job.content.plain()) for job in jobs]
            return [self.answer(job) for job in jobs]
        finally:
            self.running -= 1

    async def close(self):
        self.closed = True


@dataclass
class Outbox:
    """The outbox of a store: adds rows, runs a worker, tells what became of the rows."""

    store: Store
    writer: Writer
    ask: Callable

    def write(self, work):
        return self.writer.submit(work).result(30)

    def add_mail(
        self, octets: bytes = MAIL, recipient: str = "support@example.org", **columns
    ) -> tuple[int, int]:
        """Store a received mail; returns its id and its delivery's."""

        def work(tx: Transaction):
            message_id, delivery_id = tx.allocate("message"), tx.allocate("delivery")
            digest = hashlib.sha256(octets).digest()
            message = defaults(
                MessageRow, id=message_id, trace_id=f"01T{message_id}", received_at=tx.now_ms, source="lmtp",
                size=len(octets), sha256=digest, stored="inline", **columns,
            )  # fmt: skip
            tx.execute(tx.hot.mail.message, message)
            tx.execute(tx.hot.mail.body, (message_id, octets))
            delivery = defaults(
                DeliveryRow, id=delivery_id, message_id=message_id, recipient=recipient, dedupe=digest
            )
            tx.execute(tx.hot.mail.delivery, delivery)
            return message_id, delivery_id

        return self.write(work)

    def add(self, kind: str, **columns) -> int:
        """Write an outbox row that is due now; returns its id."""

        def work(tx: Transaction):
            row_id = tx.allocate("outbox")
            values = {
                "state": "waiting",
                "due": tx.now_ms,
                "created_at": tx.now_ms,
                "trace_id": f"01R{row_id}",
                **columns,
            }
            tx.execute(tx.hot.out.outbox, defaults(OutboxRow, id=row_id, kind=kind, **values))
            return row_id

        return self.write(work)

    def add_deliver(self, target: str = "box", **columns) -> int:
        """Write a delivery of a new mail to a target."""
        message_id, delivery_id = self.add_mail()
        columns = {"to_address": "ann@example.net", "envelope_from": "s@example.org", **columns}
        return self.add("deliver", target=target, message_id=message_id, delivery_id=delivery_id, **columns)

    def add_redirect(self, to_address: str = "else@example.net", octets: bytes = MAIL, **columns) -> int:
        """Write a redirect of a new mail."""
        message_id, delivery_id = self.add_mail(octets)
        return self.add(
            "redirect", message_id=message_id, delivery_id=delivery_id, to_address=to_address, **columns
        )

    def add_send(self, to_address: str = "ann@example.net", subject: str = "hi", **columns) -> int:
        """Write a mail of ours."""
        draft = Draft("support@example.org", to_address, subject, "text\n")
        return self.add("send", to_address=to_address, draft=msgspec.json.encode(draft), **columns)

    def states(self) -> dict[int, str]:
        """Return the state of every row."""
        return dict(self.ask("SELECT id, state FROM outbox"))

    def row(self, row_id: int, *columns: str) -> tuple:
        """Return columns of one row."""
        return self.ask(f"SELECT {', '.join(columns)} FROM outbox WHERE id = ?", row_id)[0]

    def worker(self, targets=None, relay=None, reports=None, signer=Signer(), **options) -> Worker:  # noqa: B008
        """Make a worker; its clock is the writer's."""
        options = WorkerOptions(**{"owner": "w1", "hostname": "desk.example.org", "gather_s": 0.0, **options})
        return Worker(
            self.writer, self.store, options, targets=targets or {}, relay=relay or Plain(), signer=signer,
            report=(reports if reports is not None else []).append, clock=self.writer._clock, jitter=lambda: 0.5,
        )  # fmt: skip

    def work(self, done, targets=None, relay=None, reports=None, **options) -> None:
        """Run a worker until a condition holds, then stop it."""

        async def run():
            worker = self.worker(targets, relay, reports, **options)
            task = asyncio.create_task(worker.run())
            await until(lambda: done() or task.done())
            worker.stop()
            await task

        asyncio.run(run())

    def settled(self, *ids: int):
        """Return a condition: none of the rows (all, if none is named) waits for its first try or is leased."""

        def condition() -> bool:
            rows = self.ask("SELECT id, state, attempts FROM outbox")
            return all(
                state != "leased" and (state != "waiting" or attempts)
                for i, state, attempts in rows
                if not ids or i in ids
            )

        return condition
