"""The journey of one mail, from the octets at the door to the replies.

`accept_each` answers each recipient for itself (LMTP); `accept_all` has one answer for all (SMTP, IMAP).
Both do the same: view, facts, octets on disk, one transaction with a unit per recipient, and only then the
replies.

What need not wait is done at once: a small mail is with the writer when `accept_each` returns, and the
future that it returns gets the replies. A task is made only for mail whose octets go to disk or whose facts
must be asked for; one for each mail would be a tenth of the event loop's work.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from mmap import MADV_DONTNEED, mmap
from typing import Final, Generic, TypeVar

from mailgate.domain.envelope import Received
from mailgate.domain.facts import Facts
from mailgate.domain.message.view import MessageView
from mailgate.errors import HouseFault, MailError, Reply
from mailgate.store.again import reprocess
from mailgate.store.blobs import Blobs, open_buffer
from mailgate.store.transaction import Transaction
from mailgate.store.unit import DeliveryOutcome, Incoming, UnitRules, accept_all, accept_each, reply_for_all
from mailgate.store.writer import Writer

# Up to this size parsing costs less than handing the mail to another thread does.
PARSE_HERE: Final = 256 * 1024

# So many large mails are looked through at the same time: each is mapped into memory as far as that goes.
LARGE_AT_ONCE: Final = 2

Accept = Callable[[Transaction, Incoming, UnitRules], list[DeliveryOutcome]]
Gather = Callable[[Received, MessageView], Facts | Awaitable[Facts]]
Said = TypeVar("Said")
Say = Callable[[list[DeliveryOutcome]], Said]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The parts that the journey needs; `rules` gives those of the newest version of the catalogue.

    `gather` returns the facts, or what is to be awaited for them where the DNS must be asked.
    `report` is told of every recipient's outcome, for log line and metrics, before the replies go out;
    `report_again` of a stored mail that was processed once more.
    """

    writer: Writer
    blobs: Blobs
    gather: Gather
    rules: Callable[[], UnitRules]
    report: Callable[[Received, list[DeliveryOutcome], str], None]
    report_again: Callable[[Received, DeliveryOutcome, str], None]
    large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))

    def accept_each(self, received: Received) -> "asyncio.Future[list[Reply]]":
        """Return one reply per recipient, in order (RFC 2033 4.2)."""
        return _Journey(self, received, accept_each, _replies).answer

    def accept_all(self, received: Received) -> "asyncio.Future[Reply]":
        """Return the one reply for all recipients (RFC 5321 3.3)."""
        return _Journey(self, received, accept_all, reply_for_all).answer

    async def again(self, delivery_id: int, received: Received) -> DeliveryOutcome:
        """Process a stored mail once more (`store/again.py`); `received` is what `received_of` returned."""
        view = await asyncio.to_thread(_parse, received)
        incoming = await _awaited(received, view, self.gather(received, view))
        rules = self.rules()
        work = self.writer.submit(lambda tx: reprocess(tx, delivery_id, incoming, rules))
        outcome = await asyncio.wrap_future(work)
        self.report_again(received, outcome, view.message_id)
        return outcome

    def look(self, received: Received) -> Incoming | Awaitable[Incoming]:
        """Parse and gather the facts; to be awaited where octets go to disk or the DNS is asked."""
        data = received.octets.data
        if data is None or received.octets.size > PARSE_HERE:
            return self._look_at_large(received)
        view = MessageView.parse(data)
        facts = self.gather(received, view)
        if isinstance(facts, Facts):
            return Incoming(received, view, facts)
        return _awaited(received, view, facts)

    async def _look_at_large(self, received: Received) -> Incoming:
        """Do the same, and make the octets durable before any row names them."""
        octets = await asyncio.to_thread(self.blobs.adopt, received.octets)
        received = replace(received, octets=octets)
        async with self.large:
            view = await asyncio.to_thread(_parse, received)
        return await _awaited(received, view, self.gather(received, view))


class _Journey(Generic[Said]):
    """One mail on its way; `answer` gets what `say` makes of its outcomes."""

    __slots__ = ("_accept", "_msgid", "_parts", "_received", "_say", "_task", "answer")

    def __init__(self, parts: Pipeline, received: Received, accept: Accept, say: Say[Said]) -> None:
        self._parts, self._received, self._accept, self._say = parts, received, accept, say
        self.answer: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._msgid = ""
        self._task: asyncio.Task[None] | None = None
        self._begin()

    def _begin(self) -> None:
        """Go as far as nothing must be waited for."""
        try:
            seen = self._parts.look(self._received)
            if isinstance(seen, Incoming):
                self._store(seen)
            else:
                self._task = asyncio.create_task(self._go_on(seen))
        except Exception as error:  # noqa: BLE001  whatever it is, the client must be answered
            self._arrive(error)

    async def _go_on(self, seen: Awaitable[Incoming]) -> None:
        try:
            self._store(await seen)
        except Exception as error:  # noqa: BLE001  as in `_begin`
            self._arrive(error)

    def _store(self, incoming: Incoming) -> None:
        """Hand over to the writer, which calls `_stored` when the transaction is on disk."""
        accept, rules = self._accept, self._parts.rules()
        self._msgid = incoming.view.message_id
        size = incoming.received.octets.size if incoming.received.octets.data is not None else 0
        self._parts.writer.submit_intake(lambda tx: accept(tx, incoming, rules), self._stored, size=size)

    def _stored(self, result: list[DeliveryOutcome] | BaseException) -> None:
        """Take what the writer has to say; what failed in it was logged there."""
        failed = isinstance(result, BaseException) and not isinstance(result, MailError)
        self._arrive(HouseFault() if failed else result)

    def _arrive(self, result: list[DeliveryOutcome] | BaseException) -> None:
        """Tell log and metrics, then answer; a bug before the writer is the asker's to log."""
        if self.answer.done():
            return
        if isinstance(result, MailError):
            result = _all(self._received, result)
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
            return
        try:
            self._parts.report(self._received, result, self._msgid)
            self.answer.set_result(self._say(result))
        except Exception as error:  # noqa: BLE001  as in `_begin`
            self.answer.set_exception(error)


async def _awaited(received: Received, view: MessageView, facts: Facts | Awaitable[Facts]) -> Incoming:
    return Incoming(received, view, facts if isinstance(facts, Facts) else await facts)


def _replies(outcomes: list[DeliveryOutcome]) -> list[Reply]:
    return [outcome.reply for outcome in outcomes]


def _parse(received: Received) -> MessageView:
    buffer = open_buffer(received.octets)
    view = MessageView.parse(buffer)
    view.prepare()
    if isinstance(buffer, mmap):
        # What was looked through for parts need not stay in memory until the mail is written.
        buffer.madvise(MADV_DONTNEED)
    return view


def _all(received: Received, error: MailError) -> list[DeliveryOutcome]:
    """Return the same failure for every recipient: nothing of this mail is stored."""
    cause = str(error.__cause__ or error)
    return [DeliveryOutcome(error.reply, r.address, error=cause) for r in received.envelope.recipients]
